#include "common/types/auto_partition.h"

#include <algorithm>
#include <utility>

#include "common/types/civil_time.h"

namespace strom {
namespace {

constexpr int64_t kFirstSecond = int64_t{-719528} * 86400;     // 0000-01-01 00:00:00.
constexpr int64_t kLastSecond = int64_t{2932897} * 86400 - 1;  // 9999-12-31 23:59:59.
constexpr int64_t kMonthCount = int64_t{10000} * 12;
constexpr int64_t kOffsetMax = int64_t{10000} * 366 * 24;  // Hours of all years.

CivilTime CivilFromSeconds(int64_t seconds) {
  return *CivilFromMillis(std::clamp(seconds, kFirstSecond, kLastSecond) * 1000);
}

// The first day of the month that is `months` after the one of `time`.
CivilTime AddMonths(const CivilTime& time, int64_t months) {
  const int64_t month =
      std::clamp(time.year * int64_t{12} + time.month - 1 + months, int64_t{0}, kMonthCount - 1);
  return {.year = static_cast<int32_t>(month / 12), .month = static_cast<int32_t>(month % 12) + 1};
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

Result<AutoPartitioner> AutoPartitioner::Make(const AutoPartitionOptions& options,
                                              std::string_view server_zone) {
  STROM_ASSIGN_OR_RETURN(PartitionTimeFormat format,
                         PartitionTimeFormat::Make(options.unit, options.time_format));
  STROM_ASSIGN_OR_RETURN(
      TimeZone zone,
      TimeZone::Parse(options.time_zone ? std::string_view(*options.time_zone) : server_zone));
  return AutoPartitioner(options, std::move(format), std::move(zone));
}

std::string AutoPartitioner::ValueAt(int64_t now_ms, int64_t offset) const {
  offset = std::clamp(offset, -kOffsetMax, kOffsetMax);
  const int64_t instant = std::clamp(FloorDiv(now_ms, 1000), kFirstSecond, kLastSecond);
  if (unit_ == PartitionTimeUnit::kHour) {  // Hours pass on the clock of UTC, as in Java.
    const int64_t then = std::clamp(instant + offset * 3600, kFirstSecond, kLastSecond);
    return format_.Format(CivilFromSeconds(then + zone_.OffsetSeconds(then)));
  }
  const int64_t local = instant + zone_.OffsetSeconds(instant);
  if (unit_ == PartitionTimeUnit::kDay) {
    return format_.Format(CivilFromSeconds(local + offset * 86400));
  }
  const CivilTime today = CivilFromSeconds(local);
  const int months = unit_ == PartitionTimeUnit::kYear      ? 12
                     : unit_ == PartitionTimeUnit::kQuarter ? 3
                                                            : 1;
  return format_.Format(AddMonths(today, offset * months));
}

std::vector<std::string> AutoPartitioner::ValuesToCreate(int64_t now_ms) const {
  std::vector<std::string> values;
  for (int32_t offset = 0; offset < precreate_; ++offset) {
    values.push_back(ValueAt(now_ms, offset));
  }
  return values;
}

bool AutoPartitioner::IsExpired(std::string_view value, int64_t now_ms) const {
  return retention_ >= 0 && value < ValueAt(now_ms, -int64_t{retention_});
}

Status AutoPartitioner::CheckNewValue(std::string_view value, int64_t now_ms) const {
  if (!format_.Matches(value)) {
    return Error(ErrorCode::kPartitionSpecInvalid,
                 "'{:.200}' is no time of unit {}, which is written like {}", value, ToName(unit_),
                 ValueAt(now_ms, 0));
  }
  if (IsExpired(value, now_ms)) {
    return Error(ErrorCode::kPartitionSpecInvalid,
                 "partition {} would expire at once: the oldest kept is {}", value,
                 ValueAt(now_ms, -int64_t{retention_}));
  }
  return Status::Ok();
}

}  // namespace strom
