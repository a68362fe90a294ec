#include "tablet/replica/bucket_spec.h"

namespace strom::tablet {
namespace {

record::RecordSchema RecordSchemaOf(LogFormat format, const Schema& schema) {
  std::vector<DataType> types;
  for (const Column& column : schema.columns()) types.push_back(column.type);
  return record::RecordSchema(format, std::move(types));
}

}  // namespace

Result<BucketSpec> BucketSpec::Of(const TableInfo& table, PhysicalTablePath path,
                                  TableBucket bucket,
                                  const std::vector<std::pair<SchemaId, Schema>>& older) {
  STROM_CHECK(path.partition.has_value() == bucket.partition.has_value()) << path << " " << bucket;
  STROM_ASSIGN_OR_RETURN(
      TableProperties properties,
      TableProperties::Parse(table.descriptor.properties, TableProperties::UnknownKeys::kIgnore));
  STROM_RETURN_IF_ERROR(properties.ReadCustom(table.descriptor.custom_properties));
  const LogFormat format = properties.log_format;
  BucketSpec spec{.path = std::move(path),
                  .bucket = bucket,
                  .properties = std::move(properties),
                  .schemas = {},
                  .kv_table = nullptr,
                  .old_clients_keys_differ = false};
  for (const auto& [id, schema] : older) spec.schemas.emplace(id, RecordSchemaOf(format, schema));
  spec.schemas.emplace(table.schema_id, RecordSchemaOf(format, table.descriptor.schema));
  if (table.descriptor.has_primary_key()) {
    STROM_ASSIGN_OR_RETURN(spec.kv_table, KvTable::Make(table.descriptor, table.schema_id, older));
    // Same rule as Fluss: fluss-wire-protocol.md, section 2.3.
    spec.old_clients_keys_differ = spec.properties.lake.format.has_value() &&
                                   spec.properties.key_encoding_version() == 2 &&
                                   !table.descriptor.HasDefaultBucketKey();
  }
  return spec;
}

}  // namespace strom::tablet
