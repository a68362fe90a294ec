#include "common/record/value_batch.h"

#include <limits>

#include "common/base/byte_reader.h"
#include "common/base/endian.h"

namespace strom::record {

namespace {

constexpr size_t kLengthEnd = 4;
constexpr size_t kRecordCount = 5;
constexpr size_t kRecordSizeMin = sizeof(int32_t) + sizeof(int16_t);

Result<ValueRecord> ReadRecord(ByteReader& reader, int32_t index) {
  STROM_ASSIGN_OR_RETURN(const int32_t length, reader.ReadLittle<int32_t>());
  if (length < static_cast<int32_t>(sizeof(int16_t))) {
    return Error(ErrorCode::kCorruptMessage,
                 "value batch: length {} of record {} is too short for a schema id", length, index);
  }
  ValueRecord record;
  STROM_ASSIGN_OR_RETURN(const int16_t schema_id, reader.ReadLittle<int16_t>());
  record.schema_id = SchemaId(schema_id);
  STROM_ASSIGN_OR_RETURN(record.row,
                         reader.ReadBytes(static_cast<size_t>(length) - sizeof(int16_t)));
  return record;
}

}  // namespace

Result<std::vector<ValueRecord>> ParseValueBatch(BytesView bytes) {
  ByteReader reader(bytes, "value batch");
  STROM_ASSIGN_OR_RETURN(const int32_t length, reader.ReadLittle<int32_t>());
  STROM_ASSIGN_OR_RETURN(const int8_t magic, reader.ReadLittle<int8_t>());
  STROM_ASSIGN_OR_RETURN(const int32_t count, reader.ReadLittle<int32_t>());
  if (int64_t{length} + int64_t{kLengthEnd} != static_cast<int64_t>(bytes.size())) {
    return Error(ErrorCode::kCorruptMessage, "value batch: length {} does not fit {} bytes", length,
                 bytes.size());
  }
  if (magic != 0) {
    return Error(ErrorCode::kCorruptMessage, "value batch: magic is {}, must be 0", magic);
  }
  if (count < 0 || static_cast<size_t>(count) > reader.remaining() / kRecordSizeMin) {
    return Error(ErrorCode::kCorruptMessage, "value batch: {} bytes cannot hold {} records",
                 reader.remaining(), count);
  }
  std::vector<ValueRecord> records;
  records.reserve(static_cast<size_t>(count));
  for (int32_t i = 0; i < count; ++i) {
    STROM_ASSIGN_OR_RETURN(const ValueRecord record, ReadRecord(reader, i));
    records.push_back(record);
  }
  if (!reader.done()) {
    return Error(ErrorCode::kCorruptMessage, "value batch: {} bytes left after {} records",
                 reader.remaining(), count);
  }
  return records;
}

ValueBatchBuilder::ValueBatchBuilder() : batch_(kValueBatchHeaderSize, '\0') {}

void ValueBatchBuilder::Append(BytesView stored_value) {
  STROM_CHECK(stored_value.size() >= sizeof(int16_t)) << stored_value.size();
  STROM_CHECK(stored_value.size() + sizeof(int32_t) <=
              std::numeric_limits<int32_t>::max() - batch_.size())
      << "value batch over 2 GiB";
  AppendLittle(batch_, static_cast<int32_t>(stored_value.size()));
  batch_.append(stored_value);
  ++record_count_;
}

Bytes ValueBatchBuilder::Build() && {
  StoreLittle(batch_.data(), static_cast<int32_t>(batch_.size() - kLengthEnd));
  StoreLittle(batch_.data() + kRecordCount, record_count_);
  return std::move(batch_);
}

}  // namespace strom::record
