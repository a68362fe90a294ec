#include <limits>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/sink/sink_world.h"

namespace strom::sink {
namespace {

constexpr int64_t kDayMs = 86'400'000;

// Writes one value after the other, and a NULL, into a column; what the database has then, as text.
Lines Stored(SinkWorld& world, const std::string& postgres_type, const DataType& type,
             const std::vector<Value>& values) {
  world.Sql("DROP TABLE IF EXISTS t; CREATE TABLE t (id integer PRIMARY KEY, v " + postgres_type +
            ")");
  auto sink =
      world.Open({.schema_name = "public",
                  .name = "t",
                  .columns = {ColumnOf("id", DataType::Int().NotNull()), ColumnOf("v", type)},
                  .primary_key = {0}});
  REQUIRE(sink->Begin().ok());
  std::vector<pipeline::KeyedChange> changes;
  for (const Value& value : values) {
    changes.push_back({true, {Value::Int(static_cast<int64_t>(changes.size())), value}});
  }
  changes.push_back({true, {Value::Int(1000), Value::Null()}});
  const Status written = sink->Write(changes, {});
  INFO(written.ToString());
  REQUIRE(written.ok());
  Lines lines = world.Rows("SELECT v FROM t ORDER BY id");
  CHECK(lines.back() == "NULL");
  lines.pop_back();
  return lines;
}

}  // namespace

TEST_CASE("numbers arrive as they are", "[sink]") {
  SinkWorld world;
  CHECK(Stored(world, "boolean", DataType::Boolean(), {Value::Bool(true), Value::Bool(false)}) ==
        Lines{"t", "f"});
  CHECK(Stored(world, "smallint", DataType::TinyInt(), {Value::Int(-128), Value::Int(127)}) ==
        Lines{"-128", "127"});
  CHECK(Stored(world, "smallint", DataType::SmallInt(), {Value::Int(-32768)}) == Lines{"-32768"});
  CHECK(Stored(world, "integer", DataType::Int(), {Value::Int(INT32_MIN)}) == Lines{"-2147483648"});
  CHECK(Stored(world, "bigint", DataType::BigInt(), {Value::Int(INT64_MIN), Value::Int(0)}) ==
        Lines{"-9223372036854775808", "0"});
  CHECK(Stored(world, "numeric", DataType::BigInt(), {Value::Int(INT64_MAX)}) ==
        Lines{"9223372036854775807"});
  CHECK(Stored(world, "real", DataType::Float(), {Value::Float(0.1F), Value::Float(-1e30F)}) ==
        Lines{"0.1", "-1e+30"});
  CHECK(Stored(world, "double precision", DataType::Double(),
               {Value::Double(0.1 + 0.2), Value::Double(5e-324),
                Value::Double(std::numeric_limits<double>::quiet_NaN()),
                Value::Double(-std::numeric_limits<double>::infinity())}) ==
        Lines{"0.30000000000000004", "5e-324", "NaN", "-Infinity"});
  CHECK(Stored(world, "numeric(12,3)", DataType::Decimal(10, 2), {Value::Dec(-12345)}) ==
        Lines{"-123.450"});
  __int128 nines = 1;
  for (int i = 0; i < 38; ++i) nines *= 10;
  CHECK(Stored(world, "numeric", DataType::Decimal(38, 10), {Value::Dec(nines - 1)}) ==
        Lines{"9999999999999999999999999999.9999999999"});
}

TEST_CASE("texts and bytes arrive as they are", "[sink]") {
  SinkWorld world;
  CHECK(Stored(world, "varchar(5)", DataType::String(), {Value::String("水水水水水")}) ==
        Lines{"水水水水水"});
  CHECK(Stored(world, "char(5)", DataType::Char(5), {Value::String("abc")}) == Lines{"abc  "});
  CHECK(Stored(world, "uuid", DataType::String(),
               {Value::String("5AE0A0F2-7C35-4F71-8F60-000000000001")}) ==
        Lines{"5ae0a0f2-7c35-4f71-8f60-000000000001"});
  CHECK(Stored(world, "bytea", DataType::Bytes(),
               {Value::String(Bytes("\x00\xff\\\"", 4)), Value::String("")}) ==
        Lines{"\\x00ff5c22", "\\x"});
  CHECK(Stored(world, "bytea", DataType::Binary(2), {Value::String(Bytes("\x01\x02"))}) ==
        Lines{"\\x0102"});
  CHECK(Stored(world, "jsonb", DataType::String(), {Value::String("{\"a\":  1}")}) ==
        Lines{"{\"a\": 1}"});
}

TEST_CASE("dates and times of any year arrive as they are", "[sink]") {
  SinkWorld world;
  CHECK(Stored(world, "date", DataType::Date(),
               {Value::Int(19753), Value::Int(-1), Value::Int(-719'163), Value::Int(2'932'897)}) ==
        Lines{"2024-01-31", "1969-12-31", "0001-12-31 BC", "10000-01-01"});
  CHECK(Stored(world, "time", DataType::Time(3), {Value::Int(0), Value::Int(kDayMs - 1)}) ==
        Lines{"00:00:00", "23:59:59.999"});
  const std::vector<Value> instants = {Value::Time(-1, 999'000), Value::Time(19753 * kDayMs + 500),
                                       Value::Time(-719'163 * kDayMs),
                                       Value::Time(2'932'897 * kDayMs + 1)};
  CHECK(Stored(world, "timestamp", DataType::Timestamp(6), instants) ==
        Lines{"1969-12-31 23:59:59.999999", "2024-01-31 00:00:00.5", "0001-12-31 00:00:00 BC",
              "10000-01-01 00:00:00.001"});
  CHECK(Stored(world, "timestamptz", DataType::TimestampLtz(6), instants) ==
        Lines{"1969-12-31 23:59:59.999999+00", "2024-01-31 00:00:00.5+00",
              "0001-12-31 00:00:00+00 BC", "10000-01-01 00:00:00.001+00"});
}

TEST_CASE("a date that PostgreSQL has no room for is refused", "[sink]") {
  SinkWorld world;
  world.Sql("CREATE TABLE t (id date PRIMARY KEY)");
  auto sink = world.Open({.schema_name = "public",
                          .name = "t",
                          .columns = {ColumnOf("id", DataType::Date().NotNull())},
                          .primary_key = {0}});
  REQUIRE(sink->Begin().ok());
  const Status status = sink->Write({{true, {Value::Int(INT32_MIN)}}}, {});
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(status.ToString(), Contains("public.t") && Contains("22008"));
}

TEST_CASE("nested values arrive as JSON", "[sink]") {
  SinkWorld world;
  const DataType map = DataType::Map(DataType::String(), DataType::Decimal(5, 2));
  const Value prices = Value::Map(
      {{Value::String("a \"b\\\""), Value::Dec(150)}, {Value::String("水"), Value::Null()}});
  CHECK(Stored(world, "text", map, {prices, Value::Map({})}) ==
        Lines{R"({"a \"b\\\"":"1.50","水":null})", "{}"});
  CHECK(Stored(world, "jsonb", map, {prices}) == Lines{R"({"水": null, "a \"b\\\"": "1.50"})"});
  const DataType list =
      DataType::Array(DataType::Row({{"x", DataType::Int()}, {"at", DataType::Date()}}));
  const Value points = Value::List({Value::Struct({Value::Int(1), Value::Int(0)}), Value::Null()});
  CHECK(Stored(world, "json", list, {points}) == Lines{R"([{"x":1,"at":"1970-01-01"},null])"});
  CHECK(Stored(world, "varchar(100)", list, {points, Value::List({})}) ==
        Lines{R"([{"x":1,"at":"1970-01-01"},null])", "[]"});
}

}  // namespace strom::sink
