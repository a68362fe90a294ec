#pragma once

#include <span>

#include "common/types/value.h"

namespace strom {

// Writes one aligned row: the min and max rows of batch statistics, and Paimon's BinaryRow (keys).
//
//   null area      (n + 63 + 8) / 64 * 8 bytes: a header byte, 0 (Paimon: row kind insert), then
//   bit
//                  i % 8 of byte 1 + i / 8 is set if column i is NULL
//   n slots        8 bytes each: fixed-width values in the low bytes, LE; others as slots.h says
//   variable part  chunks at multiples of 8 from the row's start
//
// Any column may be NULL, whatever its type says: in statistics NULL means that no bound is known.
// Nested types are refused; neither statistics nor keys have them. NaN keeps its bits.
// Same layout as Fluss: AlignedRowWriter.java, PaimonBinaryRowWriter.java.
class AlignedRowWriter {
 public:
  // Appends the row to `out`, which outlives the writer; all columns are NULL until they are set.
  AlignedRowWriter(Bytes& out, size_t columns);

  // Sets a column, in increasing order and each at most once.
  // Errors: kCorruptRecord naming the column, kRecordTooLarge; the row is then unusable.
  Status Set(size_t column, const Value& value, const DataType& type);

 private:
  Bytes& out_;
  const size_t start_;
  const size_t slots_;
};

// Appends `row`, one value a type. On error `out` is as before. Errors: as Set.
Status AppendAlignedRow(Bytes& out, const Row& row, std::span<const DataType> types);
Result<Bytes> EncodeAlignedRow(const Row& row, std::span<const DataType> types);

// Errors: kCorruptRecord, kCorruptMessage, naming the column.
Result<Row> DecodeAlignedRow(BytesView bytes, std::span<const DataType> types);

}  // namespace strom
