#pragma once

#include <cstdint>
#include <optional>

#include "common/types/value.h"

namespace strom::arrow {

// How TIME and the timestamps are counted in Arrow: their precision picks the unit. Same as Fluss:
// ArrowUtils.java and the writers and readers in row/arrow.
enum class TimeUnit : uint8_t { kSecond, kMilli, kMicro, kNano };

// Precision 0: seconds, 1-3: milliseconds, 4-6: microseconds, 7-9: nanoseconds.
TimeUnit UnitOf(int32_t precision);

// TIME: milliseconds of the day to and from the unit. What the unit cannot hold is cut off.
int64_t TimeToUnit(int64_t millis, TimeUnit unit);
int64_t TimeFromUnit(int64_t count, TimeUnit unit);

// Digits finer than the unit are cut off. Seconds are cut toward zero, as Java does (-1 ms is
// second 0, not -1); the finer units toward the past. Nothing if the count does not fit 64 bits:
// nanoseconds reach from the year 1677 to 2262.
std::optional<int64_t> TimestampToUnit(Timestamp time, TimeUnit unit);
// Floors, so that nanos_of_milli is 0..999999 before 1970 too (Java's reader throws there).
// Nothing if the milliseconds do not fit 64 bits, which only seconds can do.
std::optional<Timestamp> TimestampFromUnit(int64_t count, TimeUnit unit);

}  // namespace strom::arrow
