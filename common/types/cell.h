#pragma once

#include "common/base/bytes.h"
#include "common/types/data_type.h"

namespace strom {

// A value of a column, or NULL, that owns no memory: what a decoder hands to an encoder where a
// Value would be made only to be taken apart again. Which part holds which type:
//
//   number   BOOLEAN, TINYINT .. BIGINT, DATE; FLOAT and DOUBLE: their bits; DECIMAL, unscaled;
//            TIMESTAMP and TIMESTAMP_LTZ of 1 to 3 digits: milliseconds since the epoch
//   bytes    STRING, BYTES: in the bytes that were decoded
//
// A cell does not know its type; what a decoder gives fits the type it was told.
struct Cell {
  __int128 number = 0;
  BytesView bytes;
  bool null = true;
};

// Whether cells hold the values of `type`: not what is nested, what is filled up or counted in
// characters, and times of other units.
inline bool HasCells(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
    case TypeKind::kFloat:
    case TypeKind::kDouble:
    case TypeKind::kString:
    case TypeKind::kBytes:
    case TypeKind::kDecimal:
    case TypeKind::kDate:
      return true;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return type.precision() >= 1 && type.precision() <= 3;
    case TypeKind::kChar:
    case TypeKind::kBinary:
    case TypeKind::kTime:
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return false;
  }
  return false;
}

}  // namespace strom
