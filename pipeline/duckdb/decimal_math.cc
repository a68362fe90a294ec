#include "pipeline/duckdb/decimal_math.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
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

// magnitude * 10^shift, 0 <= shift <= 38, if it fits.
bool Scale(Uint128 magnitude, int shift, Uint128& out) {
  return !__builtin_mul_overflow(magnitude, static_cast<Uint128>(PowerOfTen(shift)), &out);
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
  Uint128 scaled = 0;
  if (shift >= 0 && shift <= kDecimalDigitsMax && Scale(Magnitude(a), shift, scaled)) {
    return WithSign(scaled / divisor + (scaled % divisor * 2 >= divisor ? 1 : 0), negative);
  }
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

std::optional<__int128> AtScale(__int128 value, int from, int to) {
  if (to <= from) return DropDigitsHalfUp(value, from - to);
  Uint128 scaled = 0;
  if (!Scale(Magnitude(value), to - from, scaled)) return std::nullopt;
  return WithSign(scaled, value < 0);
}

std::optional<__int128> ShortestAtScale(double value, int scale) {
  if (!std::isfinite(value)) return std::nullopt;
  // The decimal is at most half a unit in the last place from the double. Below 10^12 that and what
  // the product here is off are less than a thousandth: only near a half its digits decide.
  constexpr int kScaleMax = 22;  // Powers of ten up to here are doubles.
  static constexpr double kPowers[kScaleMax + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (scale <= kScaleMax) {
    const double scaled = std::fabs(value) * kPowers[scale];
    const double whole = std::floor(scaled);
    if (scaled < 1e12 && std::fabs(scaled - whole - 0.5) > 1e-3) {
      const auto rounded = static_cast<int64_t>(whole) + (scaled - whole > 0.5 ? 1 : 0);
      return std::signbit(value) ? -rounded : rounded;
    }
  }
  char text[64];
  const auto printed =
      std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific);
  const char* const e = std::find(text, printed.ptr, 'e');
  Uint128 digits = 0;  // At most 17.
  int after_point = 0;
  for (const char* at = text; at != e; ++at) {
    if (*at == '.') continue;
    digits = digits * 10 + static_cast<Uint128>(*at - '0');
    if (at != text) ++after_point;
  }
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, printed.ptr, exponent);
  // The number is digits * 10^(exponent - after_point).
  const int shift = exponent - after_point + scale;
  if (shift < 0) {
    return WithSign(-shift > kDecimalDigitsMax ? 0
                                               : static_cast<Uint128>(DropDigitsHalfUp(
                                                     static_cast<__int128>(digits), -shift)),
                    std::signbit(value));
  }
  Uint128 scaled = 0;
  if (digits == 0) return 0;
  if (shift > kDecimalDigitsMax || !Scale(digits, shift, scaled)) return std::nullopt;
  return WithSign(scaled, std::signbit(value));
}

}  // namespace strom::duck
