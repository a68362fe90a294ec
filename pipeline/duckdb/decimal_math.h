#pragma once

#include <optional>

namespace strom::duck {

// Exact arithmetic on unscaled decimals of at most 38 digits, with one rounding, HALF_UP (a half
// goes away from zero). nullopt: the result has more than 38 digits.

// a * 10^shift / b; `b` is not 0, -38 <= shift <= 76.
std::optional<__int128> DivideHalfUp(__int128 a, __int128 b, int shift);

// a * b / 10^digits_off, 0 <= digits_off <= 76.
std::optional<__int128> MultiplyHalfUp(__int128 a, __int128 b, int digits_off);

// `value` with `digits_off` digits fewer: divided by 10^digits_off and rounded, or cut off.
__int128 DropDigitsHalfUp(__int128 value, int digits_off);
__int128 DropDigits(__int128 value, int digits_off);

// value / 10^from at 10^-to: a DECIMAL with another scale. Scales are 0 to 38.
std::optional<__int128> AtScale(__int128 value, int from, int to);

// The shortest decimal that reads back as `value` at 10^-scale: 1.005 is a half there, though the
// double is a little less. nullopt also if it is not finite. 0 <= scale <= 38.
std::optional<__int128> ShortestAtScale(double value, int scale);

}  // namespace strom::duck
