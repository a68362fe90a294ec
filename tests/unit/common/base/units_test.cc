#include "common/base/units.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {

TEST_CASE("durations are read as Fluss reads them", "[base]") {
  CHECK(ParseDurationMillis("7 d").value() == 7LL * 24 * 3600 * 1000);
  CHECK(ParseDurationMillis("3min").value() == 180000);
  CHECK(ParseDurationMillis(" 10 seconds ").value() == 10000);
  CHECK(ParseDurationMillis("250").value() == 250);
  CHECK(ParseDurationMillis("1500 us").value() == 1);
  CHECK(ParseDurationMillis("-1").value() == -1);
  CHECK(FormatDurationMillis(ParseDurationMillis("90 s").value()) == "90 s");
  CHECK(FormatDurationMillis(86400000) == "1 d");
}

TEST_CASE("sizes are powers of 1024", "[base]") {
  CHECK(ParseMemorySize("64mb").value() == 64 << 20);
  CHECK(ParseMemorySize("1 gb").value() == 1 << 30);
  CHECK(ParseMemorySize("4 k").value() == 4096);
  CHECK(ParseMemorySize("17").value() == 17);
}

TEST_CASE("a bad duration or size is refused with its text", "[base]") {
  CHECK(ParseDurationMillis("soon").status().message() ==
        "'soon' is no duration: it must begin with a whole number");
  CHECK(ParseDurationMillis("3 parsecs").status().message() ==
        "'3 parsecs' is no duration: unknown unit 'parsecs'");
  CHECK(ParseMemorySize("9223372036854775807 gb").status().message() ==
        "'9223372036854775807 gb' is too large a memory size");
  CHECK_FALSE(ParseMemorySize("").ok());
}

}  // namespace strom
