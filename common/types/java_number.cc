#include "common/types/java_number.h"

#include <charconv>
#include <cmath>
#include <string_view>
#include <system_error>

#include "common/base/check.h"

namespace strom {
namespace {

// |value| = 0.d1d2d3... * 10^(exponent + 1).
struct Digits {
  std::string digits;
  int exponent = 0;
};

template <class Float>
Digits ShortestDigits(Float value) {
  char buffer[64];
  auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  if (std::string_view(buffer, result.ptr).find('.') == std::string_view::npos) {
    // Java always has two digits, so it takes the nearest number of two digits: 4.9E-324, not
    // 5E-324.
    result =
        std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific, 1);
  }
  STROM_CHECK(result.ec == std::errc());
  const std::string_view text(buffer, result.ptr);
  const size_t e = text.find('e');
  Digits out{std::string(1, text[0]) + std::string(text.substr(2, e - 2))};
  const size_t sign = text[e + 1] == '+' ? 1 : 0;  // from_chars takes no plus.
  std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), out.exponent);
  return out;
}

// The digits with a point after the first `whole` ones, and at least one digit on both sides.
std::string WithPoint(std::string digits, int whole) {
  if (whole <= 0) {
    digits.insert(0, static_cast<size_t>(1 - whole), '0');
    whole = 1;
  }
  if (digits.size() < static_cast<size_t>(whole) + 1) digits.resize(whole + 1, '0');
  digits.insert(static_cast<size_t>(whole), ".");
  size_t size = digits.size();
  while (digits[size - 1] == '0' && digits[size - 2] != '.') --size;
  return digits.substr(0, size);
}

template <class Float>
std::string ToJava(Float value) {
  if (std::isnan(value)) return "NaN";
  const std::string sign = std::signbit(value) ? "-" : "";
  if (std::isinf(value)) return sign + "Infinity";
  if (value == 0) return sign + "0.0";
  const Float magnitude = std::abs(value);
  const Digits d = ShortestDigits(magnitude);
  if (d.exponent >= -3 && d.exponent < 7) return sign + WithPoint(d.digits, d.exponent + 1);
  return sign + WithPoint(d.digits, 1) + "E" + std::to_string(d.exponent);
}

}  // namespace

std::string JavaToString(float value) { return ToJava(value); }
std::string JavaToString(double value) { return ToJava(value); }

}  // namespace strom
