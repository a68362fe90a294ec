#include "client/log_table.h"

#include <utility>

#include "common/record/table_compression.h"
#include "common/row/bucketing.h"
#include "common/row/table_keys.h"

namespace strom::client {
namespace {

constexpr size_t kFixedValueBytes = 8;

size_t EstimatedSizeOf(const Value& value) {
  if (const Bytes* const bytes = value.get_if<Bytes>()) return bytes->size() + kFixedValueBytes;
  size_t size = value.get_if<Decimal>() ? 2 * kFixedValueBytes : kFixedValueBytes;
  if (const ValueList* const list = value.list()) {
    for (const Value& element : *list) size += EstimatedSizeOf(element);
  } else if (const ValueMap* const map = value.map()) {
    for (const auto& [key, element] : *map) size += EstimatedSizeOf(key) + EstimatedSizeOf(element);
  } else if (const Row* const row = value.row()) {
    for (const Value& field : *row) size += EstimatedSizeOf(field);
  }
  return size;
}

}  // namespace

size_t EstimatedSize(const Row& row) {
  size_t size = 0;
  for (const Value& value : row) size += EstimatedSizeOf(value);
  return size;
}

Result<LogTable> LogTable::Make(TableInfo info) {
  const TableDescriptor& descriptor = info.descriptor;
  if (descriptor.is_partitioned() || descriptor.has_primary_key()) {
    return Error(ErrorCode::kInvalidTable, "table {} {}; rows are appended to plain log tables",
                 info.path,
                 descriptor.has_primary_key() ? "has a primary key: an upsert writer writes to it"
                                              : "is partitioned");
  }
  STROM_ASSIGN_OR_RETURN(
      TableProperties properties,
      TableProperties::Parse(descriptor.properties, TableProperties::UnknownKeys::kIgnore));
  std::vector<DataType> types;
  for (const Column& column : descriptor.schema.columns()) types.push_back(column.type);
  record::RecordSchema schema(properties.log_format, std::move(types));
  std::optional<KeyEncoder> bucket_key;
  if (const std::vector<std::string> names = descriptor.BucketKeys(); !names.empty()) {
    STROM_ASSIGN_OR_RETURN(const std::vector<size_t> columns, descriptor.schema.IndexesOf(names));
    STROM_ASSIGN_OR_RETURN(bucket_key, KeyEncoder::Make(LakeKeyEncoding(properties.lake.format),
                                                        descriptor.schema.row_type(), columns));
  }
  return LogTable(std::move(info), std::move(properties), std::move(schema), std::move(bucket_key));
}

Result<std::optional<BucketId>> LogTable::BucketOf(const Row& row) const {
  const size_t columns = info_.descriptor.schema.columns().size();
  if (row.size() != columns) {
    return Error(ErrorCode::kCorruptRecord, "a row of {} values, table {} has {} columns",
                 row.size(), path(), columns);
  }
  if (!bucket_key_) return std::optional<BucketId>();
  STROM_ASSIGN_OR_RETURN(const Bytes key, bucket_key_->EncodeKey(row));
  STROM_ASSIGN_OR_RETURN(const BucketId bucket,
                         strom::BucketOf(properties_.lake.format, key, bucket_count()));
  return std::optional(bucket);
}

record::LogBatchBuilder LogTable::NewBuilder() const {
  return record::LogBatchBuilder(schema_, {.schema_id = info_.schema_id,
                                           .append_only = true,
                                           .compression = record::CompressionOf(properties_)});
}

}  // namespace strom::client
