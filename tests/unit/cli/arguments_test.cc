#include "cli/arguments.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::cli {

TEST_CASE("lists are split at commas, without the space around them", "[cli]") {
  CHECK(SplitList("a") == std::vector<std::string>{"a"});
  CHECK(SplitList("a, b ,c d") == std::vector<std::string>{"a", "b", "c d"});
  CHECK(SplitList("a,,") == std::vector<std::string>{"a", "", ""});
  CHECK(SplitList("  ") == std::vector<std::string>{""});
}

TEST_CASE("checks say what is wrong with a text", "[cli]") {
  CHECK(CheckCount("1").ok());
  CHECK(CheckCount("0").message() == "0 is less than 1");
  CHECK(CheckCount("1x").message() == "'1x' is no whole number");
  CHECK(CheckCount("99999999999999999999").message().find("no whole number") != std::string::npos);
  CHECK(CheckDuration("10 s").ok());
  CHECK_FALSE(CheckDuration("0").ok());
  CHECK_FALSE(CheckDuration("-5s").ok());
  CHECK_FALSE(CheckDuration("soon").ok());
  CHECK(CheckKeyValue("a=").ok());
  CHECK_FALSE(CheckKeyValue("=b").ok());
  CHECK_FALSE(CheckKeyValue("ab").ok());
  CHECK(CheckTablePath("db.t").ok());
  CHECK_FALSE(CheckTablePath("t").ok());
  CHECK(CheckAddress(":1").ok());
  CHECK_FALSE(CheckAddress("1").ok());
  CHECK(CheckAddresses("a:1, b:2").ok());
  CHECK_FALSE(CheckAddresses("a:1,").ok());
  CHECK_FALSE(CheckAddresses("").ok());
}

TEST_CASE("arguments give their texts by name", "[cli]") {
  const Arguments arguments({{"--rows", {"7"}},
                             {"--timeout", {"1500 ms"}},
                             {"--flag", {"true"}},
                             {"--none", {}},
                             {"--many", {"a", "b"}}});
  CHECK(arguments.Int("--rows") == 7);
  CHECK(arguments.Duration("--timeout") == Millis(1500));
  CHECK(arguments.Flag("--flag"));
  CHECK_FALSE(arguments.Has("--none"));
  CHECK(arguments.Text("--none").empty());
  CHECK(arguments.All("--many") == Arguments::Texts{"a", "b"});
}

}  // namespace strom::cli
