#include "pipeline/duckdb/errors.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::duck {
namespace {

TEST_CASE("errors are read from DuckDB's documents", "[duckdb]") {
  const EngineError binder = ParseEngineError(
      R"({"exception_type":"Binder","exception_message":"no \"b\"\nCandidates: a","position":"11"})");
  CHECK(binder.text == "Binder: no \"b\"");
  CHECK(binder.position == 11);

  const EngineError parser = ParseEngineError(
      R"(Parser Error: {"exception_type":"Parser","exception_message":"bad","position":"0"})");
  CHECK(parser.text == "Parser: bad");
  CHECK(parser.position == 0);

  const EngineError bare = ParseEngineError(R"({"exception_message":"bad"})");
  CHECK(bare.text == "bad");
  CHECK(bare.position == std::nullopt);
}

TEST_CASE("texts that are no such document are taken as they are", "[duckdb]") {
  CHECK(ParseEngineError("plain\nsecond line").text == "plain");
  CHECK(ParseEngineError("a {b} c").text == "a {b} c");
  CHECK(ParseEngineError("").text.empty());
  CHECK(ParseEngineError(R"({"other": 1})").text == R"({"other": 1})");
  CHECK(ParseEngineError(std::string(100000, 'x')).text.size() == 1000);
  const EngineError odd =
      ParseEngineError(R"({"exception_message": 5, "position": "x", "exception_type": []})");
  CHECK(odd.text.empty());
  CHECK(odd.position == std::nullopt);
}

TEST_CASE("a place is a line and a column of characters", "[duckdb]") {
  const auto message = [](std::optional<size_t> position, std::string_view sql) {
    return std::string(ToStatus({.text = "bad", .position = position}, sql).message());
  };
  CHECK(message(0, "SELECT") == "bad (line 1, column 1)");
  CHECK(message(6, "SELECT") == "bad (line 1, column 7)");
  CHECK(message(7, "SELECT") == "bad");  // Outside the statement: not believed.
  CHECK(message(std::nullopt, "SELECT") == "bad");
  CHECK(message(5, "a\nbc\nd") == "bad (line 3, column 1)");
  CHECK(message(6, "'电'x, y") == "bad (line 1, column 5)");
}

}  // namespace
}  // namespace strom::duck
