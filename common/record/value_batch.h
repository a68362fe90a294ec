#pragma once

#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/ids.h"

namespace strom::record {

// Value record batches: rows of a primary-key table without keys, the answer to a limit scan or a
// full scan. Little-endian, no CRC.
//
//   0  i32 length (total - 4) | 4  i8 magic, 0 | 5  i32 record count
//   9  records: i32 length of the rest | stored value = i16 schema id, row
//
// Same layout as Fluss: DefaultValueRecordBatch.java.

inline constexpr size_t kValueBatchHeaderSize = 9;

// A row with the schema it was written with. The view points into the batch.
struct ValueRecord {
  SchemaId schema_id;
  BytesView row;  // Compacted or indexed after `table.kv.format`.

  friend bool operator==(const ValueRecord&, const ValueRecord&) = default;
};

// All records of `bytes`, which is exactly one batch and must outlive the result.
// Errors: kCorruptMessage.
Result<std::vector<ValueRecord>> ParseValueBatch(BytesView bytes);

// Collects stored values, as they lie in the KV store, into one batch.
class ValueBatchBuilder {
 public:
  ValueBatchBuilder();

  // `stored_value` is schema id and row.
  void Append(BytesView stored_value);

  int32_t record_count() const { return record_count_; }
  size_t size() const { return batch_.size(); }
  // Ends the builder.
  Bytes Build() &&;

 private:
  int32_t record_count_ = 0;
  Bytes batch_;
};

}  // namespace strom::record
