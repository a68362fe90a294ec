#include "pipeline/sql/query.h"

#include <catch2/catch_test_macros.hpp>

#include "pipeline/sql/session.h"

namespace strom::sql {
namespace {

// The only value of SELECT `expression`, at 2024-05-11 20:30:00 UTC.
std::string Answer(duck::Database& database, const std::string& expression,
                   const std::string& zone = "UTC") {
  Session session;
  const Statement set{.body = SetOption{.key = "table.local-time-zone", .value = zone}, .at = {}};
  REQUIRE(session.Apply(set).ok());
  const auto bound =
      session.Bind(database, Select{.query = "SELECT " + expression, .query_at = {}});
  if (!bound.ok()) return std::string(bound.status().message());
  auto connection = database.Connect().value();
  connection->SetClock(Timestamp{.millis = 1715459400000});
  const auto rows = connection->Query(bound->sql);
  if (!rows.ok()) return rows.status().ToString();
  return rows->rows.at(0).at(0).ToString();
}

TEST_CASE("answers are Flink's, not DuckDB's", "[sql]") {
  auto database = duck::Database::Open().value();
  CHECK(Answer(*database, "7 / 2") == "3");
  CHECK(Answer(*database, "CAST(1.9 AS INT)") == "1");
  CHECK(Answer(*database, "CONCAT('a', CAST(NULL AS STRING))") == "NULL");
  CHECK(Answer(*database, "GREATEST(1, CAST(NULL AS INT))") == "NULL");
  CHECK(Answer(*database, "CAST('abcdef' AS VARCHAR(3))") == "'abc'");
  CHECK(Answer(*database, "CAST(TIMESTAMP '2024-01-02 03:04:05' AS STRING)") ==
        "'2024-01-02 03:04:05.000'");
  CHECK(Answer(*database, "CAST(10.00 / 3 AS STRING)") == "'3.3333333333333'");
  CHECK(Answer(*database, "CAST(ROUND(2.345, 2) AS STRING)") == "'2.35'");
  CHECK(Answer(*database, "DAYOFWEEK(DATE '2024-05-11')") == "7");
  CHECK(Answer(*database,
               "TIMESTAMPDIFF(MINUTE, TIMESTAMP '2024-01-01 00:00:00', "
               "TIMESTAMP '2024-01-01 00:01:59')") == "1");
}

TEST_CASE("the clock is the job's, in the session's zone", "[sql]") {
  auto database = duck::Database::Open().value();
  CHECK(Answer(*database, "CAST(CURRENT_DATE AS STRING)") == "'2024-05-11'");
  CHECK(Answer(*database, "CAST(CURRENT_DATE AS STRING)", "Asia/Shanghai") == "'2024-05-12'");
  CHECK(Answer(*database, "CAST(CURRENT_TIMESTAMP - INTERVAL '1' HOUR AS STRING)") ==
        "'2024-05-11 19:30:00.000'");
  CHECK(Answer(*database, "UNIX_TIMESTAMP()", "Asia/Shanghai") == "1715459400");
}

TEST_CASE("what Strom does not do is refused with the place", "[sql]") {
  auto database = duck::Database::Open().value();
  CHECK(Answer(*database, "1 + 'a'").starts_with("line 1, column"));
  CHECK(Answer(*database, "INTERVAL '1 10' DAY TO HOUR").starts_with("line 1, column 17"));
  CHECK(Answer(*database, "a::INT").starts_with("line 1, column 9: ':'"));
  CHECK(Answer(*database, "RAND()").find("different answer") != std::string::npos);
  CHECK_FALSE(FixedZoneOffset("Europe/Berlin").ok());
  CHECK(FixedZoneOffset("Asia/Shanghai").value() == 28800);
}

}  // namespace
}  // namespace strom::sql
