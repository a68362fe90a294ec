#include "pipeline/sink/postgres_sql.h"

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
        "INSERT INTO \"dw\".\"orders\" (\"id\", \"when\", \"amount\") SELECT * FROM "
        "unnest($1::bigint[], $2::timestamp without time zone[], $3::numeric[]) ON CONFLICT "
        "(\"id\") DO UPDATE SET \"when\" = EXCLUDED.\"when\", \"amount\" = EXCLUDED.\"amount\"");
}

TEST_CASE("a table of keys alone is inserted into, and what is there left", "[sink]") {
  SinkTable table = Orders();
  table.columns.erase(table.columns.begin() + 1, table.columns.end());
  CHECK(UpsertSql(table, {"bigint"}) ==
        "INSERT INTO \"dw\".\"orders\" (\"id\") SELECT * FROM unnest($1::bigint[]) ON CONFLICT "
        "(\"id\") DO NOTHING");
}

TEST_CASE("rows are deleted by their key", "[sink]") {
  SinkTable table = Orders();
  table.primary_key = {1, 0};
  CHECK(DeleteSql(table, {"bigint", "date", "numeric"}) ==
        "DELETE FROM \"dw\".\"orders\" AS t USING unnest($1::date[], $2::bigint[]) AS gone "
        "(\"when\", \"id\") WHERE t.\"when\" = gone.\"when\" AND t.\"id\" = gone.\"id\"");
}

TEST_CASE("values are written as PostgreSQL reads them", "[sink]") {
  CHECK(ToPostgresText(Value::Null(), DataType::Int()) == std::nullopt);
  CHECK(ToPostgresText(Value::Bool(true), DataType::Boolean()) == "true");
  CHECK(ToPostgresText(Value::Dec(-1250), DataType::Decimal(10, 2)) == "-12.50");
  CHECK(ToPostgresText(Value::String(Bytes("\x00\xff", 2)), DataType::Bytes()) == "\\x00ff");
  CHECK(ToPostgresText(Value::Int(19753), DataType::Date()) == "2024-01-31");
  CHECK(ToPostgresText(Value::Time(1000, 500'000), DataType::Timestamp(6)) ==
        "1970-01-01T00:00:01.000500");
  CHECK(ToPostgresText(Value::List({Value::Int(1), Value::Null()}),
                       DataType::Array(DataType::Int())) == "[1,null]");
}

TEST_CASE("an array quotes its elements and tells NULL from its text", "[sink]") {
  CHECK(ToArrayText({}) == "{}");
  CHECK(ToArrayText({"1", std::nullopt, "NULL", "a \"b\"\\,{}", ""}) ==
        R"({"1",NULL,"NULL","a \"b\"\\,{}",""})");
}

TEST_CASE("dates of any year are written with their era", "[sink]") {
  const auto date = [](int64_t days) {
    return *ToPostgresText(Value::Int(days), DataType::Date());
  };
  CHECK(date(0) == "1970-01-01");
  CHECK(date(10'957) == "2000-01-01");
  CHECK(date(10'956) == "1999-12-31");
  CHECK(date(-719'162) == "0001-01-01");
  CHECK(date(-719'163) == "0001-12-31 BC");
  CHECK(date(-719'529) == "0002-12-31 BC");  // 1 BC is a leap year.
  CHECK(date(2'932'896) == "9999-12-31");
  CHECK(date(2'932'897) == "10000-01-01");
  const Value ides = Value::Time(-719'163 * int64_t{86'400'000} + 1);
  CHECK(ToPostgresText(ides, DataType::Timestamp(3)) == "0001-12-31T00:00:00.001 BC");
}

TEST_CASE("lengths and precisions stay with the column; its base type is that of the array",
          "[sink]") {
  const std::string sql =
      UpsertSql(Orders(), {"character(3)", "timestamp(3) with time zone", "numeric(10,2)"});
  CHECK(sql.find("unnest($1::bpchar[], $2::timestamp with time zone[], $3::numeric[])") !=
        std::string::npos);
}

TEST_CASE("a column takes a type if nothing of it can get lost", "[sink]") {
  CHECK(Takes("bigint", DataType::Int()));
  CHECK(Takes("smallint", DataType::TinyInt()));
  CHECK(Takes("numeric(3,0)", DataType::BigInt()));
  CHECK_FALSE(Takes("numeric(3,-2)", DataType::BigInt()));
  CHECK_FALSE(Takes("integer", DataType::BigInt()));
  CHECK(Takes("numeric", DataType::Decimal(38, 10)));
  CHECK(Takes("numeric(4,2)", DataType::Decimal(10, 2)));  // Too large for it is an error.
  CHECK_FALSE(Takes("numeric(10,1)", DataType::Decimal(10, 2)));
  CHECK_FALSE(Takes("numeric(10)", DataType::Decimal(10, 2)));
  CHECK_FALSE(Takes("double precision", DataType::Decimal(10, 2)));
  CHECK(Takes("character varying", DataType::String()));
  CHECK(Takes("character varying(5)", DataType::String()));
  CHECK_FALSE(Takes("date", DataType::Timestamp(3)));
  CHECK(Takes("timestamp without time zone", DataType::Timestamp(6)));
  CHECK_FALSE(Takes("timestamp without time zone", DataType::Timestamp(7)));
  CHECK(Takes("timestamp(3) without time zone", DataType::Timestamp(3)));
  CHECK_FALSE(Takes("timestamp(3) without time zone", DataType::Timestamp(6)));
  CHECK_FALSE(Takes("timestamp(3) without time zone", DataType::TimestampLtz(3)));
  CHECK(Takes("time(3) without time zone", DataType::Time(9)));
  CHECK_FALSE(Takes("time(0) without time zone", DataType::Time(3)));
  CHECK(Takes("jsonb", DataType::Map(DataType::String(), DataType::Int())));
  CHECK_FALSE(Takes("bigint", DataType::String()));
}

TEST_CASE("a position is read back as it was written, and refused when damaged", "[sink]") {
  SinkPosition position;
  position.sources["db.a"] = {.table_id = 4, .next = {{0, 17}, {12, 0}}};
  position.sources["db.b"] = {.table_id = 5, .next = {}};
  CHECK(*SinkPosition::FromText(position.ToText()) == position);
  CHECK(*SinkPosition::FromText("{}") == SinkPosition());
  for (const char* const bad :
       {"", "[]", R"({"a":1})", R"({"a":{"next":{}}})", R"({"a":{"table_id":1,"next":{"x":1}}})",
        R"({"a":{"table_id":1,"next":{"1":"y"}}})", R"({"a":{"table_id":1,"next":{"1":-1}}})",
        R"({"a":{"table_id":1,"next":{"1":1.5}}})", R"({"a":{"table_id":1,"next":{"-1":1}}})",
        R"({"a":{"table_id":1,"next":{"1":18446744073709551615}}})",
        R"({"a":{"table_id":1,"next":{"1234567890":1}}})", R"({"a":{"table_id":"1","next":{}}})"}) {
    CAPTURE(bad);
    CHECK(SinkPosition::FromText(bad).status().code() == ErrorCode::kCorruptRecord);
  }
}

}  // namespace
}  // namespace strom::sink
