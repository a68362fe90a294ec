#include "pipeline/postgres/text/pg_text.h"

#include <catch2/catch_test_macros.hpp>

#include "pipeline/postgres/pg_error.h"

namespace strom::postgres {
namespace {

using Texts = std::vector<std::optional<std::string>>;

}  // namespace

TEST_CASE("names and strings are quoted for SQL", "[postgres]") {
  CHECK(QuoteIdentifier("Order \"x\"") == "\"Order \"\"x\"\"\"");
  CHECK(QuoteLiteral("it's \\ here") == "'it''s \\ here'");
}

TEST_CASE("arrays are taken apart", "[postgres]") {
  CHECK(ParseArrayText("{}").value().empty());
  CHECK(ParseArrayText("{1,NULL,3}").value() == Texts{"1", std::nullopt, "3"});
  CHECK(ParseArrayText(R"({"a,b","NULL","","say \"hi\" \\ {}"})").value() ==
        Texts{"a,b", "NULL", "", R"(say "hi" \ {})"});
  CHECK(ParseArrayText(R"({{1,2},{"}",4}})").value() == Texts{"{1,2}", R"({"}",4})"});
}

TEST_CASE("what is no array, or begins elsewhere, is refused", "[postgres]") {
  for (const char* text : {"", "1", "{", "{1", "{1,", "{1,}", "{,1}", "{\"a}", "{\"a\"b}", "{{1}",
                           "{1}x", "{a\\", "{\"a\\", "[0:1]={1,2}", "{{\"}"}) {
    INFO(text);
    CHECK(ParseArrayText(text).status().code() == ErrorCode::kExternalSystem);
  }
}

TEST_CASE("COPY lines are taken apart", "[postgres]") {
  CHECK(ParseCopyLine("1\ta b\t\\N\n").value() == Texts{"1", "a b", std::nullopt});
  CHECK(ParseCopyLine("").value() == Texts{""});
  CHECK(ParseCopyLine("\t").value() == Texts{"", ""});
  CHECK(ParseCopyLine("a\\tb\\nc\\\\d\\re\\bf\\fg\\v").value() == Texts{"a\tb\nc\\d\re\bf\fg\v"});
  CHECK(ParseCopyLine("\\\\N\tx\\N").value() == Texts{"\\N", "xN"});
  CHECK(ParseCopyLine("\\101\\0").value() == Texts{std::string("A\0", 2)});
  CHECK_FALSE(ParseCopyLine("abc\\").ok());
}

TEST_CASE("errors are told apart by whether they pass", "[postgres]") {
  for (const char* state : {"", "08006", "57P01", "57P03", "53300", "55006", "40P01", "57014"}) {
    CHECK(PgError("x", state, "t").code() == ErrorCode::kExternalSystemUnavailable);
  }
  for (const char* state : {"28P01", "42501", "3D000", "55000", "42704", "22P02", "XX000"}) {
    CHECK(PgError("x", state, "t").code() == ErrorCode::kExternalSystem);
  }
  CHECK(PgError("reading", "42501", "permission denied\n").message() ==
        "reading: permission denied (SQLSTATE 42501)");
}

}  // namespace strom::postgres
