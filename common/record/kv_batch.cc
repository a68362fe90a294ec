#include "common/record/kv_batch.h"

#include <limits>

#include "common/base/crc32c.h"
#include "common/base/endian.h"
#include "common/base/varint.h"

namespace strom::record {

namespace {

constexpr size_t kLength = 0;
constexpr size_t kLengthEnd = 4;
constexpr size_t kMagic = 4;
constexpr size_t kCrc = 5;
constexpr size_t kSchemaId = 9;  // The CRC covers the bytes from here to the end.
constexpr size_t kWriterId = 12;
constexpr size_t kBatchSequence = 20;
constexpr size_t kRecordCount = 24;
constexpr size_t kRecordSizeMin = 5;  // Length and the length of an empty key.

// Attributes have no meaning yet: whatever they hold is let through, as in Fluss.
Status CheckHeader(BytesView bytes) {
  if (bytes.size() < kKvBatchHeaderSize) {
    return Error(ErrorCode::kCorruptMessage, "KV batch: needs {} bytes for its header, has {}",
                 kKvBatchHeaderSize, bytes.size());
  }
  const auto length = LoadLittle<int32_t>(bytes.data() + kLength);
  if (int64_t{length} + int64_t{kLengthEnd} != static_cast<int64_t>(bytes.size())) {
    return Error(ErrorCode::kCorruptMessage, "KV batch: length {} does not fit {} bytes", length,
                 bytes.size());
  }
  if (const auto magic = LoadLittle<int8_t>(bytes.data() + kMagic); magic != 0) {
    return Error(ErrorCode::kCorruptMessage, "KV batch: magic is {}, must be 0", magic);
  }
  const auto stored = LoadLittle<uint32_t>(bytes.data() + kCrc);
  if (const uint32_t computed = Crc32c(bytes.substr(kSchemaId)); computed != stored) {
    return Error(ErrorCode::kCorruptMessage,
                 "KV batch of {} bytes: CRC is {:#010x}, stored is {:#010x}", bytes.size(),
                 computed, stored);
  }
  return Status::Ok();
}

Result<KvRecord> ParseRecord(BytesView bytes) {
  ByteReader reader(bytes, "KV record");
  STROM_ASSIGN_OR_RETURN(const uint32_t key_size, reader.ReadVarint32());
  KvRecord record;
  STROM_ASSIGN_OR_RETURN(record.key, reader.ReadBytes(key_size));
  if (!reader.done()) record.row = bytes.substr(reader.position());
  return record;
}

Result<std::vector<KvRecord>> ParseRecords(BytesView bytes, int32_t count) {
  if (count < 0 || static_cast<size_t>(count) > bytes.size() / kRecordSizeMin) {
    return Error(ErrorCode::kCorruptMessage, "KV batch: {} bytes cannot hold {} records",
                 bytes.size(), count);
  }
  std::vector<KvRecord> records;
  records.reserve(static_cast<size_t>(count));
  ByteReader reader(bytes, "KV batch");
  for (int32_t i = 0; i < count; ++i) {
    STROM_ASSIGN_OR_RETURN(const int32_t length, reader.ReadLittle<int32_t>());
    if (length < 0) {
      return Error(ErrorCode::kCorruptMessage, "KV batch: length {} of record {} is negative",
                   length, i);
    }
    STROM_ASSIGN_OR_RETURN(const BytesView body, reader.ReadBytes(static_cast<size_t>(length)));
    STROM_ASSIGN_OR_RETURN(const KvRecord record, ParseRecord(body));
    records.push_back(record);
  }
  if (!reader.done()) {
    return Error(ErrorCode::kCorruptMessage, "KV batch: {} bytes left after {} records",
                 reader.remaining(), count);
  }
  return records;
}

size_t BodySize(const KvRecord& record) {
  return VarintSize(record.key.size()) + record.key.size() + record.row.value_or("").size();
}

}  // namespace

Result<KvBatchView> KvBatchView::Parse(BytesView bytes) {
  STROM_RETURN_IF_ERROR(CheckHeader(bytes));
  const char* const at = bytes.data();
  KvBatchView batch;
  batch.bytes_ = bytes;
  batch.schema_id_ = SchemaId(LoadLittle<int16_t>(at + kSchemaId));
  batch.writer_id_ = WriterId(LoadLittle<int64_t>(at + kWriterId));
  batch.batch_sequence_ = BatchSequence(LoadLittle<int32_t>(at + kBatchSequence));
  STROM_ASSIGN_OR_RETURN(batch.records_, ParseRecords(bytes.substr(kKvBatchHeaderSize),
                                                      LoadLittle<int32_t>(at + kRecordCount)));
  return batch;
}

KvBatchBuilder::KvBatchBuilder(SchemaId schema_id)
    : schema_id_(schema_id), batch_(kKvBatchHeaderSize, '\0') {}

size_t KvBatchBuilder::RecordSize(const KvRecord& record) {
  return sizeof(int32_t) + BodySize(record);
}

void KvBatchBuilder::Append(const KvRecord& record) {
  STROM_CHECK(!record.row || !record.row->empty()) << "an empty row would read as a delete";
  STROM_CHECK(RecordSize(record) <= std::numeric_limits<int32_t>::max() - batch_.size())
      << "KV batch over 2 GiB";
  AppendLittle(batch_, static_cast<int32_t>(BodySize(record)));
  AppendVarint32(batch_, static_cast<uint32_t>(record.key.size()));
  batch_.append(record.key);
  if (record.row) batch_.append(*record.row);
  ++record_count_;
}

Bytes KvBatchBuilder::Build(WriterId writer_id, BatchSequence batch_sequence) const {
  Bytes batch = batch_;
  char* const at = batch.data();
  StoreLittle(at + kLength, static_cast<int32_t>(batch.size() - kLengthEnd));
  StoreLittle(at + kSchemaId, schema_id_.value());
  StoreLittle(at + kWriterId, writer_id.value());
  StoreLittle(at + kBatchSequence, batch_sequence.value());
  StoreLittle(at + kRecordCount, record_count_);
  StoreLittle(at + kCrc, Crc32c(BytesView(batch).substr(kSchemaId)));
  return batch;
}

}  // namespace strom::record
