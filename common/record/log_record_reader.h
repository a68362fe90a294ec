#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/arrow/batch_reader.h"
#include "common/base/byte_reader.h"
#include "common/record/change_type.h"
#include "common/record/log_batch.h"
#include "common/record/record_schema.h"

namespace strom::record {

// One record of a log, decoded.
struct LogRecord {
  LogOffset offset;
  int64_t timestamp_ms = 0;  // When the leader took the batch; the same for all its records.
  ChangeType change_type = ChangeType::kAppendOnly;
  Row row;  // One value a column of the schema it was read with.

  friend bool operator==(const LogRecord&, const LogRecord&) = default;
};

// Neighbouring records of a batch, their values one behind the other.
struct LogRows {
  LogOffset base_offset;  // Of the first; the others have the next ones.
  int64_t timestamp_ms = 0;
  std::vector<ChangeType> change_types;  // One a record.
  std::vector<Value> values;             // All of the first record, then the second.
};

// Decodes the records of one batch, one after the other. A record of the row formats is
//
//   i32 LE length of what follows | i8 change type, +A in append-only batches | row
//
// Does not look at the CRC. The batch's bytes must outlive the reader; one owner at a time.
class LogRecordReader {
 public:
  // `schema` is that of the batch's schema id or, for a projected batch, the projected one. Records
  // below `from` are passed over. An ARROW batch is decompressed and checked whole here.
  // Errors: kCorruptRecord; kRecordTooLarge if the batch needs too much memory (arrow::ReadLimits).
  static Result<LogRecordReader> Open(const LogBatchView& batch, const RecordSchema& schema,
                                      LogOffset from = LogOffset(0));

  // The next record; nullopt after the last one.
  // Errors: kCorruptRecord; the reader is of no use afterwards.
  Result<std::optional<LogRecord>> Next();

  // All that are left below `end`, at most `count_max`, but at least one of them; none: there are
  // none. Column i is columns[i] of the schema, or NULL. Errors: as Next.
  Result<LogRows> NextRows(std::span<const std::optional<size_t>> columns, LogOffset end,
                                 size_t count_max);

 private:
  LogRecordReader(const LogBatchView& batch, RecordSchema schema, LogOffset from);

  Result<std::optional<LogRecord>> NextOfRowFormat();
  Result<LogRows> NextRowsOfRowFormat(std::span<const std::optional<size_t>> columns,
                                       LogOffset end, size_t count_max);
  ChangeType TypeOf(int32_t index) const;  // Of kArrow.
  LogRecord RecordAt(int32_t index, ChangeType type, Row row) const;

  LogBatchView batch_;
  RecordSchema schema_;
  int32_t first_;      // Index in the batch of the first record wanted.
  int32_t index_ = 0;  // Of the next record.
  BytesView change_types_;
  std::optional<arrow::RecordBatchReader> arrow_;  // kArrow, if there are records.
  ByteReader records_;                             // Row formats.
};

// All records of `batch` from offset `from` on. Errors: those of LogRecordReader.
Result<std::vector<LogRecord>> ReadLogRecords(const LogBatchView& batch, const RecordSchema& schema,
                                              LogOffset from = LogOffset(0));

}  // namespace strom::record
