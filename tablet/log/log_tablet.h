#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <absl/synchronization/mutex.h>

#include "common/io/file_system.h"
#include "common/record/log_batch.h"
#include "common/runtime/clock.h"
#include "common/types/table_bucket.h"
#include "tablet/log/cut_note.h"
#include "tablet/log/leader_epochs.h"
#include "tablet/log/log_segment.h"
#include "tablet/log/writer_state.h"

namespace strom::tablet {

struct LogOptions {
  SegmentOptions segment;
  int64_t writer_expiration_ms = int64_t{7} * 24 * 3600 * 1000;
};

// Which old segments may go. Segments are removed whole, oldest first; never the active one, never
// one with records at or above `keep_from`.
struct RetentionPolicy {
  int64_t ttl_ms = -1;          // Older (by commit timestamp) goes; <= 0: no limit.
  int64_t size_max_bytes = -1;  // Oldest go until the rest fits; <= 0: no limit.
  LogOffset keep_from;          // The high watermark, or what a snapshot does not hold yet.
};

// What one append did.
struct AppendInfo {
  LogOffset base_offset;  // Of the first record.
  LogOffset next_offset;  // Behind the last.
  int64_t commit_timestamp_ms = 0;
  bool duplicate = false;  // A retry: nothing was written, the offsets are the first attempt's.
};

// The log of one bucket on this server: segments of batches with contiguous offsets.
//
// Everything that changes it runs on the bucket's strand. Reads, offsets and Sync may run beside it
// on any thread: they work on a published list of segments. The log knows nothing of roles; what is
// committed (the high watermark) is its replica's business. It knows which leader epoch wrote which
// part, once it was told (StartEpoch by a leader, AppendAsFollower by a follower).
//
// Always true: batches tile [log_start_offset, log_end_offset) without holes; their commit
// timestamps and leader epochs never go back. What was cut off does not come back, whatever the
// disk lost since: cuts are synced before anything is written over them.
class LogTablet {
 public:
  // Opens the log in `directory`, which exists, or begins one at offset 0. Unless `clean_shutdown`,
  // segments at or above `recovery_point` are checked batch by batch and cut at the first bad one:
  // what lies below was synced. The epochs of what was cut go too. May take as long as reading
  // those segments.
  // Errors: kStorage; kCorruptRecord for files that cannot be this log's, and for a history of
  // leader epochs that does not read.
  static Result<std::unique_ptr<LogTablet>> Open(io::FileSystem& files, const runtime::Clock& clock,
                                                 std::string directory, TableBucket bucket,
                                                 const LogOptions& options,
                                                 LogOffset recovery_point, bool clean_shutdown);

  const TableBucket& bucket() const { return bucket_; }
  const std::string& directory() const { return directory_; }

  LogOffset log_start_offset() const;
  LogOffset log_end_offset() const {
    return LogOffset(log_end_offset_.load(std::memory_order_acquire));
  }
  // Everything below is synced.
  LogOffset recovery_point() const {
    return LogOffset(recovery_point_.load(std::memory_order_acquire));
  }
  uint64_t size_bytes() const;
  size_t segment_count() const;

  // Leader epochs, as a leader and its followers compare them; any thread -----------------------

  // Of the last record; nullopt in an empty log, or one that is older than its history.
  std::optional<LeaderEpoch> last_epoch() const;
  // The newest one that was known when the log was opened, whether records of it were left or not;
  // kNoEpoch: none. Under it nobody may lead who opened the log since: others may have copied what
  // was lost here.
  LeaderEpoch former_epoch() const { return former_epoch_; }
  // The end of the largest known epoch that is not above `epoch`. None: kNoEpoch, with the log's
  // start, or where the first known epoch starts if the log is older than its history.
  EpochEnd EndOfEpoch(LeaderEpoch epoch) const;
  // The epochs that wrote the records in [from, to), oldest first; the first may start below
  // `from`.
  std::vector<EpochStart> EpochsCovering(LogOffset from, LogOffset to) const;

  // On the strand -----------------------------------------------------------------------------

  // What is appended from now on is of this epoch. A leader calls it before its first append;
  // again with the same epoch it does nothing. Syncs a small file if the epoch is new.
  // Errors: kFencedLeaderEpoch if the log knows a newer one; kStorage, kDiskWriteLocked.
  Status StartEpoch(LeaderEpoch epoch);

  // Appends the batches of one request as their leader: checks CRCs and writer sequences, gives
  // them offsets and one commit timestamp (never below an earlier one), writes them as one piece.
  // `batches` is taken, because the headers are patched in place. On error nothing was appended.
  // Errors: kCorruptRecord; kOutOfOrderSequence; kRecordTooLarge for more than a segment holds;
  // kStorage, kDiskWriteLocked.
  Result<AppendInfo> AppendAsLeader(Bytes batches);

  // Appends what the leader's log holds from this log's end on: whole batches, with the offsets and
  // timestamps they have, and the epochs that cover them, as EpochsCovering gives them there.
  // Checks CRCs, that the batches tile from the log's end on, that timestamps and epochs do not go
  // back. Writers are noted, not judged: the leader did that. Returns the new log end; no bytes: it
  // is the old one. On a storage error the batches before it may be there: log_end_offset() tells.
  // Errors: kCorruptRecord naming what does not fit; kStorage, kDiskWriteLocked.
  Result<LogOffset> AppendAsFollower(Bytes batches, std::span<const EpochStart> epochs);

  // Whole batches from offset `from` on, up to `size_max` bytes, or the first one whatever its size
  // if `at_least_one`. The first batch may begin before `from`. Nothing at or above `upper`.
  // Empty if `from` is at or above `upper` or the end.
  // Errors: kLogOffsetOutOfRange naming the range; kStorage, kCorruptRecord.
  Result<Bytes> Read(LogOffset from, size_t size_max, bool at_least_one, LogOffset upper) const;

  // Where to start to read the last `count` records below `upper`: the start of a batch.
  Result<LogOffset> OffsetOfLast(int64_t count, LogOffset upper) const;

  // Base offset of the first batch committed at or after `timestamp_ms`; the log end if none is.
  Result<LogOffset> OffsetOfTimestamp(int64_t timestamp_ms) const;

  // Largest commit timestamp in the log; -1 if it is empty.
  int64_t max_timestamp_ms() const;

  // Cuts all batches with records >= `offset`, and writer state and epochs with them; synced. Below
  // the log's start it is RestartAt.
  // Errors of both: kStorage, kDiskWriteLocked. If the cut had begun, the log takes no more appends
  // and no cuts until it is opened again: what is left of it is known only then.
  Status TruncateTo(LogOffset offset);

  // Removes everything; the log begins anew at `offset`, without records, writers and epochs. One
  // step: after a crash the log is the old one or the new one.
  Status RestartAt(LogOffset offset);

  // Removes old segments. Returns how many went.
  Result<size_t> DeleteOldSegments(const RetentionPolicy& policy);

  // Forgets writers whose last batch is older than the newest one of the log by more than their
  // expiration. The clock has no say: all replicas judge by the same timestamps.
  void ExpireWriters();

  // Syncs what was written before the call and moves the recovery point there. Any thread; blocks.
  Status Sync();

  // Writes a writer snapshot, closes the active segment and syncs all: for an orderly shutdown.
  Status Close();

 private:
  using Segments = std::vector<std::shared_ptr<LogSegment>>;

  LogTablet(io::FileSystem& files, const runtime::Clock& clock, std::string directory,
            TableBucket bucket, const LogOptions& options, LogOffset recovery_point);

  // Published list, oldest segment first, never empty once open.
  std::shared_ptr<const Segments> segments() const;
  void Publish(Segments segments);
  static const LogSegment& SegmentOf(const Segments& segments, LogOffset offset);
  LogSegment& active() const { return *segments()->back(); }

  Status Load(bool clean_shutdown);
  Status LoadCutNote(bool clean_shutdown);
  Status LoadSegments(bool clean_shutdown);
  Status LoadEpochs();
  Status LoadWriters();
  Status Roll();
  // TruncateTo and RestartAt, after LowerRecoveryPoint; on an error the log is broken.
  Status Cut(LogOffset offset);
  Status Restart(LogOffset offset);
  // Before anything at or above `offset` is cut: nothing there counts as synced, in this life and,
  // noted in a file, in the next. Notes a restart too, if this is to be one.
  Status LowerRecoveryPoint(LogOffset offset, std::optional<LogOffset> restart_at);
  // Does what `note` says of a restart, and takes that out of it. Returns the only segment.
  Result<std::shared_ptr<LogSegment>> BeginAnew(CutNote note);
  // Removes the last segment of `list` for good.
  Status RemoveLast(Segments& list);
  Status CheckNotBroken() const;
  // The known epochs of the records there are.
  EpochHistory EpochsOfRecords() const;
  // Leaves that of the record before `log_start` too: it tells whether a follower whose log ends
  // there can go on.
  static void CutEpochsBelow(LogOffset log_start, EpochHistory& epochs);
  // The commit timestamp before which a writer's last batch is too old to count.
  int64_t writers_expire_before_ms() const;
  Status WriteWriterSnapshot();
  // Keeps the two newest writer snapshots, and, for good, none above `end`.
  Status RemoveWriterSnapshots(LogOffset end);
  Status FindWriterSnapshots();

  io::FileSystem& files_;
  const runtime::Clock& clock_;
  const std::string directory_;
  const TableBucket bucket_;
  const LogOptions options_;

  mutable absl::Mutex mutex_;  // Never held over I/O.
  std::shared_ptr<const Segments> segments_ ABSL_GUARDED_BY(mutex_);
  uint64_t cut_count_ ABSL_GUARDED_BY(mutex_) = 0;  // A Sync from before a cut says nothing now.
  std::atomic<int64_t> log_end_offset_{0};
  std::atomic<int64_t> recovery_point_;  // Written under mutex_.
  LeaderEpochs epochs_;
  LeaderEpoch former_epoch_ = kNoEpoch;  // Written before the log is handed out.
  WriterState writers_;
  std::set<LogOffset> writer_snapshots_;  // The files there are, by the log's end they are of.
  bool broken_ = false;  // A cut failed half-way.
};

}  // namespace strom::tablet
