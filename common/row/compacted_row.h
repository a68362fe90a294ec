#pragma once

#include <span>

#include "common/base/byte_reader.h"
#include "common/types/value.h"

// The compacted row: default format of primary-key tables' values, COMPACTED log format. All
// functions are pure.
//
//   null bits      (n + 7) / 8 bytes; bit i % 8 of byte i / 8 is set if column i is NULL
//   values         of the columns that are not NULL, in column order, without gaps
//
//   BOOLEAN, TINYINT         1 byte                FLOAT, DOUBLE   4, 8 bytes LE
//   SMALLINT                 2 bytes LE            BIGINT          uvar64
//   INT, DATE, TIME          uvar32
//   CHAR, STRING, BINARY, BYTES                    uvar32 length, bytes; never padded
//   DECIMAL up to 18 digits  uvar64 unscaled       other DECIMAL   uvar32 length, minimal BE bytes
//   timestamps up to ms      uvar64 millis         others          the same, uvar32 nanos of milli
//   ARRAY, MAP, ROW          uvar32 length, BinaryArray, BinaryMap, compacted row
//
// uvar: unsigned LEB128 of the two's complement (common/base/varint.h). The null bit of a NOT NULL
// column is not looked at. Unlike CheckValue, CHAR(n) and BINARY(n) may be longer than n bytes: the
// format does not bound them, and Java counts characters.
// Same layout as Fluss: CompactedRowWriter.java, CompactedRowReader.java.
namespace strom {

// Appends `row`, one value a type. On error `out` is as before.
// Errors: kCorruptRecord naming the column if a value does not fit its type, kRecordTooLarge.
Status AppendCompactedRow(Bytes& out, const Row& row, std::span<const DataType> types);
Result<Bytes> EncodeCompactedRow(const Row& row, std::span<const DataType> types);

// Decodes a row that takes all of `bytes`.
// Errors: kCorruptRecord, kCorruptMessage, naming the column.
Result<Row> DecodeCompactedRow(BytesView bytes, std::span<const DataType> types);

// One value as it stands in a row or, without null bits around it, in a compacted key. NULL is an
// error. Append may leave part of the value in `out` on error.
Status AppendCompactedValue(Bytes& out, const Value& value, const DataType& type);
Status ReadCompactedValue(ByteReader& in, const DataType& type, Value& to);

namespace internal {

// Decodes some columns: column i goes to to[targets[i]], or is passed over if targets[i] is -1.
// Columns from targets.size() on, and the end of the row, are not looked at.
Status DecodeCompactedColumns(BytesView bytes, std::span<const DataType> types,
                              std::span<const int32_t> targets, Row& to);

// A ROW inside another value, `depth` levels deep.
Status AppendCompactedFields(Bytes& out, const Row& row, std::span<const RowField> fields,
                             int depth);
Status DecodeCompactedFields(BytesView bytes, std::span<const RowField> fields, int depth, Row& to);

}  // namespace internal
}  // namespace strom
