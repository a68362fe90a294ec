// How a LogTablet comes back from its directory.
#include <algorithm>
#include <iterator>
#include <map>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "common/io/atomic_file.h"
#include "tablet/log/log_files.h"
#include "tablet/log/log_tablet.h"

namespace strom::tablet {
namespace {

constexpr uint64_t kWriterSnapshotSizeMax = uint64_t{256} << 20;
constexpr size_t kWriterSnapshotsKept = 2;

}  // namespace

Status LogTablet::Load(bool clean_shutdown) {
  STROM_RETURN_IF_ERROR(LoadCutNote(clean_shutdown));
  STROM_RETURN_IF_ERROR(LoadSegments(clean_shutdown));
  log_end_offset_.store(segments()->back()->next_offset().value(), std::memory_order_release);
  recovery_point_.store(std::min(recovery_point_.load(), log_end_offset().value()));
  STROM_RETURN_IF_ERROR(LoadEpochs());
  if (!Mutated(Mutant::kWritersNotRestored)) STROM_RETURN_IF_ERROR(LoadWriters());
  // Those in the log that had been forgotten stay so.
  ExpireWriters();
  return Status::Ok();
}

// The recovery point given may be from before a cut, and a restart may not have come to its end.
Status LogTablet::LoadCutNote(bool clean_shutdown) {
  STROM_ASSIGN_OR_RETURN(const auto note, ReadCutNote(files_, directory_));
  if (!note) return Status::Ok();
  if (note->restart_at) STROM_RETURN_IF_ERROR(BeginAnew(*note).status());
  if (clean_shutdown || recovery_point() > note->stale_until) {
    return RemoveCutNote(files_, directory_);
  }
  recovery_point_.store(std::min(recovery_point(), note->cut_at).value());
  return Status::Ok();
}

Status LogTablet::LoadEpochs() {
  STROM_RETURN_IF_ERROR(epochs_.Load());
  const auto known = epochs_.get();
  EpochHistory epochs = EpochsOfRecords();
  CutEpochsBelow(log_start_offset(), epochs);
  if (!known->entries().empty()) {
    // It stays known even if all its records are lost, over however many openings.
    former_epoch_ = known->entries().back().epoch;
    STROM_RETURN_IF_ERROR(epochs.Begin(former_epoch_, log_end_offset()));
  }
  return epochs_.Set(std::move(epochs));
}

Status LogTablet::LoadSegments(bool clean_shutdown) {
  STROM_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
  std::vector<LogOffset> bases;
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto base = ParseLogFileName(entry.name, kLogSuffix)) bases.push_back(*base);
  }
  std::sort(bases.begin(), bases.end());
  for (const io::DirectoryEntry& entry : entries) {
    for (const std::string_view suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
      const auto base = ParseLogFileName(entry.name, suffix);
      if (!base || std::binary_search(bases.begin(), bases.end(), *base)) continue;
      STROM_LOG(kInfo, "{}: removing {}, an index without a log", bucket_, entry.name);
      STROM_RETURN_IF_ERROR(files_.RemoveFile(LogFilePath(directory_, *base, suffix)));
    }
  }

  Segments list;
  bool cut = false;
  for (size_t i = 0; i < bases.size(); ++i) {
    const LogOffset base = bases[i];
    if (!list.empty() && list.back()->next_offset() != base) {
      // A log that was synced or closed in order has no hole: do not guess, keep every byte.
      if (clean_shutdown || base <= recovery_point() || base < list.back()->next_offset()) {
        return Error(ErrorCode::kCorruptRecord, "segment {} follows one that ends at {}", base,
                     list.back()->next_offset());
      }
      // The one before was cut, or lost its tail with the machine: what follows belongs to nothing.
      STROM_LOG(kWarn, "{}: removing segment {}, the log ends at {}", bucket_, base,
                list.back()->next_offset());
      for (const std::string_view suffix : {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
        STROM_RETURN_IF_ERROR(files_.RemoveRecursively(LogFilePath(directory_, base, suffix)));
      }
      cut = true;
      continue;
    }
    const bool synced = i + 1 < bases.size() && bases[i + 1] <= recovery_point();
    STROM_ASSIGN_OR_RETURN(
        auto segment,
        clean_shutdown || synced
            ? LogSegment::Open(files_, directory_, base, options_.segment)
            : LogSegment::Recover(files_, directory_, base, options_.segment, recovery_point()));
    cut = cut || segment->bytes_cut() > 0;
    list.push_back(std::move(segment));
  }
  if (cut) {
    // For good, before anything is written over it: else the rest of what was there might follow
    // it after a power failure.
    STROM_RETURN_IF_ERROR(list.back()->Sync());
    STROM_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  }
  if (list.empty()) {
    STROM_ASSIGN_OR_RETURN(auto first,
                           LogSegment::Create(files_, directory_, LogOffset(0), options_.segment));
    list.push_back(std::move(first));
  }
  Publish(std::move(list));
  return Status::Ok();
}

Status LogTablet::FindWriterSnapshots() {
  STROM_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
  writer_snapshots_.clear();
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto offset = ParseLogFileName(entry.name, kWriterSnapshotSuffix)) {
      writer_snapshots_.insert(*offset);
    }
  }
  return Status::Ok();
}

Status LogTablet::RemoveWriterSnapshots(LogOffset end) {
  bool above = false;
  const auto remove = [&](std::set<LogOffset>::iterator snapshot) {
    const std::string path = LogFilePath(directory_, *snapshot, kWriterSnapshotSuffix);
    STROM_RETURN_IF_ERROR(files_.RemoveFile(path));
    writer_snapshots_.erase(snapshot);
    return Status::Ok();
  };
  while (!writer_snapshots_.empty() && *writer_snapshots_.rbegin() > end) {
    STROM_RETURN_IF_ERROR(remove(std::prev(writer_snapshots_.end())));
    above = true;
  }
  while (writer_snapshots_.size() > kWriterSnapshotsKept) {
    STROM_RETURN_IF_ERROR(remove(writer_snapshots_.begin()));
  }
  // One that came back would be believed once the log has grown past it with other batches.
  return above ? files_.SyncDirectory(directory_) : Status::Ok();
}

Status LogTablet::WriteWriterSnapshot() {
  STROM_RETURN_IF_ERROR(io::WriteFileAtomically(
      files_, LogFilePath(directory_, log_end_offset(), kWriterSnapshotSuffix), writers_.ToJson()));
  writer_snapshots_.insert(log_end_offset());
  return RemoveWriterSnapshots(log_end_offset());
}

// The newest readable snapshot at or below the log's end, and then the batches behind it.
Status LogTablet::LoadWriters() {
  STROM_RETURN_IF_ERROR(FindWriterSnapshots());
  STROM_RETURN_IF_ERROR(RemoveWriterSnapshots(log_end_offset()));
  LogOffset from = log_start_offset();
  while (!writer_snapshots_.empty()) {
    const LogOffset newest = *writer_snapshots_.rbegin();
    const std::string path = LogFilePath(directory_, newest, kWriterSnapshotSuffix);
    STROM_ASSIGN_OR_RETURN(const Bytes json,
                           io::ReadWholeFile(files_, path, kWriterSnapshotSizeMax));
    Result<WriterState> state = WriterState::FromJson(json);
    if (state.ok()) {
      writers_ = std::move(*state);
      from = std::max(from, newest);
      break;
    }
    STROM_LOG(kWarn, "{}: ignoring {}: {}", bucket_, path, state.status().message());
    STROM_RETURN_IF_ERROR(files_.RemoveFile(path));
    writer_snapshots_.erase(newest);
  }
  for (const auto& segment : *segments()) {
    if (segment->next_offset() <= from) continue;
    STROM_ASSIGN_OR_RETURN(const uint64_t position, segment->FindBatch(from));
    STROM_RETURN_IF_ERROR(segment->VisitFrom(position, [&](const record::LogBatchHeader& header) {
      if (header.base_offset >= from) writers_.Note(header);
    }));
  }
  return Status::Ok();
}

}  // namespace strom::tablet
