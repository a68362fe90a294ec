// Leases of tablet servers, and what new leaders of rows are told to wait for.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "proto/strom.pb.h"
#include "tests/unit/coordinator/server/replica_calls.h"

namespace strom::coordinator {
namespace {

// A table of rows with three replicas, of which server 1 leads the only bucket. The coordinator has
// led for a while.
struct Rows {
  Rows() {
    for (int id = 1; id <= 3; ++id) world.AddServer(id);
    world.Lead();
    for (int i = 0;; ++i) {
      REQUIRE(i < 50);
      pb::CreateTableRequest request = CoordinatorWorld::TableRequest(
          "fluss", fmt::format("rows{}", i), 1, R"("table.replication.factor":"3")");
      std::string json = request.table_json();
      json.replace(json.find(R"("type":"INTEGER")"), 16, R"("type":"INTEGER","nullable":false)");
      json.replace(json.find(R"("highest_field_id")"), 0, R"("primary_key":["a"],)");
      request.set_table_json(json);
      REQUIRE(world.Call(rpc::kCreateTable, request).ok());
      world.Settle();
      bucket = BucketOf(world.IdOf("fluss", fmt::format("rows{}", i)), 0);
      if (world.tablet(1).leaders.at(bucket).leader == ServerId(1)) break;
    }
    CHECK_FALSE(world.tablet(1).withhold_ms.contains(bucket));  // Nobody led it before.
    world.scheduler.RunFor(Seconds(5));
  }

  // The lease in milliseconds, or the error.
  std::string Renew(int32_t server) {
    pb::RenewLeaseRequest request;
    request.set_tablet_server_id(server);
    const auto answer = world.Call(rpc::kRenewLease, request, "coordinator", "INTERNAL");
    if (!answer.ok()) return Refused(answer.status().code());
    CHECK(CoordinatorEpoch(answer->coordinator_epoch()) == world.tablet(2).epoch);
    return fmt::format("{} ms", answer->lease_ms());
  }
  // What server 2, the new leader, has to withhold by its last word.
  int64_t Withheld() {
    REQUIRE(world.tablet(2).leaders.at(bucket).leader == ServerId(2));
    const auto found = world.tablet(2).withhold_ms.find(bucket);
    return found == world.tablet(2).withhold_ms.end() ? 0 : found->second;
  }

  // From which leader epoch on all have ended, as that server was told last.
  int EndedSince() { return world.tablet(2).ended_since.at(bucket).value(); }

  CoordinatorWorld world;
  TableBucket bucket;
};

const std::string kNotNow = Refused(ErrorCode::kOperationNotAttempted);

}  // namespace

// Found by the simulation: it led on, and granted no lease for ever.
TEST_CASE("a coordinator whose node is gone begins anew to lead", "[coordinator]") {
  Rows rows;
  CoordinatorWorld& world = rows.world;
  REQUIRE(rows.Renew(1) == "1000 ms");
  const CoordinatorEpoch before = world.tablet(2).epoch;
  const std::string node = kPaths.CoordinatorActive();
  REQUIRE(world.Change(metadata::DeleteOp{node}) == metadata::MetaCode::kOk);
  SECTION("and nobody has another one") {}
  SECTION("and another session has it for a while") {
    REQUIRE(world.Change(metadata::CreateOp{node, "{}"}) == metadata::MetaCode::kOk);
  }
  world.scheduler.RunFor(Seconds(1));
  rows.Renew(1);
  world.scheduler.RunFor(Seconds(2));
  world.Change(metadata::DeleteOp{node});
  REQUIRE(world.RunUntil([&] { return world.tablet(2).epoch > before; }, Seconds(5)));
  CHECK(rows.Renew(1) == "1000 ms");
}

TEST_CASE("the new leader of rows waits for the last lease of the one before", "[coordinator]") {
  Rows rows;
  REQUIRE(rows.Renew(1) == "1000 ms");
  rows.world.scheduler.RunFor(Millis(300));
  rows.world.tablet(1).Die();  // Or so it seems: only its session has ended.
  rows.world.Settle();
  CHECK(rows.Withheld() > 700);
  CHECK(rows.Withheld() <= 800);
  CHECK(rows.Renew(1) == kNotNow);
  CHECK(rows.Renew(2) == "1000 ms");
}

TEST_CASE("a leader that had no lease is not waited for", "[coordinator]") {
  Rows rows;
  REQUIRE(rows.Renew(1) == "1000 ms");
  rows.world.scheduler.RunFor(Seconds(2));
  rows.world.tablet(1).Die();
  rows.world.Settle();
  CHECK(rows.Withheld() == 0);
}

TEST_CASE("a deposed leader gets a lease again once it has heard that it is one", "[coordinator]") {
  Rows rows;
  TabletFake& one = rows.world.tablet(1);
  REQUIRE(rows.Renew(1) == "1000 ms");
  one.Crash();
  rows.world.scheduler.RunFor(Millis(400));
  REQUIRE(rows.Withheld() > 0);
  CHECK(rows.Renew(1) == kNotNow);  // It can reach the coordinator, not the other way round.

  SECTION("it was alive all the time") {
    one.ComeBack();
    REQUIRE(rows.world.RunUntil([&] { return one.leaders.at(rows.bucket).leader == ServerId(2); },
                                Seconds(3)));
    rows.world.Settle();
  }
  SECTION("it was alive, and does not like what it hears") {
    one.leader_error = Error(ErrorCode::kNetwork, "the metadata store is away");
    one.ComeBack();
    rows.world.scheduler.RunFor(Seconds(3));
    CHECK(rows.Renew(1) == kNotNow);
    one.leader_error = Error(ErrorCode::kCorruptRecord, "the log of the bucket does not open");
    rows.world.scheduler.RunFor(Seconds(10));
  }
  SECTION("the table is gone") {
    REQUIRE(rows.world.DropTable("fluss", rows.world.Tables("fluss").back()).ok());
  }
  CHECK(rows.Renew(1) == "1000 ms");
}

TEST_CASE("a new leader need not wait for one that has heard", "[coordinator]") {
  Rows rows;
  TabletFake& one = rows.world.tablet(1);
  one.hold_leaders = true;
  REQUIRE(rows.Renew(1) == "1000 ms");
  pb::ControlledShutdownRequest stop;
  stop.set_tablet_server_id(1);
  stop.set_tablet_server_epoch(-1);
  REQUIRE(rows.world.Call(rpc::kControlledShutdown, stop, "coordinator", "INTERNAL").ok());
  rows.world.Settle();
  REQUIRE(rows.Withheld() > 900);
  CHECK(rows.Renew(1) == kNotNow);
  one.Release();
  rows.world.Settle();
  CHECK(rows.Withheld() == 0);
  CHECK(rows.Renew(1) == "1000 ms");
}

TEST_CASE("a new coordinator waits for the leases that the one before may have granted",
          "[coordinator]") {
  Rows rows;
  REQUIRE(rows.Renew(1) == "1000 ms");
  rows.world.CrashCoordinator();
  rows.world.Lead();
  rows.world.Settle();
  const bool soon = GENERATE(true, false);
  if (!soon) rows.world.scheduler.RunFor(Seconds(2));
  rows.world.tablet(1).Die();
  rows.world.Settle();
  CHECK((rows.Withheld() > 0) == soon);
  CHECK(rows.Withheld() <= 1100);
}

TEST_CASE("a new leader hears which of those before it have ended", "[coordinator]") {
  Rows rows;
  CoordinatorWorld& world = rows.world;
  CHECK(rows.EndedSince() == 0);
  const bool same_term = GENERATE(true, false);
  if (!same_term) {
    world.CrashCoordinator();
    world.Lead();
    world.scheduler.RunFor(Seconds(3));
  }
  TabletFake& one = world.tablet(1);
  one.hold_leaders = true;
  pb::ControlledShutdownRequest stop;
  stop.set_tablet_server_id(1);
  stop.set_tablet_server_epoch(-1);
  REQUIRE(world.Call(rpc::kControlledShutdown, stop, "coordinator", "INTERNAL").ok());
  world.Settle();
  REQUIRE(rows.Withheld() == 0);  // It had no lease, but maybe promises.
  CHECK(rows.EndedSince() == 1);
  one.Release();
  world.Settle();
  CHECK(rows.EndedSince() == 0);  // Server 1 led under 0, which this term has seen.

  world.CrashCoordinator();
  world.Lead();
  world.Settle();
  CHECK(rows.EndedSince() == 1);  // Who led under 0, this one does not know.
}

}  // namespace strom::coordinator
