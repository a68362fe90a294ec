#include "pipeline/sql/jobs.h"

#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "tests/testing/source_tree.h"

namespace strom::sql {
namespace {

constexpr std::string_view kPrelude = R"(
CREATE CATALOG c WITH ('type' = 'fluss', 'bootstrap.servers' = '${SERVERS}');
CREATE TEMPORARY TABLE src (id BIGINT, v DECIMAL(8, 2), PRIMARY KEY (id) NOT ENFORCED) WITH
  ('connector' = 'postgres-cdc', 'hostname' = 'h', 'username' = 'u', 'password' = '${PW}',
   'database-name' = 'd', 'table-name' = 't', 'slot.name' = 's');
CREATE TEMPORARY TABLE snk (id BIGINT, v DECIMAL(8, 2), PRIMARY KEY (id) NOT ENFORCED) WITH
  ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://h:5433/d?currentSchema=x', 'table-name' = 't');
USE CATALOG c;
USE db;
CREATE TABLE ods (id BIGINT, v DECIMAL(8, 2), n INT, s STRING, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED);
CREATE TABLE dwd (id BIGINT, v DECIMAL(8, 2), PRIMARY KEY (id) NOT ENFORCED);
)";

Status Run(Session& session, const std::string& script) {
  STROM_ASSIGN_OR_RETURN(const auto statements, ParseScript(script));
  for (const Statement& statement : statements) {
    STROM_RETURN_IF_ERROR(session.Apply(statement).status());
  }
  return Status::Ok();
}

std::string TypeAndText(duck::Database& database, const std::string& expression) {
  Session session;
  REQUIRE(Run(session, std::string(kPrelude)).ok());
  const auto bound = session.Bind(
      database, Select{.query = "SELECT " + expression + " AS x FROM ods", .query_at = {}});
  if (!bound.ok()) return std::string(bound.status().message());
  return bound->columns[0].type.ToString();
}

TEST_CASE("what an INSERT reads and writes decides the kind of job", "[sql]") {
  auto database = duck::Database::Open().value();
  Session good;
  const Status ran = Run(good, std::string(kPrelude) + R"(
    INSERT INTO dwd SELECT id, v * 2 FROM ods WHERE ts > CURRENT_TIMESTAMP - INTERVAL '1' HOUR;
    INSERT INTO dwd SELECT id, v FROM ods WHERE v > 5;
    INSERT INTO ods VALUES (1, 2.5, 3, 'x', TIMESTAMP '2024-01-01 00:00:00');)");
  INFO(ran.ToString());
  REQUIRE(ran.ok());
  const auto plan = PlanJobs(*database, good);
  INFO(plan.status().ToString());
  REQUIRE(plan.ok());
  REQUIRE(plan->jobs.size() == 1);
  CHECK(plan->jobs[0].kind == JobKind::kLayer);
  CHECK(plan->jobs[0].target == "db.dwd");
  CHECK(plan->jobs[0].sources == std::vector<std::string>{"db.ods"});
  CHECK(plan->writes == std::vector<size_t>{2});
  const auto parsed = ParseJob(plan->jobs[0], nullptr, nullptr);
  REQUIRE(parsed.ok());
  CHECK(parsed->session.inserts().size() == 2);
}

TEST_CASE("CDC and sink jobs know their addresses", "[sql]") {
  auto database = duck::Database::Open().value();
  Session session;
  const Status ran = Run(session, std::string(kPrelude) + R"(
    INSERT INTO ods (id, v) SELECT * FROM default_catalog.default_database.src;
    INSERT INTO default_catalog.default_database.snk SELECT id, v FROM dwd;)");
  REQUIRE(ran.ok());
  const auto plan = PlanJobs(*database, session);
  INFO(plan.status().ToString());
  REQUIRE(plan.ok());
  REQUIRE(plan->jobs.size() == 2);
  CHECK(plan->jobs[0].kind == JobKind::kCdc);
  CHECK(plan->jobs[0].group == "postgres-cdc://h:5432/d");
  CHECK(plan->jobs[1].kind == JobKind::kSink);
  CHECK(plan->jobs[1].target == "jdbc:postgresql://h:5433/d x.t");
  CHECK(plan->jobs[0].script.find("${PW}") != std::string::npos);
  const auto secret = [](std::string_view) { return std::optional<std::string>("secret"); };
  const auto parsed = ParseJob(plan->jobs[0], secret, nullptr);
  INFO(parsed.status().ToString());
  REQUIRE(parsed.ok());
  REQUIRE(parsed->connectors.size() == 1);
  CHECK(std::get<PostgresCdcOptions>(parsed->connectors[0].options).password == "secret");
  CHECK_FALSE(ParseJob(plan->jobs[0], nullptr, nullptr).ok());
}

TEST_CASE("expressions have Flink's types", "[sql]") {
  auto database = duck::Database::Open().value();
  CHECK(TypeAndText(*database, "7 / 2") == "INT");
  CHECK(TypeAndText(*database, "AVG(v)") == "DECIMAL(38, 6)");
  CHECK(TypeAndText(*database, "SUM(n)") == "INT");
  CHECK(TypeAndText(*database, "AVG(n)") == "INT");
  CHECK(TypeAndText(*database, "COUNT(*)") == "BIGINT");
  CHECK(TypeAndText(*database, "STDDEV(v)") == "DECIMAL(38, 6)");
  CHECK(TypeAndText(*database, "v / 3") == "DECIMAL(19, 13)");
  CHECK(TypeAndText(*database, "HOUR(ts)") == "BIGINT");
  CHECK(TypeAndText(*database, "CAST(ts AS STRING)") == "STRING");
  CHECK(TypeAndText(*database, "CURRENT_DATE - INTERVAL '1' DAY") == "DATE");
  CHECK(TypeAndText(*database, "nosuch") == "line 1, column 8: there is no column nosuch");
  CHECK(TypeAndText(*database, "SUBSTRNG(s, 1)").find("did you mean substring?") !=
        std::string::npos);
}

TEST_CASE("each of our own statements is bound or refused with a place", "[sql]") {
  auto database = duck::Database::Open().value();
  std::ifstream file(testing::SourcePath("tests/data/sql/own.sql"));
  std::stringstream text;
  text << file.rdbuf();
  const auto statements =
      ParseScript("CREATE CATALOG c WITH ('type' = 'fluss'); USE CATALOG c; " + text.str());
  INFO(statements.status().ToString());
  REQUIRE(statements.ok());
  Session session;
  int bound = 0;
  int refused = 0;
  std::string refusals;
  for (const Statement& statement : *statements) {
    REQUIRE(session.Apply(statement).ok());
    const auto* select = std::get_if<Select>(&statement.body);
    if (select == nullptr) continue;
    const auto query = session.Bind(*database, *select);
    if (query.ok()) {
      ++bound;
      continue;
    }
    refusals += query.status().ToString() + " IN " + select->query.substr(0, 90) + "\n";
    CHECK(query.status().message().starts_with("line "));
    ++refused;
  }
  INFO(refusals);
  CHECK(bound + refused == 42);
  CHECK(bound >= 40);  // MATCH_RECOGNIZE and LATERAL TABLE are refused.
}

TEST_CASE("the scripts of the power grid become jobs", "[sql]") {
  auto database = duck::Database::Open().value();
  Session session;
  for (const char* name :
       {"00_catalog", "01_source", "02_ods", "03_dwd", "04_dws", "05_ads", "06_sink"}) {
    std::ifstream file(testing::SourcePath(fmt::format("examples/grid/sql/{}.sql", name)));
    std::stringstream text;
    text << file.rdbuf();
    const Status run = Run(session, text.str());
    INFO(name << ": " << run.ToString());
    REQUIRE(run.ok());
  }
  CHECK(session.inserts().size() >= 20);
  std::string failures;
  for (const Session::PendingInsert& insert : session.inserts()) {
    const auto bound = session.Bind(*database, insert);
    if (!bound.ok()) {
      failures += insert.insert.target.parts.back() + ": " + bound.status().ToString() + "\n";
    }
  }
  CHECK(failures == "");
  const auto plan = PlanJobs(*database, session);
  INFO(plan.status().ToString());
  REQUIRE(plan.ok());
  for (const JobDefinition& job : plan->jobs) {
    const auto parsed = ParseJob(
        job, [](std::string_view) { return std::optional<std::string>("1"); },
        [&](const TablePath& path) -> Result<Schema> {
          return Error(ErrorCode::kTableNotExist, "{}", path.ToString());
        });
    INFO(job.name << ": " << parsed.status().ToString());
    CHECK(parsed.ok());
  }
}

}  // namespace
}  // namespace strom::sql
