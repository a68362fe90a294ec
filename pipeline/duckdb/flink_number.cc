#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/core.h>

#include "common/types/civil_time.h"
#include "common/types/decimal.h"
#include "common/types/java_number.h"
#include "pipeline/duckdb/flink_functions.h"
#include "pipeline/duckdb/micros.h"

namespace strom::duck {
namespace {

enum class Rounding { kHalfUp, kDown };

// `value` at `digits` after the point (before it, if negative), decided on the shortest decimal
// that reads back as `value`: 1.005 is a half there, though the double is a little less.
double AtDigits(double value, int32_t digits, Rounding rounding) {
  if (!std::isfinite(value) || value == 0) return value;
  char text[64];
  const auto printed =
      std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific);
  const std::string_view scientific(text, static_cast<size_t>(printed.ptr - text));
  const size_t e = scientific.find('e');
  int exponent = 0;  // Of the first digit.
  const char* start = scientific.data() + e + 1;
  if (*start == '+') ++start;
  std::from_chars(start, printed.ptr, exponent);
  std::string significant(1, scientific[0]);
  if (e > 2) significant += scientific.substr(2, e - 2);

  const int64_t kept = static_cast<int64_t>(exponent) + 1 + digits;  // How many digits stay.
  if (kept >= static_cast<int64_t>(significant.size())) return value;
  const bool up =
      rounding == Rounding::kHalfUp && kept >= 0 && significant[static_cast<size_t>(kept)] >= '5';
  std::string result = kept > 0 ? significant.substr(0, static_cast<size_t>(kept)) : "0";
  if (up) {  // At most 17 digits: the number fits.
    int64_t number = 0;
    std::from_chars(result.data(), result.data() + result.size(), number);
    result = std::to_string(number + 1);
  }
  result = fmt::format("{}e{}", result, -static_cast<int64_t>(digits));
  double rounded = 0;
  std::from_chars(result.data(), result.data() + result.size(), rounded);
  return std::signbit(value) ? -rounded : rounded;
}

template <Rounding kRounding>
Status RoundDouble(const Arguments& a, Answer& answer) {
  answer.Double(AtDigits(a.Double(0), a.Int(1), kRounding));
  return Status::Ok();
}

Status TruncateInteger(const Arguments& a, Answer& answer) {
  const int64_t value = a.BigInt(0);
  const int32_t digits = a.Int(1);
  if (digits >= 0) {
    answer.BigInt(value);
  } else if (digits < -18) {
    answer.BigInt(0);
  } else {
    const auto unit = static_cast<int64_t>(PowerOfTen(-digits));
    answer.BigInt(value / unit * unit);
  }
  return Status::Ok();
}

Status BoolToString(const Arguments& a, Answer& answer) {
  answer.Text(a.Bool(0) ? "TRUE" : "FALSE");
  return Status::Ok();
}

Status DoubleToString(const Arguments& a, Answer& answer) {
  answer.Text(JavaToString(a.Double(0)));
  return Status::Ok();
}

Status FloatToString(const Arguments& a, Answer& answer) {
  answer.Text(JavaToString(a.Float(0)));
  return Status::Ok();
}

// At least `precision` digits after the second, and as many more as are not zero.
Status TimestampToString(const Arguments& a, Answer& answer) {
  const int32_t precision = a.Int(1);
  const auto time = CivilFromMicros(a.BigInt(0));
  if (!time) return Status::Ok();
  std::string fraction = fmt::format("{:09}", time->nanos);
  while (!fraction.empty() && static_cast<int64_t>(fraction.size()) > precision &&
         fraction.back() == '0') {
    fraction.pop_back();
  }
  answer.Text(fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}{}", time->year, time->month,
                          time->day, time->hour, time->minute, time->second,
                          fraction.empty() ? "" : ".", fraction));
  return Status::Ok();
}

}  // namespace

std::vector<ScalarFunction> FlinkNumberFunctions() {
  const DataType text = DataType::String();
  const DataType number = DataType::Double();
  return {
      {.name = "flink_round",
       .parameters = {number, DataType::Int()},
       .result = number,
       .call = RoundDouble<Rounding::kHalfUp>},
      {.name = "flink_truncate",
       .parameters = {number, DataType::Int()},
       .result = number,
       .call = RoundDouble<Rounding::kDown>},
      {.name = "flink_truncate",
       .parameters = {DataType::BigInt(), DataType::Int()},
       .result = DataType::BigInt(),
       .call = TruncateInteger},
      {.name = "flink_to_string",
       .parameters = {DataType::Boolean()},
       .result = text,
       .call = BoolToString},
      {.name = "flink_to_string", .parameters = {number}, .result = text, .call = DoubleToString},
      {.name = "flink_to_string",
       .parameters = {DataType::Float()},
       .result = text,
       .call = FloatToString},
      {.name = "flink_to_string",
       .parameters = {DataType::Timestamp(6), DataType::Int()},
       .result = text,
       .call = TimestampToString},
  };
}

}  // namespace strom::duck
