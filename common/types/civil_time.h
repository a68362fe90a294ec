#pragma once

#include <cstdint>
#include <optional>

namespace strom {

// A date and time of day of the proleptic Gregorian calendar, in years 0 to 9999: those that have
// four digits.
struct CivilTime {
  int32_t year = 0;
  int32_t month = 1;  // 1..12.
  int32_t day = 1;    // 1..31.
  int32_t hour = 0;
  int32_t minute = 0;
  int32_t second = 0;
  int32_t nanos = 0;  // Of the second.

  friend bool operator==(const CivilTime&, const CivilTime&) = default;
};

// The civil time `millis` after 1970-01-01 00:00, plus nanos_of_milli (0..999999); the date
// `days` after it. nullopt outside the years 0 to 9999.
std::optional<CivilTime> CivilFromMillis(int64_t millis, int32_t nanos_of_milli = 0);
std::optional<CivilTime> CivilFromDays(int64_t days);

// Days from 1970-01-01 to the date of `time`, which must exist.
int64_t DaysFromCivil(const CivilTime& time);

// Whether month and day name a day of that year, and hour, minute, second a time of day.
bool IsValid(const CivilTime& time);

}  // namespace strom
