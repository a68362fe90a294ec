#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/result.h"

namespace strom {

// A time zone: how far its clocks are from UTC at any instant. An immutable value, cheap to copy.
class TimeZone {
 public:
  static TimeZone Utc();

  // Reads what Java's ZoneId reads: "Asia/Shanghai" and other names of the system's zone database;
  // "Z", "+8", "+08", "+08:00", "+0800", "+08:00:00"; "UTC", "GMT", "UT", alone or before such an
  // offset. Offsets reach from -18:00 to +18:00.
  // Errors: kInvalidConfig naming the text.
  static Result<TimeZone> Parse(std::string_view text);

  // What to add to UTC for local time, `epoch_seconds` after 1970-01-01 UTC.
  int32_t OffsetSeconds(int64_t epoch_seconds) const;

 private:
  struct Rep;
  explicit TimeZone(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
  std::shared_ptr<const Rep> rep_;
};

}  // namespace strom
