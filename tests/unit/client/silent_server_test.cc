// Servers that stand still: they break no connection and answer nothing.
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

constexpr MonoDuration kSession = Seconds(6);  // Until others know that a silent server is gone.

// Two tables of a bucket each, led by s1 of three servers, and a client that knows all three.
struct Silent : SimClient {
  explicit Silent(uint64_t seed) : SimClient(seed, 3) {
    cluster.AddTable(kOrders, Orders(1));
    cluster.AddTable(kUsers, Users(1));
    MoveTo(1);
    REQUIRE(Await(connection->admin().ListServers()).ok());
  }

  void MoveTo(int server) {
    for (const TablePath& path : {kOrders, kUsers}) cluster.MoveLeader(path, BucketId(0), server);
  }

  // From now on s1 hears nothing, and says nothing.
  void Silence() {
    for (const char* other : {"client", "s0", "s2"}) {
      network.SetCut(other, "s1", true);
      network.SetCut("s1", other, true);
    }
  }

  // s2 leads, as soon as the session of s1 has ended.
  void Elect() {
    scheduler.RunFor(kSession);
    cluster.gone.insert(1);
    MoveTo(2);
  }
};

}  // namespace

TEST_CASE("rows sent to a leader that is silent get to its successor", "[client]") {
  Silent sim(GENERATE(range(1, 6)));
  auto appends = sim.Writer(kOrders);
  auto upserts = sim.Upserter(kUsers);
  REQUIRE(appends->TryAppend(Order(0)).ok());
  REQUIRE(sim.Await(appends->Flush()).ok());
  sim.Silence();
  REQUIRE(appends->TryAppend(Order(1)).ok());
  REQUIRE(upserts->TryUpsert(User(1)).ok());
  sim.Elect();
  CHECK(sim.Await(appends->Flush(), Seconds(3)).ok());
  CHECK(sim.Await(upserts->Flush(), Seconds(3)).ok());
  CHECK(sim.cluster.RecordCount(kOrders, BucketId(0)) == 2);
}

TEST_CASE("questions to a leader that is silent are asked its successor", "[client]") {
  Silent sim(GENERATE(range(1, 6)));
  auto upserts = sim.Upserter(kUsers);
  REQUIRE(upserts->TryUpsert(User(1)).ok());
  REQUIRE(sim.Await(upserts->Flush()).ok());
  auto finder = sim.Finder(kUsers);
  auto scanner = sim.Scanner(kUsers);
  REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
  sim.Silence();
  auto found = finder->Get({Value::Int(1)});
  auto read = scanner->PollAsync(Seconds(60));
  sim.Elect();
  CHECK(sim.Await(std::move(found), Seconds(3))->has_value());
  CHECK(sim.Await(std::move(read), Seconds(3))->size() == 1);
}

TEST_CASE("what a silent server did before it left counts once", "[client]") {
  Silent sim(GENERATE(range(1, 6)));
  auto appends = sim.Writer(kOrders);
  sim.cluster.hold_produce = true;  // It appends, and does not answer.
  REQUIRE(appends->TryAppend(Order(1)).ok());
  REQUIRE(sim.scheduler.RunUntil([&] { return sim.cluster.held() == 1; }, Seconds(10)));
  sim.cluster.hold_produce = false;
  sim.Elect();
  CHECK(sim.Await(appends->Flush(), Seconds(3)).ok());
  CHECK(sim.cluster.RecordCount(kOrders, BucketId(0)) == 1);
}

TEST_CASE("a slow server that is in the cluster is waited for", "[client]") {
  SimClient sim(GENERATE(range(1, 4)), 2);
  sim.cluster.AddTable(kOrders, Orders(1));
  auto appends = sim.Writer(kOrders);
  sim.cluster.hold_produce = true;
  REQUIRE(appends->TryAppend(Order(1)).ok());
  REQUIRE(sim.scheduler.RunUntil([&] { return sim.cluster.held() == 1; }, Seconds(10)));
  const int asked = sim.cluster.metadata_count;
  sim.scheduler.RunFor(Seconds(10));
  CHECK(sim.cluster.held() == 1);  // No second request.
  CHECK(sim.cluster.metadata_count <= asked + 10);
  sim.cluster.Release();
  CHECK(sim.Await(appends->Flush(), Seconds(1)).ok());
  const int answered = sim.cluster.metadata_count;
  sim.scheduler.RunFor(Seconds(10));
  CHECK(sim.cluster.metadata_count <= answered + 1);  // Who waits for nothing asks for nothing.
}

TEST_CASE("a silent server keeps nobody waiting for metadata", "[client]") {
  Silent sim(GENERATE(range(1, 11)));
  sim.Silence();
  for (int i = 0; i < 5; ++i) {
    CHECK(sim.Await(sim.connection->admin().ListServers(), Seconds(1)).ok());
  }
}

TEST_CASE("the first server of a client may be silent", "[client]") {
  SimClient sim(GENERATE(range(1, 4)), 2);
  sim.network.SetCut("client", "s1", true);
  sim.connection =
      Connection::Create({.bootstrap_servers = {sim.address(1), "nobody:1", sim.address(0)}},
                         sim.environment())
          .value();
  CHECK(sim.Await(sim.connection->admin().ListServers(), Seconds(3)).ok());
}

}  // namespace strom::client
