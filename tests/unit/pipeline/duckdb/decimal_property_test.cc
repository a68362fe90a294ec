#include <random>

#include <catch2/catch_test_macros.hpp>

#include "common/types/decimal.h"
#include "pipeline/duckdb/decimal_math.h"

// Division and multiplication against what defines them, on random numbers of every length.
namespace strom::duck {
namespace {

using Wide = __int128;

class Numbers {
 public:
  // Up to `digits` digits, either sign.
  Wide Next(int digits) {
    const int length = static_cast<int>(random_() % static_cast<unsigned>(digits)) + 1;
    const Wide value = ((static_cast<Wide>(random_() >> 1) << 64) | random_()) % PowerOfTen(length);
    return random_() % 2 == 0 ? value : -value;
  }

 private:
  std::mt19937_64 random_{20240609};
};

Wide Abs(Wide value) { return value < 0 ? -value : value; }

TEST_CASE("a quotient is at most half a unit off, and halves go away from zero", "[duckdb]") {
  Numbers numbers;
  for (int i = 0; i < 3000; ++i) {
    const Wide a = numbers.Next(18);
    Wide b = numbers.Next(18);
    if (b == 0) b = 7;
    const int shift = i % 18;
    const auto quotient = DivideHalfUp(a, b, shift);
    REQUIRE(quotient);
    // |a * 10^shift - q * b| <= |b| / 2; all of it fits 128 bits.
    const Wide off = Abs(a) * PowerOfTen(shift) - Abs(*quotient) * Abs(b);
    REQUIRE(2 * off < Abs(b));    // Never too small by a half.
    REQUIRE(2 * off >= -Abs(b));  // Too large by a half at most.
    REQUIRE((*quotient == 0 || (*quotient < 0) == ((a < 0) != (b < 0))));
  }
}

TEST_CASE("a product divided by a factor is the other factor", "[duckdb]") {
  Numbers numbers;
  for (int i = 0; i < 3000; ++i) {
    const Wide a = numbers.Next(38);
    const int digits = i % 38;
    REQUIRE(MultiplyHalfUp(a, PowerOfTen(digits), digits) == a);
    REQUIRE(DivideHalfUp(a, PowerOfTen(digits), digits) == a);
    REQUIRE(MultiplyHalfUp(a, 1, digits) == DropDigitsHalfUp(a, digits));
    REQUIRE(DivideHalfUp(a, 1, -digits) == DropDigitsHalfUp(a, digits));
    const Wide b = numbers.Next(19);
    const Wide c = numbers.Next(18);
    if (b != 0) REQUIRE(DivideHalfUp(*MultiplyHalfUp(b, c, 0), b, 0) == c);
  }
}

}  // namespace
}  // namespace strom::duck
