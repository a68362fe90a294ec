#include "common/record/log_batch_builder.h"

#include <limits>

#include "common/base/endian.h"
#include "common/row/row_codec.h"

namespace strom::record {

namespace {

constexpr size_t kBatchSizeMax = std::numeric_limits<int32_t>::max();

Status CheckSize(size_t size) {
  if (size <= kBatchSizeMax) return Status::Ok();
  return Error(ErrorCode::kRecordTooLarge, "log batch of {} bytes, at most {} are possible", size,
               kBatchSizeMax);
}

std::optional<StatisticsCollector> CollectorOf(const RecordSchema& schema,
                                               const LogBatchBuilder::Options& options) {
  if (options.statistics_columns.empty()) return std::nullopt;
  STROM_CHECK(schema.is_arrow() && options.magic > 0)
      << "statistics need ARROW and magic 1 or 2, not " << +options.magic;
  return StatisticsCollector(schema.column_types(), options.statistics_columns);
}

}  // namespace

LogBatchBuilder::LogBatchBuilder(RecordSchema schema, Options options)
    : schema_(std::move(schema)),
      options_(std::move(options)),
      statistics_(CollectorOf(schema_, options_)) {
  if (schema_.is_arrow()) arrow_.emplace(schema_.layout());
}

Status LogBatchBuilder::Append(ChangeType type, const Row& row) {
  STROM_RETURN_IF_ERROR(CheckNext(type));
  if (schema_.is_arrow()) {
    STROM_RETURN_IF_ERROR(arrow_->Append(row));
    if (has_change_types()) section_.push_back(static_cast<char>(type));
  } else {
    const size_t size_before = section_.size();
    const Status status = AppendRecord(type, row);
    if (!status.ok()) {
      section_.resize(size_before);
      return status;
    }
  }
  if (statistics_) statistics_->Add(row);
  ++record_count_;
  return Status::Ok();
}

Status LogBatchBuilder::AppendCells(ChangeType type, std::span<const Cell> row) {
  STROM_CHECK(schema_.is_arrow() && !statistics_) << "cells are for ARROW without statistics";
  STROM_RETURN_IF_ERROR(CheckNext(type));
  STROM_RETURN_IF_ERROR(arrow_->AppendCells(row));
  if (has_change_types()) section_.push_back(static_cast<char>(type));
  ++record_count_;
  return Status::Ok();
}

Status LogBatchBuilder::CheckNext(ChangeType type) const {
  STROM_CHECK((type == ChangeType::kAppendOnly) == options_.append_only) << type;
  return record_count_ == std::numeric_limits<int32_t>::max() ? CheckSize(SIZE_MAX) : Status::Ok();
}

// i32 length of what follows | i8 change type | row
Status LogBatchBuilder::AppendRecord(ChangeType type, const Row& row) {
  const size_t start = section_.size();
  AppendLittle<int32_t>(section_, 0);
  section_.push_back(static_cast<char>(type));
  STROM_RETURN_IF_ERROR(AppendRow(schema_.row_format(), section_, row, schema_.column_types()));
  STROM_RETURN_IF_ERROR(CheckSize(size()));
  const size_t length = section_.size() - start - sizeof(int32_t);
  StoreLittle(section_.data() + start, static_cast<int32_t>(length));
  return Status::Ok();
}

size_t LogBatchBuilder::size() const {
  const size_t arrow_size = schema_.is_arrow() && record_count_ > 0 ? arrow_->EstimatedSize() : 0;
  return LayoutOf(options_.magic).header_size + section_.size() + arrow_size;
}

Result<Bytes> LogBatchBuilder::Build(WriterId writer_id, BatchSequence batch_sequence) const {
  LogBatchHeader header;
  header.magic = options_.magic;
  header.schema_id = options_.schema_id;
  header.attributes = options_.append_only ? LogBatchHeader::kAppendOnlyBit : int8_t{0};
  header.writer_id = writer_id;
  header.batch_sequence = batch_sequence;
  header.record_count = record_count_;

  Bytes batch(header.header_size(), '\0');
  if (statistics_ && record_count_ > 0) {
    STROM_ASSIGN_OR_RETURN(const Bytes statistics, statistics_->Encode());
    STROM_RETURN_IF_ERROR(CheckSize(statistics.size()));
    header.statistics_size = static_cast<int32_t>(statistics.size());
    batch += statistics;
  }
  batch += section_;
  if (schema_.is_arrow() && record_count_ > 0) batch += arrow_->Finish(options_.compression);
  STROM_RETURN_IF_ERROR(CheckSize(batch.size()));
  SealLogBatch(header, batch);
  return batch;
}

void LogBatchBuilder::Reset() {
  record_count_ = 0;
  section_.clear();
  if (arrow_) arrow_->Reset();
  statistics_ = CollectorOf(schema_, options_);
}

}  // namespace strom::record
