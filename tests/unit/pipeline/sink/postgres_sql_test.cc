#include "pipeline/sink/postgres/postgres_sql.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::sink {
namespace {

Column C(const char* name, DataType type) {
  return {.name = name, .type = std::move(type), .comment = {}, .aggregate = {}};
}

SinkTable Orders() {
  return {.schema_name = "dw",
          .name = "orders",
          .columns = {C("id", DataType::BigInt().NotNull()), C("when", DataType::Timestamp(3)),
                      C("amount", DataType::Decimal(10, 2))},
          .primary_key = {0}};
}

TEST_CASE("an upsert is one statement for any number of rows", "[sink]") {
  CHECK(UpsertSql(Orders(), {"bigint", "timestamp without time zone", "numeric(10,2)"}) ==
        "INSERT INTO \"dw\".\"orders\" (\"id\", \"when\", \"amount\") SELECT "
        "unnest($1::bigint[]), unnest($2::timestamp without time zone[]), unnest($3::numeric[]) ON "
        "CONFLICT (\"id\") DO UPDATE SET \"when\" = EXCLUDED.\"when\", \"amount\" = "
        "EXCLUDED.\"amount\"");
}

TEST_CASE("a table of keys alone is inserted into, and what is there left", "[sink]") {
  SinkTable table = Orders();
  table.columns.erase(table.columns.begin() + 1, table.columns.end());
  CHECK(UpsertSql(table, {"bigint"}) ==
        "INSERT INTO \"dw\".\"orders\" (\"id\") SELECT unnest($1::bigint[]) ON CONFLICT "
        "(\"id\") DO NOTHING");
}

TEST_CASE("rows are deleted by their key", "[sink]") {
  SinkTable table = Orders();
  table.primary_key = {1, 0};
  CHECK(DeleteSql(table, {"bigint", "date", "numeric"}) ==
        "DELETE FROM \"dw\".\"orders\" AS t USING (SELECT unnest($1::date[]) AS \"when\", "
        "unnest($2::bigint[]) AS \"id\") AS gone WHERE t.\"when\" = gone.\"when\" AND t.\"id\" = "
        "gone.\"id\"");
}

TEST_CASE("what has no array of ours travels as text", "[sink]") {
  const std::string sql = UpsertSql(Orders(), {"uuid", "jsonb", "bigint"});
  CHECK(
      sql.find("SELECT unnest($1::text[]::uuid[]), unnest($2::text[]::jsonb[]), unnest($3::bigint["
               "])") != std::string::npos);
}

TEST_CASE("a position is written by a statement that fails when it finds no row", "[sink]") {
  CHECK(
      PositionSql("dw.positions") ==
      "WITH mine AS (UPDATE dw.positions SET position = $3, updated_at = now() WHERE job = $1 AND "
      "epoch = $2::bigint RETURNING 1) SELECT 1 / count(*) FROM mine");
}

TEST_CASE("lengths and precisions stay with the column; its base type is that of the array",
          "[sink]") {
  const std::string sql =
      UpsertSql(Orders(), {"character(3)", "timestamp(3) with time zone", "numeric(10,2)"});
  CHECK(
      sql.find(
          "unnest($1::bpchar[]), unnest($2::timestamp with time zone[]), unnest($3::numeric[])") !=
      std::string::npos);
}

TEST_CASE("a position is read back as it was written, and refused when damaged", "[sink]") {
  SinkPosition position;
  position.sources["db.a"] = {.table_id = 4, .next = {{0, 17}, {12, 0}}};
  position.sources["db.b"] = {.table_id = 5, .next = {}};
  position.sources["db.c"] = {.table_id = 6, .next = {{1, 2}}, .clock_ms = 1'700'000'000'000};
  CHECK(*SinkPosition::FromText(position.ToText()) == position);
  CHECK(*SinkPosition::FromText("{}") == SinkPosition());
  for (const char* const bad :
       {"", "[]", R"({"a":1})", R"({"a":{"next":{}}})", R"({"a":{"table_id":1,"next":{"x":1}}})",
        R"({"a":{"table_id":1,"next":{"1":"y"}}})", R"({"a":{"table_id":1,"next":{"1":-1}}})",
        R"({"a":{"table_id":1,"next":{"1":1.5}}})", R"({"a":{"table_id":1,"next":{"-1":1}}})",
        R"({"a":{"table_id":1,"next":{"1":18446744073709551615}}})",
        R"({"a":{"table_id":1,"next":{},"clock_ms":"x"}})",
        R"({"a":{"table_id":1,"next":{"1234567890":1}}})", R"({"a":{"table_id":"1","next":{}}})"}) {
    CAPTURE(bad);
    CHECK(SinkPosition::FromText(bad).status().code() == ErrorCode::kCorruptRecord);
  }
}

}  // namespace
}  // namespace strom::sink
