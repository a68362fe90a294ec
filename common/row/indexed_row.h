#pragma once

#include <span>

#include "common/types/value.h"

// The indexed row: INDEXED log format, optional format of primary-key tables' values. All functions
// are pure.
//
//   null bits      (n + 7) / 8 bytes, as in the compacted row
//   length slots   4 bytes LE for each variable-length column of the schema; the k-th
//   variable-length
//                  value that is not NULL uses slot k, unused slots at the end are 0
//   values         of the columns that are not NULL, in column order, without gaps
//
// Variable length: STRING, BYTES, DECIMAL of more than 18 digits (minimal big-endian bytes), ARRAY,
// MAP (BinaryArray, BinaryMap), ROW (indexed row). Fixed: numbers, dates and times LE as wide as
// FixedWidthOf says; other timestamps 8 bytes millis and 4 bytes nanos of the milli; CHAR(n) and
// BINARY(n) exactly n bytes, padded with zeros.
//
// A trap of the format: zeros at the end of a CHAR or BINARY are taken for padding and cut off when
// read, so they are lost. The null bit of a NOT NULL column is not looked at.
// Same layout as Fluss: IndexedRowWriter.java, IndexedRowReader.java.
namespace strom {

// Appends `row`, one value a type. On error `out` is as before.
// Errors: kCorruptRecord naming the column if a value does not fit its type, kRecordTooLarge.
Status AppendIndexedRow(Bytes& out, const Row& row, std::span<const DataType> types);
Result<Bytes> EncodeIndexedRow(const Row& row, std::span<const DataType> types);

// Decodes a row that takes all of `bytes`.
// Errors: kCorruptRecord, kCorruptMessage, naming the column.
Result<Row> DecodeIndexedRow(BytesView bytes, std::span<const DataType> types);

namespace internal {

// Decodes some columns: column i goes to to[targets[i]], or is passed over if targets[i] is -1.
// Columns from targets.size() on, and the end of the row, are not looked at.
Status DecodeIndexedColumns(BytesView bytes, std::span<const DataType> types,
                            std::span<const int32_t> targets, Row& to);

// A ROW inside another value, `depth` levels deep.
Status AppendIndexedFields(Bytes& out, const Row& row, std::span<const RowField> fields, int depth);
Status DecodeIndexedFields(BytesView bytes, std::span<const RowField> fields, int depth, Row& to);

}  // namespace internal
}  // namespace strom
