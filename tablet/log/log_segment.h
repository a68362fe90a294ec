#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <absl/functional/function_ref.h>

#include "common/io/file_system.h"
#include "common/record/log_batch.h"
#include "tablet/log/recent_batches.h"
#include "tablet/log/segment_index.h"

namespace strom::tablet {

struct SegmentOptions {
  uint64_t size_max_bytes = uint64_t{1} << 30;  // The log rolls before a segment grows past this.
  uint64_t index_interval_bytes = 4096;
  size_t index_size_max_bytes = size_t{10} << 20;
};

// A contiguous piece of one bucket's log: a file of batches, its offset index and its time index.
//
// Written on the bucket's strand; the const functions may run beside it on any thread and see what
// size() covers. Batches never change once written.
class LogSegment {
 public:
  // A new, empty segment. Errors: kStorage.
  static Result<std::shared_ptr<LogSegment>> Create(io::FileSystem& files,
                                                    const std::string& directory, LogOffset base,
                                                    const SegmentOptions& options);

  // Called for each batch that a scan finds valid.
  using BatchVisitor = absl::FunctionRef<void(const record::LogBatchHeader&)>;

  // A segment that was closed in order: trusts the file, and rebuilds the indexes only if they are
  // missing or cannot be. Errors: kStorage, kCorruptRecord for a batch header that cannot be.
  static Result<std::shared_ptr<LogSegment>> Open(io::FileSystem& files,
                                                  const std::string& directory, LogOffset base,
                                                  const SegmentOptions& options);

  // A segment that may end torn: checks every batch (CRC, contiguous offsets), cuts the file at the
  // first bad one, rebuilds the indexes. Batches from `unsynced_from` on are written once more:
  // after a sync that failed the kernel takes what it could not write for written, so that the next
  // sync says OK of bytes that are in memory only. Errors: kStorage.
  static Result<std::shared_ptr<LogSegment>> Recover(io::FileSystem& files,
                                                     const std::string& directory, LogOffset base,
                                                     const SegmentOptions& options,
                                                     LogOffset unsynced_from);

  LogOffset base_offset() const { return base_; }
  uint64_t size() const { return size_.load(std::memory_order_acquire); }
  // Largest commit timestamp of its batches; -1 while there are none.
  int64_t max_timestamp_ms() const { return max_timestamp_ms_.load(std::memory_order_acquire); }
  // Offset behind its last record; base_offset() while it is empty.
  LogOffset next_offset() const { return LogOffset(next_offset_.load(std::memory_order_acquire)); }
  // How many bytes Recover cut off.
  uint64_t bytes_cut() const { return bytes_cut_; }

  // True if `bytes` more, ending at `last_offset`, belong into a new segment.
  bool NeedsRoll(uint64_t bytes, LogOffset last_offset) const;

  // Appends whole batches with contiguous offsets from next_offset() on, as one write. On error the
  // segment is as before, or failed() from then on. Errors: kStorage, kDiskWriteLocked.
  Status Append(BytesView batches, const std::vector<record::LogBatchView>& views);
  bool failed() const { return failed_; }

  // Position of the batch that holds `offset`, or of the first one behind it; size() if there is
  // none. Errors: kStorage, kCorruptRecord.
  Result<uint64_t> FindBatch(LogOffset offset) const;

  // Visits the headers of the batches from `position` on, in order.
  Status VisitFrom(uint64_t position, BatchVisitor visit) const;

  // Up to `size_max` bytes from `position` on, cut at the end of a whole batch; at least one batch
  // if `at_least_one`. Batches that end above `upper` (exclusive offset) are left out.
  Result<Bytes> Read(uint64_t position, size_t size_max, bool at_least_one, LogOffset upper) const;

  // Base offset of the first batch committed at or after `timestamp_ms`.
  Result<std::optional<LogOffset>> FindTimestamp(int64_t timestamp_ms) const;

  // Cuts all batches that hold records >= `offset`; a batch is never cut in two.
  Status TruncateTo(LogOffset offset);

  // Writes the closing entry of the time index. Called before the segment stops growing.
  Status Seal();
  // Syncs the three files. Any thread.
  Status Sync();
  // Removes the three files; readers that still hold the segment go on reading.
  Status Remove(io::FileSystem& files);

 private:
  LogSegment(std::unique_ptr<io::File> log, LogOffset base, const SegmentOptions& options);

  Status OpenIndexes(io::FileSystem& files);
  Status ResetIndexes(io::FileSystem& files);
  // Walks the file from `position` on, trusting it or not; sets size, next offset and timestamp.
  Status Scan(uint64_t position, bool check, bool index, BatchVisitor visit);
  // The whole batches in `size` bytes from `position` on, up to `upper`.
  Result<Bytes> ReadWhole(uint64_t position, size_t size, LogOffset upper) const;
  Status WriteAgain(uint64_t position);
  Status IndexAppend(uint64_t position, uint64_t bytes, LogOffset last_offset);
  void NoteTimestamp(int64_t timestamp_ms, LogOffset batch_base);

  const std::unique_ptr<io::File> log_;
  const LogOffset base_;
  const SegmentOptions options_;
  std::string directory_;
  std::unique_ptr<OffsetIndex> offsets_;
  std::unique_ptr<TimeIndex> times_;

  std::atomic<uint64_t> size_{0};
  std::atomic<int64_t> next_offset_;
  std::atomic<int64_t> max_timestamp_ms_{-1};
  RecentBatches recent_;
  LogOffset max_timestamp_offset_;  // Base offset of the batch that has it.
  uint64_t bytes_since_index_ = 0;  // Of earlier appends, since the last entry.
  uint64_t bytes_cut_ = 0;
  bool failed_ = false;
};

}  // namespace strom::tablet
