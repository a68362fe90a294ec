#include "common/metadata/catalog.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/common/metadata/catalog_world.h"

namespace strom::metadata {
namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an empty store has no databases", "[metadata]") {
  CatalogWorld world;
  CHECK(world.ListDatabases().value().empty());
  CHECK(world.ListTables("fluss").status().code() == ErrorCode::kDatabaseNotExist);
  CHECK(world.GetTable({"fluss", "t"}).status().code() == ErrorCode::kTableNotExist);
}

TEST_CASE("databases and tables are found with all they hold", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  REQUIRE(world.CreateDatabase("shop", {.comment = "c", .custom_properties = {{"k", "v"}}}).ok());
  REQUIRE(world.CreateDatabase("empty").ok());
  const TableInfo created = world.CreateTable({"shop", "orders"}).value();
  REQUIRE(world.CreateTable({"shop", "items"}).ok());

  CHECK(world.ListDatabases().value() == Names{"empty", "shop"});
  CHECK(world.ListTables("shop").value() == Names{"items", "orders"});
  CHECK(world.ListTables("empty").value().empty());
  CHECK(world.GetTable({"shop", "orders"}).value() == created);
  const auto database = world.Await<DatabaseInfo>(
      [&](auto done) { world.catalog->GetDatabase("shop", std::move(done)); });
  CHECK(database.value() == DatabaseInfo{.name = "shop",
                                         .descriptor = {"c", {{"k", "v"}}},
                                         .created_ms = CatalogWorld::kNow,
                                         .modified_ms = CatalogWorld::kNow});
  const auto exists = [&](std::string name) {
    return world
        .Await<bool>([&](auto done) { world.catalog->DatabaseExists(name, std::move(done)); })
        .value();
  };
  CHECK(exists("shop"));
  CHECK_FALSE(exists("shops"));
  const auto table_exists = [&](TablePath path) {
    return world.Await<bool>([&](auto done) { world.catalog->TableExists(path, std::move(done)); })
        .value();
  };
  CHECK(table_exists({"shop", "orders"}));
  CHECK_FALSE(table_exists({"empty", "orders"}));
}

TEST_CASE("what is missing is named", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  REQUIRE(world.CreateDatabase("shop").ok());
  REQUIRE(world.CreateTable({"shop", "orders"}).ok());
  const auto database = world.Await<DatabaseInfo>(
      [&](auto done) { world.catalog->GetDatabase("gone", std::move(done)); });
  CHECK(database.status().code() == ErrorCode::kDatabaseNotExist);
  CHECK(database.status().message() == "database gone does not exist");
  CHECK(world.GetTable({"shop", "gone"}).status().message() == "table shop.gone does not exist");
  CHECK(world.GetSchema({"shop", "gone"}, SchemaId(1)).status().code() ==
        ErrorCode::kTableNotExist);
  CHECK(world.GetSchema({"shop", "orders"}, SchemaId(77)).status().message() ==
        "table shop.orders has no schema 77");
}

TEST_CASE("names that lead out of their folder name nothing", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  REQUIRE(world.CreateDatabase("shop").ok());
  REQUIRE(world.CreateTable({"shop", "orders"}).ok());
  for (const char* name : {"", ".", "..", "shop/tables", "../databases/shop", "a b"}) {
    INFO(name);
    CHECK(world.ListTables(name).status().code() == ErrorCode::kDatabaseNotExist);
    CHECK(world.GetTable({name, "orders"}).status().code() == ErrorCode::kTableNotExist);
    CHECK(world.GetTable({"shop", name}).status().code() == ErrorCode::kTableNotExist);
    CHECK(world.GetSchema({"shop", name}, std::nullopt).status().code() ==
          ErrorCode::kTableNotExist);
    CHECK(world.CreateDatabase(name).code() == ErrorCode::kInvalidDatabase);
    CHECK(world.CreateTable({"shop", name}).status().code() == ErrorCode::kInvalidTable);
    CHECK(world.CreateTable({name, "t"}).status().code() == ErrorCode::kDatabaseNotExist);
    CHECK(world.DropDatabase(name).code() == ErrorCode::kDatabaseNotExist);
  }
}

TEST_CASE("the newest schema is the one with the highest number", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  REQUIRE(world.CreateDatabase("shop").ok());
  const TablePath path{"shop", "orders"};
  const TableInfo table = world.CreateTable(path).value();
  const Schema wider =
      table.descriptor.schema.WithColumn({.name = "b", .type = DataType::String()}).value();
  const Schema widest = wider.WithColumn({.name = "c", .type = DataType::Int()}).value();
  const ZkPaths paths("/fluss");
  REQUIRE(world.Put(*world.store, paths.Schema(path, SchemaId(2)), ToJson(wider)) == MetaCode::kOk);
  REQUIRE(world.Put(*world.store, paths.Schema(path, SchemaId(10)), ToJson(widest)) ==
          MetaCode::kOk);
  CHECK(world.GetTable(path).value().schema_id == SchemaId(10));
  CHECK(world.GetTable(path).value().descriptor.schema == widest);
  CHECK(world.GetSchema(path, std::nullopt).value().first == SchemaId(10));
  CHECK(world.GetSchema(path, SchemaId(2)).value().second == wider);
}

TEST_CASE("a node of a table without data is no table", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  // As a Fluss server leaves them that dies between its writes; it makes no folder of tables
  // either.
  const ZkPaths paths("/fluss");
  const TablePath path{"shop", "orders"};
  REQUIRE(world.Put(*world.store, paths.Database("shop"), ToJson(DatabaseRegistration{})) ==
          MetaCode::kOk);
  CHECK(world.ListTables("shop").value().empty());
  for (const std::string& node : {paths.Tables("shop"), paths.Table(path), paths.Schemas(path)}) {
    REQUIRE(world.Put(*world.store, node, "") == MetaCode::kOk);
  }
  REQUIRE(world.Put(*world.store, paths.Schema(path, SchemaId(1)), "left over") == MetaCode::kOk);
  CHECK(world.ListTables("shop").value().empty());
  CHECK(world.GetTable(path).status().code() == ErrorCode::kTableNotExist);

  SECTION("a table may be made in its place") {
    const TableInfo table = world.CreateTable(path).value();
    CHECK(world.GetTable(path).value() == table);
  }
  SECTION("it does not keep a database from being dropped") {
    CHECK(world.DropDatabase("shop").ok());
    CHECK(world.ListDatabases().value().empty());
  }
}

TEST_CASE("nodes that hold no such document are server errors that name the table", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  REQUIRE(world.CreateDatabase("shop").ok());
  const TablePath path{"shop", "orders"};
  REQUIRE(world.CreateTable(path).ok());
  const ZkPaths paths("/fluss");
  SECTION("the table") {
    REQUIRE(world.Change(*world.store, SetOp{paths.Table(path), "{}"}) == MetaCode::kOk);
  }
  SECTION("the schema") {
    REQUIRE(world.Change(*world.store, SetOp{paths.Schema(path, SchemaId(1)), "{}"}) ==
            MetaCode::kOk);
  }
  const Status status = world.GetTable(path).status();
  CHECK(status.code() == ErrorCode::kUnknownServerError);
  CHECK(status.message().find("shop.orders") != std::string_view::npos);
}

TEST_CASE("partitions are listed by name", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  REQUIRE(world.CreateDatabase("shop").ok());
  const TablePath path{"shop", "orders"};
  REQUIRE(world.CreateTable(path).ok());
  const auto list = [&](TablePath of) {
    return world.Await<std::vector<PartitionInfo>>(
        [&](auto done) { world.catalog->ListPartitions(of, std::move(done)); });
  };
  CHECK(list(path).value().empty());
  CHECK(list({"shop", "../orders"}).value().empty());
  const ZkPaths paths("/fluss");
  REQUIRE(world.Put(*world.store, paths.Partitions(path), "") == MetaCode::kOk);
  for (const auto& [name, id] : {std::pair("b", 4), std::pair("a", 9)}) {
    const PartitionRegistration partition{TableId(0), PartitionId(id), std::nullopt};
    REQUIRE(world.Put(*world.store, paths.Partition(path, name), ToJson(partition)) ==
            MetaCode::kOk);
  }
  CHECK(list(path).value() == std::vector<PartitionInfo>{{"a", PartitionId(9), std::nullopt},
                                                         {"b", PartitionId(4), std::nullopt}});
  REQUIRE(world.Put(*world.store, paths.Partition(path, "c"), "") == MetaCode::kOk);
  CHECK(list(path).status().code() == ErrorCode::kUnknownServerError);
}

}  // namespace strom::metadata
