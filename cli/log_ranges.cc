#include "cli/log_ranges.h"

#include <algorithm>
#include <charconv>

namespace strom::cli {
namespace {

std::optional<int64_t> OffsetOf(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// The range of each bucket that `cut(first, last)` names by its two offsets.
template <class Cut>
std::vector<LogRange> Ranges(const BucketOffsets& earliest, const BucketOffsets& latest, Cut cut) {
  std::vector<LogRange> ranges;
  for (const auto& [bucket, end] : latest) {
    const auto begin = earliest.find(bucket);
    if (begin == earliest.end()) continue;
    const int64_t first = begin->second.value();
    const int64_t last = std::max(first, end.value());
    const auto [start, stop] = cut(first, last);
    ranges.push_back({bucket, LogOffset(start), LogOffset(stop)});
  }
  return ranges;
}

}  // namespace

Status CheckScanStart(const std::string& text) {
  if (text == "earliest" || text == "latest" || OffsetOf(text)) return Status::Ok();
  return Error(ErrorCode::kInvalidConfig, "'{}' is neither earliest, latest nor an offset", text);
}

std::vector<LogRange> RangesFrom(const std::string& start, const BucketOffsets& earliest,
                                 const BucketOffsets& latest) {
  return Ranges(earliest, latest, [&start](int64_t first, int64_t last) {
    const int64_t from = start == "earliest" ? first
                         : start == "latest" ? last
                                             : std::clamp(*OffsetOf(start), first, last);
    return std::pair(from, last);
  });
}

std::vector<LogRange> HeadRanges(int64_t count, const BucketOffsets& earliest,
                                 const BucketOffsets& latest) {
  return Ranges(earliest, latest, [count](int64_t first, int64_t last) {
    return std::pair(first, first + std::min(count, last - first));
  });
}

std::vector<LogRange> TailRanges(int64_t count, const BucketOffsets& earliest,
                                 const BucketOffsets& latest) {
  return Ranges(earliest, latest, [count](int64_t first, int64_t last) {
    return std::pair(last - std::min(count, last - first), last);
  });
}

}  // namespace strom::cli
