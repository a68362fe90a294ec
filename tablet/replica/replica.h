#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/kv/kv_store.h"
#include "common/record/kv_batch.h"
#include "common/runtime/strand.h"
#include "tablet/log/log_tablet.h"
#include "tablet/replica/bucket_scan.h"
#include "tablet/replica/bucket_spec.h"
#include "tablet/replica/job_fences.h"
#include "tablet/replica/open_kv.h"
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
  bool at_least_one = false;  // The first batch comes even if it is larger than size_max.
  std::optional<std::vector<int32_t>> projection;  // Columns, strictly ascending; none: all.
};

// When an append is answered. Same numbers as on the wire.
enum class Acks : int8_t {
  kAll = -1,  // Once it is committed.
  kNone = 0,  // Once it is written, as kLeader: there is always an answer.
  kLeader = 1,
};

// Which offset ListOffsets asks for.
struct OffsetQuery {
  enum class Kind { kEarliest, kLatest, kTimestamp } kind = Kind::kLatest;
  int64_t timestamp_ms = 0;
};

// This server's copy of one bucket.
//
// Its strand owns role, epochs, waiters and everything that changes the log; Append, PutKv and the
// role changes hop onto it. Reads and queries run on the calling thread, beside the strand: they
// see the published role and high watermark and only committed records. A record is committed once
// every member of the ISR has it; with one replica, at once.
//
// If the table has a primary key, the log is its changelog, which only PutKv appends to, and the
// leader has the rows it makes (KvTablet): rebuilt before it serves, closed when it ends to lead.
// What is committed is in the rows before the high watermark says so: an acknowledged upsert is a
// visible one.
//
// Always true: the high watermark never decreases and is never above the log's end, and does not
// move while the ISR is smaller than it must be; a leader serves only under the newest leadership
// it was told.
class Replica : public std::enable_shared_from_this<Replica> {
 public:
  struct Options {
    ServerId self;
    // Fewer members in the ISR: nothing is committed, appends with Acks::kAll are refused.
    size_t min_insync_replicas = 1;
  };

  // The log is open and belongs to the replica from now on. Rows are rebuilt on `blocking`, in a
  // store of `stores`. All outlive it.
  Replica(runtime::Executor& executor, runtime::Executor& blocking, const runtime::Clock& clock,
          kv::KvStoreFactory& stores, Options options, BucketSpec spec,
          std::unique_ptr<LogTablet> log);

  const TableBucket& bucket() const { return log_->bucket(); }
  const BucketSpec& spec() const { return spec_; }
  const LogTablet& log() const { return *log_; }
  LogOffset high_watermark() const {
    return LogOffset(high_watermark_.load(std::memory_order_acquire));
  }
  bool is_leader() const { return serving_.load(std::memory_order_acquire); }

  // Takes the role that `leadership` gives this server; before Become or Stop is called again,
  // `done` was. Errors, with everything left as it was: kInvalidCoordinator, kFencedLeaderEpoch,
  // kInvalidUpdateVersion for an older epoch (the same leadership again is fine);
  // kUnknownTableOrBucket if the server is none of the replicas; kInvalidReplicationFactor for a
  // leader with followers, which there are not yet. And those of KvTablet::Open: it leads, but does
  // not serve, and the same leadership again tries again.
  void Become(Leadership leadership, absl::AnyInvocable<void(Status)> done);

  // Stops serving for good; waiters are woken, scans end, later calls get kNotLeaderOrFollower.
  // `done` comes when nobody reads the rows any more and their store is closed.
  // Errors: kFencedLeaderEpoch if `leader_epoch` is given and older than the one known; the replica
  // goes on then.
  void Stop(std::optional<LeaderEpoch> leader_epoch, absl::AnyInvocable<void(Status)> done);

  // Appends the batches of one client request as leader, and answers as `acks` says.
  // Errors: kNotLeaderOrFollower; kInvalidTable if the table has a primary key; kNotEnoughReplicas;
  // those of ValidateProduced and of LogTablet::AppendAsLeader.
  void Append(Bytes batches, Acks acks, absl::AnyInvocable<void(Result<AppendInfo>)> done) {
    Append(std::move(batches), acks, JobAdmission(), std::move(done));
  }
  // The same for a write of a job. Errors: kFencedJobEpoch, too, and then nothing was appended.
  void Append(Bytes batches, Acks acks, JobAdmission admission,
              absl::AnyInvocable<void(Result<AppendInfo>)> done);

  // Puts one KV batch into the rows as leader. Once it is answered with Acks::kAll, reads see it.
  // Errors: kNotLeaderOrFollower; kNonPrimaryKeyTable; kNotEnoughReplicas; kCorruptMessage; those
  // of KvTablet::Put, and of FlushTo: then the batch is in the log, and a retry tries to commit it.
  void PutKv(Bytes batch, PutOptions options, Acks acks,
             absl::AnyInvocable<void(Result<AppendInfo>)> done) {
    PutKv(std::move(batch), std::move(options), acks, JobAdmission(), std::move(done));
  }
  // The same for a write of a job. Errors: kFencedJobEpoch, too, and then nothing was put.
  void PutKv(Bytes batch, PutOptions options, Acks acks, JobAdmission admission,
             absl::AnyInvocable<void(Result<AppendInfo>)> done);

  // The committed rows, for as long as the caller keeps them; see KvTablet's calls for any thread.
  // Errors: kNotLeaderOrFollower; kNonPrimaryKeyTable.
  Result<std::shared_ptr<const KvTablet>> Rows() const;

  // A scan over the committed rows of the moment. Errors: those of Rows.
  void OpenScan(std::optional<int64_t> row_limit,
                absl::AnyInvocable<void(Result<std::shared_ptr<BucketScan>>)> done);

  // Committed batches from range.offset on; offset -2 means the log's start. Any thread.
  // Errors: kNotLeaderOrFollower, kLogOffsetOutOfRange, kInvalidColumnProjection, kStorage.
  Result<BucketRead> ReadCommitted(const ReadRange& range) const;

  // The newest `count` committed records, as whole batches: there may be some more before them.
  // Errors: kNotLeaderOrFollower; kRecordTooLarge if that is more than `size_max` bytes; kStorage.
  Result<Bytes> ReadLast(int32_t count, size_t size_max) const;

  // How many records are committed, or rows there are in a table with a primary key.
  // Errors: kNotLeaderOrFollower; kInvalidTable if rows are not counted (changelog image WAL).
  Result<int64_t> CountCommitted() const;

  // Errors: kNotLeaderOrFollower; kInvalidTimestamp for one in the future.
  Result<LogOffset> FindOffset(const OffsetQuery& query) const;

  // Runs `wake` on the strand once there are committed records at or above `offset`, or the role
  // changes: at once if that is so already. `id` is the caller's name for the wait, to forget it
  // by.
  void AwaitCommitted(OffsetWaiters::Id id, LogOffset offset, OffsetWaiters::Wake wake);
  void ForgetWait(OffsetWaiters::Id id);
  // How many waits there are. Any thread.
  size_t waiter_count() const { return waiter_count_.load(std::memory_order_relaxed); }

  // For the manager's upkeep: retention, writer expiry.
  void Maintain(int64_t retention_size_bytes);

  // For the manager: Sync from any thread, Close once the replica is stopped.
  LogTablet& mutable_log() { return *log_; }

 private:
  Status CheckServing() const;
  Status CheckEpochs(const Leadership& next) const;
  Status CheckRole(const Leadership& next) const;
  Status CheckInSync(Acks acks) const;
  Status CheckHasRows() const;
  Result<AppendInfo> AppendOnStrand(Bytes batches, Acks acks, const JobAdmission& admission);
  Result<AppendInfo> PutOnStrand(const record::KvBatchView& batch, const PutOptions& options,
                                 Acks acks, const JobAdmission& admission);
  std::shared_ptr<BucketScan> OpenScanOnStrand(std::optional<int64_t> row_limit);

  // Under leadership_, which is this server's or not.
  void TakeRole(absl::AnyInvocable<void(Status)> done);
  void OpenRows(absl::AnyInvocable<void(Status)> done);
  Status Serve();
  // Ends reads and scans and closes the store.
  void CloseRows(absl::AnyInvocable<void()> closed);

  // What is committed now: what the log holds is on the whole ISR, which is this server alone.
  LogOffset CommittedOffset() const;
  // Moves the high watermark there, the rows first. Errors: kKvStorage; it stays where it is then.
  Status AdvanceHighWatermark();
  // Retention keeps the log from here on.
  LogOffset NeededFrom() const;
  // Runs the wakes of waiters that were taken out. Last: they may call back.
  void Wake(std::vector<OffsetWaiters::Wake> taken);
  Result<Bytes> Project(const Bytes& batches, const std::vector<int32_t>& columns) const;

  runtime::Executor& blocking_;
  const runtime::Clock& clock_;
  kv::KvStoreFactory& stores_;
  const Options options_;
  const BucketSpec spec_;
  const std::unique_ptr<LogTablet> log_;
  OpenKv kv_;  // Opened and closed on the strand.
  runtime::Strand strand_;

  std::atomic<bool> serving_{false};  // Written on the strand.
  std::atomic<int64_t> high_watermark_;
  std::atomic<size_t> waiter_count_{0};

  // On the strand.
  std::optional<Leadership> leadership_;
  bool stopped_ = false;
  OffsetWaiters waiters_;
  std::vector<std::weak_ptr<BucketScan>> scans_;
};

}  // namespace strom::tablet
