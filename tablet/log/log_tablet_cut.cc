// How a LogTablet loses records: at its end, all of them, or at its start.
#include <algorithm>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "tablet/log/log_files.h"
#include "tablet/log/log_tablet.h"

namespace strom::tablet {

void LogTablet::CutEpochsBelow(LogOffset log_start, EpochHistory& epochs) {
  epochs.CutBelow(LogOffset(log_start.value() - 1));
}

Status LogTablet::CheckNotBroken() const {
  if (!broken_) return Status::Ok();
  return Error(ErrorCode::kStorage, "{}: an earlier cut of the log failed half-way", bucket_);
}

Status LogTablet::TruncateTo(LogOffset offset) {
  STROM_RETURN_IF_ERROR(CheckNotBroken());
  if (offset >= log_end_offset()) return Status::Ok();
  if (offset < log_start_offset()) return RestartAt(offset);
  STROM_RETURN_IF_ERROR(LowerRecoveryPoint(SegmentOf(*segments(), offset).base_offset(), {}));
  broken_ = true;
  STROM_RETURN_IF_ERROR(Cut(offset).WithContext(bucket_.ToString()));
  broken_ = false;
  return Status::Ok();
}

Status LogTablet::RestartAt(LogOffset offset) {
  STROM_RETURN_IF_ERROR(CheckNotBroken());
  broken_ = true;  // Once it is noted, it will be done.
  STROM_RETURN_IF_ERROR(LowerRecoveryPoint(std::min(offset, log_start_offset()), offset)
                            .WithContext(bucket_.ToString()));
  STROM_RETURN_IF_ERROR(Restart(offset).WithContext(bucket_.ToString()));
  broken_ = false;
  return Status::Ok();
}

// The order makes each state a crash may leave one that Open understands: a shorter log with the
// epochs of a longer one. Never records under the epoch of others, so the log is cut first, for
// good, and the history afterwards.
Status LogTablet::Cut(LogOffset offset) {
  Segments list = *segments();
  while (list.size() > 1 && list.back()->base_offset() > offset) {
    STROM_RETURN_IF_ERROR(RemoveLast(list));
  }
  STROM_RETURN_IF_ERROR(list.back()->TruncateTo(offset));
  STROM_RETURN_IF_ERROR(list.back()->Sync());
  log_end_offset_.store(list.back()->next_offset().value(), std::memory_order_release);
  STROM_RETURN_IF_ERROR(epochs_.Set(EpochsOfRecords()));
  if (Mutated(Mutant::kCutKeepsWriters)) return Status::Ok();
  // Batches that were forgotten in favour of those just cut count again.
  writers_ = WriterState();
  return LoadWriters();
}

Status LogTablet::Restart(LogOffset offset) {
  STROM_LOG(kInfo, "{}: log [{}, {}) goes, it begins anew at {}", bucket_, log_start_offset(),
            log_end_offset(), offset);
  STROM_ASSIGN_OR_RETURN(const auto note, ReadCutNote(files_, directory_));
  STROM_CHECK(note && note->restart_at == offset) << bucket_ << ": restart at " << offset;
  STROM_ASSIGN_OR_RETURN(auto segment, BeginAnew(*note));
  writers_ = WriterState();
  log_end_offset_.store(offset.value(), std::memory_order_release);
  Publish({std::move(segment)});
  return Status::Ok();
}

Result<std::shared_ptr<LogSegment>> LogTablet::BeginAnew(CutNote note) {
  STROM_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
  for (const io::DirectoryEntry& entry : entries) {
    for (const std::string_view suffix :
         {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix, kWriterSnapshotSuffix}) {
      if (!ParseLogFileName(entry.name, suffix)) continue;
      STROM_RETURN_IF_ERROR(files_.RemoveFile(directory_ + "/" + entry.name));
    }
  }
  writer_snapshots_.clear();
  STROM_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  STROM_RETURN_IF_ERROR(epochs_.Set(EpochHistory()));
  STROM_ASSIGN_OR_RETURN(
      auto segment, LogSegment::Create(files_, directory_, *note.restart_at, options_.segment));
  note.restart_at.reset();
  STROM_RETURN_IF_ERROR(WriteCutNote(files_, directory_, note));
  return segment;
}

Status LogTablet::LowerRecoveryPoint(LogOffset offset, std::optional<LogOffset> restart_at) {
  LogOffset before;
  {
    absl::MutexLock lock(&mutex_);
    ++cut_count_;
    before = recovery_point();
    const LogOffset lowered =
        Mutated(Mutant::kCutKeepsRecoveryPoint) ? before : std::min(before, offset);
    recovery_point_.store(lowered.value(), std::memory_order_release);
  }
  if (offset >= before && !restart_at) return Status::Ok();
  STROM_ASSIGN_OR_RETURN(const auto earlier, ReadCutNote(files_, directory_));
  CutNote note{.cut_at = offset, .stale_until = before, .restart_at = restart_at};
  if (earlier) {
    note.cut_at = std::min(note.cut_at, earlier->cut_at);
    note.stale_until = std::max(note.stale_until, earlier->stale_until);
  }
  return WriteCutNote(files_, directory_, note);
}

// Readers may still hold the segment; its files stay readable for them. Each removal is synced
// before the next: after a power failure the log has no hole.
Status LogTablet::RemoveLast(Segments& list) {
  const auto removed = list.back();
  list.pop_back();
  log_end_offset_.store(list.back()->next_offset().value(), std::memory_order_release);
  Publish(list);
  STROM_RETURN_IF_ERROR(removed->Remove(files_));
  return files_.SyncDirectory(directory_);
}

Result<size_t> LogTablet::DeleteOldSegments(const RetentionPolicy& policy) {
  Segments list = *segments();
  const int64_t now = clock_.WallNow();
  uint64_t size = size_bytes();
  size_t gone = 0;
  while (list.size() - gone > 1) {
    const LogSegment& oldest = *list[gone];
    const LogOffset end = list[gone + 1]->base_offset();
    const bool before = Mutated(Mutant::kAgeOfSegmentBefore) && gone > 0;
    const int64_t newest_ms = (before ? *list[gone - 1] : oldest).max_timestamp_ms();
    const bool old = policy.ttl_ms > 0 && newest_ms < now - policy.ttl_ms;
    const bool too_much =
        policy.size_max_bytes > 0 && size > static_cast<uint64_t>(policy.size_max_bytes);
    if (end > policy.keep_from || !(old || too_much)) break;
    size -= oldest.size();
    ++gone;
  }
  if (gone == 0) return gone;
  const Segments removed(list.begin(), list.begin() + static_cast<ptrdiff_t>(gone));
  list.erase(list.begin(), list.begin() + static_cast<ptrdiff_t>(gone));
  Publish(std::move(list));
  for (const auto& segment : removed) {
    STROM_RETURN_IF_ERROR(segment->Remove(files_));
    // Before the next: after a power failure the log has no hole.
    STROM_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  }
  EpochHistory epochs = *epochs_.get();
  CutEpochsBelow(log_start_offset(), epochs);
  STROM_RETURN_IF_ERROR(epochs_.Set(std::move(epochs)));
  STROM_LOG(kInfo, "{}: removed {} segments, log starts at {}", bucket_, gone, log_start_offset());
  return gone;
}

}  // namespace strom::tablet
