#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/types/ids.h"

namespace strom::cli {

// A stretch of one bucket's log.
struct LogRange {
  BucketId bucket;
  LogOffset start;
  LogOffset stop;  // Exclusive; not below start.

  bool empty() const { return start == stop; }
  int64_t count() const { return stop.value() - start.value(); }
  friend bool operator==(const LogRange&, const LogRange&) = default;
};

using BucketOffsets = std::map<BucketId, LogOffset>;

// Where `strom table scan` begins: "earliest", "latest", or an offset of every bucket.
// Errors: kInvalidConfig.
Status CheckScanStart(const std::string& text);

// What a scan from `start` reads of buckets that hold the offsets from `earliest` to `latest`. An
// offset in front of the first is the first, one behind the end is the end.
std::vector<LogRange> RangesFrom(const std::string& start, const BucketOffsets& earliest,
                                 const BucketOffsets& latest);

// The first or last `count` offsets of each bucket: the first or last `count` rows of the table are
// among them.
std::vector<LogRange> HeadRanges(int64_t count, const BucketOffsets& earliest,
                                 const BucketOffsets& latest);
std::vector<LogRange> TailRanges(int64_t count, const BucketOffsets& earliest,
                                 const BucketOffsets& latest);

}  // namespace strom::cli
