#include "common/record/log_batch.h"

#include "common/base/crc32c.h"
#include "common/base/endian.h"
#include "common/record/change_type.h"

namespace strom::record {

namespace {

uint32_t CrcOf(BytesView batch, int8_t magic) {
  return Crc32c(batch.substr(LayoutOf(magic).schema_id));
}

}  // namespace

Result<LogBatchView> LogBatchView::ParseFront(BytesView bytes) {
  STROM_ASSIGN_OR_RETURN(const LogBatchHeader header, ParseLogBatchHeader(bytes));
  if (header.size > static_cast<int64_t>(bytes.size())) {
    return Error(ErrorCode::kCorruptRecord, "log batch at offset {}: has {} of its {} bytes",
                 header.base_offset, bytes.size(), header.size);
  }
  return LogBatchView(header, bytes.substr(0, static_cast<size_t>(header.size)));
}

Status LogBatchView::CheckCrc() const {
  const uint32_t computed = CrcOf(bytes_, header_.magic);
  if (computed != header_.crc) {
    return Error(ErrorCode::kCorruptRecord,
                 "log batch at offset {} of {} bytes: CRC is {:#010x}, stored is {:#010x}",
                 base_offset(), size(), computed, header_.crc);
  }
  return Status::Ok();
}

Result<ArrowSection> SplitArrowSection(const LogBatchView& batch) {
  ArrowSection section;
  if (batch.record_count() == 0) return section;
  section.message = batch.record_section();
  if (batch.append_only()) return section;
  const auto count = static_cast<size_t>(batch.record_count());
  if (section.message.size() < count) {
    return Error(ErrorCode::kCorruptRecord,
                 "log batch at offset {}: {} bytes cannot hold the change types of {} records",
                 batch.base_offset(), section.message.size(), count);
  }
  section.change_types = section.message.substr(0, count);
  section.message.remove_prefix(count);
  for (const char byte : section.change_types) {
    STROM_RETURN_IF_ERROR(ChangeTypeFromByte(static_cast<int8_t>(byte)).status());
  }
  return section;
}

Result<std::optional<LogBatchView>> LogBatchIterator::Next() {
  const BytesView rest = payload_.substr(position_);
  if (rest.size() < kLogBatchHeaderSizeMin) return std::optional<LogBatchView>();
  STROM_ASSIGN_OR_RETURN(const int64_t size, PeekLogBatchSize(rest));
  if (static_cast<int64_t>(rest.size()) < size) return std::optional<LogBatchView>();
  STROM_ASSIGN_OR_RETURN(const LogBatchView batch, LogBatchView::ParseFront(rest));
  position_ += batch.size();
  return std::optional<LogBatchView>(batch);
}

Result<std::vector<LogBatchView>> SplitBatches(BytesView payload) {
  std::vector<LogBatchView> batches;
  LogBatchIterator iterator(payload);
  while (true) {
    STROM_ASSIGN_OR_RETURN(const std::optional<LogBatchView> batch, iterator.Next());
    if (!batch) return batches;
    batches.push_back(*batch);
  }
}

Result<std::vector<LogBatchView>> SplitProducedBatches(BytesView payload) {
  std::vector<LogBatchView> batches;
  LogBatchIterator iterator(payload);
  while (true) {
    STROM_ASSIGN_OR_RETURN(const std::optional<LogBatchView> batch, iterator.Next());
    if (!batch) break;
    STROM_RETURN_IF_ERROR(batch->CheckCrc());
    batches.push_back(*batch);
  }
  if (iterator.position() != payload.size()) {
    return Error(ErrorCode::kCorruptRecord,
                 "produced records: {} of {} bytes left after {} complete batches",
                 payload.size() - iterator.position(), payload.size(), batches.size());
  }
  if (batches.empty()) {
    return Error(ErrorCode::kCorruptRecord, "produced records: no batch in {} bytes",
                 payload.size());
  }
  return batches;
}

void SetBaseOffset(std::span<char> batch, LogOffset base_offset) {
  STROM_CHECK(batch.size() >= kLogBatchHeaderSizeMin) << batch.size();
  StoreLittle(batch.data() + LogBatchLayout::kBaseOffset, base_offset.value());
}

void SetCommitTimestamp(std::span<char> batch, int64_t commit_timestamp_ms) {
  STROM_CHECK(batch.size() >= kLogBatchHeaderSizeMin) << batch.size();
  StoreLittle(batch.data() + LogBatchLayout::kCommitTimestamp, commit_timestamp_ms);
}

LogOffset AssignOffsets(std::span<char> payload, LogOffset first, int64_t commit_timestamp_ms) {
  LogOffset next = first;
  while (!payload.empty()) {
    const Result<LogBatchView> batch =
        LogBatchView::ParseFront(BytesView(payload.data(), payload.size()));
    STROM_CHECK(batch.ok()) << batch.status().ToString();
    SetBaseOffset(payload, next);
    SetCommitTimestamp(payload, commit_timestamp_ms);
    next = LogOffset(next.value() + batch->header().last_offset_delta()).Next();
    payload = payload.subspan(batch->size());
  }
  return next;
}

void SealLogBatch(LogBatchHeader header, Bytes& batch) {
  STROM_CHECK(batch.size() >= header.record_section_position()) << batch.size();
  header.size = static_cast<int64_t>(batch.size());
  StoreLogBatchHeader(header, batch.data());
  StoreLittle(batch.data() + LayoutOf(header.magic).crc, CrcOf(batch, header.magic));
}

Status SetWriter(Bytes& batch, WriterId writer_id, BatchSequence batch_sequence) {
  STROM_ASSIGN_OR_RETURN(const LogBatchView view, LogBatchView::ParseFront(batch));
  if (view.size() != batch.size()) {
    return Error(ErrorCode::kCorruptRecord, "log batch of {} bytes, {} bytes given", view.size(),
                 batch.size());
  }
  LogBatchHeader header = view.header();
  header.writer_id = writer_id;
  header.batch_sequence = batch_sequence;
  SealLogBatch(header, batch);
  return Status::Ok();
}

}  // namespace strom::record
