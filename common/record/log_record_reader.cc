#include "common/record/log_record_reader.h"

#include <algorithm>
#include <string>

#include "common/record/corrupt_record.h"
#include "common/row/row_codec.h"

namespace strom::record {

namespace {

struct RawRecord {
  ChangeType change_type;
  BytesView row;
};

Result<RawRecord> ReadRawRecord(ByteReader& reader) {
  STROM_ASSIGN_OR_RETURN(const int32_t length, reader.ReadLittle<int32_t>());
  if (length < 1) {
    return Error(ErrorCode::kCorruptRecord, "length {} is too short for a change type", length);
  }
  STROM_ASSIGN_OR_RETURN(const BytesView body, reader.ReadBytes(static_cast<size_t>(length)));
  STROM_ASSIGN_OR_RETURN(const ChangeType type, ChangeTypeFromByte(static_cast<int8_t>(body[0])));
  return RawRecord{.change_type = type, .row = body.substr(1)};
}

std::string RecordName(const LogBatchView& batch, int32_t index) {
  return fmt::format("record at offset {}", batch.base_offset().value() + index);
}

}  // namespace

LogRecordReader::LogRecordReader(const LogBatchView& batch, RecordSchema schema, LogOffset from)
    : batch_(batch),
      schema_(std::move(schema)),
      first_(static_cast<int32_t>(std::min<int64_t>(
          std::max(from, batch.base_offset()).value() - batch.base_offset().value(),
          batch.record_count()))),
      records_(batch.record_section(), "record") {}

Result<LogRecordReader> LogRecordReader::Open(const LogBatchView& batch, const RecordSchema& schema,
                                              LogOffset from) {
  LogRecordReader reader(batch, schema, from);
  if (!schema.is_arrow() || batch.record_count() == 0) return reader;

  STROM_ASSIGN_OR_RETURN(const ArrowSection section, SplitArrowSection(batch));
  const auto context = [&] { return fmt::format("log batch at offset {}", batch.base_offset()); };
  Result<arrow::RecordBatchReader> arrow =
      arrow::RecordBatchReader::Open(section.message, schema.layout());
  if (!arrow.ok()) return AsCorruptRecord(arrow.status(), context());
  if (arrow->row_count() != batch.record_count()) {
    return Error(ErrorCode::kCorruptRecord, "{}: the header counts {} records, the message {}",
                 context(), batch.record_count(), arrow->row_count());
  }
  reader.change_types_ = section.change_types;
  reader.arrow_ = *std::move(arrow);
  reader.index_ = reader.first_;
  return reader;
}

Result<std::optional<LogRecord>> LogRecordReader::Next() {
  if (batch_.record_count() == 0) return std::optional<LogRecord>();
  if (!arrow_) return NextOfRowFormat();
  if (index_ == batch_.record_count()) return std::optional<LogRecord>();
  const int32_t index = index_++;
  return std::optional(RecordAt(index, TypeOf(index), arrow_->ReadRow(index)));
}

ChangeType LogRecordReader::TypeOf(int32_t index) const {
  return batch_.append_only() ? ChangeType::kAppendOnly
                              : static_cast<ChangeType>(change_types_[static_cast<size_t>(index)]);
}

Result<LogRows> LogRecordReader::NextRows(std::span<const std::optional<size_t>> columns,
                                                LogOffset end, size_t count_max) {
  if (batch_.record_count() > 0 && !arrow_) return NextRowsOfRowFormat(columns, end, count_max);
  LogRows out{.base_offset = LogOffset(batch_.base_offset().value() + index_),
                 .timestamp_ms = batch_.header().commit_timestamp_ms};
  const int64_t wanted =
      std::min<int64_t>(batch_.record_count(), end.value() - batch_.base_offset().value());
  const int64_t to = std::min<int64_t>(wanted, index_ + static_cast<int64_t>(count_max));
  if (to <= index_) return out;
  out.change_types.reserve(static_cast<size_t>(to - index_));
  for (auto i = index_; i < to; ++i) out.change_types.push_back(TypeOf(i));
  out.values.resize(out.change_types.size() * columns.size());
  // Some rows at a time, so that they stay in the cache while their columns come.
  constexpr int64_t kRowsAtOnce = 64;
  for (int64_t from = index_; from < to; from += kRowsAtOnce) {
    Value* const first = out.values.data() + static_cast<size_t>(from - index_) * columns.size();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!columns[i]) continue;
      arrow_->column(*columns[i])
          .ReadInto(first + i, columns.size(), from, std::min(to, from + kRowsAtOnce));
    }
  }
  index_ = static_cast<int32_t>(to);
  return out;
}

Result<LogRows> LogRecordReader::NextRowsOfRowFormat(
    std::span<const std::optional<size_t>> columns, LogOffset end, size_t count_max) {
  LogRows out{.timestamp_ms = batch_.header().commit_timestamp_ms};
  while (out.change_types.size() < count_max &&
         LogOffset(batch_.base_offset().value() + std::max(index_, first_)) < end) {
    STROM_ASSIGN_OR_RETURN(std::optional<LogRecord> record, Next());
    if (!record) break;
    if (out.change_types.empty()) out.base_offset = record->offset;
    out.change_types.push_back(record->change_type);
    for (const std::optional<size_t>& column : columns) {
      out.values.push_back(column ? std::move(record->row[*column]) : Value::Null());
    }
  }
  return out;
}

Result<std::optional<LogRecord>> LogRecordReader::NextOfRowFormat() {
  while (index_ < batch_.record_count()) {
    const int32_t index = index_++;
    const Result<RawRecord> raw = ReadRawRecord(records_);
    if (!raw.ok()) return AsCorruptRecord(raw.status(), RecordName(batch_, index));
    if (batch_.append_only() && raw->change_type != ChangeType::kAppendOnly) {
      return Error(ErrorCode::kCorruptRecord, "{}: change type {} in an append-only batch",
                   RecordName(batch_, index), raw->change_type);
    }
    if (index < first_) continue;
    Result<Row> row = DecodeRow(schema_.row_format(), raw->row, schema_.column_types());
    if (!row.ok()) return AsCorruptRecord(row.status(), RecordName(batch_, index));
    return std::optional(RecordAt(index, raw->change_type, *std::move(row)));
  }
  if (!records_.done()) {
    return Error(ErrorCode::kCorruptRecord,
                 "log batch at offset {}: {} bytes left after {} records", batch_.base_offset(),
                 records_.remaining(), batch_.record_count());
  }
  return std::optional<LogRecord>();
}

LogRecord LogRecordReader::RecordAt(int32_t index, ChangeType type, Row row) const {
  return {.offset = LogOffset(batch_.base_offset().value() + index),
          .timestamp_ms = batch_.header().commit_timestamp_ms,
          .change_type = type,
          .row = std::move(row)};
}

Result<std::vector<LogRecord>> ReadLogRecords(const LogBatchView& batch, const RecordSchema& schema,
                                              LogOffset from) {
  STROM_ASSIGN_OR_RETURN(LogRecordReader reader, LogRecordReader::Open(batch, schema, from));
  std::vector<LogRecord> records;
  while (true) {
    STROM_ASSIGN_OR_RETURN(std::optional<LogRecord> record, reader.Next());
    if (!record) return records;
    records.push_back(*std::move(record));
  }
}

}  // namespace strom::record
