#pragma once

#include <cstdint>
#include <string>

#include "common/runtime/time.h"
#include "common/types/ids.h"

namespace strom::client {

// A place in the log of a bucket, by name, by number or by time.
class OffsetSpec {
 public:
  enum class Kind : uint8_t { kEarliest, kLatest, kAt, kSince };

  // The oldest record that is still there.
  static OffsetSpec Earliest() { return OffsetSpec(Kind::kEarliest, 0); }
  // Behind the newest record that readers may see: the high watermark.
  static OffsetSpec Latest() { return OffsetSpec(Kind::kLatest, 0); }
  static OffsetSpec At(LogOffset offset) { return OffsetSpec(Kind::kAt, offset.value()); }
  // The first batch that the leader took at `time` (milliseconds since the Unix epoch) or later.
  static OffsetSpec Since(WallMillis time) { return OffsetSpec(Kind::kSince, time); }

  Kind kind() const { return kind_; }
  LogOffset offset() const { return LogOffset(value_); }  // Of kAt.
  WallMillis time() const { return value_; }              // Of kSince.

  // "earliest", "latest", "offset 42", "since 1700000000000".
  std::string ToString() const;

  friend auto operator<=>(const OffsetSpec&, const OffsetSpec&) = default;

 private:
  OffsetSpec(Kind kind, int64_t value) : kind_(kind), value_(value) {}

  Kind kind_;
  int64_t value_;
};

}  // namespace strom::client
