// What a LogTablet knows of leader epochs, and how it takes what its leader has.
#include <algorithm>

#include "common/base/mutation.h"
#include "tablet/log/log_tablet.h"

namespace strom::tablet {
namespace {

// Batches whose offsets, timestamps and epochs go on from a log that ends at `end`.
Status CheckGoesOn(std::span<const record::LogBatchView> batches, LogOffset end,
                   int64_t timestamp_ms, std::span<const EpochStart> epochs) {
  auto epoch = epochs.begin();
  for (const record::LogBatchView& batch : batches) {
    if (batch.base_offset() != end) {
      return Error(ErrorCode::kCorruptRecord, "batch [{}, {}) from the leader where {} is next",
                   batch.base_offset(), batch.next_offset(), end);
    }
    const int64_t committed_ms = batch.header().commit_timestamp_ms;
    if (committed_ms < timestamp_ms) {
      return Error(ErrorCode::kCorruptRecord,
                   "batch [{}, {}) from the leader was committed at {} ms, one before it at {} ms",
                   batch.base_offset(), batch.next_offset(), committed_ms, timestamp_ms);
    }
    while (epoch != epochs.end() && epoch->start_offset <= batch.base_offset()) ++epoch;
    if (epoch != epochs.end() && epoch->start_offset < batch.next_offset()) {
      return Error(ErrorCode::kCorruptRecord,
                   "epoch {} from the leader starts at offset {}, inside of batch [{}, {})",
                   epoch->epoch, epoch->start_offset, batch.base_offset(), batch.next_offset());
    }
    timestamp_ms = committed_ms;
    end = batch.next_offset();
  }
  return Status::Ok();
}

// How many of `batches` are at most `size_max` bytes together; at least the first one.
size_t CountThatFit(std::span<const record::LogBatchView> batches, uint64_t size_max) {
  uint64_t size = 0;
  size_t count = 0;
  for (const record::LogBatchView& batch : batches) {
    size += batch.size();
    if (count > 0 && size > size_max) break;
    ++count;
  }
  return count;
}

}  // namespace

std::optional<LeaderEpoch> LogTablet::last_epoch() const {
  const LogOffset end = log_end_offset();
  if (log_start_offset() >= end) return std::nullopt;
  return epochs_.get()->EpochBefore(end);
}

EpochEnd LogTablet::EndOfEpoch(LeaderEpoch epoch) const {
  return epochs_.get()->EndOf(epoch, log_start_offset(), log_end_offset());
}

std::vector<EpochStart> LogTablet::EpochsCovering(LogOffset from, LogOffset to) const {
  return epochs_.get()->Covering(from, to);
}

EpochHistory LogTablet::EpochsOfRecords() const {
  EpochHistory epochs = *epochs_.get();
  const LogOffset end = log_end_offset();
  epochs.CutFrom(log_start_offset() < end ? end : LogOffset(0));
  return epochs;
}

Status LogTablet::StartEpoch(LeaderEpoch epoch) {
  STROM_RETURN_IF_ERROR(CheckNotBroken());
  EpochHistory epochs = *epochs_.get();
  STROM_RETURN_IF_ERROR(epochs.Begin(epoch, log_end_offset()).WithContext(bucket_.ToString()));
  return epochs_.Set(std::move(epochs));
}

Result<LogOffset> LogTablet::AppendAsFollower(Bytes batches, std::span<const EpochStart> epochs) {
  STROM_RETURN_IF_ERROR(CheckNotBroken());
  const LogOffset end = log_end_offset();
  if (batches.empty()) return end;
  const std::string context = bucket_.ToString();
  auto split = record::SplitProducedBatches(batches);
  if (!split.ok()) return split.status().WithContext(context);
  const std::span<const record::LogBatchView> views(*split);
  STROM_RETURN_IF_ERROR(
      CheckGoesOn(views, end, max_timestamp_ms(), epochs).WithContext(context));
  EpochHistory extended = EpochsOfRecords();
  STROM_RETURN_IF_ERROR(extended.Extend(epochs, log_start_offset() >= end, end,
                                        views.back().next_offset())
                            .WithContext(context));
  // First, and synced: a record is never there without its epoch. What Open finds the other way
  // round it cuts.
  if (!Mutated(Mutant::kFollowerEpochsNotKept)) {
    STROM_RETURN_IF_ERROR(epochs_.Set(std::move(extended)));
  }

  // A segment here may hold less than the leader's.
  auto rest = views;
  while (!rest.empty()) {
    const auto fit = rest.first(CountThatFit(rest, options_.segment.size_max_bytes));
    rest = rest.subspan(fit.size());
    const size_t from = static_cast<size_t>(fit.front().bytes().data() - batches.data());
    size_t size = 0;
    for (const record::LogBatchView& view : fit) size += view.size();
    if (active().NeedsRoll(size, fit.back().last_offset())) STROM_RETURN_IF_ERROR(Roll());
    STROM_RETURN_IF_ERROR(active().Append(BytesView(batches).substr(from, size),
                                          {fit.begin(), fit.end()}));
    for (const record::LogBatchView& view : fit) writers_.Note(view.header());
    log_end_offset_.store(fit.back().next_offset().value(), std::memory_order_release);
  }
  return log_end_offset();
}

}  // namespace strom::tablet
