#include "tablet/log/log_segment.h"

#include <algorithm>
#include <span>
#include <vector>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "common/io/path.h"
#include "tablet/log/batch_cursor.h"
#include "tablet/log/log_files.h"

namespace strom::tablet {
namespace {

constexpr uint64_t kRewriteBytes = uint64_t{1} << 20;  // At a time.

}  // namespace

LogSegment::LogSegment(std::unique_ptr<io::File> log, LogOffset base, const SegmentOptions& options)
    : log_(std::move(log)),
      base_(base),
      options_(options),
      directory_(io::ParentPath(log_->path())),
      next_offset_(base.value()),
      max_timestamp_offset_(base) {}

Result<std::shared_ptr<LogSegment>> LogSegment::Create(io::FileSystem& files,
                                                       const std::string& directory, LogOffset base,
                                                       const SegmentOptions& options) {
  STROM_ASSIGN_OR_RETURN(auto log, files.Create(LogFilePath(directory, base, kLogSuffix)));
  std::shared_ptr<LogSegment> segment(new LogSegment(std::move(log), base, options));
  STROM_RETURN_IF_ERROR(segment->ResetIndexes(files));
  STROM_RETURN_IF_ERROR(files.SyncDirectory(directory));
  return segment;
}

Result<std::shared_ptr<LogSegment>> LogSegment::Open(io::FileSystem& files,
                                                     const std::string& directory, LogOffset base,
                                                     const SegmentOptions& options) {
  STROM_ASSIGN_OR_RETURN(auto log, files.OpenForWrite(LogFilePath(directory, base, kLogSuffix)));
  std::shared_ptr<LogSegment> segment(new LogSegment(std::move(log), base, options));
  STROM_ASSIGN_OR_RETURN(const bool has_index,
                         files.Exists(LogFilePath(directory, base, kOffsetIndexSuffix)));
  STROM_ASSIGN_OR_RETURN(const bool has_times,
                         files.Exists(LogFilePath(directory, base, kTimeIndexSuffix)));
  const Status opened = has_index && has_times ? segment->OpenIndexes(files)
                                               : Error(ErrorCode::kCorruptRecord, "index missing");
  if (opened.ok()) {
    STROM_ASSIGN_OR_RETURN(const auto last_time, segment->times_->Last());
    if (last_time) segment->NoteTimestamp(last_time->timestamp_ms, last_time->offset);
    STROM_ASSIGN_OR_RETURN(const uint64_t start,
                           segment->offsets_->Lookup(LogOffset(INT64_MAX - 1)));
    STROM_RETURN_IF_ERROR(segment->Scan(start, false, false, [](const auto&) {}));
  } else {
    if (opened.code() != ErrorCode::kCorruptRecord) return opened;
    STROM_LOG(kWarn, "segment {}: rebuilding its indexes: {}", segment->log_->path(),
              opened.message());
    STROM_RETURN_IF_ERROR(segment->ResetIndexes(files));
    STROM_RETURN_IF_ERROR(segment->Scan(0, false, true, [](const auto&) {}));
  }
  return segment;
}

Result<std::shared_ptr<LogSegment>> LogSegment::Recover(io::FileSystem& files,
                                                        const std::string& directory,
                                                        LogOffset base,
                                                        const SegmentOptions& options,
                                                        LogOffset unsynced_from) {
  STROM_ASSIGN_OR_RETURN(auto log, files.OpenForWrite(LogFilePath(directory, base, kLogSuffix)));
  std::shared_ptr<LogSegment> segment(new LogSegment(std::move(log), base, options));
  STROM_RETURN_IF_ERROR(segment->ResetIndexes(files));
  STROM_RETURN_IF_ERROR(segment->Scan(0, true, true, [](const auto&) {}));
  STROM_ASSIGN_OR_RETURN(const uint64_t position,
                         segment->FindBatch(std::max(base, unsynced_from)));
  STROM_RETURN_IF_ERROR(segment->WriteAgain(position));
  return segment;
}

Status LogSegment::WriteAgain(uint64_t position) {
  std::vector<char> piece(std::min<uint64_t>(kRewriteBytes, size() - position));
  while (position < size()) {
    const std::span<char> wanted(piece.data(), std::min<uint64_t>(piece.size(), size() - position));
    STROM_ASSIGN_OR_RETURN(const size_t read, log_->ReadAt(position, wanted));
    if (read != wanted.size()) {
      return Error(ErrorCode::kStorage, "{}: {} bytes at {}, {} were there", log_->path(), read,
                   position, wanted.size());
    }
    STROM_RETURN_IF_ERROR(log_->WriteAt(position, BytesView(wanted.data(), wanted.size())));
    position += read;
  }
  return Status::Ok();
}

Status LogSegment::OpenIndexes(io::FileSystem& files) {
  STROM_ASSIGN_OR_RETURN(
      offsets_, OffsetIndex::Open(files, LogFilePath(directory_, base_, kOffsetIndexSuffix), base_,
                                  options_.index_size_max_bytes));
  STROM_ASSIGN_OR_RETURN(
      times_, TimeIndex::Open(files, LogFilePath(directory_, base_, kTimeIndexSuffix), base_,
                              options_.index_size_max_bytes));
  return Status::Ok();
}

Status LogSegment::ResetIndexes(io::FileSystem& files) {
  for (const std::string_view suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    const std::string path = LogFilePath(directory_, base_, suffix);
    STROM_ASSIGN_OR_RETURN(const bool exists, files.Exists(path));
    if (exists) STROM_RETURN_IF_ERROR(files.RemoveFile(path));
  }
  return OpenIndexes(files);
}

Status LogSegment::Scan(uint64_t position, bool check, bool index, BatchVisitor visit) {
  STROM_ASSIGN_OR_RETURN(const uint64_t file_size, log_->Size());
  BatchCursor cursor(*log_, position, file_size);
  uint64_t valid = position;
  while (true) {
    auto next = cursor.Next();
    if (!next.ok()) {
      if (!check || next.status().code() != ErrorCode::kCorruptRecord) return next.status();
      break;
    }
    if (!*next) break;
    const BatchCursor::Batch& batch = **next;
    if (check && !Mutated(Mutant::kTornBatchTaken)) {
      if (batch.header.base_offset != next_offset()) break;
      const Status crc = cursor.CheckCrc(batch);
      if (!crc.ok()) {
        if (crc.code() != ErrorCode::kCorruptRecord) return crc;
        break;
      }
    }
    NoteTimestamp(batch.header.commit_timestamp_ms, batch.header.base_offset);
    if (index) {
      STROM_RETURN_IF_ERROR(IndexAppend(batch.position, static_cast<uint64_t>(batch.header.size),
                                        batch.header.last_offset()));
    }
    next_offset_.store(batch.header.next_offset().value(), std::memory_order_release);
    visit(batch.header);
    valid = cursor.position();
  }
  if (Mutated(Mutant::kTornTailKept)) valid = file_size;
  if (valid < file_size) {
    bytes_cut_ = file_size - valid;
    STROM_LOG(kWarn, "segment {}: cut {} bytes behind offset {} that are no valid batch",
              log_->path(), bytes_cut_, next_offset());
    STROM_RETURN_IF_ERROR(log_->Truncate(valid));
  }
  size_.store(valid, std::memory_order_release);
  return Status::Ok();
}

bool LogSegment::NeedsRoll(uint64_t bytes, LogOffset last_offset) const {
  if (size() == 0) return false;
  return size() + bytes > options_.size_max_bytes || offsets_->full() || times_->full() ||
         last_offset.value() - base_.value() > INT32_MAX;
}

void LogSegment::NoteTimestamp(int64_t timestamp_ms, LogOffset batch_base) {
  if (timestamp_ms <= max_timestamp_ms()) return;
  max_timestamp_ms_.store(timestamp_ms, std::memory_order_release);
  max_timestamp_offset_ = batch_base;
}

Status LogSegment::IndexAppend(uint64_t position, uint64_t bytes, LogOffset last_offset) {
  // The bytes of this append count for the next one: the first append never gets an entry.
  if (bytes_since_index_ > options_.index_interval_bytes) {
    STROM_RETURN_IF_ERROR(offsets_->Append(last_offset, static_cast<uint32_t>(position)));
    STROM_RETURN_IF_ERROR(times_->MaybeAppend(max_timestamp_ms(), max_timestamp_offset_));
    bytes_since_index_ = 0;
  }
  bytes_since_index_ += bytes;
  return Status::Ok();
}

Status LogSegment::Append(BytesView batches, const std::vector<record::LogBatchView>& views) {
  if (failed_) {
    return Error(ErrorCode::kStorage, "segment {}: an earlier write failed", log_->path());
  }
  STROM_CHECK(!views.empty() && views.front().base_offset() == next_offset())
      << log_->path() << ": append at " << views.front().base_offset() << ", next is "
      << next_offset();
  const uint64_t position = size();
  if (const Status written = log_->WriteAt(position, batches); !written.ok()) {
    // A part may be in the file. Cut it for good: what is written over a part of it must not be
    // followed by the rest after a power failure.
    failed_ = !log_->Truncate(position).ok() || !log_->Sync().ok();
    return written;
  }
  uint64_t at = position;
  for (const record::LogBatchView& view : views) {
    NoteTimestamp(view.header().commit_timestamp_ms, view.base_offset());
    recent_.Note(view.base_offset(), at);
    at += view.size();
  }
  next_offset_.store(views.back().next_offset().value(), std::memory_order_release);
  size_.store(position + batches.size(), std::memory_order_release);
  // An index is a hint: without this entry, lookups scan a little further.
  if (const Status indexed = IndexAppend(position, batches.size(), views.back().last_offset());
      !indexed.ok()) {
    STROM_LOG(kWarn, "segment {}: no index entry at offset {}: {}", log_->path(),
              views.back().last_offset(), indexed.message());
  }
  return Status::Ok();
}

Result<uint64_t> LogSegment::FindBatch(LogOffset offset) const {
  const uint64_t end = size();  // Before the index, which may run ahead of it.
  if (offset < next_offset()) {
    const std::optional<uint64_t> known = recent_.Find(offset);
    if (known && *known < end) return *known;
  }
  STROM_ASSIGN_OR_RETURN(const uint64_t start, offsets_->Lookup(offset));
  BatchCursor cursor(*log_, std::min(start, end), end);
  while (true) {
    STROM_ASSIGN_OR_RETURN(const auto batch, cursor.Next());
    if (!batch) return end;
    if (batch->header.next_offset() > offset) return batch->position;
  }
}

Status LogSegment::VisitFrom(uint64_t position, BatchVisitor visit) const {
  BatchCursor cursor(*log_, position, size());
  while (true) {
    STROM_ASSIGN_OR_RETURN(const auto batch, cursor.Next());
    if (!batch) return Status::Ok();
    visit(batch->header);
  }
}

Result<Bytes> LogSegment::Read(uint64_t position, size_t size_max, bool at_least_one,
                               LogOffset upper) const {
  const uint64_t end = size();
  const auto want = static_cast<size_t>(std::min<uint64_t>(size_max, end - position));
  STROM_ASSIGN_OR_RETURN(Bytes bytes, ReadWhole(position, want, upper));
  if (!bytes.empty() || !at_least_one) return bytes;
  BatchCursor cursor(*log_, position, end);
  STROM_ASSIGN_OR_RETURN(const auto first, cursor.Next());
  if (!first || first->header.next_offset() > upper) return Bytes();
  return ReadWhole(position, static_cast<size_t>(first->header.size), upper);
}

Result<Bytes> LogSegment::ReadWhole(uint64_t position, size_t size, LogOffset upper) const {
  Bytes bytes(size, '\0');
  STROM_RETURN_IF_ERROR(log_->ReadExactlyAt(position, bytes));
  record::LogBatchIterator it(bytes);
  size_t whole = 0;
  while (true) {
    STROM_ASSIGN_OR_RETURN(const auto batch, it.Next());
    if (!batch || batch->next_offset() > upper) break;
    whole = it.position();
  }
  bytes.resize(whole);
  return bytes;
}

Result<std::optional<LogOffset>> LogSegment::FindTimestamp(int64_t timestamp_ms) const {
  if (max_timestamp_ms() < timestamp_ms) return std::optional<LogOffset>();
  STROM_ASSIGN_OR_RETURN(const auto entry, times_->Lookup(timestamp_ms - 1));
  STROM_ASSIGN_OR_RETURN(const uint64_t start, FindBatch(entry ? entry->offset : base_));
  BatchCursor cursor(*log_, start, size());
  while (true) {
    STROM_ASSIGN_OR_RETURN(const auto batch, cursor.Next());
    if (!batch) return std::optional<LogOffset>();
    if (batch->header.commit_timestamp_ms >= timestamp_ms) {
      return std::optional<LogOffset>(batch->header.base_offset);
    }
  }
}

Status LogSegment::TruncateTo(LogOffset offset) {
  if (offset >= next_offset()) return Status::Ok();
  recent_.Clear();
  STROM_ASSIGN_OR_RETURN(const uint64_t position, FindBatch(offset));
  LogOffset end = base_;
  int64_t max_timestamp = -1;
  LogOffset max_offset = base_;
  {
    BatchCursor cursor(*log_, 0, position);
    while (true) {
      STROM_ASSIGN_OR_RETURN(const auto batch, cursor.Next());
      if (!batch) break;
      end = batch->header.next_offset();
      if (batch->header.commit_timestamp_ms > max_timestamp) {
        max_timestamp = batch->header.commit_timestamp_ms;
        max_offset = batch->header.base_offset;
      }
    }
  }
  size_.store(position, std::memory_order_release);
  next_offset_.store(end.value(), std::memory_order_release);
  max_timestamp_ms_.store(max_timestamp, std::memory_order_release);
  max_timestamp_offset_ = max_offset;
  bytes_since_index_ = 0;
  STROM_RETURN_IF_ERROR(offsets_->TruncateTo(end));
  STROM_RETURN_IF_ERROR(times_->TruncateTo(end));
  return log_->Truncate(position);
}

Status LogSegment::Seal() {
  if (size() == 0) return Status::Ok();
  return times_->MaybeAppend(max_timestamp_ms(), max_timestamp_offset_);
}

Status LogSegment::Sync() {
  STROM_RETURN_IF_ERROR(log_->Sync());
  STROM_RETURN_IF_ERROR(offsets_->Sync());
  return times_->Sync();
}

Status LogSegment::Remove(io::FileSystem& files) {
  for (const std::string_view suffix : {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    STROM_RETURN_IF_ERROR(files.RemoveRecursively(LogFilePath(directory_, base_, suffix)));
  }
  return Status::Ok();
}

}  // namespace strom::tablet
