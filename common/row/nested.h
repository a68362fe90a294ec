#pragma once

#include "common/row/row_format.h"
#include "common/types/value.h"

// Nested values inside the row formats. Used inside common/row only; pure functions.
namespace strom::internal {

// Types may nest this deep: encoders and decoders recurse once a level. Outside data cannot nest
// deeper than its type.
inline constexpr int kNestingDepthMax = 64;

// Where a value stands: the format that nested rows use, and how many values are around it.
struct Nesting {
  RowFormat format;
  int depth = 0;
};

// The fields of an outermost row come as types, those of a ROW as fields.
inline const DataType& TypeOf(const DataType& type) { return type; }
inline const DataType& TypeOf(const RowField& field) { return field.type; }

// Appends the bytes of an ARRAY, MAP or ROW value that stands at `at`, without length.
// Errors: kCorruptRecord if the value does not fit the type or the type nests too deep.
Status AppendNested(Bytes& out, const Value& value, const DataType& type, Nesting at);
// Decodes such bytes, all of `bytes`.
// Errors: kCorruptRecord, kCorruptMessage.
Status DecodeNested(BytesView bytes, const DataType& type, Nesting at, Value& to);

}  // namespace strom::internal
