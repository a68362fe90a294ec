#include "common/types/decimal.h"

#include <algorithm>
#include <array>

#include "common/base/check.h"

namespace strom {
namespace {

constexpr std::array<__int128, kDecimalDigitsMax + 1> kPowers = [] {
  std::array<__int128, kDecimalDigitsMax + 1> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

__int128 PowerOfTen(int exponent) {
  STROM_CHECK(exponent >= 0 && exponent <= kDecimalDigitsMax) << "exponent " << exponent;
  return kPowers[exponent];
}

bool DecimalFits(__int128 unscaled, int precision) {
  const __int128 limit = PowerOfTen(precision);
  return unscaled < limit && unscaled > -limit;
}

std::string FormatDecimal(__int128 unscaled, int scale) {
  STROM_CHECK(scale >= 0 && scale <= kDecimalDigitsMax) << "scale " << scale;
  const bool negative = unscaled < 0;
  // Unsigned, since the smallest __int128 has no positive counterpart.
  auto rest = negative ? -static_cast<unsigned __int128>(unscaled)
                       : static_cast<unsigned __int128>(unscaled);
  std::string reversed;
  for (int digits = 0; rest != 0 || digits <= scale; ++digits, rest /= 10) {
    if (digits == scale && scale > 0) reversed.push_back('.');
    reversed.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  if (negative) reversed.push_back('-');
  return {reversed.rbegin(), reversed.rend()};
}

Result<__int128> ParseDecimal(std::string_view text, int precision, int scale) {
  const auto error = [&](std::string_view why) {
    return Error(ErrorCode::kCorruptRecord, "'{}' is no DECIMAL({}, {}): {}", text.substr(0, 100),
                 precision, scale, why);
  };
  std::string_view number = text;
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) number.remove_prefix(1);
  const size_t point = std::min(number.find('.'), number.size());
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction =
      point < number.size() ? number.substr(point + 1) : std::string_view();
  if (whole.empty() && fraction.empty()) return error("it has no digits");
  if (!std::ranges::all_of(whole, IsDigit) || !std::ranges::all_of(fraction, IsDigit)) {
    return error("it is not written as digits with at most one point");
  }

  const __int128 limit = PowerOfTen(precision);
  __int128 unscaled = 0;
  const auto push = [&](char c) {
    const int digit = c - '0';
    if (unscaled > (limit - 1 - digit) / 10) return false;  // Before it could overflow.
    unscaled = unscaled * 10 + digit;
    return true;
  };
  for (const char digit : whole) {
    if (!push(digit)) return error("too many digits");
  }
  for (int i = 0; i < scale; ++i) {
    const bool given = static_cast<size_t>(i) < fraction.size();
    if (!push(given ? fraction[i] : '0')) return error("too many digits");
  }
  const bool round_up =
      fraction.size() > static_cast<size_t>(scale) && fraction[static_cast<size_t>(scale)] >= '5';
  if (round_up && ++unscaled >= limit) return error("too many digits");
  return negative ? -unscaled : unscaled;
}

}  // namespace strom
