#include "common/base/units.h"

#include <cctype>
#include <charconv>
#include <span>

namespace strom {
namespace {

struct Unit {
  std::string_view name;
  int64_t multiply;
  int64_t divide = 1;
};

constexpr int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

constexpr Unit kDurationUnits[] = {
    {"", 1},
    {"ms", 1},
    {"milli", 1},
    {"millis", 1},
    {"millisecond", 1},
    {"milliseconds", 1},
    {"s", kSecond},
    {"sec", kSecond},
    {"secs", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"m", kMinute},
    {"min", kMinute},
    {"mins", kMinute},
    {"minute", kMinute},
    {"minutes", kMinute},
    {"h", kHour},
    {"hour", kHour},
    {"hours", kHour},
    {"d", kDay},
    {"day", kDay},
    {"days", kDay},
    {"us", 1, 1000},
    {"µs", 1, 1000},
    {"micro", 1, 1000},
    {"micros", 1, 1000},
    {"microsecond", 1, 1000},
    {"microseconds", 1, 1000},
    {"ns", 1, 1000000},
    {"nano", 1, 1000000},
    {"nanos", 1, 1000000},
    {"nanosecond", 1, 1000000},
    {"nanoseconds", 1, 1000000},
};

constexpr Unit kSizeUnits[] = {
    {"", 1},
    {"b", 1},
    {"bytes", 1},
    {"k", int64_t{1} << 10},
    {"kb", int64_t{1} << 10},
    {"kibibytes", int64_t{1} << 10},
    {"m", int64_t{1} << 20},
    {"mb", int64_t{1} << 20},
    {"mebibytes", int64_t{1} << 20},
    {"g", int64_t{1} << 30},
    {"gb", int64_t{1} << 30},
    {"gibibytes", int64_t{1} << 30},
    {"t", int64_t{1} << 40},
    {"tb", int64_t{1} << 40},
    {"tebibytes", int64_t{1} << 40},
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

Result<int64_t> Parse(std::string_view text, std::span<const Unit> units, std::string_view what) {
  const std::string_view trimmed = Trim(text);
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  if (error != std::errc()) {
    return Error(ErrorCode::kInvalidConfig, "'{}' is no {}: it must begin with a whole number",
                 text, what);
  }
  std::string unit(Trim(trimmed.substr(static_cast<size_t>(end - trimmed.data()))));
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    int64_t value = 0;
    if (__builtin_mul_overflow(number, known.multiply, &value)) {
      return Error(ErrorCode::kInvalidConfig, "'{}' is too large a {}", text, what);
    }
    return value / known.divide;
  }
  return Error(ErrorCode::kInvalidConfig, "'{}' is no {}: unknown unit '{}'", text, what, unit);
}

}  // namespace

Result<int64_t> ParseDurationMillis(std::string_view text) {
  return Parse(text, kDurationUnits, "duration");
}

Result<int64_t> ParseMemorySize(std::string_view text) {
  return Parse(text, kSizeUnits, "memory size");
}

std::string FormatDurationMillis(int64_t millis) {
  if (millis == 0) return "0 ms";
  if (millis % kDay == 0) return fmt::format("{} d", millis / kDay);
  if (millis % kHour == 0) return fmt::format("{} h", millis / kHour);
  if (millis % kMinute == 0) return fmt::format("{} min", millis / kMinute);
  if (millis % kSecond == 0) return fmt::format("{} s", millis / kSecond);
  return fmt::format("{} ms", millis);
}

}  // namespace strom
