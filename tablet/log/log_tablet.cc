#include "tablet/log/log_tablet.h"

#include <algorithm>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "common/io/atomic_file.h"
#include "tablet/log/log_files.h"

namespace strom::tablet {

LogTablet::LogTablet(io::FileSystem& files, const runtime::Clock& clock, std::string directory,
                     TableBucket bucket, const LogOptions& options, LogOffset recovery_point)
    : files_(files),
      clock_(clock),
      directory_(std::move(directory)),
      bucket_(bucket),
      options_(options),
      recovery_point_(recovery_point.value()),
      epochs_(files_, directory_) {}

Result<std::unique_ptr<LogTablet>> LogTablet::Open(io::FileSystem& files,
                                                   const runtime::Clock& clock,
                                                   std::string directory, TableBucket bucket,
                                                   const LogOptions& options,
                                                   LogOffset recovery_point, bool clean_shutdown) {
  std::unique_ptr<LogTablet> log(
      new LogTablet(files, clock, std::move(directory), bucket, options, recovery_point));
  STROM_RETURN_IF_ERROR(log->Load(clean_shutdown).WithContext(bucket.ToString()));
  return log;
}

std::shared_ptr<const LogTablet::Segments> LogTablet::segments() const {
  absl::MutexLock lock(&mutex_);
  return segments_;
}

void LogTablet::Publish(Segments segments) {
  auto published = std::make_shared<const Segments>(std::move(segments));
  absl::MutexLock lock(&mutex_);
  segments_.swap(published);
}

LogOffset LogTablet::log_start_offset() const { return segments()->front()->base_offset(); }

uint64_t LogTablet::size_bytes() const {
  uint64_t size = 0;
  for (const auto& segment : *segments()) size += segment->size();
  return size;
}

size_t LogTablet::segment_count() const { return segments()->size(); }

int64_t LogTablet::max_timestamp_ms() const {
  // Timestamps never go back, so the newest segment that holds a batch has the largest one.
  const auto list = segments();
  for (auto segment = list->rbegin(); segment != list->rend(); ++segment) {
    if ((*segment)->max_timestamp_ms() >= 0) return (*segment)->max_timestamp_ms();
  }
  return -1;
}

// The last segment that begins at or below `offset`, which is not below the first one's.
const LogSegment& LogTablet::SegmentOf(const Segments& segments, LogOffset offset) {
  const auto next = std::upper_bound(
      segments.begin(), segments.end(), offset,
      [](LogOffset wanted, const auto& segment) { return wanted < segment->base_offset(); });
  STROM_CHECK(next != segments.begin()) << offset << " lies before the log";
  return **std::prev(next);
}

Result<AppendInfo> LogTablet::AppendAsLeader(Bytes batches) {
  STROM_RETURN_IF_ERROR(CheckNotBroken());
  STROM_ASSIGN_OR_RETURN(std::vector<record::LogBatchView> views,
                         record::SplitProducedBatches(batches));
  // Each batch is judged after those before it. What was written by an earlier attempt is left out;
  // requests of today's clients carry one batch, so this is all or nothing for them.
  std::optional<WrittenBatch> first_duplicate;
  Bytes fresh;
  WriterState after;
  const bool several = views.size() > 1;
  if (several) after = writers_;
  for (const record::LogBatchView& view : views) {
    STROM_ASSIGN_OR_RETURN(
        const auto written,
        (several ? after : writers_).Check(view.header(), writers_expire_before_ms()));
    if (written) {
      if (!first_duplicate) first_duplicate = written;
    } else if (several) {
      after.Note(view.header());
      fresh += view.bytes();
    }
  }
  if (first_duplicate && fresh.empty()) {
    return AppendInfo{.base_offset = first_duplicate->base_offset(),
                      .next_offset = first_duplicate->last_offset.Next(),
                      .commit_timestamp_ms = first_duplicate->timestamp_ms,
                      .duplicate = true};
  }
  if (first_duplicate) {
    batches = std::move(fresh);
    STROM_ASSIGN_OR_RETURN(views, record::SplitBatches(batches));
  }
  if (batches.size() > options_.segment.size_max_bytes) {
    return Error(ErrorCode::kRecordTooLarge, "{}: append of {} bytes, a segment holds {}", bucket_,
                 batches.size(), options_.segment.size_max_bytes);
  }

  AppendInfo info{.base_offset = log_end_offset(), .next_offset = {}};
  info.commit_timestamp_ms = std::max(clock_.WallNow(), max_timestamp_ms());
  info.next_offset = record::AssignOffsets(batches, info.base_offset, info.commit_timestamp_ms);
  STROM_ASSIGN_OR_RETURN(views, record::SplitBatches(batches));  // With their new headers.

  if (active().NeedsRoll(batches.size(), views.back().last_offset())) STROM_RETURN_IF_ERROR(Roll());
  STROM_RETURN_IF_ERROR(active().Append(batches, views));
  for (const record::LogBatchView& view : views) writers_.Note(view.header());
  log_end_offset_.store(info.next_offset.value(), std::memory_order_release);
  return info;
}

Result<Bytes> LogTablet::Read(LogOffset from, size_t size_max, bool at_least_one,
                              LogOffset upper) const {
  const auto list = segments();
  const LogOffset end = log_end_offset();
  if (from < list->front()->base_offset() || from > end) {
    return Error(ErrorCode::kLogOffsetOutOfRange, "{}: offset {} is outside of [{}, {}]", bucket_,
                 from, list->front()->base_offset(), end);
  }
  upper = std::min(upper, end);
  if (from >= upper) return Bytes();
  const LogSegment& segment = SegmentOf(*list, from);
  STROM_ASSIGN_OR_RETURN(const uint64_t position, segment.FindBatch(from));
  return segment.Read(position, size_max, at_least_one, upper);
}

Result<LogOffset> LogTablet::OffsetOfLast(int64_t count, LogOffset upper) const {
  // One list throughout: retention may publish a shorter one meanwhile.
  const auto list = segments();
  const LogOffset start = list->front()->base_offset();
  const LogOffset wanted(std::max(start.value(), upper.value() - count));
  if (wanted >= upper) return upper;
  const LogSegment& segment = SegmentOf(*list, wanted);
  STROM_ASSIGN_OR_RETURN(const uint64_t position, segment.FindBatch(wanted));
  STROM_ASSIGN_OR_RETURN(const Bytes batch, segment.Read(position, 0, true, upper));
  if (batch.empty()) return upper;
  STROM_ASSIGN_OR_RETURN(const auto view, record::LogBatchView::ParseFront(batch));
  return view.base_offset();
}

Result<LogOffset> LogTablet::OffsetOfTimestamp(int64_t timestamp_ms) const {
  for (const auto& segment : *segments()) {
    STROM_ASSIGN_OR_RETURN(const auto offset, segment->FindTimestamp(timestamp_ms));
    if (offset) return *offset;
  }
  return log_end_offset();
}

Status LogTablet::Roll() {
  Segments list = *segments();
  STROM_RETURN_IF_ERROR(WriteWriterSnapshot());
  STROM_RETURN_IF_ERROR(list.back()->Seal());
  STROM_ASSIGN_OR_RETURN(
      auto next, LogSegment::Create(files_, directory_, log_end_offset(), options_.segment));
  list.push_back(std::move(next));
  Publish(std::move(list));
  return Status::Ok();
}

void LogTablet::ExpireWriters() {
  writers_.Expire(writers_expire_before_ms());
}

int64_t LogTablet::writers_expire_before_ms() const {
  return max_timestamp_ms() - options_.writer_expiration_ms;
}

Status LogTablet::Sync() {
  std::shared_ptr<const Segments> list;
  LogOffset from;
  uint64_t cut_count;
  {
    absl::MutexLock lock(&mutex_);
    list = segments_;
    from = recovery_point();
    cut_count = cut_count_;
  }
  const LogOffset end = list->back()->next_offset();
  for (size_t i = 0; i < list->size(); ++i) {
    const bool last = i + 1 == list->size();
    if (!last && (*list)[i + 1]->base_offset() <= from) continue;
    const Status synced = (*list)[i]->Sync();
    if (!synced.ok() && !Mutated(Mutant::kSyncErrorIgnored)) return synced;
  }
  absl::MutexLock lock(&mutex_);
  if (cut_count == cut_count_ && end > recovery_point()) {
    recovery_point_.store(end.value(), std::memory_order_release);
  }
  return Status::Ok();
}

Status LogTablet::Close() {
  STROM_RETURN_IF_ERROR(CheckNotBroken());
  STROM_RETURN_IF_ERROR(WriteWriterSnapshot());
  STROM_RETURN_IF_ERROR(active().Seal());
  return Sync();
}

}  // namespace strom::tablet
