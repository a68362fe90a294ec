#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/sink/sink_world.h"

namespace strom::sink {
namespace {

// What a script declares of public.t.
SinkTable T(std::vector<Column> columns, std::vector<size_t> key = {0}) {
  return {.schema_name = "public",
          .name = "t",
          .columns = std::move(columns),
          .primary_key = std::move(key)};
}

Column Id() { return ColumnOf("id", DataType::BigInt().NotNull()); }
Column Name() { return ColumnOf("name", DataType::String()); }

// What Open says against `ddl`.
std::string Refusal(SinkWorld& world, const std::string& ddl, const SinkTable& table) {
  world.Sql("DROP TABLE IF EXISTS t");
  if (!ddl.empty()) world.Sql("CREATE TABLE t (" + ddl + ")");
  const Status status = world.TryOpen(table).status();
  INFO(ddl);
  CHECK(status.code() == ErrorCode::kExternalSystem);
  return status.ToString();
}

}  // namespace

TEST_CASE("a table that is not as declared is refused with the difference", "[sink]") {
  SinkWorld world;
  const SinkTable table = T({Id(), Name()});
  CHECK_THAT(Refusal(world, "", table), Contains("there is no table public.t"));
  SinkTable elsewhere = table;
  elsewhere.schema_name = "no'where";
  CHECK_THAT(Refusal(world, "", elsewhere), Contains("there is no table no'where.t"));
  CHECK_THAT(Refusal(world, "id bigint PRIMARY KEY, nam text", table),
             Contains("public.t has no column name; did you mean nam?"));
  CHECK_THAT(Refusal(world, "id bigint PRIMARY KEY, \"Completely else\" text", table),
             Contains("public.t has no column name") && !Contains("did you mean"));
  CHECK_THAT(Refusal(world, "id integer PRIMARY KEY, name text", table),
             Contains("column id of table public.t is integer") && Contains("BIGINT"));
  CHECK_THAT(Refusal(world, "id bigint PRIMARY KEY, name bytea", table),
             Contains("column name of table public.t is bytea") && Contains("STRING"));
  CHECK_THAT(Refusal(world, "id bigint PRIMARY KEY, name text, at date NOT NULL", table),
             Contains("column at of table public.t is NOT NULL without a default"));
  CHECK_THAT(
      Refusal(world, "id bigint PRIMARY KEY, name text GENERATED ALWAYS AS ('n' || id) STORED",
              table),
      Contains("column name of table public.t is GENERATED ALWAYS"));
  CHECK_THAT(Refusal(world, "id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text", table),
             Contains("column id of table public.t is GENERATED ALWAYS"));
  const SinkTable prices = T({Id(), ColumnOf("price", DataType::Decimal(10, 3))});
  CHECK_THAT(
      Refusal(world, "id bigint PRIMARY KEY, price numeric(10,2)", prices),
      Contains("column price of table public.t is numeric(10,2)") && Contains("DECIMAL(10, 3)"));
}

TEST_CASE("a unique key over exactly the declared primary key is needed", "[sink]") {
  SinkWorld world;
  const std::string columns = "id bigint NOT NULL, name text NOT NULL";
  const SinkTable both = T({Id(), Name()}, {1, 0});
  CHECK_THAT(Refusal(world, columns, both), Contains("public.t") && Contains("(id, name)"));
  for (const char* const other : {"PRIMARY KEY (id)", "UNIQUE (name)", "UNIQUE (id) INCLUDE (name)",
                                  "UNIQUE (id, name) DEFERRABLE"}) {
    CHECK_THAT(Refusal(world, columns + ", " + other, both), Contains("no unique index"));
  }
  Refusal(world, columns, both);
  world.Sql("CREATE UNIQUE INDEX ON t (id, name) WHERE id > 0");
  CHECK_FALSE(world.TryOpen(both).ok());
  world.Sql("CREATE UNIQUE INDEX ON t (id, lower(name))");
  CHECK_FALSE(world.TryOpen(both).ok());
  world.Sql("CREATE UNIQUE INDEX ON t (id, name)");
  CHECK(world.TryOpen(both).ok());
}

TEST_CASE("columns that fill themselves in need not be declared, and dropped ones do not count",
          "[sink]") {
  SinkWorld world;
  world.Sql(
      "CREATE TABLE t (gone integer NOT NULL, n integer GENERATED ALWAYS AS IDENTITY, id bigint, "
      "at timestamptz NOT NULL DEFAULT now(), twice bigint NOT NULL GENERATED ALWAYS AS (id * 2) "
      "STORED, free text, UNIQUE (id) INCLUDE (free)); ALTER TABLE t DROP COLUMN gone");
  auto sink = world.Open(T({Id()}));
  REQUIRE(sink->Begin().ok());
  REQUIRE(sink->Write({{true, {Value::Int(21)}}}, {}).ok());
  CHECK(world.Rows("SELECT n, id, twice, free FROM t") == Lines{"1|21|42|NULL"});
}

TEST_CASE("a table of keys alone", "[sink]") {
  SinkWorld world;
  world.Sql("CREATE TABLE t (id bigint, name varchar(10), PRIMARY KEY (id, name))");
  auto sink = world.Open(T({Id(), Name()}, {1, 0}));
  REQUIRE(sink->Begin().ok());
  const auto change = [](bool upsert, int64_t id, const char* name) {
    return pipeline::KeyedChange{upsert, {Value::Int(id), Value::String(name)}};
  };
  REQUIRE(sink->Write({change(true, 1, "a"), change(true, 1, "b")}, {}).ok());
  REQUIRE(
      sink->Write({change(true, 1, "a"), change(false, 1, "b"), change(false, 2, "a")}, {}).ok());
  CHECK(world.Rows("SELECT * FROM t") == Lines{"1|a"});
  const Status cut = sink->Write({change(true, 1, "a text too long")}, {});
  CHECK_THAT(cut.ToString(), Contains("character varying(10)"));
}

TEST_CASE("names that need quotes", "[sink]") {
  SinkWorld world;
  world.Sql(
      "CREATE SCHEMA \"My \"\"odd\"\" sch'ema\"; CREATE TABLE \"My \"\"odd\"\" "
      "sch'ema\".\"Select.From\" (\"Id\" bigint PRIMARY KEY, \"na\"\"me\" text, \"$1\" text, "
      "\"顧客\" text)");
  const SinkTable table{
      .schema_name = "My \"odd\" sch'ema",
      .name = "Select.From",
      .columns = {ColumnOf("$1", DataType::String()), ColumnOf("Id", DataType::BigInt().NotNull()),
                  ColumnOf("na\"me", DataType::String()), ColumnOf("顧客", DataType::String())},
      .primary_key = {1}};
  auto sink = world.Open(table);
  REQUIRE(sink->Begin().ok());
  const auto change = [](bool upsert, int64_t id) {
    return pipeline::KeyedChange{
        upsert, {Value::String("x"), Value::Int(id), Value::String("y"), Value::String("z")}};
  };
  REQUIRE(sink->Write({change(true, 1), change(true, 2)}, {}).ok());
  REQUIRE(sink->Write({change(false, 1)}, {}).ok());
  CHECK(world.Rows("SELECT * FROM \"My \"\"odd\"\" sch'ema\".\"Select.From\"") == Lines{"2|y|x|z"});
}

}  // namespace strom::sink
