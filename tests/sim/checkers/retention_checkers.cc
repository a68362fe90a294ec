#include "tests/sim/checkers/retention_checkers.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "tests/sim/checkers/whole_log.h"

namespace strom::sim {
namespace {

int64_t Ms(MonoTime time) { return time.nanos() / 1'000'000; }

std::string Text(const TrimmedSegment& segment) {
  return fmt::format("{}: server {} removed [{}, {}) at {} ms", segment.bucket, segment.server,
                     segment.log.batches.front().base_offset,
                     segment.log.batches.back().next_offset, Ms(segment.at));
}

bool TooLarge(const TrimmedSegment& segment, const RetentionLimits& limits) {
  return limits.log_bytes_max > 0 &&
         segment.log_bytes > static_cast<uint64_t>(limits.log_bytes_max);
}

// By the timestamps of the batches and the clock of the server.
void CheckAge(const TrimmedSegment& segment, const RetentionLimits& limits, Violations* found) {
  int64_t newest_ms = -1;
  for (const LoggedBatch& batch : segment.log.batches) {
    newest_ms = std::max(newest_ms, batch.commit_timestamp_ms);
  }
  const int64_t age_ms = segment.wall_ms - newest_ms;
  if (limits.ttl_ms > 0 && age_ms > limits.ttl_ms) return;
  found->push_back(fmt::format(
      "S16 early: {}, whose newest record was {} ms old, of a log of {} bytes; the limits are {} "
      "ms and {} bytes",
      Text(segment), age_ms, segment.log_bytes, limits.ttl_ms, limits.log_bytes_max));
}

void CheckSnapshotsHold(const TrimmedSegment& segment, const RetentionLimits& limits,
                        Violations* found) {
  const LogOffset end = segment.log.batches.back().next_offset;
  if (segment.snapshots.size() < limits.snapshots_retained) {
    found->push_back(fmt::format("S16 last copy: {}, where {} snapshots were completed, not {}",
                                 Text(segment), segment.snapshots.size(),
                                 limits.snapshots_retained));
  }
  for (const FinalSnapshot& snapshot : segment.snapshots) {
    if (!snapshot.damage.empty()) {
      found->push_back(fmt::format("S16 last copy: {}, snapshot {} cannot be restored: {}",
                                   Text(segment), snapshot.id, snapshot.damage));
    } else if (snapshot.log_offset < end) {
      found->push_back(fmt::format("S16 last copy: {}, snapshot {} goes on at {}", Text(segment),
                                   snapshot.id, snapshot.log_offset));
    }
  }
}

// When what is at an offset was asked for; it cannot be older. As clients know it, whatever
// timestamps the servers gave it.
using AskedAt = std::map<std::pair<TableBucket, LogOffset>, MonoTime>;
AskedAt AskedAtOf(const History& history) {
  AskedAt asked;
  for (const AppendOp& op : history.appends) {
    if (op.outcome != Outcome::kOk || !op.bucket || !op.offset) continue;
    asked.insert({{*op.bucket, *op.offset}, op.time.invoked});
  }
  for (const UpsertOp& op : history.upserts) {
    if (op.outcome != Outcome::kOk || !op.bucket || !op.log_end_offset) continue;
    if (*op.log_end_offset == LogOffset(0)) continue;
    // Several share one end: the last that was asked for is the youngest.
    MonoTime& at = asked[{*op.bucket, LogOffset(op.log_end_offset->value() - 1)}];
    at = std::max(at, op.time.invoked);
  }
  return asked;
}

void CheckAskedFor(const TrimmedSegment& segment, const AskedAt& asked, int64_t ttl_ms,
                   Violations* found) {
  const auto begin =
      asked.lower_bound({segment.bucket, segment.log.batches.front().base_offset});
  const auto end = asked.lower_bound({segment.bucket, segment.log.batches.back().next_offset});
  for (auto op = begin; op != end; ++op) {
    if (Ms(segment.at) - Ms(op->second) >= ttl_ms) continue;
    found->push_back(
        fmt::format("S16 early: {}, with a write at {} that was asked for at {} ms; the limit is "
                    "{} ms",
                    Text(segment), op->first.second, Ms(op->second), ttl_ms));
    return;
  }
}

// The first record of the bucket that nobody had removed by then.
LogOffset GoneBy(const History& history, const TableBucket& bucket, MonoTime when) {
  LogOffset gone(0);
  for (const TrimmedSegment& segment : history.trimmed) {
    if (segment.bucket != bucket || segment.at > when) continue;
    gone = std::max(gone, segment.log.batches.back().next_offset);
  }
  return gone;
}

}  // namespace

Violations CheckRetention(const History& history, const FinalState& end,
                          const RetentionLimits& limits) {
  Violations found;
  const AskedAt asked = AskedAtOf(history);
  for (const TrimmedSegment& segment : history.trimmed) {
    const auto bucket = std::ranges::find(end.buckets, segment.bucket, &FinalBucket::bucket);
    if (bucket == end.buckets.end()) continue;  // It never came to rest.
    if (segment.log.batches.back().next_offset > bucket->high_watermark) {
      found.push_back(fmt::format("S16 uncommitted: {}, committed at the end is {}", Text(segment),
                                  bucket->high_watermark));
    }
    if (bucket->keyed) CheckSnapshotsHold(segment, limits, &found);
    if (TooLarge(segment, limits)) continue;
    CheckAge(segment, limits, &found);
    if (!limits.clocks_jump) CheckAskedFor(segment, asked, limits.ttl_ms, &found);
  }
  for (const BehindSeen& seen : history.behind) {
    const LogOffset gone = GoneBy(history, seen.bucket, seen.time.completed);
    if (seen.asked < gone && seen.start <= gone) continue;
    found.push_back(fmt::format(
        "S16 refused: {}: server {} says at {} ms that {} is not in the log, which begins at {}; "
        "gone by then is what is below {}",
        seen.bucket, seen.server, Ms(seen.time.completed), seen.asked, seen.start, gone));
  }
  for (const FinalBucket& bucket : end.buckets) {
    const LogOffset start = StartOf(bucket.replicas.at(bucket.leader), bucket.trimmed);
    if (!bucket.keyed || start == LogOffset(0)) continue;
    const bool restorable = std::ranges::any_of(end.snapshots, [&](const FinalSnapshot& snapshot) {
      return snapshot.bucket == bucket.bucket && snapshot.damage.empty() &&
             snapshot.log_offset >= start && snapshot.log_offset <= bucket.high_watermark;
    });
    if (restorable) continue;
    found.push_back(fmt::format(
        "S16 last copy: {}: the changelog begins at {}, and no snapshot goes on there or later",
        bucket.bucket, start));
  }
  return found;
}

}  // namespace strom::sim
