#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "pipeline/duckdb/decimal_sql.h"
#include "tests/unit/pipeline/duckdb/evaluate.h"

namespace strom::duck {
namespace {

// What one job does: its own connection, inputs that come and go, functions made on demand. Returns
// how often an answer was right.
int Work(Database& database, int job, int rounds) {
  int right = 0;
  const auto connection = database.Connect().value();
  connection->SetClock({.millis = job});
  for (int round = 0; round < rounds; ++round) {
    const auto input =
        connection->CreateInput("t", {{.name = "x", .type = DataType::Decimal(10, 2)}}).value();
    const TypedSql x{"x", DataType::Decimal(10, 2)};
    const TypedSql scale{"CAST(2 AS DECIMAL(" + std::to_string(round + 2) + ", 0))",
                         DataType::Decimal(round + 2, 0)};
    const TypedSql half = DivideDecimals(database, x, scale).value();
    const auto statement = connection->Prepare("SELECT CAST(sum(" + half.sql +
                                               ") AS BIGINT), max(strom_clock()) FROM t");
    if (!statement.ok()) continue;
    const std::vector<Row> rows(100, Row{Value::Dec(200 * (job + 1))});
    std::vector<RowRef> pointers;
    for (const Row& row : rows) pointers.push_back(&row);
    input->Set(pointers);
    const auto result = statement.value()->Run();
    right += result.ok() &&
             result.value() == std::vector<Row>{{Value::Int(100 * (job + 1)), Value::Time(job)}};
  }
  return right;
}

TEST_CASE("jobs on their own connections do not disturb each other", "[duckdb]") {
  constexpr int kJobs = 4;
  constexpr int kRounds = 8;
  const auto database = Database::Open().value();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int job = 0; job < kJobs; ++job) {
    threads.emplace_back([&, job] { right += Work(*database, job, kRounds); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == kJobs * kRounds);
}

TEST_CASE("databases know nothing of each other", "[duckdb]") {
  Engine one;
  Engine two;
  REQUIRE(one.connection->Execute("CREATE TABLE t(a INT)").ok());
  CHECK(one.Eval("count(*) FROM t") == "0");
  CHECK(two.Eval("count(*) FROM t").find("does not exist") != std::string::npos);
  const TypedSql x{"1.00::DECIMAL(10,2)", DataType::Decimal(10, 2)};
  const std::string call = DivideDecimals(*one.database, x, x).value().sql;
  CHECK(one.Eval(call + "::INTEGER") == "1");
  CHECK(two.Eval(call).find("does not exist") != std::string::npos);
}

}  // namespace
}  // namespace strom::duck
