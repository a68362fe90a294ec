#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include <absl/synchronization/mutex.h>

#include "common/runtime/strand.h"
#include "tablet/log/log_tablet.h"
#include "tablet/replica/bucket_spec.h"
#include "tablet/replica/waiters.h"

namespace strom::tablet {

// What a read of one bucket gave.
struct BucketRead {
  Bytes records;  // Whole batches; may begin before the offset asked for.
  LogOffset high_watermark;
  LogOffset log_start_offset;
};

// How much of a bucket a fetch wants.
struct ReadRange {
  LogOffset offset;
  size_t size_max = 0;
  bool at_least_one = false;        // The first batch comes even if it is larger than size_max.
  std::vector<int32_t> projection;  // Columns, ascending; empty: all.
};

// Which offset ListOffsets asks for.
struct OffsetQuery {
  enum class Kind { kEarliest, kLatest, kTimestamp } kind = Kind::kLatest;
  int64_t timestamp_ms = 0;
};

// This server's copy of one bucket.
//
// Its strand owns role, epochs, waiters and everything that changes the log; Append and the role
// changes hop onto it. Reads and queries run on the calling thread, beside the strand: they see the
// published role and high watermark and only committed records. A record is committed once every
// member of the ISR has it; with one replica, at once.
//
// Always true: the high watermark never decreases and is never above the log's end; a leader serves
// only under the newest leadership it was told.
class Replica : public std::enable_shared_from_this<Replica> {
 public:
  // The log is open and belongs to the replica from now on. `executor` outlives it.
  Replica(runtime::Executor& executor, const runtime::Clock& clock, ServerId self, BucketSpec spec,
          std::unique_ptr<LogTablet> log);

  const TableBucket& bucket() const { return log_->bucket(); }
  const BucketSpec& spec() const { return spec_; }
  const LogTablet& log() const { return *log_; }
  LogOffset high_watermark() const {
    return LogOffset(high_watermark_.load(std::memory_order_acquire));
  }
  bool is_leader() const { return serving_.load(std::memory_order_acquire); }

  // Takes the role that `leadership` gives this server. Older epochs are refused:
  // kInvalidCoordinator, kFencedLeaderEpoch, kInvalidUpdateVersion; the same leadership again is
  // fine.
  void Become(Leadership leadership, absl::AnyInvocable<void(Status)> done);

  // Stops serving for good; waiters are woken, later calls get kNotLeaderOrFollower.
  void Stop(absl::AnyInvocable<void()> done);

  // Appends the batches of one request as leader and answers when they are committed (acks all) or
  // written (acks 0 and 1, which with one replica is the same).
  // Errors: kNotLeaderOrFollower; those of LogTablet::AppendAsLeader.
  void Append(Bytes batches, absl::AnyInvocable<void(Result<AppendInfo>)> done);

  // Committed batches from range.offset on; offset -2 means the log's start. Any thread.
  // Errors: kNotLeaderOrFollower, kLogOffsetOutOfRange, kInvalidColumnProjection, kStorage.
  Result<BucketRead> ReadCommitted(const ReadRange& range) const;

  // The newest `count` committed records, as whole batches.
  Result<Bytes> ReadLast(int64_t count) const;

  // Errors: kNotLeaderOrFollower; kInvalidTimestamp for one in the future.
  Result<LogOffset> FindOffset(const OffsetQuery& query) const;

  // Runs `wake` on the strand once there are committed records at or above `offset`, or the role
  // changes: at once if that is so already. `id` is the caller's name for the wait, to forget it
  // by.
  void AwaitCommitted(OffsetWaiters::Id id, LogOffset offset, OffsetWaiters::Wake wake);
  void ForgetWait(OffsetWaiters::Id id);

  // For the manager's upkeep. On the strand: retention, writer expiry.
  void Maintain(int64_t retention_size_bytes);

  runtime::Strand& strand() { return strand_; }
  // For the manager: Sync from any thread, Close once the replica is stopped.
  LogTablet& mutable_log() { return *log_; }

 private:
  Status CheckServing() const;
  void AdvanceHighWatermark();
  Result<Bytes> Project(const Bytes& batches, const std::vector<int32_t>& columns) const;

  const runtime::Clock& clock_;
  const ServerId self_;
  const BucketSpec spec_;
  const std::unique_ptr<LogTablet> log_;
  runtime::Strand strand_;

  std::atomic<bool> serving_{false};  // Written on the strand.
  std::atomic<int64_t> high_watermark_{0};

  // On the strand.
  std::optional<Leadership> leadership_;
  bool stopped_ = false;
  OffsetWaiters waiters_;
};

}  // namespace strom::tablet
