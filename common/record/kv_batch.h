#pragma once

#include <optional>
#include <vector>

#include "common/base/byte_reader.h"
#include "common/base/bytes.h"
#include "common/types/ids.h"

namespace strom::record {

// KV batches: what PutKv carries, one for each bucket. Everything is little-endian.
//
//    0  i32 length (total - 4)   11  i8  attributes, 0
//    4  i8  magic, 0             12  i64 writer id, -1 none
//    5  u32 CRC-32C of [9, end)  20  i32 batch sequence, -1 none
//    9  i16 schema id            24  i32 record count
//   28  records: i32 length of the rest | varint32 key length | key | row
//
// The row is compacted or indexed after `table.kv.format` and full width; no bytes after the key
// mean a delete. Same layout as Fluss: DefaultKvRecordBatch.java, DefaultKvRecord.java.

inline constexpr size_t kKvBatchHeaderSize = 28;

// One upsert or delete. The views point into the batch.
struct KvRecord {
  BytesView key;                 // The encoded primary key. May be empty.
  std::optional<BytesView> row;  // Not empty; absent = delete the key.

  friend bool operator==(const KvRecord&, const KvRecord&) = default;
};

// One KV batch in somebody else's bytes, which must outlive the view. Immutable.
//
// Always true: every record lies inside the batch, and there are record_count() of them.
class KvBatchView {
 public:
  // `bytes` is exactly one batch. Checks header, CRC and every record's lengths. (The official
  // server does not verify the CRC, its clients write it right.) The schema id is the caller's to
  // look up. Errors: kCorruptMessage.
  static Result<KvBatchView> Parse(BytesView bytes);

  SchemaId schema_id() const { return schema_id_; }
  WriterId writer_id() const { return writer_id_; }
  BatchSequence batch_sequence() const { return batch_sequence_; }
  int32_t record_count() const { return static_cast<int32_t>(records_.size()); }
  BytesView bytes() const { return bytes_; }
  // In the writer's order.
  const std::vector<KvRecord>& records() const { return records_; }

 private:
  KvBatchView() = default;

  BytesView bytes_;
  SchemaId schema_id_;
  WriterId writer_id_;
  BatchSequence batch_sequence_;
  std::vector<KvRecord> records_;
};

// Collects the records of one KV batch. Build() may be called again, with another writer.
class KvBatchBuilder {
 public:
  explicit KvBatchBuilder(SchemaId schema_id);

  void Upsert(BytesView key, BytesView row) { Append({.key = key, .row = row}); }
  void Delete(BytesView key) { Append({.key = key, .row = std::nullopt}); }
  // A row that is present is not empty.
  void Append(const KvRecord& record);

  int32_t record_count() const { return record_count_; }
  // Size of the batch so far, and what a record would add to it: the caller watches the limit.
  size_t size() const { return batch_.size(); }
  static size_t RecordSize(const KvRecord& record);

  // The batch of what was appended so far.
  Bytes Build(WriterId writer_id = kNoWriter, BatchSequence batch_sequence = kNoSequence) const;

 private:
  SchemaId schema_id_;
  int32_t record_count_ = 0;
  Bytes batch_;  // Header, its fields still zero, and records.
};

}  // namespace strom::record
