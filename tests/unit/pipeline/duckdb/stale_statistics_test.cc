#include <catch2/catch_test_macros.hpp>

#include "pipeline/duckdb/duck.h"
#include "tests/unit/pipeline/duckdb/evaluate.h"

// DuckDB keeps the statistics of the time of preparing in the plan of a prepared statement: wrong
// rows when the tables have changed since. Database::Open switches off the optimizer that does so;
// these tests fail if the setting is lost, or if a new version finds another way.
namespace strom::duck {
namespace {

struct Prober : Engine {
  void Do(std::string_view sql) {
    const Status status = connection->Execute(sql);
    INFO(sql << ": " << status.ToString());
    REQUIRE(status.ok());
  }
  std::unique_ptr<Statement> Prepare(std::string_view sql) {
    return connection->Prepare(sql).value();
  }
};

int64_t Number(Statement& statement) {
  const std::vector<Row> rows = statement.Run().value();
  const Value& value = rows.at(0).at(0);
  REQUIRE(value.get_if<int64_t>() != nullptr);
  return *value.get_if<int64_t>();
}

TEST_CASE("a table that was empty when the statement was prepared is read", "[duckdb]") {
  Prober duck;
  duck.Do("CREATE TABLE s(op INT, id BIGINT)");
  const auto filtered = duck.Prepare("SELECT count(*) FROM s WHERE op = 1");
  duck.Do("INSERT INTO s VALUES (1, 1), (1, 2)");
  CHECK(Number(*filtered) == 2);

  duck.Do("CREATE TABLE e(k BIGINT)");
  duck.Do("CREATE TABLE b(k BIGINT)");
  duck.Do("CREATE TABLE probe AS SELECT i::BIGINT AS k FROM range(0, 6144) t(i)");
  const auto joined = duck.Prepare("SELECT count(*) FROM probe JOIN e USING (k)");
  const auto counted = duck.Prepare("SELECT count(*) FROM e");
  const auto largest = duck.Prepare("SELECT max(k) FROM e");
  const auto copied = duck.Prepare("INSERT INTO b SELECT k FROM e WHERE k IS NOT NULL");
  duck.Do("INSERT INTO e SELECT i FROM range(100) r(i)");
  CHECK(Number(*joined) == 100);
  CHECK(Number(*counted) == 100);
  CHECK(Number(*largest) == 99);
  CHECK(copied->Run().ok());
  CHECK(duck.Eval("count(*) FROM b") == "100");
}

TEST_CASE("values outside the old minimum and maximum are found", "[duckdb]") {
  Prober duck;
  duck.Do("CREATE TABLE u(op INT)");
  duck.Do("INSERT INTO u SELECT 2 FROM range(5000)");
  const auto filtered = duck.Prepare("SELECT count(*) FROM u WHERE op = 1");
  CHECK(Number(*filtered) == 0);
  duck.Do("INSERT INTO u VALUES (1)");
  CHECK(Number(*filtered) == 1);
}

TEST_CASE("joins do not keep to the old range of keys", "[duckdb]") {
  Prober duck;
  duck.Do("CREATE TABLE probe AS SELECT i::BIGINT AS k FROM range(0, 6144) t(i)");
  duck.Do("CREATE TABLE b(k BIGINT)");
  duck.Do("INSERT INTO b VALUES (3000), (5000)");
  const auto joined =
      duck.Prepare("SELECT coalesce(sum(probe.k), 0)::BIGINT FROM probe JOIN b USING (k)");
  const auto semi =
      duck.Prepare("SELECT coalesce(sum(probe.k), 0)::BIGINT FROM probe SEMI JOIN b USING (k)");
  CHECK(Number(*joined) == 8000);
  CHECK(Number(*semi) == 8000);
  duck.Do("DELETE FROM b");
  duck.Do("INSERT INTO b VALUES (1), (2)");
  CHECK(Number(*joined) == 3);
  CHECK(Number(*semi) == 3);
}

TEST_CASE("a NULL that came later is found", "[duckdb]") {
  Prober duck;
  duck.Do("CREATE TABLE n AS SELECT i::BIGINT AS k FROM range(10) r(i)");
  const auto nulls = duck.Prepare("SELECT count(*) FROM n WHERE k IS NULL");
  duck.Do("INSERT INTO n VALUES (NULL)");
  CHECK(Number(*nulls) == 1);
}

TEST_CASE("inputs keep no statistics either", "[duckdb]") {
  Prober duck;
  const auto s =
      duck.connection->CreateInput("s", {{.name = "k", .type = DataType::Int()}}).value();
  const auto p =
      duck.connection->CreateInput("p", {{.name = "k", .type = DataType::Int()}}).value();
  const auto equal = duck.Prepare("SELECT count(*) FROM s WHERE k = 1");
  const auto nulls = duck.Prepare("SELECT count(*) FROM s WHERE k IS NULL");
  const auto joined = duck.Prepare("SELECT count(*) FROM s JOIN p USING (k)");
  CHECK(Number(*equal) + Number(*nulls) + Number(*joined) == 0);
  const Row one{Value::Int(1)};
  const Row null{Value::Null()};
  s->Set({&one, &null, &one});
  p->Set({&one, &null});
  CHECK(Number(*equal) == 2);
  CHECK(Number(*nulls) == 1);
  CHECK(Number(*joined) == 2);
}

}  // namespace
}  // namespace strom::duck
