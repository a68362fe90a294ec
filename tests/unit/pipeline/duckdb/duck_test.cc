#include "pipeline/duckdb/duck.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/duckdb/evaluate.h"

namespace strom::duck {
namespace {

DataType TypeOf(Engine& engine, const std::string& expression) {
  return engine.connection->Describe("SELECT " + expression + " AS c").value().at(0).type;
}

TEST_CASE("results have the types of columns", "[duckdb]") {
  Engine engine;
  CHECK(TypeOf(engine, "true") == DataType::Boolean());
  CHECK(TypeOf(engine, "1::TINYINT") == DataType::TinyInt());
  CHECK(TypeOf(engine, "1::UTINYINT") == DataType::SmallInt());
  CHECK(TypeOf(engine, "1::USMALLINT") == DataType::Int());
  CHECK(TypeOf(engine, "1::UINTEGER") == DataType::BigInt());
  CHECK(TypeOf(engine, "1::UBIGINT") == DataType::Decimal(20, 0));
  CHECK(TypeOf(engine, "1::HUGEINT") == DataType::Decimal(38, 0));
  CHECK(TypeOf(engine, "1.50::DECIMAL(7,2)") == DataType::Decimal(7, 2));
  CHECK(TypeOf(engine, "'a'::BLOB") == DataType::Bytes());
  CHECK(TypeOf(engine, "TIME '01:02:03'") == DataType::Time(3));
  CHECK(TypeOf(engine, "'2024-01-01'::TIMESTAMP_S") == DataType::Timestamp(0));
  CHECK(TypeOf(engine, "'2024-01-01'::TIMESTAMP_NS") == DataType::Timestamp(9));
  CHECK(TypeOf(engine, "TIMESTAMPTZ '2024-01-01 00:00:00+00'") == DataType::TimestampLtz(6));
  CHECK(TypeOf(engine, "[1, 2]") == DataType::Array(DataType::Int()));
  CHECK(TypeOf(engine, "[1, 2]::INTEGER[2]") == DataType::Array(DataType::Int()));
  CHECK(TypeOf(engine, "map(['a'], [1])") == DataType::Map(DataType::String(), DataType::Int()));
  CHECK(TypeOf(engine, "{'x': 1, 'y': 'b'}") ==
        DataType::Row(
            {{.name = "x", .type = DataType::Int()}, {.name = "y", .type = DataType::String()}}));
}

TEST_CASE("a type no table can hold is refused by the column's name", "[duckdb]") {
  Engine engine;
  const auto refused = engine.connection->Query("SELECT 1 AS a, INTERVAL 1 DAY AS span");
  CHECK(refused.status().code() == ErrorCode::kInvalidSql);
  CHECK(refused.status().message().find("column span") != std::string_view::npos);
}

TEST_CASE("values of results are read from every storage", "[duckdb]") {
  CHECK(Eval("255::UTINYINT") == "255");
  CHECK(Eval("65535::USMALLINT") == "65535");
  CHECK(Eval("4294967295::UINTEGER") == "4294967295");
  CHECK(Eval("NULL") == "NULL");
  Engine engine;
  const auto cell = [&](std::string_view expression) {
    return engine.connection->Query("SELECT " + std::string(expression)).value().rows.at(0).at(0);
  };
  CHECK(cell("18446744073709551615::UBIGINT") == Value::Dec(__int128{UINT64_MAX}));
  CHECK(cell("-1.5::DECIMAL(4,1)") == Value::Dec(-15));
  CHECK(cell("-1.5::DECIMAL(9,1)") == Value::Dec(-15));
  CHECK(cell("-1.5::DECIMAL(18,1)") == Value::Dec(-15));
  CHECK(cell("-1.5::DECIMAL(38,1)") == Value::Dec(-15));
  CHECK(cell("DATE '1969-12-31'") == Value::Int(-1));
  CHECK(cell("TIME '00:00:01.5'") == Value::Int(1500));
  CHECK(cell("TIMESTAMP '1969-12-31 23:59:59.999999'") == Value::Time(-1, 999000));
  CHECK(cell("'1970-01-01 00:00:00.000000001'::TIMESTAMP_NS") == Value::Time(0, 1));
  CHECK(cell("'1970-01-01 00:00:02'::TIMESTAMP_S") == Value::Time(2000));
  CHECK(cell("'1970-01-01 00:00:00.003'::TIMESTAMP_MS") == Value::Time(3));
  CHECK(cell("TIMESTAMPTZ '1970-01-01 08:00:00+08'") == Value::Time(0));
  CHECK(cell("[1, NULL]") == Value::List({Value::Int(1), Value::Null()}));
  CHECK(cell("[1, 2]::INTEGER[2]") == Value::List({Value::Int(1), Value::Int(2)}));
  CHECK(cell("map(['a', 'b'], [[1], NULL])") ==
        Value::Map({{Value::String("a"), Value::List({Value::Int(1)})},
                    {Value::String("b"), Value::Null()}}));
  CHECK(cell("{'x': 1, 'y': NULL::VARCHAR}") == Value::Struct({Value::Int(1), Value::Null()}));
}

TEST_CASE("values outside what a table can hold are errors", "[duckdb]") {
  CHECK(Eval("170141183460469231731687303715884105727::HUGEINT AS big") ==
        "column big: a number has more than 38 digits");
  CHECK(Eval("'infinity'::TIMESTAMP AS t") == "column t: a timestamp is infinite");
  CHECK(Eval("'-infinity'::TIMESTAMP AS t") == "column t: a timestamp is infinite");
}

TEST_CASE("more rows than one vector come in order", "[duckdb]") {
  Engine engine;
  const RowSet rows =
      engine.connection->Query("SELECT i::BIGINT AS i, 'row ' || i AS t FROM range(5000) r(i)")
          .value();
  REQUIRE(rows.rows.size() == 5000);
  CHECK(rows.fields.at(1) == Field{.name = "t", .type = DataType::String()});
  for (int64_t i = 0; i < 5000; ++i) {
    REQUIRE(rows.rows[i] == Row{Value::Int(i), Value::String("row " + std::to_string(i))});
  }
}

TEST_CASE("errors carry DuckDB's text and the place", "[duckdb]") {
  Engine engine;
  Connection& connection = *engine.connection;
  SECTION("of an unknown column, in characters") {
    const Status status =
        connection.Describe("SELECT a,\n '界', nosuch FROM (SELECT 1 AS a)").status();
    CHECK(status.code() == ErrorCode::kInvalidSql);
    CHECK(status.message() ==
          "Binder: Referenced column \"nosuch\" not found in FROM clause! (line 2, column 7)");
    CHECK(connection.error_position() == 18);
  }
  SECTION("of a syntax error") {
    const Status status = connection.Prepare("SELECT * FORM x").status();
    CHECK(status.message() == "Parser: syntax error at or near \"x\" (line 1, column 15)");
  }
  SECTION("of a statement that is executed") {
    CHECK(connection.Execute("DROP TABLE nosuch").code() == ErrorCode::kInvalidSql);
    CHECK(connection.Execute("CREATE TABLE t(a INT)").ok());
    CHECK(connection.error_position() == std::nullopt);
  }
  SECTION("of a value, when it runs") {
    const Status status = connection.Query("SELECT CAST('x' AS INT)").status();
    CHECK(status.message() ==
          "Conversion: Could not convert string 'x' to INT32 (line 1, column 8)");
  }
  SECTION("of a zero byte and of two statements") {
    CHECK(connection.Query(std::string_view("SELECT 1\0", 9)).status().code() ==
          ErrorCode::kInvalidSql);
    CHECK_FALSE(connection.Prepare("SELECT 1; SELECT 2").ok());
    CHECK_FALSE(connection.Prepare("").ok());
  }
}

TEST_CASE("SQL cannot reach out or change the settings", "[duckdb]") {
  Engine engine;
  CHECK(engine.Eval("* FROM read_csv('/etc/passwd')").find("disabled by configuration") !=
        std::string::npos);
  CHECK_FALSE(engine.connection->Execute("COPY (SELECT 1) TO '/tmp/duck_test.csv'").ok());
  CHECK_FALSE(engine.connection->Execute("SET threads = 4").ok());
  CHECK_FALSE(engine.connection->Execute("SET disabled_optimizers = ''").ok());
  CHECK_FALSE(engine.connection->Execute("INSTALL httpfs").ok());
  CHECK(engine.Eval("current_setting('TimeZone')") == "'UTC'");
  CHECK(engine.Eval("current_setting('threads')") == "1");
}

TEST_CASE("each connection has a clock of its own, read in every run", "[duckdb]") {
  Engine engine;
  const auto other = engine.database->Connect().value();
  const auto statement = engine.connection->Prepare("SELECT strom_clock()").value();
  const auto other_statement =
      other->Prepare("SELECT strom_clock() FROM range(3) WHERE strom_clock() > '1970-01-02'")
          .value();
  CHECK(statement->fields().at(0).type == DataType::Timestamp(6));
  CHECK(statement->Run().value() == std::vector<Row>{{Value::Time(0)}});
  CHECK(other_statement->Run().value().empty());

  engine.connection->SetClock({.millis = 1700000000123, .nanos_of_milli = 456000});
  other->SetClock({.millis = 1800000000000});
  CHECK(statement->Run().value() == std::vector<Row>{{Value::Time(1700000000123, 456000)}});
  CHECK(other_statement->Run().value() == std::vector<Row>(3, {Value::Time(1800000000000)}));

  engine.connection->SetClock({.millis = -1, .nanos_of_milli = 999999});
  CHECK(statement->Run().value() == std::vector<Row>{{Value::Time(-1, 999000)}});
}

TEST_CASE("types and names are written as DuckDB reads them", "[duckdb]") {
  CHECK(QuoteIdentifier("a\"b") == "\"a\"\"b\"");
  const DataType types[] = {
      DataType::Boolean(),
      DataType::TinyInt(),
      DataType::SmallInt(),
      DataType::Int(),
      DataType::BigInt(),
      DataType::Float(),
      DataType::Double(),
      DataType::String(),
      DataType::Bytes(),
      DataType::Decimal(20, 4),
      DataType::Date(),
      DataType::Time(3),
      DataType::Timestamp(6),
      DataType::Timestamp(9),
      DataType::TimestampLtz(6),
      DataType::Array(DataType::Array(DataType::Decimal(5, 1))),
      DataType::Map(DataType::String(),
                    DataType::Row({{.name = "a \"b", .type = DataType::Int()}}))};
  Engine engine;
  for (const DataType& type : types) {
    INFO(type.ToString() << " as " << SqlType(type));
    CHECK(TypeOf(engine, "CAST(NULL AS " + SqlType(type) + ")") == type);
  }
}

}  // namespace
}  // namespace strom::duck
