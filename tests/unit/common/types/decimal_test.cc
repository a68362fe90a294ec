#include "common/types/decimal.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

// The value of a text that must parse.
__int128 Parsed(std::string_view text, int precision, int scale) {
  return ParseDecimal(text, precision, scale).value();
}

}  // namespace

TEST_CASE("a decimal is written in plain notation", "[types]") {
  CHECK(FormatDecimal(0, 0) == "0");
  CHECK(FormatDecimal(0, 2) == "0.00");
  CHECK(FormatDecimal(-1234, 2) == "-12.34");
  CHECK(FormatDecimal(5, 3) == "0.005");
  CHECK(FormatDecimal(-5, 1) == "-0.5");
  CHECK(FormatDecimal(100, 0) == "100");
  CHECK(FormatDecimal(PowerOfTen(38) - 1, 0) == std::string(38, '9'));
  CHECK(FormatDecimal(PowerOfTen(38) - 1, 38) == "0." + std::string(38, '9'));
  // Any __int128 can be shown in a message, the smallest one too.
  const auto smallest = static_cast<__int128>(static_cast<unsigned __int128>(1) << 127);
  CHECK(FormatDecimal(smallest, 0) == "-170141183460469231731687303715884105728");
}

TEST_CASE("a decimal is read at its scale", "[types]") {
  CHECK(Parsed("12.34", 4, 2) == 1234);
  CHECK(Parsed("12", 4, 2) == 1200);
  CHECK(Parsed("12.", 4, 2) == 1200);
  CHECK(Parsed(".5", 4, 2) == 50);
  CHECK(Parsed("-0.05", 4, 2) == -5);
  CHECK(Parsed("+7", 1, 0) == 7);
  CHECK(Parsed("0000012", 2, 0) == 12);
  CHECK(Parsed(std::string(38, '9'), 38, 0) == PowerOfTen(38) - 1);
  CHECK(Parsed("-" + std::string(38, '9'), 38, 0) == 1 - PowerOfTen(38));
}

TEST_CASE("digits beyond the scale are rounded half away from zero", "[types]") {
  CHECK(Parsed("1.004", 3, 2) == 100);
  CHECK(Parsed("1.005", 3, 2) == 101);
  CHECK(Parsed("-1.005", 3, 2) == -101);
  CHECK(Parsed("1.00499999", 3, 2) == 100);
  CHECK_FALSE(ParseDecimal("9.995", 3, 2).ok());  // Rounds to 10.00, which has a digit more.
}

TEST_CASE("text that is no such decimal is refused", "[types]") {
  for (const char* text : {"", "-", ".", "+.", "1e3", "1.2.3", "--1", " 1", "1 ", "NaN", "0x1"}) {
    INFO(text);
    CHECK(ParseDecimal(text, 10, 2).status().code() == ErrorCode::kCorruptRecord);
  }
  CHECK(ParseDecimal("123.4", 4, 2).status().message() ==
        "'123.4' is no DECIMAL(4, 2): too many digits");
  CHECK_FALSE(ParseDecimal(std::string(39, '9'), 38, 0).ok());
  CHECK_FALSE(ParseDecimal(std::string(100000, '9'), 38, 0).ok());
}

TEST_CASE("what is read back is what was written", "[types]") {
  for (const int scale : {0, 1, 5, 17}) {
    for (const int64_t n : {0L, 1L, -1L, 10L, -99999L, 123456789012345678L, -5L}) {
      CHECK(Parsed(FormatDecimal(n, scale), 38, scale) == n);
    }
  }
}

TEST_CASE("the number of digits is what limits a decimal", "[types]") {
  CHECK(DecimalFits(99, 2));
  CHECK(DecimalFits(-99, 2));
  CHECK_FALSE(DecimalFits(100, 2));
  CHECK_FALSE(DecimalFits(-100, 2));
  CHECK_FALSE(DecimalFits(PowerOfTen(38), 38));
}

}  // namespace strom
