#include "common/arrow/time_units.h"

namespace strom::arrow {
namespace {

int64_t FloorDivide(int64_t count, int64_t by) { return count / by - (count % by < 0 ? 1 : 0); }

// count * by + plus, if it fits.
std::optional<int64_t> Scale(int64_t count, int64_t by, int64_t plus = 0) {
  int64_t scaled = 0;
  // In 128 bits: a count just below the minimum may come back into the range with `plus`.
  if (__builtin_add_overflow(static_cast<__int128>(count) * by, plus, &scaled)) {
    return std::nullopt;
  }
  return scaled;
}

}  // namespace

TimeUnit UnitOf(int32_t precision) {
  if (precision == 0) return TimeUnit::kSecond;
  if (precision <= 3) return TimeUnit::kMilli;
  return precision <= 6 ? TimeUnit::kMicro : TimeUnit::kNano;
}

int64_t TimeToUnit(int64_t millis, TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSecond:
      return millis / 1000;
    case TimeUnit::kMilli:
      return millis;
    case TimeUnit::kMicro:
      return millis * 1000;
    case TimeUnit::kNano:
      return millis * 1000000;
  }
  STROM_UNREACHABLE();
}

int64_t TimeFromUnit(int64_t count, TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSecond:
      return count * 1000;  // 32 bits in the column: fits.
    case TimeUnit::kMilli:
      return count;
    case TimeUnit::kMicro:
      return FloorDivide(count, 1000);
    case TimeUnit::kNano:
      return FloorDivide(count, 1000000);
  }
  STROM_UNREACHABLE();
}

std::optional<int64_t> TimestampToUnit(Timestamp time, TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSecond:
      return time.millis / 1000;
    case TimeUnit::kMilli:
      return time.millis;
    case TimeUnit::kMicro:
      return Scale(time.millis, 1000, time.nanos_of_milli / 1000);
    case TimeUnit::kNano:
      return Scale(time.millis, 1000000, time.nanos_of_milli);
  }
  STROM_UNREACHABLE();
}

std::optional<Timestamp> TimestampFromUnit(int64_t count, TimeUnit unit) {
  const auto split = [count](int64_t per_milli) {
    const int64_t millis = FloorDivide(count, per_milli);
    // Modulo 2^64, since millis * per_milli may lie just below the range; the difference does not.
    const auto rest = static_cast<int64_t>(static_cast<uint64_t>(count) -
                                           static_cast<uint64_t>(millis) * per_milli);
    return Timestamp{millis, static_cast<int32_t>(rest * (1000000 / per_milli))};
  };
  switch (unit) {
    case TimeUnit::kSecond: {
      const std::optional<int64_t> millis = Scale(count, 1000);
      return millis ? std::optional(Timestamp{*millis, 0}) : std::nullopt;
    }
    case TimeUnit::kMilli:
      return Timestamp{count, 0};
    case TimeUnit::kMicro:
      return split(1000);
    case TimeUnit::kNano:
      return split(1000000);
  }
  STROM_UNREACHABLE();
}

}  // namespace strom::arrow
