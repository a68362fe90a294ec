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
#include "tablet/replica/durability_rule.h"
#include "tablet/replica/group_commit.h"
#include "tablet/replica/isr_tracker.h"
#include "tablet/replica/kept_rows.h"
#include "tablet/replica/open_kv.h"
#include "tablet/replica/promises.h"
#include "tablet/replica/projections.h"
#include "tablet/replica/replica_duties.h"
#include "tablet/replica/replica_requests.h"
#include "tablet/replica/snapshot_taker.h"
#include "tablet/replica/waiters.h"
#include "tablet/replica/write_waiters.h"

namespace strom::tablet {

// This server's copy of one bucket: its leader, or a follower.
//
// Its strand owns role, epochs, waiters and everything that changes the log; writes, followers'
// fetches and role changes hop onto it. Clients' reads run on the calling thread, beside the
// strand: they see the published role and high watermark and only committed records.
//
// A leader appends; followers fetch up to its log's end, and where a follower goes on to fetch is
// what it holds: the high watermark is the smallest such position in the ISR, the leader's own
// among them (IsrTracker). In `durable` a position counts once it is synced (GroupCommit).
// A follower cuts its log only where the leader's epochs show that it leaves the leader's.
//
// If the table has a primary key, the log is its changelog, which only PutKv appends to, and the
// replica has the rows it makes (KeptRows), as far as they are committed; a leader whole, before it
// serves, and it alone shows them. What is committed is in the rows before the high watermark says
// so: an acknowledged upsert is a visible one. And it is at the only leader that shows rows: a
// deposed one's lease, and what its followers promised it, is over before the next one acknowledges
// upserts or shows rows.
//
// A sync that fails ends the replica, as what it did not write may be lost: it neither serves nor
// follows any more while this process lives, and has the coordinator know.
//
// Always true: the high watermark never decreases while the log is not cut below it, is never above
// the log's end, and does not move while the ISR is smaller than it must be; a leader serves only
// under the newest leadership it was told.
class Replica : public std::enable_shared_from_this<Replica> {
 public:
  struct Options {
    ServerId self;
    DurabilityPolicy durability;
    MonoDuration lag_max = Seconds(30);  // log.replica.max-lag-time
    SnapshotOptions snapshots = {};
    MonoTime promises_forgotten = {};  // What was promised before: see GivenPromises.
  };

  // What a replica lives on; outlives it. Rows are rebuilt and logs synced on `blocking`.
  struct World {
    runtime::Executor& executor;
    runtime::Executor& blocking;
    const runtime::Clock& clock;
    io::FileSystem& files;
    kv::KvStoreFactory& stores;
    ReplicaDuties& duties;
    std::shared_ptr<RecentRowsBudget> recent_rows;
  };

  // The log is open and belongs to the replica from now on. What is below `high_watermark` was
  // committed when this server last knew; there may be less in the log. `left`: what the store of
  // the rows holds, if that is known.
  Replica(World world, Options options, BucketSpec spec, std::unique_ptr<LogTablet> log,
          LogOffset high_watermark, std::optional<StoredRows> left = {});

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
  // kUnknownTableOrBucket if the server is none of the replicas; kIneligibleReplica for a leader
  // outside of its ISR; kLogStorage after a failed sync. And those of LogTablet::StartEpoch and
  // KeptRows::Lead: it leads, but does not serve, and the same leadership again tries again.
  void Become(Leadership leadership, absl::AnyInvocable<void(Status)> done);

  // Stops serving and following for good; waiters are woken, scans end, later calls get
  // kNotLeaderOrFollower. `done` comes when nobody reads the rows or writes them any more, and no
  // sync is under way.
  // Errors: kFencedLeaderEpoch if `leader_epoch` is given and older than the one known; the replica
  // goes on then.
  void Stop(std::optional<LeaderEpoch> leader_epoch, absl::AnyInvocable<void(Status)> done);

  // Writes of clients, to the leader ----------------------------------------------------------

  // Appends the batches of one request, and answers as options.acks says.
  // Errors: kNotLeaderOrFollower; kInvalidTable if the table has a primary key; kFencedJobEpoch;
  // kNotEnoughReplicas; those of ValidateProduced and of LogTablet::AppendAsLeader: then nothing
  // was appended. Later, with the records in the log, to be committed or not: kRequestTimeOut at
  // the deadline, kNotLeaderOrFollower if the role changes.
  void Append(Bytes batches, WriteOptions options,
              absl::AnyInvocable<void(Result<AppendInfo>)> done);

  // Puts one KV batch into the rows. Once it is answered with Acks::kAll, reads see it.
  // Errors: kNotLeaderOrFollower; kNonPrimaryKeyTable; kFencedJobEpoch; kNotEnoughReplicas;
  // kCorruptMessage; those of KvTablet::Put. Later, as Append, and those of FlushTo: then a retry
  // tries to commit it.
  void PutKv(Bytes batch, PutOptions put, WriteOptions options,
             absl::AnyInvocable<void(Result<AppendInfo>)> done);

  // Followers, at the leader ------------------------------------------------------------------

  // Notes where a follower is, unless it diverges, and gives it what comes next, up to the log's
  // end. Errors: kNotLeaderOrFollower, also for a newer leader epoch or a server that is none of
  // the replicas; kFencedLeaderEpoch for an older one; kStorage, kCorruptRecord.
  void ReadForFollower(FollowerPosition position, size_t size_max, bool at_least_one,
                       absl::AnyInvocable<void(Result<FollowerRead>)> done);

  // Runs `wake` on the strand once the log goes on at or above `offset`, or the role changes: at
  // once if that is so already. See AwaitCommitted.
  void AwaitAppended(OffsetWaiters::Id id, LogOffset offset, OffsetWaiters::Wake wake);

  // The follower ------------------------------------------------------------------------------

  // Where to begin to fetch, once ReplicaDuties::Follow was called; while no answer is being taken.
  // Any thread.
  FollowerPosition position() const;

  // Takes an answer of its leader and says where to go on: appends, cuts or begins anew; in
  // `durable` all of it is synced then. One at a time.
  // Errors: kNotLeaderOrFollower if it does not follow under this epoch; kLogOffsetOutOfRange for a
  // cut that cuts nothing; kLogStorage after a failed sync; those of LogTablet::AppendAsFollower,
  // TruncateTo and RestartAt.
  void TakeFromLeader(LeaderEpoch under, FollowerRead read,
                      absl::AnyInvocable<void(Result<FollowerPosition>)> done);

  // Reads of clients, at the leader -----------------------------------------------------------

  // The committed rows, for as long as the caller keeps them; see KvTablet's calls for any thread.
  // What was read of them may be shown only if CheckShows says so afterwards.
  // Errors: those of CheckShows; kNonPrimaryKeyTable.
  Result<std::shared_ptr<const KvTablet>> Rows() const;

  // Whether rows that were read before this call are the newest. Errors: kNotLeaderOrFollower;
  // kLeaderNotAvailable while a new leader does not know yet what the ones before committed, or one
  // of them may still show rows, or this one's own lease is over and not all who could follow it
  // have promised not to: there may be another one.
  Status CheckShows() const;

  // A scan over the committed rows of the moment. Errors: those of Rows.
  void OpenScan(std::optional<int64_t> row_limit,
                absl::AnyInvocable<void(Result<std::shared_ptr<BucketScan>>)> done);

  // Committed batches from range.offset on; offset -2 means the log's start. Any thread.
  // Errors: kNotLeaderOrFollower, kLogOffsetOutOfRange, kInvalidColumnProjection, kStorage.
  Result<BucketRead> ReadCommitted(const ReadRange& range) const;

  // The newest `count` committed records, as whole batches: there may be some more before them.
  // Errors: kNotLeaderOrFollower; kLeaderNotAvailable as Rows; kRecordTooLarge if that is more than
  // `size_max` bytes; kStorage.
  Result<Bytes> ReadLast(int32_t count, size_t size_max) const;

  // How many records are committed, or rows there are in a table with a primary key.
  // Errors: those of Rows; kInvalidTable if rows are not counted (changelog image WAL).
  Result<int64_t> CountCommitted() const;

  // Errors: kNotLeaderOrFollower; kInvalidTimestamp for one in the future; kLeaderNotAvailable for
  // the latest offset, as Rows.
  Result<LogOffset> FindOffset(const OffsetQuery& query) const;

  // Runs `wake` on the strand once there are committed records at or above `offset`, or the role
  // changes: at once if that is so already. `id` is the caller's name for the wait, to forget it
  // by.
  void AwaitCommitted(OffsetWaiters::Id id, LogOffset offset, OffsetWaiters::Wake wake);
  void ForgetWait(OffsetWaiters::Id id);
  // How many waits there are. Any thread.
  size_t waiter_count() const { return waiter_count_.load(std::memory_order_relaxed); }

  // Of a primary-key table: snapshots stand for the changelog below `offset`. Any thread.
  void OnNeededFrom(LogOffset offset);

  // For the manager's upkeep: retention, writer expiry.
  void Maintain(int64_t retention_size_bytes);

  // For the manager: syncs what the log holds now. Errors: kLogStorage, now and ever after.
  void Sync(absl::AnyInvocable<void(Status)> done);
  // For the manager, once the replica is stopped: closes the rows, for the next life to go on with,
  // and the log. Blocks. Errors: those of LogTablet::Close; kLogStorage after a failed sync.
  Status Close();
  // The same where all of it is to be removed.
  void Abandon();

 private:
  // Roles: replica.cc -------------------------------------------------------------------------
  Status CheckEpochs(const Leadership& next) const;
  Status CheckRole(const Leadership& next) const;
  Status CheckServing() const;
  bool leads() const { return isr_.has_value(); }
  // Under leadership_, which is this server's, or another one's. The leader epoch is a new one, or
  // the bucket epoch at least, or nothing.
  enum class News { kNone, kIsr, kLeader };
  News Take(Leadership next);
  void Lead(News news, absl::AnyInvocable<void(Status)> done);
  void Follow(News news, absl::AnyInvocable<void(Status)> done);
  Status BeginToLead();
  void BeginToFollow();
  Status Serve();
  // Ends what a leader does: serving, waiters, its view of the ISR.
  void EndLeading();
  Status CheckNotFailed() const;
  // Once a sync has failed.
  void Fail();

  // The leader's log, positions and ISR: replica_leader.cc ------------------------------------
  IsrTracker::Committed CommittedIsr() const;
  // Brings all that follows up to date with a change of the log, a position or the ISR: the high
  // watermark, who waits, proposals, the sync, the alarm.
  void Settle();
  // What counts of this log.
  LogOffset OwnPosition() const;
  void SyncOwnLog();
  void ProposeIsr();
  void OnIsrAnswer(const ReplicaDuties::IsrProposal& proposal, Result<Leadership> answer);
  // Moves the high watermark, the rows first. Errors: kKvStorage; it stays where it is then.
  Status AdvanceHighWatermark();
  Result<FollowerRead> ReadOnStrand(const FollowerPosition& position, size_t size_max,
                                    bool at_least_one);
  // Where the follower's log leaves this one, if it does.
  std::optional<EpochEnd> DivergenceOf(const FollowerPosition& position) const;
  void SetAlarm();
  void OnAlarm();

  // The follower's log: replica_follower.cc ---------------------------------------------------
  Status CheckFollowing(LeaderEpoch under) const;
  Status TakeOnStrand(FollowerRead read);
  // Where its history and the leader's part, given the leader's end of an epoch.
  Status CutTo(const EpochEnd& leaders, LogOffset leaders_start);

  // Writes: replica_write.cc ------------------------------------------------------------------
  Status CheckInSync(Acks acks) const;
  Result<AppendInfo> AppendOnStrand(Bytes batches, const WriteOptions& options);
  // Answers a write that is in the log as its options say.
  void Answer(Result<AppendInfo> info, const WriteOptions& options, WriteWaiters::Done done);
  void FailWrites(std::vector<WriteWaiters::Taken> taken, const Status& status);

  // Rows: replica_kv.cc -----------------------------------------------------------------------
  Status CheckHasRows() const;
  // While a leader before may show rows, nothing newer may be known of to anybody.
  bool withholds() const {
    return spec_.has_primary_key() &&
           world_.clock.Now() < MonoTime(withheld_until_.load(std::memory_order_acquire));
  }
  void Withhold(News news);
  // Anew, after a promise or a change of who may be elected.
  void CountPromises();
  void OpenRows(absl::AnyInvocable<void(Status)> done);
  void OnRowsOpened(Result<std::shared_ptr<KvTablet>> opened,
                    absl::AnyInvocable<void(Status)> done);
  void OnRowsMended();
  // Of a leader that serves.
  void TakeSnapshots();
  // The rows of a follower go on to the high watermark.
  void KeepRows();
  void StopRows(absl::AnyInvocable<void()> idle);
  // Ends reads and scans; `ended` once the last one is over, on its thread or here.
  void EndReads(absl::AnyInvocable<void()> ended);
  Result<AppendInfo> PutOnStrand(const record::KvBatchView& batch, const PutOptions& put,
                                 const WriteOptions& options);
  Result<std::shared_ptr<BucketScan>> OpenScanOnStrand(std::optional<int64_t> row_limit);
  // Retention keeps the log from here on.
  LogOffset NeededFrom() const;

  // Reads: replica_read.cc --------------------------------------------------------------------
  // That the high watermark is not below what a leader before may have shown.
  Status CheckCaughtUp() const;
  Result<Bytes> Project(const Bytes& batches, const std::vector<int32_t>& columns) const;
  // Counts the waiters there are and runs the wakes of those that were taken out. Last: they may
  // call back.
  void Wake(std::vector<OffsetWaiters::Wake> taken);

  const World world_;
  const Options options_;
  const BucketSpec spec_;
  mutable Projections projections_;
  const std::unique_ptr<LogTablet> log_;
  OpenKv kv_;  // While it leads; set and closed on the strand.
  runtime::Strand strand_;
  const std::unique_ptr<KeptRows> rows_;        // nullptr without a primary key,
  const std::unique_ptr<SnapshotTaker> taker_;  // or without an object store.

  // Written on the strand, read anywhere.
  std::atomic<bool> serving_{false};
  std::atomic<int64_t> high_watermark_;
  std::atomic<int64_t> shown_before_{0};  // Leaders before this one committed nothing above.
  std::atomic<int32_t> leader_epoch_{kNoLeaderEpoch.value()};
  std::atomic<int32_t> told_by_{-1};  // The coordinator's epoch.
  std::atomic<int64_t> withheld_until_{0};
  std::atomic<int64_t> promised_until_{0};  // Until then nobody else serves, lease or not.
  std::atomic<int64_t> needed_from_{0};  // As OnNeededFrom says.
  std::atomic<size_t> waiter_count_{0};

  // On the strand.
  std::optional<Leadership> leadership_;
  DurabilityTerms terms_;
  std::optional<IsrTracker> isr_;  // While it leads.
  HeldPromises held_promises_;     // Under its leader epoch.
  GivenPromises given_promises_;
  GroupCommit commit_;
  bool syncing_own_ = false;  // A sync of what a leader appended is asked for.
  bool failed_ = false;
  bool rows_failed_ = false;  // The coordinator was told that it cannot lead.
  bool stopped_ = false;
  OffsetWaiters committed_waiters_;
  OffsetWaiters appended_waiters_;
  WriteWaiters writes_;
  runtime::TimerId alarm_ = runtime::kNoTimer;
  MonoTime alarm_at_ = MonoTime::Infinite();
  std::vector<std::weak_ptr<BucketScan>> scans_;
};

}  // namespace strom::tablet
