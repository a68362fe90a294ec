#include "tablet/replica/bucket_spec.h"

namespace strom::tablet {

Result<BucketSpec> BucketSpec::Of(const TableInfo& table, TableBucket bucket) {
  STROM_ASSIGN_OR_RETURN(
      TableProperties properties,
      TableProperties::Parse(table.descriptor.properties, TableProperties::UnknownKeys::kIgnore));
  std::vector<DataType> types;
  for (const Column& column : table.descriptor.schema.columns()) types.push_back(column.type);
  BucketSpec spec{.path = PhysicalTablePath{table.path, std::nullopt},
                  .bucket = bucket,
                  .properties = std::move(properties),
                  .schemas = {}};
  spec.schemas.emplace(table.schema_id,
                       record::RecordSchema(spec.properties.log_format, std::move(types)));
  return spec;
}

std::string BucketSpec::LogDirectory() const {
  std::string directory =
      fmt::format("{}/{}-{}", path.table.database, path.table.table, bucket.table);
  if (bucket.partition) {
    directory += fmt::format("/{}-p{}", path.partition.value_or(""), *bucket.partition);
  }
  return fmt::format("{}/log-{}", directory, bucket.bucket);
}

}  // namespace strom::tablet
