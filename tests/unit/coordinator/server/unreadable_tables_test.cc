// Tables of which something else is stored than a table needs: by other tools, by people.
#include <catch2/generators/catch_generators_range.hpp>

#include "common/rpc/methods.h"
#include "tests/unit/coordinator/server/coordinator_world.h"

namespace strom::coordinator {
namespace {

const metadata::ZkPaths kPaths("/fluss");

// A cluster with the tables "whole" and "half", whose coordinator has gone.
struct HalfTable {
  explicit HalfTable(CoordinatorWorld& world) {
    world.Lead();
    REQUIRE(world.CreateTable("fluss", "whole").ok());
    REQUIRE(world.CreateTable("fluss", "half").ok());
    id = world.IdOf("fluss", "half");
    world.CrashCoordinator();
  }
  TableId id;
  const TablePath path{"fluss", "half"};
};

void Change(CoordinatorWorld& world, const metadata::Op& op) {
  REQUIRE(world.Change(op) == metadata::MetaCode::kOk);
}

}  // namespace

TEST_CASE("Z1: a table that cannot be read is set aside, keeps its replicas, and can be dropped",
          "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  const HalfTable half(world);
  const TableBucket bucket = BucketOf(half.id, 0);
  const auto damage = GENERATE(range(0, 5));
  bool id_known = true;
  bool replicas_known = true;
  switch (damage) {
    case 0:  // As if it was interrupted between the table and its schema.
      Change(world, metadata::DeleteOp{kPaths.Schema(half.path, SchemaId(1))});
      Change(world, metadata::DeleteOp{kPaths.Schemas(half.path)});
      break;
    case 1:
      Change(world, metadata::SetOp{kPaths.Schema(half.path, SchemaId(1)), "{"});
      break;
    case 2:
      Change(world, metadata::SetOp{kPaths.Table(half.path), "no registration"});
      id_known = false;
      break;
    case 3:
      Change(world, metadata::SetOp{kPaths.LeaderAndIsr(bucket), "[]"});
      break;
    default:
      Change(world, metadata::SetOp{kPaths.TableAssignment(half.id), "{\"version\": 1}"});
      replicas_known = false;
  }
  INFO("damage " << damage);
  one.Die();
  one.Start();
  world.Lead();
  REQUIRE(world.RunUntil(
      [&] { return one.leaders.contains(BucketOf(world.IdOf("fluss", "whole"), 0)); }, Seconds(1)));
  CHECK(world.CreateTable("fluss", "other").ok());
  world.Settle();
  CHECK_FALSE(one.leaders.contains(bucket));
  CHECK_FALSE(one.removed.contains(bucket));
  // It is not taken for a table of which nothing is stored.
  const Status again = world.CreateTable("fluss", "half", 1, /*ignore=*/true);
  CHECK(again.code() == ErrorCode::kTableAlreadyExist);
  CHECK(again.message().find("drop it first") != std::string::npos);

  CHECK(world.DropTable("fluss", "half").ok());
  CHECK(world.DropTable("fluss", "half").code() == ErrorCode::kTableNotExist);
  if (!id_known) {  // Only now it is certain whose the assignment was.
    world.CrashCoordinator();
    one.Die();
    one.Start();
    world.Lead();
  }
  if (replicas_known) {
    CHECK(world.RunUntil([&] { return one.removed.contains(bucket); }, Seconds(1)));
  }
  CHECK(world.RunUntil(
      [&] { return world.Read(kPaths.TableAssignment(half.id)).code == metadata::MetaCode::kNoNode; },
      Seconds(1)));
  CHECK(world.CreateTable("fluss", "half").ok());
  CHECK(world.IdOf("fluss", "half") != half.id);
}

TEST_CASE("Z1: a database goes with its unreadable tables", "[coordinator]") {
  CoordinatorWorld world;
  world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateDatabase("db").ok());
  REQUIRE(world.CreateTable("db", "half").ok());
  world.CrashCoordinator();
  Change(world, metadata::SetOp{kPaths.Table({"db", "half"}), "no registration"});
  world.tablet(1).Die();
  world.tablet(1).Start();
  world.Lead();
  CHECK(world.DropDatabase("db", /*cascade=*/false).code() == ErrorCode::kDatabaseNotEmpty);
  CHECK(world.DropDatabase("db", /*cascade=*/true).ok());
}

}  // namespace strom::coordinator
