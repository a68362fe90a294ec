#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/bytes.h"
#include "common/runtime/time.h"
#include "common/types/ids.h"
#include "tablet/log/log_tablet.h"
#include "tablet/replica/job_fences.h"

// What is asked of a replica, and what it gives.
namespace strom::tablet {

// When a write is answered. Same numbers as on the wire.
enum class Acks : int8_t {
  kAll = -1,  // Once it is committed.
  kNone = 0,  // Once it is written, as kLeader: there is always an answer.
  kLeader = 1,
};

struct WriteOptions {
  Acks acks = Acks::kAll;
  MonoTime deadline = MonoTime::Infinite();  // kAll: not committed by then is kRequestTimeOut.
  JobAdmission admission = {};               // Of a write that is a job's.
};

// How much of a bucket a client's fetch wants.
struct ReadRange {
  LogOffset offset;
  size_t size_max = 0;
  bool at_least_one = false;  // The first batch comes even if it is larger than size_max.
  std::optional<std::vector<int32_t>> projection;  // Columns, strictly ascending; none: all.
};

// What a client's read of one bucket gave.
struct BucketRead {
  Bytes records;  // Whole batches; may begin before the offset asked for.
  LogOffset high_watermark;
  LogOffset log_start_offset;
};

// Which offset ListOffsets asks for.
struct OffsetQuery {
  enum class Kind { kEarliest, kLatest, kTimestamp } kind = Kind::kLatest;
  int64_t timestamp_ms = 0;
};

// Where a follower goes on to fetch: it holds every record below (in `durable`, on its disk), which
// is what its leader counts.
struct FollowerPosition {
  ServerId follower;
  LeaderEpoch leader_epoch;  // Under which it follows.
  LogOffset log_end_offset;
  std::optional<LeaderEpoch> last_epoch;  // Of its last record; none: it has none.
  // FollowerRead::sent_at of what it took last, and has promised for since (promises.h).
  std::optional<MonoTime> promised_at = {};
};

// What a leader gives a follower.
struct FollowerRead {
  Bytes records;  // Whole batches from the follower's log end on; empty: there are none, so far.
  LogOffset high_watermark;
  LogOffset log_start_offset;      // Above the follower's log end: it has to begin anew there.
  std::vector<EpochStart> epochs;  // Which cover the records.
  // The follower's log leaves the leader's: cut it to the smaller of this end and the end of the
  // same epoch in its own history, and ask again. No records then.
  std::optional<EpochEnd> diverging;
  // By the leader's clock, of a table with a primary key: a promise is asked for (promises.h).
  std::optional<MonoTime> sent_at = {};
};

}  // namespace strom::tablet
