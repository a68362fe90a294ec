#include "tests/sim/main/sim_options.h"

#include <algorithm>
#include <charconv>

#include "tests/sim/main/mutants.h"

namespace strom::sim {
namespace {

Result<uint64_t> NumberOf(const std::string& name, const std::string& text) {
  uint64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && at == end) return number;
  return Error(ErrorCode::kInvalidConfig, "{} needs a number, not '{}'", name, text);
}

}  // namespace

Result<SimOptions> ParseSimOptions(const std::vector<std::string>& arguments) {
  SimOptions options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--trace") {
      options.trace = true;
      continue;
    }
    if (name == "--mutants") {
      for (const MutantInfo& mutant : Mutants()) options.mutants.push_back(mutant.mutant);
      continue;
    }
    if (name != "--mutant" && name != "--seeds" && name != "--from" && name != "--seed" &&
        name != "--twice" && name != "--jobs" && name != "--rf") {
      return Error(ErrorCode::kInvalidConfig, "unknown argument '{}'", name);
    }
    if (i + 1 == arguments.size()) {
      return Error(ErrorCode::kInvalidConfig, "{} needs a value", name);
    }
    if (name == "--mutant") {
      STROM_ASSIGN_OR_RETURN(const MutantInfo mutant, MutantNamed(arguments[++i]));
      options.mutants.push_back(mutant.mutant);
      continue;
    }
    STROM_ASSIGN_OR_RETURN(const uint64_t number, NumberOf(name, arguments[++i]));
    if (name == "--seeds") options.seeds = number;
    if (name == "--from") options.from = number;
    if (name == "--seed") options.single = number;
    if (name == "--rf") options.replication_factor_max = static_cast<int>(number);
    if (name == "--twice") options.twice = number;
    if (name == "--jobs") options.jobs = static_cast<int>(std::min<uint64_t>(number, 64));
  }
  if (options.jobs < 1) return Error(ErrorCode::kInvalidConfig, "--jobs needs one process or more");
  if (options.replication_factor_max != 1 && options.replication_factor_max != 3) {
    return Error(ErrorCode::kInvalidConfig, "--rf is 1 or 3, not {}",
                 options.replication_factor_max);
  }
  if (options.trace && !options.single) {
    return Error(ErrorCode::kInvalidConfig, "--trace goes with --seed");
  }
  if (options.single && options.mutants.size() > 1) {
    return Error(ErrorCode::kInvalidConfig, "--seed goes with one mutant, not {}",
                 options.mutants.size());
  }
  return options;
}

}  // namespace strom::sim
