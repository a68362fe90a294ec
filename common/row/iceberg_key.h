#pragma once

#include "common/types/value.h"

// The key encoding of tables that follow Iceberg: one column, no length, no null bit. Used by
// KeyEncoder; pure functions.
//
//   INT, DATE, BIGINT   i64 LE                          FLOAT, DOUBLE   4, 8 bytes LE
//   TIME                i64 LE microseconds of the day  DECIMAL         minimal big-endian bytes
//   TIMESTAMP           i64 LE microseconds since the epoch
//   CHAR, STRING, BINARY, BYTES                         the bytes
//
// Same bytes as Fluss: IcebergKeyEncoder.java, IcebergBinaryRowWriter.java.
namespace strom::internal {

// Whether a key column may have this type: all but BOOLEAN, TINYINT, SMALLINT, TIMESTAMP_LTZ and
// nested types.
bool IsIcebergKeyType(const DataType& type);

// `value` is not NULL, IsIcebergKeyType(type). Nanoseconds below a microsecond are cut off.
// Errors: kCorruptRecord if the value does not fit the type, or microseconds do not fit 64 bits.
Status AppendIcebergKey(Bytes& out, const Value& value, const DataType& type);
// Errors: kCorruptRecord for bytes that AppendIcebergKey does not write.
Status DecodeIcebergKey(BytesView bytes, const DataType& type, Value& to);

}  // namespace strom::internal
