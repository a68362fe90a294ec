#include "common/types/job.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

JobDefinition Job() {
  return {.name = "dwd.meters",
          .kind = JobKind::kLayer,
          .group = "dwd.meters",
          .target = "dwd.meters",
          .sources = {"ods.meters"},
          .script = "INSERT INTO dwd.meters SELECT * FROM ods.meters",
          .settings = {{"strom.clock", "2025-01-01 00:00:00"}}};
}

}  // namespace

TEST_CASE("a complete job definition passes", "[types]") {
  CHECK(CheckJobDefinition(Job()).ok());
  JobDefinition bare = Job();
  bare.sources.clear();
  bare.settings.clear();
  bare.name = "数据 a/b";
  bare.script = std::string(kJobScriptSizeMax, 'x');
  CHECK(CheckJobDefinition(bare).ok());
}

TEST_CASE("a job definition that lacks something or has too much of it is refused", "[types]") {
  const std::string long_text(kJobNameSizeMax + 1, 'x');
  const auto refused = [](auto change) {
    JobDefinition job = Job();
    change(job);
    return CheckJobDefinition(job).code() == ErrorCode::kInvalidConfig;
  };
  for (std::string JobDefinition::*text :
       {&JobDefinition::name, &JobDefinition::group, &JobDefinition::target}) {
    CHECK(refused([&](JobDefinition& job) { (job.*text).clear(); }));
    CHECK(refused([&](JobDefinition& job) { job.*text = long_text; }));
    CHECK(refused([&](JobDefinition& job) { job.*text = "a\nb"; }));
    CHECK(refused([&](JobDefinition& job) { job.*text = std::string("a\0b", 3); }));
  }
  CHECK(refused([](JobDefinition& job) { job.sources.push_back(""); }));
  CHECK(refused([](JobDefinition& job) { job.settings[""] = "x"; }));
  CHECK(refused([](JobDefinition& job) { job.script.clear(); }));
  CHECK(refused([](JobDefinition& job) { job.script.resize(kJobScriptSizeMax + 1, 'x'); }));
  CHECK(refused(
      [](JobDefinition& job) { job.settings["x"] = std::string(kJobDefinitionSizeMax, 'x'); }));
}

TEST_CASE("kinds and goals have names, and names are read back", "[types]") {
  for (const JobKind kind : {JobKind::kCdc, JobKind::kLayer, JobKind::kSink}) {
    CHECK(JobKindFromName(JobKindName(kind)) == kind);
  }
  for (const JobGoal goal : {JobGoal::kRun, JobGoal::kStop, JobGoal::kDrop}) {
    CHECK(JobGoalFromName(JobGoalName(goal)) == goal);
  }
  CHECK(JobKindName(JobKind::kSink) == "sink");
  CHECK(JobStateName(JobState::kWaiting) == "waiting");
  CHECK(JobStateName(JobState::kDropping) == "dropping");
  CHECK(JobKindFromName("LAYER") == std::nullopt);
  CHECK(JobGoalFromName("") == std::nullopt);
}

}  // namespace strom
