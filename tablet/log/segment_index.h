#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/types/ids.h"
#include "tablet/log/index_file.h"

namespace strom::tablet {

// Sparse index of one segment: offset -> where to start looking in its .log file.
//
// Entry, big-endian: i32 last offset of an append minus the segment's base offset, i32 position
// where that append starts. Ascending. Same layout as Fluss: OffsetIndex.java.
class OffsetIndex {
 public:
  static constexpr size_t kEntrySize = 8;

  // Errors: kStorage; kCorruptRecord for a length or a last entry that cannot be.
  static Result<std::unique_ptr<OffsetIndex>> Open(io::FileSystem& files, const std::string& path,
                                                   LogOffset base, size_t size_max);

  bool full() const { return file_->full(); }
  Status Append(LogOffset last_offset, uint32_t position);
  // Position of the last append whose last offset is <= `target`; 0 if there is none.
  Result<uint32_t> Lookup(LogOffset target) const;
  // Forgets entries for offsets >= `offset`.
  Status TruncateTo(LogOffset offset);
  Status Sync() { return file_->Sync(); }

 private:
  struct Entry {
    LogOffset last_offset;
    uint32_t position;
  };
  OffsetIndex(std::unique_ptr<IndexFile> file, LogOffset base)
      : file_(std::move(file)), base_(base) {}
  Result<Entry> Read(size_t i) const;
  // Number of entries with last_offset < `offset`.
  Result<size_t> CountBelow(LogOffset offset) const;

  const std::unique_ptr<IndexFile> file_;
  const LogOffset base_;
};

// Sparse index of one segment: commit timestamp -> offset.
//
// Entry, big-endian: i64 largest commit timestamp so far (ms), i32 base offset of the batch that
// has it minus the segment's base offset. Timestamps ascend. Same layout as Fluss: TimeIndex.java.
class TimeIndex {
 public:
  static constexpr size_t kEntrySize = 12;

  struct Entry {
    int64_t timestamp_ms;
    LogOffset offset;
  };

  static Result<std::unique_ptr<TimeIndex>> Open(io::FileSystem& files, const std::string& path,
                                                 LogOffset base, size_t size_max);

  // One entry of room is kept for the one that closing writes.
  bool full() const { return file_->full(); }
  // Does nothing unless `timestamp_ms` is above the last entry's.
  Status MaybeAppend(int64_t timestamp_ms, LogOffset offset);
  // The last entry with a timestamp <= `timestamp_ms`.
  Result<std::optional<Entry>> Lookup(int64_t timestamp_ms) const;
  Result<std::optional<Entry>> Last() const;
  Status TruncateTo(LogOffset offset);
  Status Sync() { return file_->Sync(); }

 private:
  TimeIndex(std::unique_ptr<IndexFile> file, LogOffset base)
      : file_(std::move(file)), base_(base) {}
  Result<Entry> Read(size_t i) const;

  const std::unique_ptr<IndexFile> file_;
  const LogOffset base_;
};

}  // namespace strom::tablet
