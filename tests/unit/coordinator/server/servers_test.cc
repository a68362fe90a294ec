// Tablet servers that come and go, and connections that break.
#include "common/metadata/zk_json.h"
#include "common/rpc/methods.h"
#include "tests/unit/coordinator/server/coordinator_world.h"

namespace strom::coordinator {
namespace {

// Leader of bucket 0 in the metadata answer; -1: none.
int32_t LeaderInMetadata(CoordinatorWorld& world, const std::string& table) {
  const pb::MetadataResponse metadata = world.Metadata("fluss", table);
  const auto& bucket = metadata.table_metadata(0).bucket_metadata(0);
  return bucket.has_leader_id() ? bucket.leader_id() : -1;
}

}  // namespace

TEST_CASE("a server that was started anew leads its buckets again, one epoch later",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 3).ok());
  const TableId id = world.IdOf("fluss", "t");

  SECTION("before the coordinator looked") {
    one.Die();
    one.Start();
  }
  SECTION("after a while") {
    one.Die();
    world.Settle();
    CHECK(LeaderInMetadata(world, "t") == -1);
    CHECK(world.Metadata("fluss", "t").tablet_servers_size() == 0);
    one.Start();
  }
  REQUIRE(world.RunUntil([&] { return one.leaders.size() == 3; }, Seconds(1)));
  for (const auto& [bucket, leader] : one.leaders) {
    CHECK(leader.leader == ServerId(1));
    CHECK(leader.leader_epoch == LeaderEpoch(1));
    CHECK(leader.bucket_epoch > BucketEpoch(0));
  }
  world.Settle();
  CHECK(LeaderInMetadata(world, "t") == 1);
  CHECK(one.view.Find(TablePath{"fluss", "t"}));
  // It is stored, too.
  const auto stored = metadata::LeaderAndIsrFromJson(
      world.Read(metadata::ZkPaths("/fluss").LeaderAndIsr(BucketOf(id, 0))).value.data);
  REQUIRE(stored.ok());
  CHECK(stored->leader_epoch == LeaderEpoch(1));
  CHECK(stored->leader == ServerId(1));
}

TEST_CASE("a server hears who lives before it hears what it leads", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t").ok());
  one.Die();
  one.Start();
  REQUIRE(world.RunUntil([&] { return !one.leaders.empty(); }, Seconds(1)));
  REQUIRE_FALSE(one.order.empty());
  CHECK(one.order.front() == "view");
}

TEST_CASE("all servers hear of a new one and of a lost one", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  world.Settle();
  CHECK(one.view.tablet_servers.size() == 1);
  TabletFake& two = world.AddServer(2);
  world.Settle();
  CHECK(one.view.tablet_servers.size() == 2);
  CHECK(two.view.tablet_servers.at(ServerId(1)).listeners.at("FLUSS") ==
        HostPort{"tablet-1", 9123});
  two.Die();
  world.Settle();
  CHECK(one.view.tablet_servers.size() == 1);
}

TEST_CASE("a table created while its server is away serves on its return", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  one.hold_leaders = true;
  const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 2));
  REQUIRE(world.RunUntil([&] { return one.held_count() > 0; }, Seconds(1)));
  one.Die();
  one.hold_leaders = false;
  world.scheduler.RunFor(Seconds(2));
  CHECK_FALSE(pending->has_value());
  one.Start();
  REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Seconds(1)));
  CHECK((*pending)->ok());
  CHECK(one.leaders.at(BucketOf(world.IdOf("fluss", "t"), 0)).leader_epoch == LeaderEpoch(1));
}

TEST_CASE("notifications that are lost are sent again", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  world.Settle();

  SECTION("when they never arrived") { world.wires.LoseRequests("tablet-1", 4); }
  SECTION("when only their answers got lost") { world.wires.LoseAnswers("tablet-1", 4); }
  const MonoTime begin = world.scheduler.now();
  CHECK(world.CreateTable("fluss", "t", 2).ok());
  CHECK(world.wires.lost_count() == 4);
  CHECK(world.scheduler.now() - begin < Seconds(3));
  CHECK(one.leaders.size() == 2);
  CHECK(one.view.Find(TablePath{"fluss", "t"}));
}

TEST_CASE("a drop whose notices are lost leaves nothing behind", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());

  SECTION("the request") { world.wires.LoseRequests("tablet-1", 2); }
  SECTION("the answer") { world.wires.LoseAnswers("tablet-1", 2); }
  CHECK(world.DropTable("fluss", "t").ok());
  REQUIRE(world.RunUntil([&] { return one.removed.size() == 2; }, Seconds(2)));
  CHECK(one.view.tables.empty());
}

// What a view said whose answer was lost must be taken back, too.
TEST_CASE("a table that a lost message told of is taken back when it is dropped", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  TabletFake& two = world.AddServer(2);
  world.Lead();
  world.Settle();
  two.hold_views = true;  // It knows, but nobody hears that it does.
  const auto creation = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t"));
  REQUIRE(world.RunUntil(
      [&] {
        return two.view.Find(TablePath{"fluss", "t"}) != nullptr;
      },
      Seconds(1)));
  pb::DropTableRequest drop;
  drop.mutable_table_path()->set_database_name("fluss");
  drop.mutable_table_path()->set_table_name("t");
  drop.set_ignore_if_not_exists(false);
  const auto dropped = world.Send(rpc::kDropTable, drop);
  world.Settle();
  two.hold_views = false;
  world.wires.BreakConnections("tablet-2");
  REQUIRE(world.RunUntil([&] { return dropped->has_value(); }, Seconds(2)));
  CHECK((*dropped)->ok());
  CHECK(one.view.tables.empty());
  CHECK(two.view.tables.empty());
}

TEST_CASE("a server that cannot be reached is tried until it can", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.wires.SetReachable("tablet-1", false);
  world.Lead();
  const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 2));
  world.scheduler.RunFor(Seconds(15));
  CHECK_FALSE(pending->has_value());
  CHECK(one.view_calls == 0);
  world.wires.SetReachable("tablet-1", true);
  REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Seconds(6)));
  CHECK((*pending)->ok());
}

TEST_CASE("a whole call that fails is repeated", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  world.Settle();
  one.call_error = Error(ErrorCode::kUnknownServerError, "not now");
  const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 2));
  world.scheduler.RunFor(Seconds(2));
  CHECK_FALSE(pending->has_value());
  one.call_error.reset();
  REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Seconds(6)));
  CHECK((*pending)->ok());
}

TEST_CASE("calls that fail are repeated ever more rarely", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  one.call_error = Error(ErrorCode::kUnknownServerError, "not now");
  world.Lead();
  world.scheduler.RunFor(Seconds(60));
  CHECK(one.view_calls > 10);
  CHECK(one.view_calls < 20);
}

TEST_CASE("servers that come and go in a crowd are all noticed", "[coordinator]") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    CoordinatorWorld world(seed);
    world.Lead();
    sim::SimRandom random(seed);
    for (int id = 1; id <= 6; ++id) {
      world.AddServer(id);
      world.scheduler.RunUntil([&] { return random.Chance(0.3); }, Millis(1));
    }
    world.tablet(2).Die();
    world.scheduler.RunUntil([&] { return random.Chance(0.3); }, Millis(1));
    world.tablet(5).Die();
    world.scheduler.RunUntil([&] { return random.Chance(0.1); }, Millis(1));
    world.tablet(2).Start();
    world.Settle();
    const auto view = world.server().views().Get();
    CHECK(view->tablet_servers.size() == 5);
    CHECK_FALSE(view->tablet_servers.contains(ServerId(5)));
    for (const int id : {1, 2, 3, 4, 6}) CHECK(world.tablet(id).view.tablet_servers.size() == 5);
  }
}

TEST_CASE("a connection that went silent is given up after a while", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead({.notifier = {.call_timeout = Seconds(3)}});
  world.Settle();
  world.wires.StallConnections("tablet-1");
  const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 2));
  REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Seconds(10)));
  CHECK((*pending)->ok());
  CHECK(one.leaders.size() == 2);
}

TEST_CASE("a server that does not answer is asked again", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead({.notifier = {.call_timeout = Seconds(3)}});
  world.Settle();
  one.hold_leaders = true;
  const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 2));
  world.scheduler.RunFor(Seconds(10));
  CHECK(one.leader_calls > 1);
  CHECK(one.leader_calls < 5);
  CHECK_FALSE(pending->has_value());
  one.hold_leaders = false;
  REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Seconds(10)));
  CHECK((*pending)->ok());
  one.Release();  // Answers to calls that nobody waits for any more.
  world.Settle();
  CHECK(one.leaders.size() == 2);
}

TEST_CASE("nothing is sent when nothing is new", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());
  world.Settle();
  const size_t before = one.order.size();
  world.scheduler.RunFor(Seconds(600));
  CHECK(one.order.size() == before);
}

TEST_CASE("registrations that are none, or lack the internal listener, are left out",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  const std::string ids = metadata::ZkPaths("/fluss").TabletServerIds();
  CHECK(world.Change(metadata::CreateOp{ids + "/x", "{}"}) == metadata::MetaCode::kOk);
  CHECK(world.Change(metadata::CreateOp{ids + "/7", "{nonsense"}) == metadata::MetaCode::kOk);
  CHECK(world.Change(metadata::CreateOp{ids + "/99999999999", "{}"}) == metadata::MetaCode::kOk);
  TabletFake& two = world.AddServer(2);
  two.Die();
  two.Start("OTHER");
  world.Settle();
  CHECK(one.view.tablet_servers.size() == 1);
  CHECK(two.view_calls == 0);
  CHECK(world.CreateTable("fluss", "t", 2).ok());
  CHECK(one.leaders.size() == 2);
}

}  // namespace strom::coordinator
