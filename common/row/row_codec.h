#pragma once

#include <span>
#include <vector>

#include "common/row/row_format.h"
#include "common/types/table_options.h"
#include "common/types/value.h"

// Rows in the format a table has chosen. The layouts are in compacted_row.h and indexed_row.h. All
// functions are pure; they take the columns' types as a list or as the fields of
// Schema::row_type().
namespace strom {

RowFormat ToRowFormat(KvFormat format);

// Appends `row`, one value a type. On error `out` is as before.
// Errors: kCorruptRecord naming the column if a value does not fit its type, kRecordTooLarge.
Status AppendRow(RowFormat format, Bytes& out, const Row& row, std::span<const DataType> types);
Status AppendRow(RowFormat format, Bytes& out, const Row& row, std::span<const RowField> fields);
Result<Bytes> EncodeRow(RowFormat format, const Row& row, std::span<const DataType> types);
Result<Bytes> EncodeRow(RowFormat format, const Row& row, std::span<const RowField> fields);

// Decodes a row that takes all of `bytes`.
// Errors: kCorruptRecord, kCorruptMessage, naming the column.
Result<Row> DecodeRow(RowFormat format, BytesView bytes, std::span<const DataType> types);
Result<Row> DecodeRow(RowFormat format, BytesView bytes, std::span<const RowField> fields);

// Decodes some columns of rows of one schema, without making values of the others. Made once for a
// schema; immutable, so threads may share it.
class ColumnDecoder {
 public:
  // `columns` are positions in `types`, each at most once, in any order.
  ColumnDecoder(RowFormat format, std::vector<DataType> types, std::span<const size_t> columns);

  // The values of the columns, in the order given to the constructor. What follows the last of them
  // in `bytes` is not checked.
  // Errors: kCorruptRecord, kCorruptMessage, naming the column.
  Result<Row> Decode(BytesView bytes) const;

 private:
  RowFormat format_;
  std::vector<DataType> types_;
  std::vector<int32_t> targets_;  // By position up to the last column: where its value goes, or -1.
  size_t count_;
};

}  // namespace strom
