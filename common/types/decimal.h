#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace strom {

inline constexpr int kDecimalDigitsMax = 38;  // The most digits a DECIMAL has; they fit __int128.

// 10^exponent, 0 <= exponent <= 38.
__int128 PowerOfTen(int exponent);

// True if |unscaled| has at most `precision` decimal digits, 1 <= precision <= 38.
bool DecimalFits(__int128 unscaled, int precision);

// The number unscaled / 10^scale in plain notation: FormatDecimal(-1234, 2) is "-12.34",
// FormatDecimal(5, 3) is "0.005". 0 <= scale <= 38.
std::string FormatDecimal(__int128 unscaled, int scale);

// The unscaled value of a number in plain notation ("12.34", "-0.5", "+7", ".5") for a
// DECIMAL(precision, scale). Digits beyond the scale are rounded half up (away from zero), as
// Java's writers do. Errors: kCorruptRecord for text that is no such number, or that has too many
// digits.
Result<__int128> ParseDecimal(std::string_view text, int precision, int scale);

}  // namespace strom
