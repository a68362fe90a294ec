// Coordinators that begin to lead, stop, crash, stand by and are deposed.
#include <catch2/generators/catch_generators.hpp>

#include "common/metadata/zk_json.h"
#include "common/rpc/methods.h"
#include "tests/unit/coordinator/server/coordinator_world.h"

namespace strom::coordinator {
namespace {

const metadata::ZkPaths kPaths("/fluss");

CoordinatorEpoch StoredEpoch(CoordinatorWorld& world) {
  return metadata::EpochFromText(world.Read(kPaths.CoordinatorEpochNode()).value.data).value();
}

}  // namespace

TEST_CASE("the active coordinator can be found in the store", "[coordinator]") {
  CoordinatorWorld world;
  world.Lead({.id = "me"});
  const auto address =
      metadata::CoordinatorAddressFromJson(world.Read(kPaths.CoordinatorActive()).value.data);
  REQUIRE(address.ok());
  CHECK(address->id == "me");
  CHECK(address->listeners.at("FLUSS").port == world.server().EndpointOf("FLUSS")->port);
  CHECK(address->listeners.size() == 2);
  CHECK(world.server().EndpointOf("OTHER") == nullptr);
  world.StopCoordinator();
  CHECK(world.Read(kPaths.CoordinatorActive()).code == metadata::MetaCode::kNoNode);
}

TEST_CASE("a coordinator that starts again knows everything and tells everybody", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  TabletFake& two = world.AddServer(2);
  world.Lead();
  REQUIRE(world.CreateDatabase("db").ok());
  REQUIRE(world.CreateTable("db", "t", 4).ok());
  REQUIRE(world.CreateTable("fluss", "u", 1).ok());
  const TableId id = world.IdOf("db", "t");
  const auto leaders = one.leaders;
  const CoordinatorEpoch epoch = one.epoch;

  SECTION("after a stop") { world.StopCoordinator(); }
  SECTION("after a crash") { world.CrashCoordinator(); }
  const int calls = one.leader_calls;
  world.Lead();
  REQUIRE(world.RunUntil([&] { return one.leader_calls > calls; }, Seconds(1)));
  world.Settle();
  CHECK(one.epoch == epoch.Next());
  CHECK(two.epoch == epoch.Next());
  CHECK(one.leaders == leaders);  // Nothing changed, so no epoch did.
  CHECK(one.view.tables.size() == 2);
  CHECK(world.IdOf("db", "t") == id);
  CHECK(world.CreateTable("db", "t").code() == ErrorCode::kTableAlreadyExist);
  CHECK(world.Metadata("db", "t").table_metadata(0).bucket_metadata_size() == 4);
  CHECK(world.DropDatabase("db", true).ok());
  CHECK(world.CreateTable("fluss", "v", 2).ok());
}

TEST_CASE("a coordinator that starts again elects for servers that were lost meanwhile",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());
  world.StopCoordinator();
  one.Die();
  world.Lead();
  CHECK_FALSE(world.Metadata("fluss", "t").table_metadata(0).bucket_metadata(0).has_leader_id());
  one.Start();
  REQUIRE(world.RunUntil([&] { return one.leaders.size() == 2; }, Seconds(1)));
  CHECK(one.leaders.begin()->second.leader_epoch == LeaderEpoch(1));
}

TEST_CASE("a table dropped under an older coordinator leaves the servers' views", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "keep").ok());
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());
  const TableId id = world.IdOf("fluss", "t");
  // It is removed from the store, and then the coordinator crashes before anybody hears of it. What
  // is left is an assignment without a table.
  world.CrashCoordinator();
  const metadata::ZkPaths paths("/fluss");
  const TableId nobodys(77);  // One without content is just cleared away.
  REQUIRE(world.Change(metadata::CreateOp{paths.TableAssignment(nobodys), ""}) ==
          metadata::MetaCode::kOk);
  const TablePath path{"fluss", "t"};
  for (const std::string& node :
       {paths.Schema(path, SchemaId(1)), paths.Schemas(path), paths.Table(path)}) {
    REQUIRE(world.Change(metadata::DeleteOp{node}) == metadata::MetaCode::kOk);
  }
  world.Lead();
  REQUIRE(world.RunUntil([&] { return one.removed.size() == 2; }, Seconds(1)));
  CHECK(one.removed.contains(BucketOf(id, 0)));
  CHECK(one.view.tables.size() == 1);
  world.Settle();
  CHECK(world.Read(paths.TableAssignment(id)).code == metadata::MetaCode::kNoNode);
  CHECK(world.Read(paths.TableAssignment(nobodys)).code == metadata::MetaCode::kNoNode);
}

TEST_CASE("a table whose creation was cut short gets its leaders at the next start",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());
  const TableBucket bucket = BucketOf(world.IdOf("fluss", "t"), 1);
  // As if the crash came between the table and its leaders.
  world.CrashCoordinator();
  REQUIRE(world.Change(metadata::DeleteOp{kPaths.LeaderAndIsr(bucket)}) == metadata::MetaCode::kOk);
  one.Die();
  one.Start();
  world.Lead();
  REQUIRE(world.RunUntil([&] { return one.leaders.size() == 2; }, Seconds(1)));
  CHECK(one.leaders.at(bucket).leader == ServerId(1));
  CHECK(metadata::LeaderAndIsrFromJson(world.Read(kPaths.LeaderAndIsr(bucket)).value.data).ok());
}

TEST_CASE("Z1: a table without leaders or replicas blocks nobody's start, and its name can be used",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "whole").ok());
  REQUIRE(world.CreateTable("fluss", "half").ok());
  const TableId id = world.IdOf("fluss", "half");
  world.CrashCoordinator();
  const std::vector<std::string> led{kPaths.LeaderAndIsr(BucketOf(id, 0))};
  const std::vector<std::string> assigned{
      kPaths.LeaderAndIsr(BucketOf(id, 0)), kPaths.Bucket(BucketOf(id, 0)),
      kPaths.Buckets(BucketOf(id, 0)), kPaths.TableAssignment(id)};
  const auto missing = GENERATE_COPY(values({led, assigned}));
  INFO("without " << missing.back());
  for (const std::string& node : missing) {
    REQUIRE(world.Change(metadata::DeleteOp{node}) == metadata::MetaCode::kOk);
  }
  one.Die();
  one.Start();
  world.Lead();
  REQUIRE(world.RunUntil(
      [&] { return one.leaders.contains(BucketOf(world.IdOf("fluss", "whole"), 0)); }, Seconds(1)));
  CHECK(world.CreateTable("fluss", "other").ok());
  // Whatever is left of it can be dropped, and made anew.
  CHECK(world.DropTable("fluss", "half", /*ignore=*/true).ok());
  CHECK(world.CreateTable("fluss", "half").ok());
}

TEST_CASE("a second coordinator stands by until the first one is gone", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t").ok());
  world.Launch("standby");
  world.scheduler.RunFor(Seconds(10));
  CHECK_FALSE(world.leads("standby"));
  pb::CreateDatabaseRequest request;
  request.set_database_name("db");
  request.set_ignore_if_exists(false);
  CHECK(world.Call(rpc::kCreateDatabase, request, "standby").status().code() ==
        ErrorCode::kNotCoordinatorLeader);
  // Who looks for the cluster here is not kept: others know it.
  const auto asked = world.Send(rpc::kMetadata, pb::MetadataRequest(), "standby");
  REQUIRE(world.RunUntil([&] { return asked->has_value(); }, Millis(100)));
  CHECK((*asked)->status().code() == ErrorCode::kLeaderNotAvailable);
  const CoordinatorEpoch epoch = StoredEpoch(world);
  world.StopCoordinator();
  REQUIRE(world.RunUntil([&] { return world.leads("standby"); }, Seconds(1)));
  CHECK(StoredEpoch(world) == epoch.Next());
  CHECK(world.Call(rpc::kCreateDatabase, request, "standby").ok());
  REQUIRE(world.RunUntil([&] { return one.epoch == epoch.Next(); }, Seconds(1)));
  CHECK(one.view.coordinator->listeners.at("FLUSS").host == "standby");
}

TEST_CASE(
    "a coordinator does not wait for the session of the process that had its addresses before",
    "[coordinator]") {
  CoordinatorWorld world;
  world.Lead();
  const std::string address = world.Read(kPaths.CoordinatorActive()).value.data;
  const CoordinatorEpoch epoch = StoredEpoch(world);
  world.StopCoordinator();
  // As a process leaves it that was killed: there until its session ends, here for ever.
  REQUIRE(world.Change(metadata::CreateOp{kPaths.CoordinatorActive(), address}) ==
          metadata::MetaCode::kOk);
  world.Lead();
  CHECK(StoredEpoch(world) == epoch.Next());
  CHECK(world.Read(kPaths.CoordinatorActive()).value.stat.ephemeral_owner != 0);
}

TEST_CASE("a coordinator whose epoch is overtaken changes nothing more", "[coordinator]") {
  CoordinatorWorld world;
  world.AddServer(1);
  world.Lead();
  const CoordinatorEpoch epoch = StoredEpoch(world);
  // Somebody else became leader: the node has another version now.
  REQUIRE(world.Change(metadata::SetOp{kPaths.CoordinatorEpochNode(),
                                       metadata::EpochToText(CoordinatorEpoch(41))}) ==
          metadata::MetaCode::kOk);
  CHECK(epoch < CoordinatorEpoch(41));
  CHECK(world.CreateTable("fluss", "t").code() == ErrorCode::kNotCoordinatorLeader);
  CHECK(world.Tables("fluss").empty());
  // It tries again after a while, under a higher epoch.
  CHECK(world.CreateDatabase("db").code() == ErrorCode::kNotCoordinatorLeader);
  world.scheduler.RunFor(Seconds(2));
  CHECK(StoredEpoch(world) == CoordinatorEpoch(42));
  CHECK(world.CreateTable("fluss", "t").ok());
  CHECK(world.tablet(1).epoch == CoordinatorEpoch(42));
}

TEST_CASE("leaders that cannot be stored are not told", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());
  one.Die();
  world.Settle();
  REQUIRE(world.Change(metadata::SetOp{kPaths.CoordinatorEpochNode(),
                                       metadata::EpochToText(CoordinatorEpoch(41))}) ==
          metadata::MetaCode::kOk);
  one.Start();
  world.scheduler.RunFor(Millis(900));
  CHECK(one.order.empty());
  world.scheduler.RunFor(Millis(900));
  CHECK(one.leaders.size() == 2);
  CHECK(one.epoch == CoordinatorEpoch(42));
}

TEST_CASE("a coordinator that a server calls outdated stops and begins anew", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  world.Settle();
  const CoordinatorEpoch epoch = StoredEpoch(world);
  one.epoch = epoch.Next();  // It heard of a newer one.
  const auto creation = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t"));
  REQUIRE(world.RunUntil([&] { return creation->has_value(); }, Seconds(1)));
  CHECK((*creation)->status().code() == ErrorCode::kNotCoordinatorLeader);
  world.scheduler.RunFor(Seconds(2));
  CHECK(StoredEpoch(world) == epoch.Next());
  // The table had been stored, and serves now.
  CHECK(world.CreateTable("fluss", "t", 1, /*ignore=*/true).ok());
  world.Settle();
  CHECK(one.leaders.size() == 1);
}

TEST_CASE("a coordinator that stops lets requests in flight be answered for a while",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  one.hold_leaders = true;
  const auto creation = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t"));
  REQUIRE(world.RunUntil([&] { return one.held_count() > 0; }, Seconds(1)));

  SECTION("time enough") {
    world.scheduler.PostAt(world.scheduler.now() + Seconds(1), [&] { one.Release(); });
    world.StopCoordinator();
    REQUIRE(creation->has_value());
    CHECK((*creation)->ok());
  }
  SECTION("too little") {
    world.StopCoordinator();
    world.Settle();
    REQUIRE(creation->has_value());
    CHECK_FALSE((*creation)->ok());
  }
}

TEST_CASE("a start that fails says why", "[coordinator]") {
  CoordinatorWorld world;
  SECTION("metadata that is none") {
    world.Lead();
    TabletFake& one = world.MakeServer(1);
    one.directory_id = "disk";
    one.Start();
    world.Settle();
    world.StopCoordinator();
    // Nobody could tell whether the server's disk is the one it had.
    REQUIRE(world.Change(metadata::SetOp{kPaths.DirectoryIdOf(ServerId(1)), "{nonsense"}) ==
            metadata::MetaCode::kOk);
    world.Launch("coordinator");
    world.scheduler.RunFor(Seconds(1));
    CHECK_FALSE(world.leads());
    const CoordinatorEpoch epoch = StoredEpoch(world);
    world.scheduler.RunFor(Seconds(30));
    CHECK(StoredEpoch(world) == epoch);  // It does not try again: that is for its owner.
    world.StopCoordinator();
  }
  SECTION("a stop before the turn came") {
    world.Lead();
    world.Launch("standby");
    world.Settle();
    world.StopCoordinator("standby");
    CHECK(world.CreateDatabase("db").ok());
  }
}

// Safety is in the other tests; this one is about peace in the end, whatever happened before.
TEST_CASE("after any mess the servers know and lead what the coordinator says", "[coordinator]") {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    CoordinatorWorld world(seed);
    sim::SimRandom random(seed * 977);
    for (int id = 1; id <= 3; ++id) world.AddServer(id);
    world.Lead();
    std::vector<CoordinatorWorld::Pending<pb::CreateTableResponse>> creations;
    for (int step = 0; step < 40; ++step) {
      const int32_t id = static_cast<int32_t>(1 + random.Uniform(3));
      TabletFake& server = world.tablet(id);
      switch (random.Uniform(8)) {
        case 0:
          if (server.running()) server.Die();
          break;
        case 1:
          if (!server.running()) server.Start();
          break;
        case 2:
          world.wires.BreakConnections(server.host());
          break;
        case 3:
          world.wires.LoseAnswers(server.host(), 2);
          break;
        case 4:
          world.wires.LoseRequests(server.host(), 1);
          break;
        case 5: {
          pb::DropTableRequest drop;
          drop.mutable_table_path()->set_database_name("fluss");
          drop.mutable_table_path()->set_table_name(fmt::format("t{}", random.Uniform(6)));
          drop.set_ignore_if_not_exists(true);
          world.Send(rpc::kDropTable, drop);
          break;
        }
        default:
          creations.push_back(world.Send(
              rpc::kCreateTable, world.TableRequest("fluss", fmt::format("t{}", random.Uniform(6)),
                                                    static_cast<int>(1 + random.Uniform(3)))));
      }
      world.scheduler.RunFor(Millis(static_cast<int64_t>(random.Uniform(200))));
      if (random.Uniform(15) == 0) {
        world.CrashCoordinator();
        world.Lead();
      }
    }
    for (int id = 1; id <= 3; ++id) {
      world.wires.LoseAnswers(world.tablet(id).host(), 0);
      world.wires.LoseRequests(world.tablet(id).host(), 0);
      if (!world.tablet(id).running()) world.tablet(id).Start();
    }
    world.scheduler.RunFor(Seconds(40));

    for (const auto& creation : creations) CHECK(creation->has_value());
    const auto view = world.server().views().Get();
    CHECK(view->tablet_servers.size() == 3);
    CHECK(view->tables.size() == world.Tables("fluss").size());
    size_t led = 0;
    for (int id = 1; id <= 3; ++id) {
      TabletFake& server = world.tablet(id);
      REQUIRE(server.view.tables.size() == view->tables.size());
      for (const auto& [path, table] : view->tables) {
        REQUIRE(server.view.Find(path));
        CHECK(server.view.Find(path)->buckets == table->buckets);
      }
      for (const auto& [bucket, leader] : server.leaders) {
        const service::TableView* table = view->Find(bucket.table);
        REQUIRE(table);
        CHECK(table->buckets.at(bucket.bucket).leader == ServerId(id));
        CHECK(table->buckets.at(bucket.bucket).leader_epoch == leader.leader_epoch);
        ++led;
      }
    }
    size_t buckets = 0;
    for (const auto& [path, table] : view->tables) buckets += table->buckets.size();
    CHECK(led == buckets);
  }
}

}  // namespace strom::coordinator
