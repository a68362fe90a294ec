#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/types/value.h"

namespace strom::record {

// Null counts, minima and maxima of some columns of one ARROW log batch (magic >= 1), by which a
// server drops whole batches that cannot match a filter. Little-endian:
//
//   i8 version, 1 | i16 column count N | N x i16 column index | N x i32 null count
//   i32 size, aligned row of the N minima | i32 size, aligned row of the N maxima
//
// Same layout as Fluss 1.0: LogRecordBatchStatisticsWriter.java.
struct BatchStatistics {
  // All of the same length. A NULL in `min` and `max` means that no bound is known: all values are
  // NULL, or the type (CHAR) has only its NULLs counted.
  std::vector<int16_t> columns;  // Positions in the batch's full schema.
  std::vector<int32_t> null_counts;
  Row min;
  Row max;

  friend bool operator==(const BatchStatistics&, const BatchStatistics&) = default;
};

// True for the types that `table.statistics.columns` may name: BOOLEAN, all integers and decimals,
// FLOAT, DOUBLE, CHAR, STRING, DATE, TIME and timestamps.
bool SupportsStatistics(const DataType& type);

// Parses what LogBatchView::statistics() returns. nullopt means that the batch has none: no bytes,
// a version other than 1, no columns, a row size that is not positive. Errors: kCorruptRecord for
// lengths or column indexes that do not fit. The statistics are a hint, so a filter may keep such a
// batch.
Result<std::optional<BatchStatistics>> ParseBatchStatistics(BytesView bytes,
                                                            std::span<const DataType> column_types);

// Gathers the statistics of the rows of one batch while it is built.
class StatisticsCollector {
 public:
  // `columns` are positions in `column_types` of supported types.
  StatisticsCollector(std::span<const DataType> column_types, std::vector<int16_t> columns);

  // `row` was taken by the RecordBatchBuilder of the batch. Bounds are those of the values as Arrow
  // stores them, so that a filter sees what readers will get.
  void Add(const Row& row);

  const BatchStatistics& statistics() const { return statistics_; }

  // The stored form. Errors: kRecordTooLarge.
  Result<Bytes> Encode() const;

 private:
  std::vector<DataType> types_;  // Of the collected columns only.
  BatchStatistics statistics_;
};

}  // namespace strom::record
