// CREATE_TABLE and DROP_TABLE, from the client to the tablet servers.
#include <algorithm>

#include "common/rpc/methods.h"
#include "tests/unit/coordinator/server/coordinator_world.h"

namespace strom::coordinator {

TEST_CASE("a table that was created serves and is known everywhere", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  TabletFake& two = world.AddServer(2);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 4).ok());

  const TableId id = world.IdOf("fluss", "t");
  CHECK(one.leaders.size() == 2);
  CHECK(two.leaders.size() == 2);
  for (TabletFake* server : {&one, &two}) {
    for (const auto& [bucket, leader] : server->leaders) {
      CHECK(bucket.table == id);
      CHECK(leader.path == "fluss.t");
      CHECK(leader.leader == server->id());
      CHECK(leader.leader_epoch == LeaderEpoch(0));
      CHECK(leader.bucket_epoch == BucketEpoch(0));
      CHECK(leader.replicas == std::vector<ServerId>{server->id()});
      CHECK(leader.isr == std::vector<ServerId>{server->id()});
    }
    REQUIRE(server->view.Find(TablePath{"fluss", "t"}));
    CHECK(server->view.Find(TablePath{"fluss", "t"})->buckets.size() == 4);
    CHECK(server->view.tablet_servers.size() == 2);
    REQUIRE(server->view.coordinator);
    CHECK(server->view.coordinator->listeners.at("FLUSS").host == "coordinator");
  }
  const pb::MetadataResponse metadata = world.Metadata("fluss", "t");
  REQUIRE(metadata.table_metadata_size() == 1);
  CHECK(metadata.table_metadata(0).bucket_metadata_size() == 4);
  CHECK(metadata.table_metadata(0).bucket_metadata(0).has_leader_id());
  CHECK(metadata.tablet_servers_size() == 2);
  CHECK(world.Tables("fluss") == std::vector<std::string>{"t"});
}

TEST_CASE("CREATE_TABLE is answered only once the leaders serve", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  one.hold_leaders = true;
  const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 3));
  world.scheduler.RunFor(Seconds(5));
  REQUIRE(one.held_count() == 1);
  CHECK_FALSE(pending->has_value());
  CHECK(one.view.Find(TablePath{"fluss", "t"}));  // The view does not wait.
  one.Release();
  REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Seconds(1)));
  CHECK((*pending)->ok());
}

TEST_CASE("CREATE_TABLE is answered only once every live server knows the table", "[coordinator]") {
  CoordinatorWorld world;
  world.AddServer(1);
  TabletFake& two = world.AddServer(2);
  world.Lead();
  world.Settle();
  two.hold_views = true;
  const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 1));
  world.scheduler.RunFor(Seconds(5));
  CHECK_FALSE(pending->has_value());

  SECTION("which one it is that knows") {
    two.Release();
    REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Seconds(1)));
    CHECK((*pending)->ok());
  }
  SECTION("a server that dies is not waited for") {
    const bool leads = !two.leaders.empty();
    two.Die();
    REQUIRE(world.RunUntil([&] { return leads || pending->has_value(); }, Seconds(1)));
    if (!leads) CHECK((*pending)->ok());
  }
}

TEST_CASE("CREATE_TABLE whose leaders do not serve in time says that the table exists",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  one.leader_error = Error(ErrorCode::kStorage, "disk 3 is broken");
  const MonoTime begin = world.scheduler.now();
  const Status status = world.CreateTable("fluss", "t", 2);
  CHECK(status.code() == ErrorCode::kRequestTimeOut);
  CHECK(status.message().find("fluss.t exists, but 2 of its 2 buckets") != std::string_view::npos);
  CHECK(status.message().find("disk 3 is broken") != std::string_view::npos);
  CHECK(world.scheduler.now() - begin >= Seconds(30));
  CHECK(world.scheduler.now() - begin < Seconds(31));
  CHECK(world.Tables("fluss") == std::vector<std::string>{"t"});

  SECTION("and it serves once the server can") {
    one.leader_error.reset();
    REQUIRE(world.RunUntil([&] { return one.leaders.size() == 2; }, Seconds(10)));
    CHECK(world.CreateTable("fluss", "t", 2, /*ignore=*/true).ok());
  }
  SECTION("and a request's own deadline counts if it is earlier") {
    const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "u", 1),
                                    "coordinator", Seconds(5));
    world.scheduler.RunFor(Seconds(6));
    REQUIRE(pending->has_value());
    CHECK((*pending)->status().code() == ErrorCode::kRequestTimeOut);
  }
}

TEST_CASE("a bucket that a server refuses is asked for again, ever more rarely", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  one.leader_error = Error(ErrorCode::kStorage, "no");
  const auto pending = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 1));
  world.scheduler.RunFor(Seconds(20));
  CHECK(one.leader_calls > 5);
  CHECK(one.leader_calls < 15);

  SECTION("other tables do not wait for it") {
    one.leader_error.reset();
    one.hold_leaders = false;
    const MonoTime begin = world.scheduler.now();
    CHECK(world.CreateTable("fluss", "u", 1).ok());
    CHECK(world.scheduler.now() - begin < Millis(50));
  }
  SECTION("and then serves") {
    one.leader_error.reset();
    REQUIRE(world.RunUntil([&] { return pending->has_value(); }, Seconds(6)));
    CHECK((*pending)->ok());
  }
}

TEST_CASE("of two CREATE_TABLEs of one name one wins", "[coordinator]") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    CoordinatorWorld world(seed);
    TabletFake& one = world.AddServer(1);
    world.Lead();
    one.hold_leaders = true;
    pb::CreateTableRequest request = world.TableRequest("fluss", "t", 1);
    const auto first = world.Send(rpc::kCreateTable, request);
    const auto second = world.Send(rpc::kCreateTable, request);
    request.set_ignore_if_exists(true);
    const auto third = world.Send(rpc::kCreateTable, request);
    world.scheduler.RunFor(Seconds(1));
    CHECK_FALSE(first->has_value());
    REQUIRE(second->has_value());  // One connection: they come in order.
    CHECK((*second)->status().code() == ErrorCode::kTableAlreadyExist);
    CHECK_FALSE(third->has_value());  // Success means that the table serves.
    one.Release();
    world.Settle();
    REQUIRE(first->has_value());
    CHECK((*first)->ok());
    REQUIRE(third->has_value());
    CHECK((*third)->ok());
    CHECK(world.Tables("fluss").size() == 1);
  }
}

TEST_CASE("CREATE TABLE IF NOT EXISTS does not wait for a table that lost its leader later",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t").ok());
  one.Die();
  world.Settle();
  const MonoTime begin = world.scheduler.now();
  CHECK(world.CreateTable("fluss", "t", 1, /*ignore=*/true).ok());
  CHECK(world.scheduler.now() - begin < Millis(50));
}

TEST_CASE("buckets of many tables spread over the servers", "[coordinator]") {
  CoordinatorWorld world;
  for (int id = 1; id <= 3; ++id) world.AddServer(id);
  world.Lead();
  for (int t = 0; t < 9; ++t) REQUIRE(world.CreateTable("fluss", fmt::format("t{}", t)).ok());
  for (int id = 1; id <= 3; ++id) CHECK(world.tablet(id).leaders.size() == 3);
}

TEST_CASE("a dropped table is gone everywhere, its replicas too", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  TabletFake& two = world.AddServer(2);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "keep", 2).ok());
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());
  const TableId id = world.IdOf("fluss", "t");
  REQUIRE(world.DropTable("fluss", "t").ok());
  for (TabletFake* server : {&one, &two}) {
    CHECK_FALSE(server->view.Find(TablePath{"fluss", "t"}));
    CHECK(server->view.Find(TablePath{"fluss", "keep"}));
  }
  world.Settle();
  CHECK(one.removed.size() + two.removed.size() == 2);
  for (const TableBucket& bucket : one.removed) CHECK(bucket.table == id);
  CHECK(one.leaders.size() == 1);
  CHECK(world.Tables("fluss") == std::vector<std::string>{"keep"});
  CHECK(world.DropTable("fluss", "t").code() == ErrorCode::kTableNotExist);
  CHECK(world.DropTable("fluss", "t", /*ignore=*/true).ok());

  SECTION("and its name is free, for another id") {
    REQUIRE(world.CreateTable("fluss", "t", 2).ok());
    CHECK(world.IdOf("fluss", "t") != id);
    CHECK(one.view.Find(TablePath{"fluss", "t"})->info.id != id);
  }
}

TEST_CASE("a table can be dropped while a server is away, whose files go on its return",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());
  const TableId id = world.IdOf("fluss", "t");
  one.Die();
  world.Settle();
  CHECK(world.DropTable("fluss", "t").ok());
  // The store keeps a note of it, so that it is not forgotten by ...
  const std::string note = metadata::ZkPaths("/fluss").TableAssignment(id);
  CHECK(world.Read(note).ok());
  SECTION("the same coordinator") {}
  SECTION("its successor") {
    world.CrashCoordinator();
    world.Lead();
  }
  CHECK(world.Read(note).ok());
  one.Start();
  REQUIRE(world.RunUntil([&] { return one.removed.size() == 2; }, Seconds(1)));
  world.Settle();
  CHECK(world.Read(note).code == metadata::MetaCode::kNoNode);
  CHECK(one.removed.contains(BucketOf(id, 1)));
  CHECK(one.leaders.empty());
  CHECK_FALSE(one.view.Find(TablePath{"fluss", "t"}));
}

TEST_CASE("a deletion that a server refuses is repeated", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t", 2).ok());
  one.removal_error = Error(ErrorCode::kStorage, "busy");
  CHECK(world.DropTable("fluss", "t").ok());
  world.scheduler.RunFor(Seconds(3));
  CHECK(one.removal_calls > 2);
  one.removal_error.reset();
  REQUIRE(world.RunUntil([&] { return one.removed.size() == 2; }, Seconds(6)));
  const int calls = one.removal_calls;
  world.scheduler.RunFor(Seconds(20));
  CHECK(one.removal_calls == calls);
}

TEST_CASE("a table dropped while it is being created takes its notices with it", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  one.leader_error = Error(ErrorCode::kStorage, "no");
  const auto creation = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 1));
  world.scheduler.RunFor(Seconds(1));
  CHECK(world.DropTable("fluss", "t").ok());
  world.Settle();
  REQUIRE(creation->has_value());
  CHECK((*creation)->status().code() == ErrorCode::kTableNotExist);
  const int calls = one.leader_calls;
  one.leader_error.reset();
  world.scheduler.RunFor(Seconds(20));
  CHECK(one.leader_calls == calls);
  CHECK(one.leaders.empty());
  CHECK(one.removed.size() == 1);
}

TEST_CASE("a table that waits for a server that died can be dropped", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  one.hold_leaders = true;
  const auto creation = world.Send(rpc::kCreateTable, world.TableRequest("fluss", "t", 1));
  REQUIRE(world.RunUntil([&] { return one.held_count() > 0; }, Seconds(1)));
  one.Die();
  world.Settle();
  const MonoTime begin = world.scheduler.now();
  CHECK(world.DropTable("fluss", "t").ok());
  world.Settle();
  REQUIRE(creation->has_value());
  CHECK((*creation)->status().code() == ErrorCode::kTableNotExist);
  CHECK(world.scheduler.now() - begin < Seconds(1));
}

TEST_CASE("a drop does not wait for a server that dies", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t").ok());
  world.Settle();
  one.hold_views = true;
  pb::DropTableRequest drop;
  *drop.mutable_table_path() = world.TableRequest("fluss", "t").table_path();
  drop.set_ignore_if_not_exists(false);
  const auto dropped = world.Send(rpc::kDropTable, drop);
  world.scheduler.RunFor(Seconds(1));
  CHECK_FALSE(dropped->has_value());  // Somebody could still see the table there.
  one.Die();
  world.Settle();
  REQUIRE(dropped->has_value());
  CHECK((*dropped)->ok());
}

TEST_CASE("a drop waits for a slow server for a while, not for ever", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead({.create_table_wait = Seconds(7)});
  REQUIRE(world.CreateTable("fluss", "t").ok());
  one.hold_views = true;
  const MonoTime begin = world.scheduler.now();
  CHECK(world.DropTable("fluss", "t").ok());
  CHECK(world.scheduler.now() - begin >= Seconds(7));
  CHECK(world.scheduler.now() - begin < Seconds(8));
}

TEST_CASE("a table without a tablet server is refused", "[coordinator]") {
  CoordinatorWorld world;
  world.Lead();
  const Status status = world.CreateTable("fluss", "t");
  CHECK(status.code() == ErrorCode::kInvalidReplicationFactor);
  CHECK(world.Tables("fluss").empty());
}

}  // namespace strom::coordinator
