#pragma once

#include <cstdint>
#include <optional>

#include "common/types/civil_time.h"

namespace strom::duck {

inline constexpr int64_t kMicrosPerSecond = 1000000;
inline constexpr int64_t kMicrosPerDay = 86400 * kMicrosPerSecond;

// The largest multiple of `unit` at or below `value`, counted in units; unit > 0.
inline int64_t FloorDiv(int64_t value, int64_t unit) {
  return value / unit - (value % unit < 0 ? 1 : 0);
}

// DuckDB's timestamps: microseconds since the epoch. nullopt outside the years 0 to 9999.
inline std::optional<CivilTime> CivilFromMicros(int64_t micros) {
  const int64_t millis = FloorDiv(micros, 1000);
  return CivilFromMillis(millis, static_cast<int32_t>(micros - millis * 1000) * 1000);
}

// Of a time that exists.
inline int64_t MicrosFromCivil(const CivilTime& time) {
  const int64_t seconds = time.hour * 3600 + time.minute * 60 + time.second;
  return DaysFromCivil(time) * kMicrosPerDay + seconds * kMicrosPerSecond + time.nanos / 1000;
}

}  // namespace strom::duck
