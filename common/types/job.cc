#include "common/types/job.h"

#include <algorithm>
#include <array>

#include "common/base/result.h"

namespace strom {
namespace {

constexpr std::array<std::string_view, 3> kKinds = {"cdc", "layer", "sink"};
constexpr std::array<std::string_view, 3> kGoals = {"run", "stop", "drop"};
constexpr std::array<std::string_view, 8> kStates = {"waiting",  "starting", "running", "failed",
                                                     "finished", "stopping", "stopped", "dropping"};

template <class Enum, size_t n>
std::optional<Enum> FromName(const std::array<std::string_view, n>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

Status CheckName(const std::string& text, std::string_view what) {
  if (text.empty()) return Error(ErrorCode::kInvalidConfig, "a job's {} is empty", what);
  if (text.size() > kJobNameSizeMax) {
    return Error(ErrorCode::kInvalidConfig,
                 "a job's {} '{}...' has {} bytes, at most {} are allowed", what,
                 text.substr(0, 40), text.size(), kJobNameSizeMax);
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control)) {
    return Error(ErrorCode::kInvalidConfig, "a job's {} has control characters", what);
  }
  return Status::Ok();
}

}  // namespace

Status CheckJobDefinition(const JobDefinition& job) {
  STROM_RETURN_IF_ERROR(CheckName(job.name, "name"));
  STROM_RETURN_IF_ERROR(CheckName(job.group, "group"));
  STROM_RETURN_IF_ERROR(CheckName(job.target, "target"));
  size_t size = job.script.size();
  for (const std::string& source : job.sources) {
    STROM_RETURN_IF_ERROR(CheckName(source, "source"));
    size += source.size();
  }
  for (const auto& [key, value] : job.settings) {
    STROM_RETURN_IF_ERROR(CheckName(key, "setting"));
    size += key.size() + value.size();
  }
  if (job.script.empty()) return Error(ErrorCode::kInvalidConfig, "job {} has no script", job.name);
  if (job.script.size() > kJobScriptSizeMax || size > kJobDefinitionSizeMax) {
    return Error(ErrorCode::kInvalidConfig,
                 "job {}: script of {} bytes, {} with sources and settings; at most {} and {} are "
                 "allowed",
                 job.name, job.script.size(), size, kJobScriptSizeMax, kJobDefinitionSizeMax);
  }
  return Status::Ok();
}

std::string_view JobKindName(JobKind kind) { return kKinds.at(static_cast<size_t>(kind)); }
std::optional<JobKind> JobKindFromName(std::string_view name) {
  return FromName<JobKind>(kKinds, name);
}
std::string_view JobGoalName(JobGoal goal) { return kGoals.at(static_cast<size_t>(goal)); }
std::optional<JobGoal> JobGoalFromName(std::string_view name) {
  return FromName<JobGoal>(kGoals, name);
}
std::string_view JobStateName(JobState state) { return kStates.at(static_cast<size_t>(state)); }

}  // namespace strom
