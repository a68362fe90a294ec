#include "cli/sql_script.h"

#include <sstream>

#include <catch2/catch_test_macros.hpp>

namespace strom::cli {
namespace {

SqlScript Parsed(std::vector<SqlScript::Text> texts) {
  return SqlScript::Parse(std::move(texts)).value();
}

}  // namespace

TEST_CASE("texts become one script that knows where its parts came from", "[cli]") {
  const SqlScript script = Parsed({{.name = "a.sql", .text = "USE a;\nUSE\n b"},
                                   {.name = "b.sql", .text = "-- nothing"},
                                   {.name = "", .text = "USE c; USE d;"}});
  REQUIRE(script.statements().size() == 4);
  const auto place = [&script](size_t i) {
    return std::string(
        script.Located(Error(ErrorCode::kInvalidSql, "no"), script.statements()[i].at).message());
  };
  CHECK(place(0) == "a.sql:line 1, column 1: no");
  CHECK(place(1) == "a.sql:line 2, column 1: no");
  CHECK(place(2) == "line 1, column 1: no");
  CHECK(place(3) == "line 1, column 8: no");
}

TEST_CASE("places in messages are translated; other messages stay or get one", "[cli]") {
  const SqlScript script =
      Parsed({{.name = "a.sql", .text = "USE a"}, {.name = "b.sql", .text = "\nUSE b"}});
  const sql::Position at = script.statements()[1].at;
  CHECK(script.Located("line 1, column 2: x") == "a.sql:line 1, column 2: x");
  CHECK(script.Located("line 4: x") == "b.sql:line 2: x");
  CHECK(script.Located("lines are long") == "lines are long");
  CHECK(script.Located("line up") == "line up");
  CHECK(script.Located("") == "");
  CHECK(script.Located(Error(ErrorCode::kInvalidSql, "line 1, column 9: x"), at).message() ==
        "a.sql:line 1, column 9: x");
  const Status refused = script.Located(Error(ErrorCode::kInvalidConfig, "no"), at);
  CHECK(refused.message() == "b.sql:line 2, column 1: no");
  CHECK(refused.code() == ErrorCode::kInvalidSql);  // Not wrong usage of the command.
  CHECK(script.Located(Error(ErrorCode::kNetwork, "gone"), at).code() == ErrorCode::kNetwork);
  CHECK(script.Located(Status::Ok(), at).ok());
  CHECK(script.Located(Status::Ok()).ok());
}

TEST_CASE("what one text leaves open is an error in it, not in the next", "[cli]") {
  const auto error = [](std::string first) {
    const auto script = SqlScript::Parse(
        {{.name = "a.sql", .text = std::move(first)}, {.name = "b.sql", .text = "SET 'a' = 'b'"}});
    REQUIRE_FALSE(script.ok());
    CHECK(script.status().code() == ErrorCode::kInvalidSql);
    return std::string(script.status().message());
  };
  CHECK(error("USE a;\nSET 'a' = 'b").starts_with("a.sql:line 2, column 11: "));
  CHECK(error("USE /* a").starts_with("a.sql:line 1, column 5: "));
  CHECK(error("SELEC 1").starts_with("a.sql:line 1, column 1: "));
  CHECK(SqlScript::Parse({{.name = "", .text = ";;"}})->statements().empty());
}

TEST_CASE("a script is read to its end, unless it is too large", "[cli]") {
  std::string text(100'000, 'x');
  std::istringstream in(text);
  CHECK(ReadScript(in, "a.sql").value() == text);
  std::istringstream empty;
  CHECK(ReadScript(empty, "a.sql").value().empty());
  std::istringstream large(std::string((size_t{16} << 20) + 1, 'x'));
  const auto refused = ReadScript(large, "a.sql");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message().find("a.sql: larger than 16777216 bytes") == 0);
}

}  // namespace strom::cli
