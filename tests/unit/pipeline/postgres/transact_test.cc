#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/pipeline/postgres/session_world.h"

namespace strom::postgres {
namespace {

auto Contains(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }

// An insert into t, for as long as its texts live.
PgStatement InsertOf(const std::string& id, const std::string& note) {
  return {.doing = "insert",
          .sql = "INSERT INTO t VALUES ($1, $2)",
          .parameters = {{.value = &id}, {.value = &note}}};
}

const std::string kOne = "1";
const std::string kTwo = "2";
const std::string kThree = "3";
const std::string kA = "a";
const std::string kB = "b";
const std::string kC = "c";

}  // namespace

TEST_CASE("statements of a transaction take effect together", "[postgres]") {
  SessionWorld world;
  CHECK(world.session
            ->Transact(
                {InsertOf(kOne, kA),
                 InsertOf(kTwo, kB),
                 {.doing = "double", .sql = "UPDATE t SET note = note || note", .parameters = {}}})
            .ok());
  CHECK(world.Ask("SELECT string_agg(note, ',' ORDER BY id) FROM t") == "aa,bb");
  // It is over: nothing is rolled back with what follows.
  REQUIRE(world.session->Query("test", "ROLLBACK").ok());
  CHECK(world.Count() == "2");
}

TEST_CASE("the first error undoes a transaction and says which statement it was", "[postgres]") {
  SessionWorld world;
  REQUIRE(world.Insert("1", "a").ok());
  const Status status = world.session->Transact(
      {{.doing = "first", .sql = "DELETE FROM t", .parameters = {}},
       {.doing = "second", .sql = "SELECT 1 / (SELECT count(*) FROM t)", .parameters = {}},
       {.doing = "third", .sql = "SELECT nonsense", .parameters = {}}});
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(status.ToString(), Contains("second: division by zero (SQLSTATE 22012)"));
  CHECK(world.session->failed_statement() == 1);
  CHECK(world.session->last_sqlstate() == "22012");
  CHECK(world.Count() == "1");
  // What was not run was not prepared, and is when it is needed.
  CHECK(world.session->Transact({{.doing = "third", .sql = "SELECT nonsense", .parameters = {}}})
            .message()
            .find("third: ") != std::string::npos);
  CHECK(world.session->failed_statement() == 0);
  CHECK(world.session->Transact({InsertOf(kTwo, kB)}).ok());
  CHECK(world.session->last_sqlstate().empty());
  CHECK(world.Count() == "2");
}

TEST_CASE("a constraint that is checked at the end undoes the transaction", "[postgres]") {
  SessionWorld world;
  REQUIRE(world.session
              ->Query("test",
                      "CREATE TEMP TABLE u (id integer REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
              .ok());
  const PgStatement orphan{.doing = "orphan", .sql = "INSERT INTO u VALUES (5)", .parameters = {}};
  for (int attempt = 0; attempt < 2; ++attempt) {  // Prepared by the first.
    const Status status = world.session->Transact({InsertOf(kOne, kA), orphan});
    CHECK(status.code() == ErrorCode::kExternalSystem);
    CHECK_THAT(status.ToString(), Contains("commit: ") && Contains("23503"));
    CHECK(world.session->failed_statement() == 2);
    CHECK(world.Count() == "0");
  }
  CHECK(world.session->Transact({InsertOf(kOne, kA)}).ok());
}

TEST_CASE("a transaction prepares each statement once, also in one that fails", "[postgres]") {
  SessionWorld world;
  const auto prepared = [&] { return world.Ask("SELECT count(*) FROM pg_prepared_statements"); };
  CHECK(world.session->Transact({InsertOf(kOne, kA), InsertOf(kOne, kB)}).code() ==
        ErrorCode::kExternalSystem);
  CHECK(prepared() == "1");
  CHECK(world.session->Transact({InsertOf(kOne, kA), InsertOf(kTwo, kB)}).ok());
  CHECK(world.session->Transact({InsertOf(kThree, kC)}).ok());
  CHECK(prepared() == "1");
  CHECK(world.Count() == "3");
}

TEST_CASE("in a transaction that is open, more statements leave it open", "[postgres]") {
  SessionWorld world;
  REQUIRE(world.session->Query("test", "BEGIN").ok());
  REQUIRE(world.session->Transact({InsertOf(kOne, kA), InsertOf(kTwo, kB)}).ok());
  CHECK(world.Count() == "2");
  REQUIRE(world.session->Query("test", "ROLLBACK").ok());
  CHECK(world.Count() == "0");
}

TEST_CASE("a transaction of many megabytes passes while the server answers", "[postgres]") {
  SessionWorld world;
  const std::string large(3 << 20, 'x');
  std::vector<std::string> ids;
  std::vector<PgStatement> statements;
  for (int i = 0; i < 5; ++i) ids.push_back(std::to_string(i));
  for (const std::string& id : ids) {
    statements.push_back(InsertOf(id, large));
    statements.push_back({.doing = "read", .sql = "SELECT note FROM t", .parameters = {}});
  }
  REQUIRE(world.session->Transact(statements).ok());
  CHECK(world.Ask("SELECT sum(length(note)) FROM t") == std::to_string(5 * large.size()));
}

TEST_CASE("nobody knows what became of a transaction whose server died", "[postgres]") {
  SessionWorld world;
  REQUIRE(world.session->Transact({InsertOf(kOne, kA)}).ok());
  SessionWorld::server().Crash();
  for (int attempt = 0; attempt < 2; ++attempt) {
    CHECK(world.session->Transact({InsertOf(kTwo, kB)}).code() ==
          ErrorCode::kExternalSystemUnavailable);
  }
  CHECK(world.session->Query("ask", "SELECT 1").status().code() ==
        ErrorCode::kExternalSystemUnavailable);
  SessionWorld::server().Start();
}

TEST_CASE("a session that is ended during a transaction says so", "[postgres]") {
  SessionWorld world;
  const Status status = world.session->Transact(
      {InsertOf(kOne, kA),
       {.doing = "end", .sql = "SELECT pg_terminate_backend(pg_backend_pid())", .parameters = {}},
       InsertOf(kTwo, kB)});
  CHECK(status.code() == ErrorCode::kExternalSystemUnavailable);
  CHECK_THAT(status.ToString(), Contains("57P01"));
  CHECK(world.session->Transact({InsertOf(kOne, kA)}).code() ==
        ErrorCode::kExternalSystemUnavailable);
}

}  // namespace strom::postgres
