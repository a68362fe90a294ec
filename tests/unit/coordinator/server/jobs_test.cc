// Jobs in the coordinator: what is stored, what tablet servers hear before a worker does.
#include <catch2/catch_test_macros.hpp>

#include "common/convert/job.h"
#include "proto/types.pb.h"
#include "tests/unit/coordinator/server/coordinator_world.h"
#include "tests/unit/coordinator/state/job_samples.h"

namespace strom::coordinator {
namespace {

class JobsWorld : public CoordinatorWorld {
 public:
  template <class Request, class Response>
  Result<Response> Ask(const rpc::Method<Request, Response>& method, const Request& request) {
    return Call(method, request, "coordinator", "INTERNAL");
  }

  Status Register(const JobDefinition& job) {
    pb::RegisterJobRequest request;
    *request.mutable_job() = convert::ToPb(job);
    return Ask(rpc::kRegisterJob, request).status();
  }
  Status Drop(const std::string& name) {
    pb::DropJobRequest request;
    request.set_name(name);
    return Ask(rpc::kDropJob, request).status();
  }

  Result<WorkerOrders> Beat(const WorkerReport& report) {
    const auto answer = Ask(rpc::kWorkerHeartbeat, convert::ToPb(report));
    if (!answer.ok()) return answer.status();
    return convert::FromPb(*answer);
  }
  // The groups that the worker is given, as "group@epoch".
  std::vector<std::string> Groups(const WorkerReport& report) {
    std::vector<std::string> groups;
    for (const JobAssignment& one : Beat(report).value().assignments) {
      groups.push_back(fmt::format("{}@{}", one.fence.group, one.fence.epoch));
    }
    return groups;
  }

  std::vector<JobInfo> List(const std::string& name = "") {
    pb::ListJobsRequest request;
    if (!name.empty()) request.set_name(name);
    std::vector<JobInfo> jobs;
    const pb::ListJobsResponse answer = Ask(rpc::kListJobs, request).value();
    for (const auto& job : answer.jobs()) {
      jobs.push_back(convert::FromPb(job).value());
    }
    return jobs;
  }

  // As if the process died and another one began, within a lease.
  void RestartCoordinator() {
    CrashCoordinator();
    Lead();
  }
};

using Names = std::vector<std::string>;
const WorkerReport kWorker = Worker("w1", {JobKind::kLayer});

}  // namespace

TEST_CASE("a job is registered, hosted, listed, stopped and dropped", "[coordinator]") {
  JobsWorld world;
  world.AddServer(1);
  world.Lead();
  REQUIRE(world.Register(LayerJob("a")).ok());
  CHECK(world.Register(LayerJob("a")).ok());
  const Status second = world.Register(LayerJob("b", "a"));
  CHECK(second.code() == ErrorCode::kJobAlreadyExist);
  CHECK(second.message().find("job a writes it") != std::string::npos);
  CHECK(world.Read("/fluss/strom/jobs/a").ok());

  const WorkerOrders orders = world.Beat(kWorker).value();
  REQUIRE(orders.assignments.size() == 1);
  CHECK(orders.assignments[0].fence == JobFence{"a", 1});
  CHECK(orders.assignments[0].jobs[0].definition == LayerJob("a"));
  CHECK(orders.heartbeat_interval_ms == 1000);
  CHECK(orders.lease_ms == 5000);
  CHECK(world.tablet(1).job_epochs == std::map<std::string, int64_t>{{"a", 1}});

  REQUIRE(world.Beat(Reporting(kWorker, "a", 1)).ok());
  REQUIRE(world.List().size() == 1);
  CHECK(world.List("a")[0].state == JobState::kRunning);
  CHECK(world.List("a")[0].worker == "w1");
  pb::StopJobRequest stop;
  stop.set_name("a");
  REQUIRE(world.Ask(rpc::kStopJob, stop).ok());
  CHECK(world.Beat(Reporting(kWorker, "a", 1))->assignments[0].jobs[0].goal == JobGoal::kStop);
  pb::StartJobRequest start;
  start.set_name("a");
  REQUIRE(world.Ask(rpc::kStartJob, start).ok());
  CHECK(world.Beat(Reporting(kWorker, "a", 1))->assignments[0].jobs[0].goal == JobGoal::kRun);

  REQUIRE(world.Drop("a").ok());
  CHECK(world.List("a")[0].state == JobState::kDropping);
  CHECK(world.Beat(Reporting(kWorker, "a", 1, JobPhase::kCleanedUp))->assignments.empty());
  CHECK(world.List().empty());
  CHECK(world.Read("/fluss/strom/jobs/a").code == metadata::MetaCode::kNoNode);
  CHECK(world.Read("/fluss/strom/job_groups/a").ok());  // The epoch is kept.
  CHECK(world.Drop("a").code() == ErrorCode::kJobNotExist);
  pb::ListJobsRequest unknown;
  unknown.set_name("a");
  CHECK(world.Ask(rpc::kListJobs, unknown).status().code() == ErrorCode::kJobNotExist);
}

TEST_CASE("clients of Fluss neither see nor reach the calls about jobs", "[coordinator]") {
  JobsWorld world;
  world.Lead();
  const auto refused = world.Call(rpc::kListJobs, pb::ListJobsRequest());
  CHECK(refused.status().code() == ErrorCode::kUnsupportedVersion);
  pb::ApiVersionsRequest request;
  request.set_client_software_name("test");
  request.set_client_software_version("1");
  const auto keys = [&](const std::string& listener) {
    std::set<int32_t> served;
    const pb::ApiVersionsResponse answer =
        world.Call(rpc::kApiVersions, request, "coordinator", listener).value();
    for (const auto& api : answer.api_versions()) served.insert(api.api_key());
    return served;
  };
  CHECK(*keys("FLUSS").rbegin() < 2000);
  CHECK(keys("INTERNAL").contains(20005));
}

TEST_CASE("requests about jobs that make no sense are refused", "[coordinator]") {
  JobsWorld world;
  world.Lead();
  JobDefinition job = LayerJob("a");
  job.script.clear();
  CHECK(world.Register(job).code() == ErrorCode::kInvalidConfig);
  pb::RegisterJobRequest request;
  *request.mutable_job() = convert::ToPb(LayerJob("a"));
  request.mutable_job()->set_kind(7);
  CHECK(world.Ask(rpc::kRegisterJob, request).status().code() == ErrorCode::kCorruptMessage);
  CHECK(world.Beat(Worker("", {})).status().code() == ErrorCode::kInvalidConfig);
  WorkerReport none = kWorker;
  none.slots = 0;
  CHECK(world.Beat(none).status().code() == ErrorCode::kInvalidConfig);
  CHECK(world.List().empty());
}

TEST_CASE("a worker is given a group when every tablet server knows its epoch", "[coordinator]") {
  JobsWorld world;
  world.AddServer(1);
  world.AddServer(2).hold_epochs = true;
  world.Lead();
  REQUIRE(world.Register(LayerJob("a")).ok());
  // The answer waits, but no longer than an interval between heartbeats.
  const MonoTime before = world.scheduler.now();
  CHECK(world.Groups(kWorker).empty());
  CHECK(world.scheduler.now() - before >= Seconds(1));
  CHECK(world.tablet(1).job_epochs.at("a") == 1);
  REQUIRE(world.tablet(2).held_count() == 1);

  const auto pending = world.Send(rpc::kWorkerHeartbeat, convert::ToPb(kWorker), "coordinator",
                                  Seconds(100), "INTERNAL");
  world.Settle();
  CHECK_FALSE(pending->has_value());

  SECTION("it answers") { world.tablet(2).Release(); }
  SECTION("it dies") { world.tablet(2).Die(); }
  REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Millis(900)));
  CHECK((*pending)->value().assignments_size() == 1);
}

TEST_CASE("a tablet server leads nothing before it knows the epochs of all jobs", "[coordinator]") {
  JobsWorld world;
  world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateDatabase("db").ok());
  REQUIRE(world.CreateTable("db", "t").ok());
  REQUIRE(world.Register(LayerJob("a")).ok());
  REQUIRE(world.Groups(kWorker) == Names{"a@1"});

  TabletFake& tablet = world.tablet(1);
  tablet.Die();
  world.Settle();
  tablet.hold_epochs = true;
  tablet.Start();
  world.scheduler.RunFor(Seconds(1));
  CHECK(tablet.job_epochs.at("a") == 1);
  CHECK(tablet.view_calls > 0);
  CHECK(tablet.leader_calls == 0);
  // Meanwhile the worker keeps what it was given before.
  CHECK(world.Groups(Reporting(kWorker, "a", 1)) == Names{"a@1"});
  tablet.hold_epochs = false;
  tablet.Release();
  world.Settle();
  CHECK(tablet.leader_calls == 1);
}

TEST_CASE("a process that took another's place is told everything, not what is new",
          "[coordinator]") {
  JobsWorld world;
  TabletFake& tablet = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateDatabase("d").ok());
  REQUIRE(world.CreateTable("d", "before").ok());
  REQUIRE(world.Register(LayerJob("a")).ok());
  REQUIRE(world.Groups(kWorker) == Names{"a@1"});

  // Nobody noticed: no connection was refused, and the registration stands.
  tablet.Replace();
  world.Settle();
  REQUIRE(world.CreateTable("d", "after").ok());
  CHECK(tablet.view.Find({"d", "before"}) != nullptr);
  CHECK(tablet.view.Find({"d", "after"}) != nullptr);
  CHECK(tablet.job_epochs == std::map<std::string, int64_t>{{"a", 1}});
  const auto told = [&](const char* what) { return std::ranges::find(tablet.order, what); };
  CHECK(told("epochs") < told("leaders"));  // It leads once it knows whom to fence.
}

TEST_CASE("a call that fails is made again until the server knows", "[coordinator]") {
  JobsWorld world;
  world.AddServer(1).call_error = Error(ErrorCode::kUnknownServerError, "not now");
  world.Lead();
  REQUIRE(world.Register(LayerJob("a")).ok());
  CHECK(world.Groups(kWorker).empty());
  world.tablet(1).call_error.reset();
  world.scheduler.RunFor(Seconds(2));
  CHECK(world.Groups(kWorker) == Names{"a@1"});
  CHECK(world.tablet(1).epoch_calls >= 2);
}

TEST_CASE("a worker that is not heard of loses its jobs, and servers hear of it first",
          "[coordinator]") {
  JobsWorld world;
  world.AddServer(1);
  world.Lead();
  REQUIRE(world.Register(LayerJob("a")).ok());
  REQUIRE(world.Groups(kWorker) == Names{"a@1"});
  const WorkerReport other = Worker("w2", {JobKind::kLayer});
  for (int i = 0; i < 4; ++i) {
    world.scheduler.RunFor(Seconds(1));
    CHECK(world.Groups(other).empty());
  }
  world.scheduler.RunFor(Millis(1500));
  CHECK(world.tablet(1).job_epochs.at("a") == 2);
  CHECK(world.Groups(other) == Names{"a@2"});
  CHECK(world.Groups(Reporting(kWorker, "a", 1)).empty());

  SECTION("a new process under the old name takes over at once") {
    CHECK(world.Groups(Worker("w2", {JobKind::kLayer}, "2")).size() <= 1);
    CHECK(world.tablet(1).job_epochs.at("a") == 3);
    CHECK(world.Beat(other).status().code() == ErrorCode::kFencedJobEpoch);
  }
}

TEST_CASE("jobs survive the coordinator, and their workers go on under the same epoch",
          "[coordinator]") {
  JobsWorld world;
  world.AddServer(1);
  world.Lead();
  REQUIRE(world.Register(LayerJob("a/ü b.c")).ok());
  REQUIRE(world.Register(CdcJob("c", "postgres-cdc://h:5432/db")).ok());
  REQUIRE(world.Drop("c").ok());
  REQUIRE(world.Groups(kWorker) == Names{"a/ü b.c@1"});
  world.RestartCoordinator();

  REQUIRE(world.List().size() == 2);
  CHECK(world.List("a/ü b.c")[0].definition == LayerJob("a/ü b.c"));
  CHECK(world.List("a/ü b.c")[0].worker == "w1");
  CHECK(world.List("c")[0].state == JobState::kDropping);
  CHECK(world.Groups(Reporting(kWorker, "a/ü b.c", 1)) == Names{"a/ü b.c@1"});
  CHECK(world.List("a/ü b.c")[0].state == JobState::kRunning);
  CHECK(world.tablet(1).job_epochs.at("a/ü b.c") == 1);

  SECTION("a worker that is not heard of again loses them") {
    world.scheduler.RunFor(Seconds(6));
    CHECK(world.Groups(Worker("w2", {JobKind::kLayer})) == Names{"a/ü b.c@2"});
  }
  SECTION("nor does a second restart change anything") {
    world.RestartCoordinator();
    CHECK(world.Groups(Reporting(kWorker, "a/ü b.c", 1)) == Names{"a/ü b.c@1"});
  }
}

TEST_CASE("a job node that cannot be read is left out, a group's ends the term", "[coordinator]") {
  JobsWorld world;
  world.Lead();
  REQUIRE(world.Register(LayerJob("a")).ok());
  REQUIRE(world.Groups(kWorker) == Names{"a@1"});
  REQUIRE(world.Change(metadata::CreateOp{"/fluss/strom/jobs/bad", "{}"}) ==
          metadata::MetaCode::kOk);
  world.RestartCoordinator();
  CHECK(world.List().size() == 1);
  REQUIRE(world.Change(metadata::SetOp{"/fluss/strom/job_groups/a", "{}"}) ==
          metadata::MetaCode::kOk);
  world.CrashCoordinator();
  world.Launch("coordinator");
  world.scheduler.RunFor(Seconds(5));
  CHECK_FALSE(world.leads());
}

TEST_CASE("only our own clients make the system's database", "[coordinator]") {
  JobsWorld world;
  world.AddServer(1);
  world.Lead();
  CHECK(world.CreateDatabase("__strom").code() == ErrorCode::kInvalidDatabase);
  pb::CreateDatabaseRequest request;
  request.set_database_name("__strom");
  request.set_ignore_if_exists(true);
  CHECK(world.Ask(rpc::kCreateDatabase, request).ok());
  CHECK(world.Ask(rpc::kCreateDatabase, request).ok());
  CHECK(world.CreateTable("__strom", "progress").code() == ErrorCode::kInvalidDatabase);
  CHECK(world.Ask(rpc::kCreateTable, JobsWorld::TableRequest("__strom", "progress")).ok());
  CHECK_FALSE(world.Ask(rpc::kCreateTable, JobsWorld::TableRequest("__strom", "__x")).ok());
  request.set_database_name("__other");
  CHECK(world.Ask(rpc::kCreateDatabase, request).status().code() == ErrorCode::kInvalidDatabase);

  CHECK(world.Databases() == Names{"fluss"});
  const auto all = world.Ask(rpc::kListDatabases, pb::ListDatabasesRequest()).value();
  CHECK(Names(all.database_name().begin(), all.database_name().end()) == Names{"__strom", "fluss"});
}

}  // namespace strom::coordinator
