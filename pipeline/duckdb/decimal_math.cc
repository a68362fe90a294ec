#include "pipeline/duckdb/decimal_math.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/base/check.h"
#include "common/types/decimal.h"

namespace strom::duck {
namespace {

using Uint128 = unsigned __int128;

// At most 38 digits, so that twice a number below it still fits.
const Uint128 kLimit = static_cast<Uint128>(PowerOfTen(kDecimalDigitsMax));

Uint128 Magnitude(__int128 value) {
  return value < 0 ? -static_cast<Uint128>(value) : static_cast<Uint128>(value);
}

std::optional<__int128> WithSign(Uint128 magnitude, bool negative) {
  if (magnitude >= kLimit) return std::nullopt;
  const auto value = static_cast<__int128>(magnitude);
  return negative ? -value : value;
}

// The next digit of rest / b, as on paper: floor(rest * 10 / b), leaving the new rest; rest < b.
Uint128 NextDigit(Uint128& rest, Uint128 b) {
  if (b <= ~Uint128{0} / 10) {
    rest *= 10;
    const Uint128 digit = rest / b;
    rest %= b;
    return digit;
  }
  // rest * 10 may not fit: add it up, taking b away wherever it goes in.
  Uint128 digit = 0;
  Uint128 sum = 0;
  for (int i = 0; i < 10; ++i) {
    sum += rest;
    if (sum >= b) {
      sum -= b;
      ++digit;
    }
  }
  rest = sum;
  return digit;
}

// 256 bits, lowest limb first.
using Wide = std::array<uint64_t, 4>;

Wide Multiply(Uint128 a, Uint128 b) {
  const uint64_t x[] = {static_cast<uint64_t>(a), static_cast<uint64_t>(a >> 64)};
  const uint64_t y[] = {static_cast<uint64_t>(b), static_cast<uint64_t>(b >> 64)};
  Wide product{};
  for (size_t i = 0; i < 2; ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < 2; ++j) {
      const Uint128 sum = static_cast<Uint128>(x[i]) * y[j] + product[i + j] + carry;
      product[i + j] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> 64);
    }
    product[i + 2] = carry;
  }
  return product;
}

// Divides in place; returns the remainder.
uint64_t Divide(Wide& value, uint64_t divisor) {
  Uint128 rest = 0;
  for (size_t i = value.size(); i-- > 0;) {
    rest = rest << 64 | value[i];
    value[i] = static_cast<uint64_t>(rest / divisor);
    rest %= divisor;
  }
  return static_cast<uint64_t>(rest);
}

}  // namespace

__int128 DropDigits(__int128 value, int digits_off) {
  return digits_off > kDecimalDigitsMax ? 0 : value / PowerOfTen(digits_off);
}

__int128 DropDigitsHalfUp(__int128 value, int digits_off) {
  STROM_CHECK(digits_off >= 0) << digits_off;
  if (digits_off == 0) return value;
  // Whether to round up depends on the first digit dropped alone.
  const __int128 tens = DropDigits(value, digits_off - 1);
  const __int128 last = tens % 10;
  return tens / 10 + (last >= 5 ? 1 : last <= -5 ? -1 : 0);
}

std::optional<__int128> DivideHalfUp(__int128 a, __int128 b, int shift) {
  STROM_CHECK(b != 0 && shift >= -kDecimalDigitsMax && shift <= 2 * kDecimalDigitsMax) << shift;
  const bool negative = (a < 0) != (b < 0);
  const Uint128 divisor = Magnitude(b);
  Uint128 quotient = Magnitude(a) / divisor;
  Uint128 rest = Magnitude(a) % divisor;
  if (shift < 0) {
    // The rest is less than one, and half of a power of ten is whole: it does not matter.
    return WithSign(static_cast<Uint128>(DropDigitsHalfUp(static_cast<__int128>(quotient), -shift)),
                    negative);
  }
  for (int i = 0; i < shift; ++i) {
    if (quotient >= kLimit / 10) return std::nullopt;
    quotient = quotient * 10 + NextDigit(rest, divisor);
  }
  return WithSign(quotient + (rest * 2 >= divisor ? 1 : 0), negative);
}

std::optional<__int128> MultiplyHalfUp(__int128 a, __int128 b, int digits_off) {
  STROM_CHECK(digits_off >= 0 && digits_off <= 2 * kDecimalDigitsMax) << digits_off;
  Wide product = Multiply(Magnitude(a), Magnitude(b));
  for (int left = digits_off - 1; left > 0; left -= 18) {
    Divide(product, static_cast<uint64_t>(PowerOfTen(std::min(left, 18))));
  }
  const bool up = digits_off > 0 && Divide(product, 10) >= 5;
  if (product[2] != 0 || product[3] != 0) return std::nullopt;
  const Uint128 low = static_cast<Uint128>(product[1]) << 64 | product[0];
  if (low >= kLimit) return std::nullopt;  // Before the addition could overflow.
  return WithSign(low + (up ? 1 : 0), (a < 0) != (b < 0));
}

}  // namespace strom::duck
