#include "common/metadata/known_tables.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/common/metadata/catalog_world.h"

namespace strom::metadata {
namespace {

TableInfo Table(const std::string& name, int64_t id) {
  return {.path = {"db", name},
          .id = TableId(id),
          .schema_id = SchemaId(1),
          .descriptor = CatalogWorld::LogTable()};
}

}  // namespace

TEST_CASE("what was read last of a table is known, until it is missing", "[metadata]") {
  KnownTables known;
  CHECK_FALSE(known.Find({"db", "t"}));
  CHECK_FALSE(known.FindSchema({"db", "t"}, std::nullopt));
  known.OnTable(Table("t", 1));
  known.OnTable(Table("t", 7));
  CHECK(known.Find({"db", "t"})->id == TableId(7));
  CHECK_FALSE(known.Find({"db", "other"}));
  known.OnMissing({"db", "t"});
  CHECK_FALSE(known.Find({"db", "t"}));
  CHECK_FALSE(known.FindSchema({"db", "t"}, SchemaId(1)));
}

TEST_CASE("schemas are known by id, the newest without one, and only of the same table",
          "[metadata]") {
  KnownTables known;
  const TableInfo table = Table("t", 1);
  const Schema wider = table.descriptor.schema
                           .WithColumn({.name = "extra", .type = DataType::Int()})
                           .value();
  known.OnSchema(table.path, SchemaId(2), wider);
  CHECK_FALSE(known.Find(table.path));
  known.OnTable(table);
  CHECK(known.FindSchema(table.path, SchemaId(1))->second == table.descriptor.schema);
  CHECK(known.FindSchema(table.path, std::nullopt)->first == SchemaId(2));
  CHECK(known.FindSchema(table.path, SchemaId(2))->second == wider);
  CHECK_FALSE(known.FindSchema(table.path, SchemaId(3)));
  known.OnTable(Table("t", 2));
  CHECK(known.FindSchema(table.path, std::nullopt)->first == SchemaId(1));
}

TEST_CASE("no more tables are known than the limit", "[metadata]") {
  KnownTables known;
  for (size_t i = 0; i <= KnownTables::kTablesMax; ++i) {
    known.OnTable(Table(fmt::format("t{:06}", i), static_cast<int64_t>(i)));
  }
  CHECK_FALSE(known.Find({"db", "t000000"}));
  CHECK(known.Find({"db", "t000001"}));
  CHECK(known.Find({"db", fmt::format("t{:06}", KnownTables::kTablesMax)}));
}

}  // namespace strom::metadata
