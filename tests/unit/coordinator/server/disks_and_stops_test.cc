// Servers that come with other disks, want to stop, or refuse connections.
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/coordinator/server/replica_calls.h"

namespace strom::coordinator {
namespace {

std::string StoredDirectory(CoordinatorWorld& world, int32_t server) {
  const auto node = world.Read(kPaths.DirectoryIdOf(ServerId(server)));
  return node.ok() ? metadata::DirectoryRecordFromJson(node.value.data)->directory_id : "none";
}

// The answer of ControlledShutdown: how many buckets are left to the server, or the error.
std::string Stop(CoordinatorWorld& world, int32_t server, int64_t start_epoch) {
  pb::ControlledShutdownRequest request;
  request.set_tablet_server_id(server);
  request.set_tablet_server_epoch(-1);
  request.set_start_epoch(start_epoch);
  const auto answer = world.Call(rpc::kControlledShutdown, request, "coordinator", "INTERNAL");
  if (!answer.ok()) return Refused(answer.status().code());
  return fmt::format("{} left", answer->remaining_leader_buckets_size());
}

}  // namespace

TEST_CASE("a server's directory is stored before it leads anything", "[coordinator]") {
  Replicated cluster(1, "disk-a");
  CHECK(StoredDirectory(cluster.world, 1) == "disk-a");
  CHECK(StoredDirectory(cluster.world, 3) == "disk-a");
  CHECK(StoredDirectory(cluster.world, 4) == "none");
  cluster.world.AddServer(4);  // It tells none.
  cluster.world.Settle();
  CHECK(StoredDirectory(cluster.world, 4) == "none");
  cluster.world.tablet(3).Die();
  cluster.world.Settle();
  CHECK(StoredDirectory(cluster.world, 3) == "disk-a");  // It is remembered.
}

TEST_CASE("K1: a server with another disk is never elected from its empty log", "[coordinator]") {
  Replicated cluster(1, "disk-a");
  CoordinatorWorld& world = cluster.world;
  TabletFake& one = world.tablet(1);
  const auto restart = [&](const std::string& disk, bool seen) {
    one.directory_id = disk;
    if (seen) {
      one.Die();
      world.Settle();
      one.Start();
    } else {
      world.CrashCoordinator();
      one.Die();
      one.Start();
      world.Lead();
    }
    REQUIRE(world.RunUntil([&] { return one.leaders.contains(cluster.bucket); }, Seconds(1)));
    world.Settle();
  };
  const bool seen = GENERATE(true, false);
  INFO("while a coordinator looks: " << seen);

  SECTION("others have all records") {
    restart("disk-b", seen);
    const auto stored = cluster.Stored();
    CHECK(stored.leader == ServerId(2));
    CHECK_FALSE(IsIn(stored.isr, 1));
    CHECK(stored.awaited_directory == std::nullopt);
    CHECK(one.leaders.at(cluster.bucket).leader == ServerId(2));
  }
  SECTION("it alone had all records") {
    REQUIRE(cluster.Propose({1}) == Accepted(1, {1}));
    restart("disk-b", seen);
    CHECK(cluster.Stored().leader == kNoServer);
    CHECK(cluster.Stored().awaited_directory == "disk-a");
    CHECK(world.server().totals().bereft == 1);
    CHECK(StoredDirectory(world, 1) == "disk-b");
    for (int id = 1; id <= 3; ++id) {
      CHECK(world.tablet(id).leaders.at(cluster.bucket).leader != ServerId(1));
    }
    // Not by any restart, of servers or coordinators.
    restart("disk-b", !seen);
    world.tablet(2).Die();
    world.tablet(2).Start();
    world.Settle();
    CHECK(cluster.Stored().leader == kNoServer);
    // But when its disk is back.
    restart("disk-a", seen);
    CHECK(cluster.Stored().leader == ServerId(1));
    CHECK(cluster.Stored().awaited_directory == std::nullopt);
    CHECK(world.server().totals().bereft == 0);
    CHECK(one.leaders.at(cluster.bucket).leader == ServerId(1));
  }
}

TEST_CASE("K1: a coordinator that crashes between the steps of a disk's change changes nothing",
          "[coordinator]") {
  // The moment of the crash is drawn.
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    Replicated cluster(seed, "disk-a");
    CoordinatorWorld& world = cluster.world;
    REQUIRE(cluster.Propose({1, 2}) == Accepted(1, {1, 2}));
    sim::SimRandom random(seed);
    TabletFake& one = world.tablet(1);
    one.directory_id = "disk-b";
    one.Die();
    one.Start();
    const uint64_t crash = world.scheduler.tasks_run() + random.Uniform(120);
    world.scheduler.RunUntil([&] { return world.scheduler.tasks_run() >= crash; }, Seconds(1));
    world.CrashCoordinator();
    world.Lead();
    world.scheduler.RunFor(Seconds(1));
    CHECK(StoredDirectory(world, 1) == "disk-b");
    CHECK(cluster.Stored().leader == ServerId(2));
    CHECK(cluster.Stored().isr == std::vector{ServerId(2)});
  }
}

TEST_CASE("a server that stops asks first, and its buckets are led by others when it is answered",
          "[coordinator]") {
  Replicated cluster;
  CoordinatorWorld& world = cluster.world;
  REQUIRE(CreateReplicated(world, "alone", 1, 1).ok());
  const TableBucket alone = BucketOf(world.IdOf("fluss", "alone"), 0);
  world.Settle();
  const bool leads_alone = world.tablet(1).leaders.contains(alone);

  SECTION("it is done without") {
    world.tablet(2).hold_leaders = true;
    pb::ControlledShutdownRequest request;
    request.set_tablet_server_id(1);
    request.set_tablet_server_epoch(-1);
    request.set_start_epoch(101);
    const auto answer =
        world.Send(rpc::kControlledShutdown, request, "coordinator", Seconds(60), "INTERNAL");
    world.scheduler.RunFor(Seconds(1));
    CHECK_FALSE(answer->has_value());  // The new leader does not serve yet.
    CHECK(cluster.Stored().leader == ServerId(2));
    CHECK(cluster.Stored().leader_epoch == LeaderEpoch(1));
    CHECK_FALSE(IsIn(cluster.Stored().isr, 1));
    world.tablet(2).hold_leaders = false;
    world.tablet(2).Release();
    REQUIRE(world.RunUntil([&] { return answer->has_value(); }, Seconds(1)));
    REQUIRE((*answer)->ok());
    CHECK((**answer)->remaining_leader_buckets_size() == (leads_alone ? 1 : 0));

    SECTION("and not taken into an ISR, or given replicas, any more") {
      cluster.proposer = 2;
      cluster.seen = world.tablet(2).leaders.at(cluster.bucket);
      CHECK(cluster.Propose({2, 3, 1}) == Refused(ErrorCode::kIneligibleReplica));
      CHECK(CreateReplicated(world, "u", 1, 3).code() == ErrorCode::kInvalidReplicationFactor);
    }
    SECTION("until it registers anew") {
      world.tablet(1).start_epoch = 201;
      world.tablet(1).Die();
      world.tablet(1).Start();
      world.Settle();
      cluster.proposer = 2;
      cluster.seen = world.tablet(2).leaders.at(cluster.bucket);
      CHECK(cluster.Propose({2, 3, 1}).starts_with("bucket epoch"));
      CHECK(CreateReplicated(world, "u", 1, 3).ok());
    }
  }
  SECTION("a request of an earlier life, or of nobody, does nothing") {
    CHECK(Stop(world, 1, 100) == Refused(ErrorCode::kServerNotExist));
    CHECK(Stop(world, 7, 1) == Refused(ErrorCode::kServerNotExist));
    CHECK(cluster.Stored().leader == ServerId(1));
  }
}

TEST_CASE("what only the stopping server can lead is named", "[coordinator]") {
  Replicated cluster;
  REQUIRE(cluster.Propose({1}) == Accepted(1, {1}));
  CHECK(Stop(cluster.world, 1, 101) == "1 left");
  CHECK(cluster.Stored().leader == ServerId(1));
  // It asks again, and meanwhile somebody has caught up.
  cluster.seen.bucket_epoch = BucketEpoch(1);
  REQUIRE(cluster.Propose({1, 3}) == Accepted(2, {1, 3}));
  CHECK(Stop(cluster.world, 1, 101) == "0 left");
  CHECK(cluster.Stored().leader == ServerId(3));
}

TEST_CASE("a process that is killed loses its buckets long before its session ends",
          "[coordinator]") {
  Replicated cluster;
  CoordinatorWorld& world = cluster.world;
  // A table of rows that server 1 leads.
  TableBucket rows;
  for (int i = 0;; ++i) {
    REQUIRE(i < 50);
    const std::string name = fmt::format("rows{}", i);
    pb::CreateTableRequest request =
        CoordinatorWorld::TableRequest("fluss", name, 1, R"("table.replication.factor":"3")");
    std::string json = request.table_json();
    json.replace(json.find(R"("type":"INTEGER")"), 16, R"("type":"INTEGER","nullable":false)");
    json.replace(json.find(R"("highest_field_id")"), 0, R"("primary_key":["a"],)");
    request.set_table_json(json);
    REQUIRE(world.Call(rpc::kCreateTable, request).ok());
    world.Settle();
    rows = BucketOf(world.IdOf("fluss", name), 0);
    if (world.tablet(1).leaders.at(rows).leader == ServerId(1)) break;
  }
  const auto leader_of = [&](const TableBucket& bucket) {
    return world.server().views().Get()->Find(bucket.table)->buckets.at(bucket.bucket).leader;
  };

  SECTION("connections are refused") {
    world.tablet(1).Crash();
    REQUIRE(world.RunUntil([&] { return leader_of(cluster.bucket) == ServerId(2); }, Millis(400)));
    CHECK(cluster.Stored().leader_epoch == LeaderEpoch(1));
    world.Settle();
    CHECK(world.tablet(2).leaders.at(cluster.bucket).leader == ServerId(2));
    // The process may live behind a firewall and answer lookups, so the new leader of rows waits.
    CHECK(leader_of(rows) == ServerId(2));
    CHECK(world.tablet(2).leaders.at(rows).leader == ServerId(2));
    CHECK(world.tablet(2).withhold_ms.contains(rows));
    CHECK_FALSE(world.tablet(2).withhold_ms.contains(cluster.bucket));
    CHECK(CreateReplicated(world, "u", 1, 2).ok());  // It is not waited for.

    SECTION("then the session ends") {
      world.tablet(1).Die();
      world.Settle();
      CHECK(leader_of(rows) == ServerId(2));
      CHECK(cluster.Stored().leader_epoch == LeaderEpoch(1));
    }
    SECTION("or it was alive all the time") {
      world.tablet(1).ComeBack();
      REQUIRE(world.RunUntil(
          [&] { return world.tablet(1).leaders.at(cluster.bucket).leader == ServerId(2); },
          Seconds(6)));
      cluster.proposer = 2;
      cluster.seen = world.tablet(2).leaders.at(cluster.bucket);
      CHECK(cluster.Propose({2, 3, 1}).starts_with("bucket epoch"));
      CHECK(leader_of(rows) == ServerId(2));
      CHECK(CreateReplicated(world, "v", 1, 3).ok());
    }
    SECTION("or another process takes its place") {
      world.tablet(1).Die();
      world.tablet(1).Start();
      world.Settle();
      CHECK(leader_of(cluster.bucket) == ServerId(2));
      CHECK(world.tablet(1).leaders.at(cluster.bucket).leader == ServerId(2));
      CHECK(CreateReplicated(world, "v", 1, 3).ok());
    }
  }
  SECTION("a connection that breaks proves nothing") {
    world.wires.BreakConnections("tablet-1");
    world.scheduler.RunFor(Seconds(5));
    CHECK(leader_of(cluster.bucket) == ServerId(1));
  }
  SECTION("nor does it that there is no way to it") {
    world.wires.SetReachable("tablet-1", false);
    world.wires.BreakConnections("tablet-1");
    world.scheduler.RunFor(Seconds(20));
    CHECK(leader_of(cluster.bucket) == ServerId(1));
    CHECK(cluster.Stored().bucket_epoch == BucketEpoch(0));
  }
  SECTION("a single refusal does not either") {
    world.wires.SetRefusing("tablet-1", true);
    world.wires.BreakConnections("tablet-1");
    world.scheduler.RunFor(Millis(30));
    world.wires.SetRefusing("tablet-1", false);
    world.scheduler.RunFor(Seconds(5));
    CHECK(leader_of(cluster.bucket) == ServerId(1));
    CHECK(cluster.Stored().bucket_epoch == BucketEpoch(0));
  }
  SECTION("a coordinator that begins while it is dead finds it out, too") {
    world.CrashCoordinator();
    world.tablet(1).Crash();
    world.Lead();
    REQUIRE(world.RunUntil([&] { return leader_of(cluster.bucket) == ServerId(2); }, Millis(400)));
  }
}

}  // namespace strom::coordinator
