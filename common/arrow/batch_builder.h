#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/arrow/column_builder.h"
#include "common/arrow/compression.h"
#include "common/arrow/layout.h"
#include "common/types/value.h"

namespace strom::arrow {

// Collects rows and makes an Arrow RecordBatch message of them, byte for byte as Java Fluss does
// (compressed bytes may differ). Writers use it to fill a batch, tablet servers for changelogs.
//
// Belongs to one owner at a time. May be used again after Reset(), which keeps its memory.
class RecordBatchBuilder {
 public:
  explicit RecordBatchBuilder(SchemaLayout layout);

  // Appends a row, one value a column in the schema's order. On error nothing was appended.
  //
  // A BINARY(n) of fewer bytes is filled up with zeros: Arrow has only values of n bytes. Digits of
  // times finer than the column's precision class are cut off (see TimeUnit).
  //
  // Errors: kCorruptRecord if a value does not fit its column, or a timestamp its unit;
  // kRecordTooLarge if the batch cannot take as many bytes (2 GiB, the reach of its offsets).
  Status Append(const Row& row);

  // The same of a row of cells that fit their columns, all of which have cells (HasCells).
  // Errors: kCorruptRecord for a wrong number of cells; kRecordTooLarge.
  Status AppendCells(std::span<const Cell> row);

  int64_t row_count() const { return row_count_; }
  // Size of the message that Finish() would make without compression, exactly.
  size_t EstimatedSize() const;

  // The message with the rows appended since the last Reset(); they stay.
  Bytes Finish(Compression compression) const;
  void Reset();

 private:
  Status CheckCost(int64_t cost) const;

  SchemaLayout layout_;
  std::vector<ColumnBuilder> columns_;
  int64_t row_count_ = 0;
  int64_t cost_ = 0;  // Not below the largest offset of any column.
};

}  // namespace strom::arrow
