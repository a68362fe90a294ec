// Two tablet servers: what one leads the other follows.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/server/replication_fixture.h"

namespace strom::tablet {
namespace {

uint64_t Seeds() { return static_cast<uint64_t>(GENERATE(range(1, 6))); }

}  // namespace

TEST_CASE("an append is on the follower, and answered, without a poll's delay", "[tablet]") {
  ReplicationFixture f(Seeds());
  const std::string durability = GENERATE("replicated", "durable");
  const TableInfo table = f.StoreTable("t", durability);
  f.Lead(table, 0, 1);
  f.scheduler().RunFor(Seconds(3));  // The follower's fetch waits at the leader.
  for (int i = 0; i < 5; ++i) {
    const MonoTime before = f.now();
    CHECK(f.Produce(1, table, 0, {i}).ok());
    CHECK((f.now() - before).micros() < 5000);
    f.scheduler().RunFor(Millis(100 * i));
  }
  CHECK(f.FetchErrorsOf(2) == 0);
  f.Lead(table, 0, 2);
  REQUIRE(f.RunUntil([&] { return f.Committed(2, table, 0).size() == 5; }));
  CHECK(f.Committed(2, table, 0) == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("an idle follower asks twice a second, no more", "[tablet]") {
  ReplicationFixture f;
  const TableInfo table = f.StoreTable("t", "replicated", 4);
  for (int bucket = 0; bucket < 4; ++bucket) f.Lead(table, bucket, 1);
  f.scheduler().RunFor(Seconds(1));
  const uint64_t before = f.FetchesAt(1);
  f.scheduler().RunFor(Seconds(10));
  CHECK(f.FetchesAt(1) - before <= 20);
  CHECK(f.FetchesAt(1) - before >= 18);
}

TEST_CASE("a bucket that comes while a fetch waits is followed at once", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t", "replicated", 2);
  f.Lead(table, 0, 1);
  f.scheduler().RunFor(Seconds(2) + Millis(20));
  f.Lead(table, 1, 1);
  const MonoTime before = f.now();
  CHECK(f.Produce(1, table, 1, {7}).ok());
  CHECK((f.now() - before).micros() < 10000);
  CHECK(f.Produce(1, table, 0, {8}).ok());
  CHECK((f.now() - before).micros() < 15000);
}

TEST_CASE("a bucket whose fetch fails does not hold up the others, and is tried on", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t", "replicated", 2);
  f.Lead(table, 0, 1);
  f.TellOnly({2});
  f.Lead(table, 1, 1);  // The leader does not know that it is one.
  f.scheduler().RunFor(Seconds(5));
  CHECK(f.FetchErrorsOf(2) >= 5);  // 100 ms, doubling to one second.
  CHECK(f.FetchErrorsOf(2) <= 9);
  for (int i = 0; i < 20; ++i) {
    const MonoTime before = f.now();
    CHECK(f.Produce(1, table, 0, {i}).ok());
    CHECK((f.now() - before).micros() < 10000);
    f.scheduler().RunFor(Millis(77));
  }
  f.Tell(1, table, 1);
  const MonoTime told = f.now();
  CHECK(f.Produce(1, table, 1, {5}).ok());
  CHECK((f.now() - told) < Millis(1100));
}

TEST_CASE("replication outlives broken, silent and lost messages", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t", "replicated", 2);
  for (int bucket = 0; bucket < 2; ++bucket) f.Lead(table, bucket, 1);
  std::vector<int> values;
  const auto produce = [&] {
    for (int i = 0; i < 3; ++i) {
      const int value = static_cast<int>(values.size());
      values.push_back(value);
      CHECK(f.Produce(1, table, 0, {value}).ok());
      CHECK(f.Produce(1, table, 1, {value}).ok());
    }
  };
  produce();
  SECTION("connections that break") { f.wires().BreakConnections(f.HostOf(1)); }
  SECTION("connections that go silent") { f.wires().StallConnections(f.HostOf(1)); }
  SECTION("requests that are lost") { f.wires().LoseRequests(f.HostOf(1), 3); }
  SECTION("answers that are lost") { f.wires().LoseAnswers(f.HostOf(1), 3); }
  SECTION("a leader that cannot be reached for a while") {
    f.wires().SetReachable(f.HostOf(1), false);
    f.wires().BreakConnections(f.HostOf(1));
    const auto waits = f.SendProduce(1, table, 0, {100});
    values.push_back(100);
    f.scheduler().RunFor(Seconds(10));
    CHECK_FALSE(waits->has_value());
    f.wires().SetReachable(f.HostOf(1), true);
    CHECK(f.RunUntil([&] { return waits->has_value(); }, Millis(1200)));
    CHECK(f.Produce(1, table, 1, {100}).ok());
  }
  produce();
  f.Lead(table, 0, 2);
  f.Lead(table, 1, 2);
  for (int bucket = 0; bucket < 2; ++bucket) {
    CHECK(f.RunUntil([&] { return f.Committed(2, table, bucket) == values; }));
  }
}

TEST_CASE("replication outlives the restart of either server", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t", GENERATE("replicated", "durable"));
  f.Lead(table, 0, 1);
  CHECK(f.Produce(1, table, 0, {1, 2}).ok());
  const bool crash = GENERATE(true, false);
  const auto restart = [&](int server) {
    if (crash) {
      f.Crash(server);
    } else {
      CHECK(f.Stop(server).ok());
    }
    f.Start(server);
  };
  restart(2);
  CHECK(f.Produce(1, table, 0, {3}).ok());
  restart(1);
  CHECK(f.Produce(1, table, 0, {4}).ok());
  f.Lead(table, 0, 2);
  CHECK(f.RunUntil([&] { return f.Committed(2, table, 0).size() == 4; }));
  CHECK(f.Produce(2, table, 0, {5}).ok());
  CHECK(f.Committed(2, table, 0) == std::vector<int>{1, 2, 3, 4, 5});
}

TEST_CASE("what an old leader alone had is cut when it follows the new one", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t");
  f.Lead(table, 0, 1);
  CHECK(f.Produce(1, table, 0, {1}).ok());
  f.TellOnly({1, 2});
  f.Crash(2);
  CHECK(f.Produce(1, table, 0, {66, 67}, /*acks=*/1).ok());  // Nobody else gets these.
  f.Crash(1);
  f.Start(2);
  f.Lead(table, 0, 2);
  f.Start(1);
  CHECK(f.Produce(2, table, 0, {2}).ok());
  f.Lead(table, 0, 1);
  CHECK(f.Produce(1, table, 0, {3}).ok());
  CHECK(f.Committed(1, table, 0) == std::vector<int>{1, 2, 3});
}

TEST_CASE("a follower that has caught up is taken into the ISR by the coordinator", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t");
  SECTION("at once") { f.RefuseIsr(Status::Ok()); }
  SECTION("once one leads") { f.RefuseIsr(Error(ErrorCode::kNotCoordinatorLeader, "standby")); }
  SECTION("although requests are lost") { f.wires().LoseRequests("coordinator", 2); }
  f.Lead(table, 0, 1, {1});
  f.scheduler().RunFor(Seconds(4));
  f.RefuseIsr(Status::Ok());
  REQUIRE(f.RunUntil([&] { return f.IsrOf(table, 0) == std::set{1, 2}; }, Seconds(2)));
  f.scheduler().RunFor(Millis(5));  // Until the leader hears of it.
  CHECK(f.Produce(1, table, 0, {1}).ok());
  CHECK(f.isr_requests().back().serverid() == 1);
}

TEST_CASE("a server stops while its fetches wait and its proposals are not answered", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t", "replicated", 2);
  f.RefuseIsr(Error(ErrorCode::kNotCoordinatorLeader, "standby"));
  f.Lead(table, 0, 1, {1});
  f.Lead(table, 1, 2);
  f.scheduler().RunFor(Millis(GENERATE(0, 3, 700)));
  const MonoTime before = f.now();
  CHECK(f.Stop(2).ok());
  CHECK((f.now() - before) < Millis(1100));
  CHECK(f.Stop(1).ok());
}

TEST_CASE("a server that stops serves and follows until it hears that others lead", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t", "replicated", 2);
  f.Lead(table, 0, 1);
  f.Lead(table, 1, 2);
  f.TellViews();
  f.HoldStops();
  const auto stopped = f.BeginStop(1);
  f.scheduler().RunFor(Seconds(1));
  REQUIRE(f.stop_requests().size() == 1);
  CHECK(f.stop_requests()[0].tablet_server_id() == 1);
  CHECK(f.stop_requests()[0].start_epoch() == f.RegistrationOf(1).start_epoch.value());
  CHECK(f.Produce(1, table, 0, {1}).ok());
  CHECK(f.Produce(2, table, 1, {2}).ok());
  f.Lead(table, 0, 2);
  CHECK(f.Produce(2, table, 0, {3}).ok());
  CHECK_FALSE(stopped->has_value());
  f.AnswerStops();
  const MonoTime before = f.now();
  CHECK(f.EndStop(1, stopped).ok());
  CHECK(f.now() - before < Millis(1100));
}

TEST_CASE("a server whose last peer is gone stops without asking anybody", "[tablet]") {
  ReplicationFixture f;
  const TableInfo table = f.StoreTable("t");
  f.Lead(table, 0, 1);
  f.TellViews();
  CHECK(f.Stop(1).ok());
  CHECK(f.stop_requests().size() == 1);
  CHECK(f.Stop(2).ok());
  CHECK(f.stop_requests().size() == 1);
}

TEST_CASE("the coordinator hears of replicas whose logs cannot be synced", "[tablet]") {
  ReplicationFixture f(Seeds());
  const TableInfo table = f.StoreTable("t", "durable");
  f.Lead(table, 0, 1);
  CHECK(f.Produce(1, table, 0, {1}).ok());
  const int failing = GENERATE(1, 2);  // The leader, or the follower.
  f.disk(failing).faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
  const auto produce = f.SendProduce(1, table, 0, {2});
  REQUIRE(f.RunUntil([&] { return !f.failure_reports().empty(); }, Millis(100)));
  CHECK(f.failure_reports()[0].tablet_server_id() == failing);
  CHECK(f.failure_reports()[0].start_epoch() == f.RegistrationOf(failing).start_epoch.value());
  REQUIRE(f.failure_reports()[0].buckets_size() == 1);
  CHECK(f.failure_reports()[0].buckets(0).table_id() == table.id.value());
  f.scheduler().RunFor(Seconds(5));
  CHECK(f.failure_reports().size() == 1);
  // The follower's server is fine otherwise; the leader's too.
  const TableInfo other = f.StoreTable("u", "durable");
  f.Lead(other, 0, failing);
  CHECK(f.Produce(failing, other, 0, {3}).ok());
}

TEST_CASE("followers are refused on listeners for clients", "[tablet]") {
  ReplicationFixture f;
  const TableInfo table = f.StoreTable("t");
  f.Lead(table, 0, 1);
  pb::FetchLogRequest request;
  request.set_follower_server_id(2);
  request.set_max_bytes(1 << 20);
  for (const auto audience : {rpc::Audience::kFlussClients, rpc::Audience::kStromClients}) {
    const Status refused = f.Call(1, rpc::kFetchLog, request, audience).status();
    CHECK(refused.code() == ErrorCode::kUnsupportedVersion);
    CHECK(refused.message() ==
          "FetchLog of follower 2: listener TEST is for clients, who fetch as -1");
  }
  CHECK(f.Call(1, rpc::kFetchLog, request).ok());
}

}  // namespace strom::tablet
