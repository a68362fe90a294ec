#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>

#include "pipeline/duckdb/flink_functions.h"
#include "pipeline/duckdb/micros.h"

namespace strom::duck {
namespace {

// A unit of TIMESTAMPDIFF and TIMESTAMPADD: so many months, or so many milliseconds.
struct Unit {
  int32_t months = 0;
  int64_t millis = 0;
};

Result<Unit> ParseUnit(std::string_view text) {
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  if (name.starts_with("SQL_TSI_")) name.erase(0, 8);
  static constexpr int64_t kSecond = 1000;
  if (name == "SECOND") return Unit{.millis = kSecond};
  if (name == "MINUTE") return Unit{.millis = 60 * kSecond};
  if (name == "HOUR") return Unit{.millis = 3600 * kSecond};
  if (name == "DAY") return Unit{.millis = 86400 * kSecond};
  if (name == "WEEK") return Unit{.millis = 7 * 86400 * kSecond};
  if (name == "MONTH") return Unit{.months = 1};
  if (name == "QUARTER") return Unit{.months = 3};
  if (name == "YEAR") return Unit{.months = 12};
  return Error(ErrorCode::kInvalidSql, "'{}' is no unit of time", text.substr(0, 100));
}

// The date `months` later; a day the month does not have is its last one. nullopt outside the
// years 0 to 9999.
std::optional<int64_t> AddMonths(int64_t days, int64_t months) {
  auto time = CivilFromDays(days);
  if (!time) return std::nullopt;
  int64_t month = 0;  // From year 0, January.
  if (__builtin_add_overflow(int64_t{time->year} * 12 + time->month - 1, months, &month)) {
    return std::nullopt;
  }
  if (month < 0 || month >= 10000 * 12) return std::nullopt;
  time->year = static_cast<int32_t>(month / 12);
  time->month = static_cast<int32_t>(month % 12) + 1;
  while (!IsValid(*time)) --time->day;
  return DaysFromCivil(*time);
}

// Full months from `b` to `a`, a date each; a >= b.
int64_t MonthsBetween(int64_t a, int64_t b) {
  const auto later = CivilFromDays(a);
  const auto earlier = CivilFromDays(b);
  int64_t months = (later->year - earlier->year) * 12 + later->month - earlier->month;
  if (*AddMonths(b, months) > a) --months;
  return months;
}

// Full months from `b` to `a`, as Flink counts them (DateTimeUtils.subtractMonths): by dates, one
// less if the last month ends on the day of `a`, later. Also with a < b.
std::optional<int64_t> SubtractMonths(int64_t a_millis, int64_t b_millis) {
  static constexpr int64_t kDay = 86400000;
  const int64_t a = FloorDiv(a_millis, kDay);
  const int64_t b = FloorDiv(b_millis, kDay);
  if (!CivilFromDays(a) || !CivilFromDays(b)) return std::nullopt;
  const int64_t months = a >= b ? MonthsBetween(a, b) : -MonthsBetween(b, a);
  const bool cut = AddMonths(b, months) == a && a_millis - a * kDay < b_millis - b * kDay;
  return cut ? months - 1 : months;
}

// A finite timestamp as milliseconds, which is all Flink looks at. nullopt for infinities.
std::optional<int64_t> MillisOf(int64_t micros) {
  if (!CivilFromMicros(micros)) return std::nullopt;
  return FloorDiv(micros, 1000);
}

Status TimestampDiff(const Arguments& a, Answer& answer) {
  STROM_ASSIGN_OR_RETURN(const Unit unit, ParseUnit(a.Text(0)));
  const auto from = MillisOf(a.BigInt(1));
  const auto to = MillisOf(a.BigInt(2));
  if (!from || !to) return Status::Ok();
  if (unit.months == 0) {  // An INT in Flink too: it wraps.
    answer.Int(static_cast<int32_t>((*to - *from) / unit.millis));
  } else if (const auto months = SubtractMonths(*to, *from)) {
    answer.Int(static_cast<int32_t>(*months / unit.months));
  }
  return Status::Ok();
}

Status TimestampAdd(const Arguments& a, Answer& answer) {
  STROM_ASSIGN_OR_RETURN(const Unit unit, ParseUnit(a.Text(0)));
  const int64_t count = a.BigInt(1);
  const int64_t micros = a.BigInt(2);
  const auto out_of_range = [&] {
    return Error(ErrorCode::kInvalidSql, "{} {}s after {} µs is out of range", count,
                 a.Text(0).substr(0, 20), micros);
  };
  int64_t amount = 0;
  if (unit.months == 0) {
    int64_t sum = 0;
    if (__builtin_mul_overflow(count, unit.millis * 1000, &amount) ||
        __builtin_add_overflow(micros, amount, &sum) || !CivilFromMicros(sum)) {
      return out_of_range();
    }
    answer.BigInt(sum);
    return Status::Ok();
  }
  const int64_t day = FloorDiv(micros, kMicrosPerDay);
  if (__builtin_mul_overflow(count, int64_t{unit.months}, &amount)) return out_of_range();
  const auto moved = AddMonths(day, amount);
  if (!moved) return out_of_range();
  answer.BigInt(*moved * kMicrosPerDay + (micros - day * kMicrosPerDay));
  return Status::Ok();
}

Status DayOfWeek(const Arguments& a, Answer& answer) {
  const int64_t days = a.Int(0);
  if (!CivilFromDays(days)) return Status::Ok();
  const int64_t since_sunday = days + 4;  // 1970-01-01 was a Thursday.
  answer.Int(static_cast<int32_t>(since_sunday - FloorDiv(since_sunday, 7) * 7) + 1);
  return Status::Ok();
}

// Of a date: year, month, day. (DuckDB's own fill a table of every date of the last centuries each
// time a statement runs: 50 µs for nothing.)
template <int32_t CivilTime::*part>
Status DatePart(const Arguments& a, Answer& answer) {
  if (const auto time = CivilFromDays(a.Int(0))) answer.BigInt((*time).*part);
  return Status::Ok();
}

ScalarFunction DatePartFunction(std::string name,
                                Status (*call)(const Arguments& a, Answer& answer)) {
  return {.name = std::move(name),
          .parameters = {DataType::Date()},
          .result = DataType::BigInt(),
          .call = call};
}

}  // namespace

std::vector<ScalarFunction> FlinkTimeFunctions() {
  const DataType text = DataType::String();
  const DataType time = DataType::Timestamp(6);
  return {
      {.name = "flink_timestampdiff",
       .parameters = {text, time, time},
       .result = DataType::Int(),
       .call = TimestampDiff},
      {.name = "flink_timestampadd",
       .parameters = {text, DataType::BigInt(), time},
       .result = time,
       .call = TimestampAdd},
      {.name = "flink_dayofweek",
       .parameters = {DataType::Date()},
       .result = DataType::Int(),
       .call = DayOfWeek},
      DatePartFunction("flink_year", DatePart<&CivilTime::year>),
      DatePartFunction("flink_month", DatePart<&CivilTime::month>),
      DatePartFunction("flink_day", DatePart<&CivilTime::day>),
  };
}

}  // namespace strom::duck
