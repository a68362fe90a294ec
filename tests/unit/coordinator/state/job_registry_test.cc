#include "coordinator/state/job_registry.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/coordinator/state/job_samples.h"

namespace strom::coordinator {
namespace {

constexpr int64_t kLease = 5000;

class Registry : public JobRegistry {
 public:
  Registry() : JobRegistry({.lease_ms = kLease, .jobs_max = 5, .workers_max = 3}) {}

  // A heartbeat, and the groups that its answer gives, as "group@epoch".
  std::vector<std::string> Beat(const WorkerReport& report, bool told = true) {
    Touch(report, now);
    STROM_CHECK(OnHeartbeat(report, now).ok());
    std::vector<std::string> groups;
    for (const JobAssignment& one : HandOut(report.worker, [told](const auto&) { return told; })) {
      groups.push_back(fmt::format("{}@{}", one.fence.group, one.fence.epoch));
    }
    return groups;
  }
  JobInfo Info(const std::string& name) const {
    const std::vector<JobInfo> infos = List(name);
    STROM_CHECK(infos.size() == 1) << name;
    return infos[0];
  }

  int64_t now = 1000;
};

using Groups = std::vector<std::string>;

}  // namespace

TEST_CASE("a job waits for a worker of its kind, which gets it under the first epoch",
          "[coordinator]") {
  Registry registry;
  const JobEffects registered = registry.Register(LayerJob("a"), 7).value();
  CHECK(registered.jobs.at("a")->definition == LayerJob("a"));
  CHECK(registered.jobs.at("a")->registered_ms == 7);
  CHECK(registry.Info("a").state == JobState::kWaiting);
  CHECK(registry.Beat(Worker("w1", {JobKind::kCdc})).empty());
  CHECK(registry.Beat(Worker("w2", {JobKind::kLayer, JobKind::kSink})) == Groups{"a@1"});
  const JobInfo info = registry.Info("a");
  CHECK(info.state == JobState::kStarting);
  CHECK(info.worker == "w2");
  CHECK(info.worker_address == "w2.example:1");
  CHECK(info.epoch == 1);
  CHECK(registry.Epochs() == std::map<std::string, int64_t>{{"a", 1}});
}

TEST_CASE("a second job on a target is refused, naming the first", "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a", "dwd.meters"), 0).ok());
  const Status refused = registry.Register(LayerJob("b", "dwd.meters"), 0).status();
  CHECK(refused.code() == ErrorCode::kJobAlreadyExist);
  CHECK(refused.message().find("job a writes it already") != std::string::npos);
  CHECK(registry.List(std::nullopt).size() == 1);
  // Once the first writes something else, the target is free.
  REQUIRE(registry.Register(LayerJob("a", "dwd.other"), 0).ok());
  CHECK(registry.Register(LayerJob("b", "dwd.meters"), 0).ok());
}

TEST_CASE("the same job again changes nothing, another definition raises the epoch",
          "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 1).ok());
  const WorkerReport worker = Worker("w", {JobKind::kLayer});
  REQUIRE(registry.Beat(worker) == Groups{"a@1"});
  CHECK(registry.Register(LayerJob("a"), 2)->empty());
  JobDefinition other = LayerJob("a");
  other.script = "INSERT INTO a SELECT 2";
  const JobEffects effects = registry.Register(other, 3).value();
  CHECK(effects.jobs.at("a")->registered_ms == 1);
  CHECK(effects.groups.at("a").fence.epoch == 2);
  CHECK(effects.groups.at("a").worker == "w");
  CHECK(registry.Beat(worker) == Groups{"a@2"});
}

TEST_CASE("a job that moves to another group leaves the old one with a new epoch",
          "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(CdcJob("a", "db1"), 0).ok());
  REQUIRE(registry.Register(CdcJob("b", "db1"), 0).ok());
  const WorkerReport worker = Worker("w", {JobKind::kCdc});
  REQUIRE(registry.Beat(worker) == Groups{"db1@1"});
  REQUIRE(registry.Register(CdcJob("b", "db2"), 0).ok());
  CHECK(registry.Beat(worker) == Groups{"db1@2", "db2@1"});
  REQUIRE(registry.Register(CdcJob("a", "db2"), 0).ok());
  CHECK(registry.Beat(worker) == Groups{"db2@1"});
  CHECK(registry.Epochs() == std::map<std::string, int64_t>{{"db1", 3}, {"db2", 1}});
}

TEST_CASE("groups go to the worker with the fewest, within its slots, and stay there",
          "[coordinator]") {
  Registry registry;
  WorkerReport small = Worker("small", {JobKind::kLayer});
  small.slots = 1;
  const WorkerReport large = Worker("large", {JobKind::kLayer});
  REQUIRE(registry.Beat(small).empty());
  REQUIRE(registry.Beat(large).empty());
  for (const char* name : {"a", "b", "c"}) REQUIRE(registry.Register(LayerJob(name), 0).ok());
  CHECK(registry.Beat(large) == Groups{"a@1", "c@1"});
  CHECK(registry.Beat(small) == Groups{"b@1"});
  CHECK(registry.Beat(Worker("third", {JobKind::kLayer})).empty());  // Nothing moves without need.
}

TEST_CASE("a worker unheard for a lease loses its groups to another one", "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  REQUIRE(registry.Beat(Worker("w1", {JobKind::kLayer})) == Groups{"a@1"});
  registry.now += 3000;
  REQUIRE(registry.Beat(Worker("w2", {JobKind::kLayer})).empty());
  CHECK(registry.NextExpiry() == 1000 + kLease);
  CHECK(registry.OnTime(1000 + kLease - 1).empty());
  const JobEffects effects = registry.OnTime(1000 + kLease);
  CHECK(effects.groups.at("a").worker == "w2");
  CHECK(effects.groups.at("a").fence.epoch == 2);
  registry.now = 1000 + kLease;
  CHECK(registry.Beat(Worker("w2", {JobKind::kLayer})) == Groups{"a@2"});
  CHECK(registry.Beat(Reporting(Worker("w1", {JobKind::kLayer}), "a", 1)).empty());
}

TEST_CASE("a heartbeat that waited for its turn counts from its arrival", "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  REQUIRE(registry.Beat(Worker("w1", {JobKind::kLayer})) == Groups{"a@1"});
  registry.Touch(Worker("w1", {JobKind::kLayer}), 4000);
  registry.Touch(Worker("w1", {JobKind::kLayer}, "another process"), 9000);
  CHECK(registry.OnTime(4000 + kLease - 1).empty());
  CHECK_FALSE(registry.OnTime(4000 + kLease).empty());
}

TEST_CASE("a worker that comes back before anybody else got its group goes on under its epoch",
          "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  const WorkerReport worker = Worker("w1", {JobKind::kLayer});
  REQUIRE(registry.Beat(worker) == Groups{"a@1"});
  registry.now += kLease;
  const JobEffects lost = registry.OnTime(registry.now);
  CHECK(lost.groups.at("a") == JobGroupRecord{.fence = {"a", 1}, .worker = "", .incarnation = ""});
  CHECK(registry.Info("a").state == JobState::kWaiting);

  SECTION("it says that it runs it") {
    CHECK(registry.Beat(Reporting(worker, "a", 1)) == Groups{"a@1"});
    CHECK(registry.Info("a").state == JobState::kRunning);
  }
  SECTION("it has forgotten") { CHECK(registry.Beat(worker) == Groups{"a@2"}); }
  SECTION("it is another process") {
    const WorkerReport other = Worker("w1", {JobKind::kLayer}, "2");
    CHECK(registry.Beat(Reporting(other, "a", 1)) == Groups{"a@2"});
  }
}

TEST_CASE("a new incarnation takes a worker's name at once, and the old one is refused",
          "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  const WorkerReport first = Worker("w", {JobKind::kLayer}, "1");
  const WorkerReport second = Worker("w", {JobKind::kLayer}, "2");
  REQUIRE(registry.Beat(first) == Groups{"a@1"});
  CHECK(registry.Beat(second) == Groups{"a@2"});
  CHECK(registry.OnHeartbeat(first, registry.now).status().code() == ErrorCode::kFencedJobEpoch);
  CHECK(registry.Beat(second) == Groups{"a@2"});
}

TEST_CASE("a group is handed out once all servers know its epoch, and then stays",
          "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  const WorkerReport worker = Worker("w", {JobKind::kLayer});
  const auto untold = [](const std::string&) { return false; };
  CHECK(registry.Beat(worker, false).empty());
  CHECK(registry.AwaitsTelling("w", untold));
  CHECK_FALSE(registry.AwaitsTelling("stranger", untold));
  CHECK(registry.Beat(worker) == Groups{"a@1"});
  CHECK(registry.Beat(worker, false) == Groups{"a@1"});  // A server that came since does not know.
  CHECK_FALSE(registry.AwaitsTelling("w", untold));
}

TEST_CASE("what workers report is listed, and the last error is kept", "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  WorkerReport worker = Worker("w", {JobKind::kLayer});
  REQUIRE(registry.Beat(worker) == Groups{"a@1"});
  const auto report = [&](JobPhase phase, std::string error) {
    worker.groups = {{.fence = {"a", 1},
                      .jobs = {{.job = "a",
                                .phase = phase,
                                .error = std::move(error),
                                .text = "at work",
                                .counters = {{"rows", 3}},
                                .lag_ms = 12},
                               {.job = "unknown", .phase = JobPhase::kFailed}}}};
    registry.Beat(worker);
    return registry.Info("a");
  };
  CHECK(report(JobPhase::kFailed, "no such table").state == JobState::kFailed);
  const JobInfo running = report(JobPhase::kRunning, "");
  CHECK(running.state == JobState::kRunning);
  CHECK(running.last_error == "no such table");
  CHECK(running.text == "at work");
  CHECK(running.counters.at("rows") == 3);
  CHECK(running.lag_ms == 12);
  CHECK(report(JobPhase::kFinished, "").state == JobState::kFinished);
  CHECK(report(JobPhase::kCleanedUp, "").state == JobState::kStarting);  // Nobody asked for it.

  worker.groups[0].fence.epoch = 0;  // Of an older epoch: not believed.
  worker.groups[0].jobs[0].phase = JobPhase::kFailed;
  registry.Beat(worker);
  CHECK(registry.Info("a").state == JobState::kStarting);
}

TEST_CASE("a job is stopped and started without a new epoch", "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  CHECK(registry.SetGoal("b", JobGoal::kStop).status().code() == ErrorCode::kJobNotExist);
  const JobEffects stopped = registry.SetGoal("a", JobGoal::kStop).value();
  CHECK(stopped.jobs.at("a")->goal == JobGoal::kStop);
  CHECK(registry.SetGoal("a", JobGoal::kStop)->empty());
  CHECK(registry.Info("a").state == JobState::kStopped);
  WorkerReport worker = Worker("w", {JobKind::kLayer});
  CHECK(registry.Beat(worker).empty());  // Nobody needs it now.
  REQUIRE(registry.SetGoal("a", JobGoal::kRun).ok());
  CHECK(registry.Beat(worker) == Groups{"a@1"});
  REQUIRE(registry.Beat(Reporting(worker, "a", 1)) == Groups{"a@1"});

  REQUIRE(registry.SetGoal("a", JobGoal::kStop).ok());
  CHECK(registry.Info("a").state == JobState::kStopping);
  CHECK(registry.Beat(Reporting(worker, "a", 1, JobPhase::kStopped)) == Groups{"a@1"});
  CHECK(registry.Info("a").state == JobState::kStopped);
  REQUIRE(registry.SetGoal("a", JobGoal::kRun).ok());
  CHECK(registry.Info("a").state == JobState::kStarting);
}

TEST_CASE("a dropped job goes when its worker has cleaned up", "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  const WorkerReport worker = Worker("w", {JobKind::kLayer});
  REQUIRE(registry.Beat(worker) == Groups{"a@1"});
  REQUIRE(registry.SetGoal("a", JobGoal::kDrop).ok());
  CHECK(registry.Info("a").state == JobState::kDropping);
  CHECK(registry.SetGoal("a", JobGoal::kDrop)->empty());
  CHECK(registry.SetGoal("a", JobGoal::kRun).status().code() == ErrorCode::kJobAlreadyExist);
  CHECK(registry.Register(LayerJob("a"), 0).status().code() == ErrorCode::kJobAlreadyExist);
  CHECK(registry.Register(LayerJob("b", "a"), 0).status().code() == ErrorCode::kJobAlreadyExist);
  CHECK(registry.Beat(Reporting(worker, "a", 1, JobPhase::kStopped)) == Groups{"a@1"});
  const auto gone = registry.OnHeartbeat(Reporting(worker, "a", 1, JobPhase::kCleanedUp), 1000);
  CHECK(gone->jobs.at("a") == std::nullopt);
  CHECK(gone->groups.at("a").worker.empty());
  CHECK(registry.List(std::nullopt).empty());
  // The group's epoch is not forgotten.
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  CHECK(registry.Beat(worker) == Groups{"a@2"});
}

TEST_CASE("without a worker layer and sink jobs are dropped at once, cdc jobs wait for one",
          "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  REQUIRE(registry.Register(CdcJob("c", "db"), 0).ok());
  CHECK(registry.SetGoal("a", JobGoal::kDrop)->jobs.at("a") == std::nullopt);
  CHECK(registry.SetGoal("c", JobGoal::kDrop)->jobs.at("c")->goal == JobGoal::kDrop);
  CHECK(registry.Info("c").state == JobState::kDropping);
  const WorkerReport worker = Worker("w", {JobKind::kCdc});
  CHECK(registry.Beat(worker) == Groups{"db@1"});
  registry.Beat(Reporting(worker, "db", 1, JobPhase::kCleanedUp, "c"));
  CHECK(registry.List(std::nullopt).empty());
}

TEST_CASE("a layer job that is being dropped goes with its worker, whose writes end",
          "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(LayerJob("a"), 0).ok());
  REQUIRE(registry.Beat(Worker("w", {JobKind::kLayer})) == Groups{"a@1"});
  REQUIRE(registry.SetGoal("a", JobGoal::kDrop).ok());
  const JobEffects effects = registry.OnTime(registry.now + kLease);
  CHECK(effects.jobs.at("a") == std::nullopt);
  CHECK(effects.groups.at("a").fence.epoch == 2);
}

TEST_CASE("jobs of one group are of one kind", "[coordinator]") {
  Registry registry;
  REQUIRE(registry.Register(CdcJob("a", "db"), 0).ok());
  JobDefinition other = LayerJob("b");
  other.group = "db";
  CHECK(registry.Register(other, 0).status().code() == ErrorCode::kInvalidConfig);
  // Alone in its group, a job may change its kind, and then needs another worker.
  const WorkerReport cdc = Worker("w1", {JobKind::kCdc});
  REQUIRE(registry.Beat(cdc) == Groups{"db@1"});
  JobDefinition changed = LayerJob("a");
  changed.group = "db";
  REQUIRE(registry.Register(changed, 0).ok());
  CHECK(registry.Beat(cdc).empty());
  const Groups groups = registry.Beat(Worker("w2", {JobKind::kLayer}));
  REQUIRE(groups.size() == 1);
  CHECK(registry.Info("a").epoch > 1);
}

TEST_CASE("jobs and workers have bounds", "[coordinator]") {
  Registry registry;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    REQUIRE(registry.Register(LayerJob(name), 0).ok());
  }
  CHECK(registry.Register(LayerJob("f"), 0).status().code() == ErrorCode::kOperationNotAttempted);
  CHECK(registry.Register(LayerJob("e"), 0).ok());
  for (const char* name : {"1", "2", "3"}) registry.Beat(Worker(name, {}));
  CHECK(registry.OnHeartbeat(Worker("4", {}), 0).status().code() ==
        ErrorCode::kOperationNotAttempted);
  WorkerReport none = Worker("3", {});
  none.slots = 0;
  CHECK(registry.OnHeartbeat(none, 0).status().code() == ErrorCode::kInvalidConfig);
}

}  // namespace strom::coordinator
