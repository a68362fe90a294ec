#include <catch2/catch_test_macros.hpp>

#include "difference.h"
#include "pipeline/layer/row_filter.h"

namespace strom::layer {
namespace {

// A table with a column of each type that is compared here, and its values' SQL.
struct Typed {
  const char* column;
  DataType type;
  std::vector<const char*> values;
};

std::vector<Typed> TypedColumns() {
  return {{"i", DataType::Int(), {"3", "CAST(4 AS BIGINT)", "CAST(NULL AS INTEGER)", "-5"}},
          {"p", DataType::Decimal(10, 2), {"13.30", "CAST(2.66 AS DECIMAL(20, 2))", "-1.00"}},
          {"d", DataType::Date(), {"DATE '2024-05-09'", "CAST(strom_clock() AS DATE)"}},
          {"t",
           DataType::Timestamp(3),
           {"TIMESTAMP '2024-05-10 12:00:00'", "strom_clock() - INTERVAL 1 HOUR"}},
          {"z",
           DataType::TimestampLtz(3),
           {"CAST('2024-05-10 12:00:00' AS TIMESTAMPTZ)", "CAST(strom_clock() AS TIMESTAMPTZ)"}},
          {"f", DataType::Boolean(), {"TRUE", "FALSE"}},
          {"s", DataType::String(), {"'w2'", "''", "'w'", "'北'", "upper('w3')"}},
          {"y", DataType::Bytes(), {"CAST('w2' AS BLOB)"}}};
}

std::vector<sql::SourceTable> Table() {
  std::vector<Column> columns = {{"id", DataType::BigInt(), {}, {}}};
  for (const Typed& typed : TypedColumns()) columns.push_back({typed.column, typed.type, {}, {}});
  return {{"x", "db.x", std::move(columns), {0}}};
}

std::string Explain(duck::Database& database, const std::string& sql,
                    const std::vector<sql::SourceTable>& tables) {
  return View::Make(database, Bind(database, sql, tables)).value()->Explain();
}

}  // namespace

TEST_CASE("comparisons made here come out as DuckDB's", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const Typed& typed : TypedColumns()) {
    std::vector<std::string> conditions;
    const std::string column = typed.column;
    for (const std::string value : typed.values) {
      for (const char* op :
           {"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"}) {
        conditions.push_back(column + " " + op + " " + value);
      }
      conditions.push_back(value + " < " + column);
      conditions.push_back(column + " IN (" + value + ", " + typed.values[0] + ")");
      conditions.push_back(column + " NOT IN (" + value + ")");
      conditions.push_back(column + " BETWEEN " + typed.values[0] + " AND " + value);
    }
    for (const std::string& condition : conditions) {
      const std::string sql = "SELECT id, " + column + " FROM x WHERE " + condition;
      INFO(sql);
      const sql::BoundQuery query = Bind(*database, sql, Table());
      const std::string plan = View::Make(*database, query).value()->Explain();
      INFO(plan);
      CHECK((plan == "b0 pick: x\n" || plan.starts_with("b0 timed: x in order of (")));
      const auto wrong = RunDifference(*database, query, 7, 4, {}, ClockMoves::kBothWays);
      INFO(wrong.value_or(""));
      CHECK_FALSE(wrong);
    }
  }
}

TEST_CASE("what DuckDB would convert first is left to it", "[layer]") {
  auto database = duck::Database::Open().value();
  const auto grid = RandomTables::PowerGrid();
  for (const std::string condition :
       {"v > 1", "p > 5", "p = 1.5", "ts >= '2024-05-10'", "ts >= DATE '2024-05-10'", "mid = 1.0",
        "CAST(n AS BIGINT) = 1", "n + 1 = 2", "n = dev_id", "n = 1 OR n = 2", "n > random()",
        "ts < now()::TIMESTAMP", "flag LIKE 'A%'", "n IN (1, 2.5)", "n IS NOT TRUE",
        "mid > 170141183460469231731687303715884105727"}) {
    const std::string sql = "SELECT mid FROM mon WHERE " + condition;
    INFO(sql);
    CHECK(Explain(*database, sql, grid) == "b0 row-wise: mon\n");
  }
  CHECK(Explain(*database, "SELECT mid FROM mon WHERE n = 1 AND p > 5", grid) ==
        "b0 row-wise: mon\n");
  CHECK(Explain(*database, "SELECT mid, n + 1 AS m FROM mon WHERE n = 1", grid) ==
        "b0 row-wise: mon\n");
  CHECK(Explain(*database, "SELECT * FROM mon", grid) == "b0 pick: mon\n");
}

TEST_CASE("values have DuckDB's order", "[layer]") {
  CHECK(CompareValues(Value::String("w"), Value::String("w2")) < 0);
  CHECK(CompareValues(Value::String("\xE5"), Value::String("z")) > 0);  // Bytes are unsigned.
  CHECK(CompareValues(Value::Time(5, 1999), Value::Time(5, 1000)) == 0);
  CHECK(CompareValues(Value::Time(5, 2000), Value::Time(5, 1999)) > 0);
  CHECK(CompareValues(Value::Time(-1, 0), Value::Time(0, 0)) < 0);
  CHECK(CompareValues(Value::Dec(-3), Value::Dec(2)) < 0);
  CHECK(CompareValues(Value::Bool(true), Value::Bool(false)) > 0);
}

}  // namespace strom::layer
