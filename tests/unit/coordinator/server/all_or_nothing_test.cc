// S18: every change that a client asks for is there as a whole or not at all, wherever between its
// metadata writes the coordinator dies; whoever leads next leaves nothing half done.
#include <functional>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/convert/job.h"
#include "common/metadata/zk_json.h"
#include "common/rpc/methods.h"
#include "tests/unit/coordinator/server/coordinator_world.h"
#include "tests/unit/coordinator/state/job_samples.h"

namespace strom::coordinator {
namespace {

using testing::CutSessions;
const metadata::ZkPaths kPaths("/fluss");

class AdminWorld : public CoordinatorWorld {
 public:
  using CoordinatorWorld::sessions;

  // What a request came to, once it is answered.
  using Answered = std::function<std::optional<Status>()>;
  template <class Request, class Response>
  Answered Ask(const rpc::Method<Request, Response>& method, const Request& request) {
    const auto pending = Send(method, request, "coordinator", Seconds(100), "INTERNAL");
    return [pending]() -> std::optional<Status> {
      if (!pending->has_value()) return std::nullopt;
      return (*pending)->status();
    };
  }
  Status Await(const Answered& answered) {
    REQUIRE(RunUntil([&] { return answered().has_value(); }, Seconds(101)));
    return *answered();
  }

  Answered AskRegister(const std::string& name) {
    pb::RegisterJobRequest request;
    *request.mutable_job() = convert::ToPb(LayerJob(name));
    return Ask(rpc::kRegisterJob, request);
  }

  bool HasDatabase(const std::string& name) { return Contains(Databases(), name); }
  bool HasTable(const std::string& name) {
    return HasDatabase("db") && Contains(Tables("db"), name);
  }
  std::optional<JobInfo> Job(const std::string& name) {
    const auto answer = Call(rpc::kListJobs, pb::ListJobsRequest(), "coordinator", "INTERNAL");
    for (const auto& job : answer.value().jobs()) {
      JobInfo info = convert::FromPb(job).value();
      if (info.definition.name == name) return info;
    }
    return std::nullopt;
  }

  // S17: each table is readable, assigned and led as its leaders were told; nothing is stored, and
  // nothing led, of any other.
  void CheckWhole() {
    std::set<std::string> assigned;
    std::set<TableBucket> buckets;
    for (const std::string& database : Databases()) {
      for (const std::string& table : Tables(database)) {
        INFO(database << "." << table);
        const TableId id = IdOf(database, table);
        assigned.insert(fmt::format("{}", id));
        CHECK(Children(kPaths.Schemas({database, table})).size() == 1);
        const auto view = Metadata(database, table);
        REQUIRE(view.table_metadata_size() == 1);
        for (const auto& bucket : view.table_metadata(0).bucket_metadata()) {
          buckets.insert(BucketOf(id, bucket.bucket_id()));
          CHECK(bucket.has_leader_id());
        }
      }
    }
    const auto nodes = Children(kPaths.TableAssignments());
    CHECK(std::set(nodes.begin(), nodes.end()) == assigned);
    std::set<TableBucket> led;
    for (int server = 1; server <= 2; ++server) {
      for (const auto& [bucket, leader] : tablet(server).leaders) {
        if (!tablet(server).removed.contains(bucket)) led.insert(bucket);
      }
    }
    CHECK(led == buckets);
  }

 private:
  static bool Contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  }
};

struct Operation {
  std::string name;
  std::function<void(AdminWorld&)> prepare;
  std::function<AdminWorld::Answered(AdminWorld&)> ask;
  std::function<bool(AdminWorld&)> done;  // Whether its effect can be seen.
  ErrorCode again = Status::Ok().code();     // Of the same once more.
};

std::vector<Operation> Operations() {
  const auto nothing = [](AdminWorld&) {};
  const auto table = [](int buckets) {
    return [buckets](AdminWorld& w) { REQUIRE(w.CreateTable("db", "t", buckets).ok()); };
  };
  const auto create = [](int buckets) {
    return [buckets](AdminWorld& w) {
      return w.Ask(rpc::kCreateTable, w.TableRequest("db", "t", buckets));
    };
  };
  const auto has_table = [](AdminWorld& w) { return w.HasTable("t"); };
  const auto no_table = [](AdminWorld& w) { return !w.HasTable("t"); };
  const auto no_database = [](AdminWorld& w) { return !w.HasDatabase("db"); };
  const auto drop = [](AdminWorld& w) {
    return w.Ask(rpc::kDropTable, w.DropRequest("db", "t"));
  };
  const auto drop_database = [](bool cascade) {
    return [cascade](AdminWorld& w) {
      return w.Ask(rpc::kDropDatabase, w.DropDatabaseRequest("db", cascade));
    };
  };
  const auto has_job = [](AdminWorld& w) { return w.Job("j").has_value(); };
  const auto job = [](AdminWorld& w) { REQUIRE(w.Await(w.AskRegister("j")).ok()); };
  // More buckets than leaders, or nodes, go into one write.
  constexpr int kMany = 501;
  return {
      {"create a database", nothing,
       [](AdminWorld& w) { return w.Ask(rpc::kCreateDatabase, w.DatabaseRequest("new")); },
       [](AdminWorld& w) { return w.HasDatabase("new"); }, ErrorCode::kDatabaseAlreadyExist},
      {"drop a database", nothing, drop_database(false), no_database, ErrorCode::kDatabaseNotExist},
      {"drop a database and its tables, each of them as a whole",
       [](AdminWorld& w) {
         for (const char* name : {"t", "u", "v"}) REQUIRE(w.CreateTable("db", name, 2).ok());
       },
       drop_database(true), no_database, ErrorCode::kDatabaseNotExist},
      {"create a table", nothing, create(3), has_table, ErrorCode::kTableAlreadyExist},
      {"create a table of many buckets", nothing, create(kMany), has_table,
       ErrorCode::kTableAlreadyExist},
      {"drop a table", table(3), drop, no_table, ErrorCode::kTableNotExist},
      {"drop a table of many buckets", table(kMany), drop, no_table, ErrorCode::kTableNotExist},
      {"register a job", nothing, [](AdminWorld& w) { return w.AskRegister("j"); }, has_job},
      {"stop a job", job,
       [](AdminWorld& w) {
         pb::StopJobRequest request;
         request.set_name("j");
         return w.Ask(rpc::kStopJob, request);
       },
       [](AdminWorld& w) { return w.Job("j")->goal == JobGoal::kStop; }},
      {"drop a job", job,
       [](AdminWorld& w) {
         pb::DropJobRequest request;
         request.set_name("j");
         return w.Ask(rpc::kDropJob, request);
       },
       [](AdminWorld& w) { return !w.Job("j"); }, ErrorCode::kJobNotExist},
  };
}

// Runs the operation and lets the coordinator die at its `change`th write. False if it made fewer.
bool DieAt(const Operation& operation, int change, CutSessions::Moment moment) {
  AdminWorld world;
  world.AddServer(1);
  world.AddServer(2);
  world.Lead();
  REQUIRE(world.CreateDatabase("db").ok());
  operation.prepare(world);
  world.Settle();
  REQUIRE_FALSE(operation.done(world));
  world.sessions().CutAt(change, moment);
  const AdminWorld::Answered answered = operation.ask(world);
  // What is left to do after the answer is part of it.
  const bool cut =
      world.RunUntil([&] { return world.sessions().cut(); }, Seconds(2)) || !answered();
  const bool acknowledged = answered() && answered()->ok();
  if (!cut) {
    CHECK(acknowledged);
    CHECK(operation.done(world));
    world.CheckWhole();
    return false;
  }
  world.CrashCoordinator();
  world.sessions().Heal();
  world.Lead();
  world.scheduler.RunFor(Seconds(5));
  world.CheckWhole();
  const bool done = operation.done(world);
  if (acknowledged) CHECK(done);
  const Status again = world.Await(operation.ask(world));
  CHECK(again.code() == (done ? operation.again : Status::Ok().code()));
  CHECK(operation.done(world));
  world.Settle();
  world.CheckWhole();
  return true;
}

}  // namespace

TEST_CASE("S18: what clients ask for is done or not done, wherever the coordinator dies",
          "[coordinator]") {
  const auto moment = GENERATE(CutSessions::Moment::kBefore, CutSessions::Moment::kAfter);
  const size_t index = GENERATE(range(size_t{0}, Operations().size()));
  const Operation operation = Operations()[index];
  int changes = 0;
  for (bool died = true; died; ++changes) {
    INFO(operation.name << ", dies " << (moment == CutSessions::Moment::kBefore ? "before" : "after")
                        << " its write " << changes + 1);
    died = DieAt(operation, changes + 1, moment);
    REQUIRE(changes < 20);
  }
  CHECK(changes > 1);
}

}  // namespace strom::coordinator
