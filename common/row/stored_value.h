#pragma once

#include "common/base/byte_reader.h"
#include "common/types/ids.h"

namespace strom {

// A value of a primary-key table as the KV engine holds it and lookups return it:
//
//   i16 LE schema id | row of that schema, compacted or indexed as `table.kv.format` says
//
// The schema may be older than the table's; readers match columns by id.
// Same layout as Fluss: ValueEncoder.java, ValueDecoder.java.
struct StoredValue {
  SchemaId schema_id;
  BytesView row;  // Into the bytes it was parsed from.
};

// Starts a stored value; the caller appends the row (AppendRow).
inline void AppendStoredValueHeader(Bytes& out, SchemaId schema_id) {
  AppendLittle(out, schema_id.value());
}

// Errors: kCorruptMessage if `bytes` are too short, kCorruptRecord for a schema id below 0.
inline Result<StoredValue> ParseStoredValue(BytesView bytes) {
  ByteReader in(bytes, "stored value");
  STROM_ASSIGN_OR_RETURN(const int16_t schema_id, in.ReadLittle<int16_t>());
  if (schema_id < 0) {
    return Error(ErrorCode::kCorruptRecord, "stored value: schema id {} at position 0", schema_id);
  }
  return StoredValue{SchemaId(schema_id), bytes.substr(in.position())};
}

}  // namespace strom
