#pragma once

#include "common/row/nested.h"

// Arrays and maps inside rows of every format. Used inside common/row only; pure functions.
//
//   BinaryArray   i32 LE element count n
//                 null bits, (n + 31) / 32 * 4 bytes: bit i % 8 of byte i / 8 is set if NULL
//                 n slots (slots.h), 1, 2, 4 or 8 bytes wide
//                 zeros up to a multiple of 8 from the array's start
//                 variable part
//   BinaryMap     i32 LE size of the key array, key BinaryArray, value BinaryArray
//
// The slot of a NULL is zero here; Java may leave old bytes in it, and readers ignore them. NaN is
// stored in its canonical form. CHAR and BINARY are not padded. The null bit of elements that are
// NOT NULL is not looked at; keys are never NULL.
// Same layout as Fluss: BinaryArray.java, BinaryMap.java.
namespace strom::internal {

// Appends. Errors: kCorruptRecord if a value does not fit, kRecordTooLarge; part of it may be left
// in `out`.
Status AppendBinaryArray(Bytes& out, const ValueList& list, const DataType& element, Nesting at);
Status AppendBinaryMap(Bytes& out, const ValueMap& map, const DataType& type, Nesting at);

// All of `bytes` is the array or map. Errors: kCorruptRecord, kCorruptMessage.
Result<ValueList> DecodeBinaryArray(BytesView bytes, const DataType& element, Nesting at);
Result<ValueMap> DecodeBinaryMap(BytesView bytes, const DataType& type, Nesting at);

}  // namespace strom::internal
