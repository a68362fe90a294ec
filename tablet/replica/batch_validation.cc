#include "tablet/replica/batch_validation.h"

#include "common/arrow/ipc_message.h"
#include "common/base/byte_reader.h"
#include "common/record/change_type.h"
#include "common/record/corrupt_record.h"

namespace strom::tablet {
namespace {

using record::LogBatchView;
using record::RecordSchema;

// Every column has one slot a record, and the message as many rows.
Status CheckArrow(const LogBatchView& batch, const arrow::SchemaLayout& layout) {
  STROM_ASSIGN_OR_RETURN(const record::ArrowSection section, record::SplitArrowSection(batch));
  STROM_ASSIGN_OR_RETURN(const auto message, arrow::RecordBatchMessage::Parse(section.message));
  STROM_RETURN_IF_ERROR(message.CheckFits(layout));
  if (message.row_count() != batch.record_count()) {
    return Error(ErrorCode::kCorruptRecord, "the header counts {} records, the message {}",
                 batch.record_count(), message.row_count());
  }
  for (size_t i = 0; i < layout.column_count(); ++i) {
    const int64_t length = message.node(layout.column(i).first_field).length;
    if (length == message.row_count()) continue;
    return Error(ErrorCode::kCorruptRecord, "column {} has {} values for {} records", i, length,
                 message.row_count());
  }
  return Status::Ok();
}

// As many records as the header counts, each an append, and nothing behind them.
Status CheckRows(const LogBatchView& batch) {
  ByteReader reader(batch.record_section(), "record");
  for (int32_t i = 0; i < batch.record_count(); ++i) {
    STROM_ASSIGN_OR_RETURN(const int32_t length, reader.ReadLittle<int32_t>());
    if (length < 1) {
      return Error(ErrorCode::kCorruptRecord, "record {} has length {}", i, length);
    }
    STROM_ASSIGN_OR_RETURN(const BytesView body, reader.ReadBytes(static_cast<size_t>(length)));
    if (body[0] != static_cast<char>(record::ChangeType::kAppendOnly)) {
      return Error(ErrorCode::kCorruptRecord, "record {} has change type {}", i, +body[0]);
    }
  }
  if (reader.done()) return Status::Ok();
  return Error(ErrorCode::kCorruptRecord, "{} bytes left after the {} records the header counts",
               reader.remaining(), batch.record_count());
}

Status CheckContent(const LogBatchView& batch, const RecordSchema& schema) {
  if (!batch.append_only()) {
    return Error(ErrorCode::kCorruptRecord, "a log table takes append-only batches");
  }
  if (batch.record_count() < 1) return Error(ErrorCode::kCorruptRecord, "it has no records");
  return schema.is_arrow() ? CheckArrow(batch, schema.layout()) : CheckRows(batch);
}

}  // namespace

Status ValidateProduced(BytesView batches, const std::map<SchemaId, RecordSchema>& schemas) {
  record::LogBatchIterator iterator(batches);
  for (size_t i = 0;; ++i) {
    STROM_ASSIGN_OR_RETURN(const auto batch, iterator.Next());
    if (!batch) return Status::Ok();  // What is left, the log refuses.
    const auto schema = schemas.find(batch->header().schema_id);
    if (schema == schemas.end()) {
      return Error(ErrorCode::kSchemaNotExist, "produced batch {} has schema {}, the newest is {}",
                   i, batch->header().schema_id, schemas.rbegin()->first);
    }
    STROM_RETURN_IF_ERROR(
        record::AsCorruptRecord(CheckContent(*batch, schema->second),
                                fmt::format("produced batch {} of {} bytes", i, batch->size())));
  }
}

}  // namespace strom::tablet
