#include "common/types/civil_time.h"

#include <chrono>

namespace strom {
namespace {

constexpr int64_t kMillisOfDay = 86400000;
constexpr int64_t kFirstDay = -719528;  // 0000-01-01.
constexpr int64_t kLastDay = 2932896;   // 9999-12-31.

std::chrono::year_month_day ToDate(const CivilTime& time) {
  return {std::chrono::year(time.year), std::chrono::month(static_cast<unsigned>(time.month)),
          std::chrono::day(static_cast<unsigned>(time.day))};
}

bool Within(int32_t value, int32_t min, int32_t max) { return value >= min && value <= max; }

}  // namespace

std::optional<CivilTime> CivilFromDays(int64_t days) {
  if (days < kFirstDay || days > kLastDay) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return CivilTime{.year = static_cast<int>(date.year()),
                   .month = static_cast<int32_t>(static_cast<unsigned>(date.month())),
                   .day = static_cast<int32_t>(static_cast<unsigned>(date.day()))};
}

std::optional<CivilTime> CivilFromMillis(int64_t millis, int32_t nanos_of_milli) {
  int64_t days = millis / kMillisOfDay;
  int64_t of_day = millis % kMillisOfDay;
  if (of_day < 0) {
    of_day += kMillisOfDay;
    --days;
  }
  auto time = CivilFromDays(days);
  if (!time) return std::nullopt;
  time->hour = static_cast<int32_t>(of_day / 3600000);
  time->minute = static_cast<int32_t>(of_day / 60000 % 60);
  time->second = static_cast<int32_t>(of_day / 1000 % 60);
  time->nanos = static_cast<int32_t>(of_day % 1000 * 1000000) + nanos_of_milli;
  return time;
}

int64_t DaysFromCivil(const CivilTime& time) {
  return std::chrono::sys_days(ToDate(time)).time_since_epoch().count();
}

bool IsValid(const CivilTime& time) {
  return Within(time.year, 0, 9999) && Within(time.month, 1, 12) && Within(time.day, 1, 31) &&
         ToDate(time).ok() && Within(time.hour, 0, 23) && Within(time.minute, 0, 59) &&
         Within(time.second, 0, 59);
}

}  // namespace strom
