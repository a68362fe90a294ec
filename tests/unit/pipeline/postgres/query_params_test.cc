#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/postgres/session_world.h"

namespace strom::postgres {

TEST_CASE("parameters are values, whatever stands in them; NULL is none", "[postgres]") {
  SessionWorld world;
  const auto echo = [&](std::optional<std::string> text) {
    return world.session->QueryParams("echo", "SELECT $1::text, $1 IS NULL", {std::move(text)})
        .value()
        .rows;
  };
  for (const char* const text : {"", "NULL", "it's", "\"x\" \\ $1 {,}", "水\t\n"}) {
    CHECK(echo(text) == std::vector<Texts>{{text, "f"}});
  }
  CHECK(echo(std::nullopt) == std::vector<Texts>{{std::nullopt, "t"}});
  CHECK(world.session->QueryParams("none", "SELECT 1", {})->rows == std::vector<Texts>{{"1"}});
}

TEST_CASE("a statement that was run before is not parsed again", "[postgres]") {
  SessionWorld world;
  for (const char* const id : {"1", "2", "3"}) REQUIRE(world.Insert(id, "x").ok());
  CHECK(world.Insert("4", "x")->rows == std::vector<Texts>{{"4"}});
  CHECK(world.session->Query("look", "SELECT count(*) FROM pg_prepared_statements")
            ->Single("look")
            .value() == "1");
  CHECK(world.Count() == "4");
}

TEST_CASE("an error of a statement leaves the session and its statements usable", "[postgres]") {
  SessionWorld world;
  REQUIRE(world.Insert("1", "a").ok());
  const Status twice = world.Insert("1", "b").status();
  CHECK(twice.code() == ErrorCode::kExternalSystem);
  CHECK(twice.message().find("SQLSTATE 23505") != std::string::npos);
  CHECK(twice.message().find("insert: ") != std::string::npos);
  CHECK(twice.message().find("not-for-messages") == std::string::npos);
  CHECK(world.session->last_sqlstate() == "23505");
  CHECK(world.Insert("x", "b").status().code() == ErrorCode::kExternalSystem);
  CHECK(world.session->last_sqlstate() == "22P02");
  REQUIRE(world.Insert("2", "b").ok());
  CHECK(world.session->last_sqlstate().empty());
  CHECK(world.Count() == "2");
}

TEST_CASE("a statement that cannot be parsed is refused, and may be right later", "[postgres]") {
  SessionWorld world;
  const auto run = [&] {
    return world.session->QueryParams("later", "SELECT note FROM later WHERE id = $1", {"1"});
  };
  CHECK(run().status().message().find("42P01") != std::string::npos);
  CHECK(world.session->QueryParams("nonsense", "SELEC", {}).status().message().find("42601") !=
        std::string::npos);
  REQUIRE(world.Insert("1", "x").ok());
  REQUIRE(world.session->Query("test", "CREATE TEMP TABLE later AS SELECT * FROM t").ok());
  CHECK(run()->rows == std::vector<Texts>{{"x"}});
  CHECK(run()->rows == std::vector<Texts>{{"x"}});
}

TEST_CASE("too few or too many parameters are an error of the server", "[postgres]") {
  SessionWorld world;
  CHECK_FALSE(world.session->QueryParams("few", "SELECT $1::text, $2::text", {"a"}).ok());
  CHECK(world.session->last_sqlstate() == "08P01");
  CHECK_FALSE(world.session->QueryParams("many", "SELECT $1::text", {"a", "b"}).ok());
  CHECK(world.session->QueryParams("right", "SELECT $1::text", {"a"}).ok());
}

TEST_CASE("a parameter with a NUL character is refused, not cut", "[postgres]") {
  SessionWorld world;
  const Status status = world.Insert("1", std::string("a\0b", 3)).status();
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK(status.message().find("$2 of 3 bytes has a NUL") != std::string::npos);
  CHECK(world.Count() == "0");
}

TEST_CASE("in a transaction that failed, statements fail until it is rolled back", "[postgres]") {
  SessionWorld world;
  REQUIRE(world.session->Query("begin", "BEGIN").ok());
  REQUIRE(world.Insert("1", "a").ok());
  CHECK_FALSE(world.Insert("1", "a").ok());
  CHECK_FALSE(world.Insert("2", "a").ok());
  CHECK(world.session->last_sqlstate() == "25P02");
  CHECK_FALSE(world.session->QueryParams("new", "SELECT $1::integer + 1", {"1"}).ok());
  REQUIRE(world.session->Query("roll back", "ROLLBACK").ok());
  CHECK(world.Count() == "0");
  REQUIRE(world.Insert("2", "a").ok());  // Prepared in the transaction, and still there.
  CHECK(world.session->QueryParams("new", "SELECT $1::integer + 1", {"1"})->Single("new").value() ==
        "2");

  REQUIRE(world.session->Query("begin", "BEGIN").ok());
  REQUIRE(world.Insert("3", "a").ok());
  REQUIRE(world.session->Query("commit", "COMMIT").ok());
  CHECK(world.Count() == "2");
}

TEST_CASE("large parameters and answers pass", "[postgres]") {
  SessionWorld world;
  const std::string large(5 << 20, 'x');
  REQUIRE(world.Insert("1", large).ok());
  CHECK(world.session->QueryParams("read", "SELECT note FROM t WHERE id = $1", {"1"})
            ->Single("read")
            .value() == large);
}

TEST_CASE("a session whose server is gone says that it may pass", "[postgres]") {
  SessionWorld world;
  REQUIRE(world.Insert("1", "a").ok());
  SessionWorld::server().Stop();
  CHECK(world.Insert("2", "a").status().code() == ErrorCode::kExternalSystemUnavailable);
  CHECK(world.Insert("2", "a").status().code() == ErrorCode::kExternalSystemUnavailable);
  SessionWorld::server().Start();
  CHECK(world.Insert("2", "a").status().code() == ErrorCode::kExternalSystemUnavailable);
  CHECK(SessionWorld().Insert("2", "a").ok());
}

}  // namespace strom::postgres
