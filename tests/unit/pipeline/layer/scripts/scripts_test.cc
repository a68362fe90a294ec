#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "difference.h"
#include "pipeline/sql/session.h"
#include "tests/testing/source_tree.h"

namespace strom::layer {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::optional<std::string> Check(duck::Database& database, const Result<sql::BoundQuery>& query,
                                 size_t batches) {
  if (!query.ok()) return query.status().ToString();
  return RunDifference(database, *query, 3, batches);
}

}  // namespace

TEST_CASE("our own statements stay equal to their queries", "[layer]") {
  auto database = duck::Database::Open().value();
  const std::filesystem::path path = testing::SourcePath("tests/data/sql/own.sql");
  const auto statements = sql::ParseScript(ReadFile(path)).value();
  sql::Session session;
  const auto preamble = sql::ParseScript(
      "CREATE CATALOG fluss WITH ('type' = 'fluss', 'bootstrap.servers' = 'localhost:9123');"
      "USE CATALOG fluss;");
  for (const sql::Statement& statement : preamble.value()) REQUIRE(session.Apply(statement).ok());
  size_t checked = 0;
  std::string refused;
  for (const sql::Statement& statement : statements) {
    if (const auto* select = std::get_if<sql::Select>(&statement.body)) {
      const auto query = session.Bind(*database, *select);
      if (!query.ok()) {  // What pipeline/sql refuses, by name.
        refused += std::string(query.status().message()) + "\n";
        continue;
      }
      const auto wrong = RunDifference(*database, *query, 3, 8);
      INFO("line " << statement.at.line << ": " << select->query);
      INFO(wrong.value_or(""));
      CHECK_FALSE(wrong);
      ++checked;
      continue;
    }
    const auto applied = session.Apply(statement);
    INFO(applied.status().ToString());
    REQUIRE(applied.ok());
  }
  CHECK(checked >= 40);
  CHECK(std::count(refused.begin(), refused.end(), '\n') == 2);
  CHECK(refused.find("MATCH_RECOGNIZE") != std::string::npos);
  CHECK(refused.find("STRING_SPLIT_UDTF") != std::string::npos);
}

namespace {

// The session after the power grid's scripts.
sql::Session PowerGridScripts() {
  std::vector<std::filesystem::path> files;
  for (const auto& file :
       std::filesystem::directory_iterator(testing::SourcePath("examples/grid/sql"))) {
    files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  sql::Session session;
  for (const auto& file : files) {
    INFO(file);
    const auto statements = sql::ParseScript(ReadFile(file));
    INFO(statements.status().ToString());
    REQUIRE(statements.ok());
    for (const sql::Statement& statement : *statements) {
      const auto applied = session.Apply(statement);
      INFO(applied.status().ToString());
      REQUIRE(applied.ok());
    }
  }
  return session;
}

}  // namespace

// Run by hand: layer_scripts_test "[.explain]".
TEST_CASE("plans of the power grid's layers", "[.explain]") {
  auto database = duck::Database::Open().value();
  const sql::Session session = PowerGridScripts();
  for (const sql::Session::PendingInsert& insert : session.inserts()) {
    auto view = View::Make(*database, session.Bind(*database, insert).value());
    REQUIRE(view.ok());
    std::printf("%s\n%s", session.TargetOf(insert).value().path.c_str(),
                (*view)->Explain().c_str());
  }
}

TEST_CASE("the power grid's layers stay equal to their queries", "[layer]") {
  auto database = duck::Database::Open().value();
  const sql::Session session = PowerGridScripts();
  for (const sql::Session::PendingInsert& insert : session.inserts()) {
    const auto wrong = Check(*database, session.Bind(*database, insert), 6);
    INFO("line " << insert.at.line << ": " << insert.insert.query);
    INFO(wrong.value_or(""));
    CHECK_FALSE(wrong);
  }
  CHECK(session.inserts().size() > 20);
}

}  // namespace strom::layer
