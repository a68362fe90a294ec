#include "common/rpc/methods.h"
#include "tests/unit/coordinator/server/coordinator_world.h"

namespace strom::coordinator {

TEST_CASE("databases are created, listed and dropped", "[coordinator]") {
  CoordinatorWorld world;
  world.Lead();
  CHECK(world.Databases() == std::vector<std::string>{"fluss"});
  CHECK(world.CreateDatabase("db").ok());
  CHECK(world.CreateDatabase("db").code() == ErrorCode::kDatabaseAlreadyExist);
  CHECK(world.CreateDatabase("db", /*ignore=*/true).ok());
  CHECK(world.Databases() == std::vector<std::string>{"db", "fluss"});
  CHECK(world.DropDatabase("db", false).ok());
  CHECK(world.DropDatabase("db", false).code() == ErrorCode::kDatabaseNotExist);
  CHECK(world.DropDatabase("db", true).code() == ErrorCode::kDatabaseNotExist);
  CHECK(world.DropDatabase("db", true, /*ignore=*/true).ok());
  CHECK(world.Databases() == std::vector<std::string>{"fluss"});
}

TEST_CASE("a database keeps its comment and properties", "[coordinator]") {
  CoordinatorWorld world;
  world.Lead();
  pb::CreateDatabaseRequest request;
  request.set_database_name("db");
  request.set_ignore_if_exists(false);
  request.set_database_json("[]");
  CHECK(world.Call(rpc::kCreateDatabase, request).status().code() == ErrorCode::kInvalidDatabase);
  request.set_database_json(R"({"version":1,"comment":"mine","custom_properties":{"a":"b"}})");
  REQUIRE(world.Call(rpc::kCreateDatabase, request).ok());
  pb::GetDatabaseInfoRequest info;
  info.set_database_name("db");
  CHECK(world.Call(rpc::kGetDatabaseInfo, info).value().database_json() == request.database_json());
}

TEST_CASE("the default database stays", "[coordinator]") {
  CoordinatorWorld world;
  world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t").ok());
  CHECK(world.DropDatabase("fluss", true).code() == ErrorCode::kUnknownServerError);
  CHECK(world.Tables("fluss").size() == 1);  // Nothing of it was touched.
  CHECK(world.CreateTable("fluss", "u").ok());
}

TEST_CASE("a database with tables is dropped by cascade only", "[coordinator]") {
  CoordinatorWorld world;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateDatabase("db").ok());
  REQUIRE(world.CreateDatabase("db2").ok());
  for (const char* table : {"a", "b", "c"}) REQUIRE(world.CreateTable("db", table, 2).ok());
  REQUIRE(world.CreateTable("db2", "a").ok());
  CHECK(world.DropDatabase("db", false).code() == ErrorCode::kDatabaseNotEmpty);
  CHECK(world.Tables("db").size() == 3);
  CHECK(world.DropDatabase("db", true).ok());
  CHECK(world.Databases() == std::vector<std::string>{"db2", "fluss"});
  CHECK(one.view.tables.size() == 1);
  world.Settle();
  CHECK(one.removed.size() == 6);
  CHECK(one.leaders.size() == 1);
}

TEST_CASE("a cascade and a table that comes meanwhile leave no orphan", "[coordinator]") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    CoordinatorWorld world(seed);
    world.AddServer(1);
    world.Lead();
    REQUIRE(world.CreateDatabase("db").ok());
    REQUIRE(world.CreateTable("db", "a").ok());
    pb::DropDatabaseRequest drop;
    drop.set_database_name("db");
    drop.set_cascade(true);
    drop.set_ignore_if_not_exists(false);
    const auto before = world.Send(rpc::kCreateTable, world.TableRequest("db", "b"));
    const auto dropped = world.Send(rpc::kDropDatabase, drop);
    const auto after = world.Send(rpc::kCreateTable, world.TableRequest("db", "c"));
    REQUIRE(world.RunUntil(
        [&] { return before->has_value() && dropped->has_value() && after->has_value(); },
        Seconds(40)));
    CHECK((*dropped)->ok());
    CHECK(world.Databases() == std::vector<std::string>{"fluss"});
    // Each table was there for a while or never was; what was there, serves no more.
    world.Settle();
    CHECK(world.tablet(1).leaders.empty());
    CHECK(world.tablet(1).view.tables.empty());
  }
}

}  // namespace strom::coordinator
