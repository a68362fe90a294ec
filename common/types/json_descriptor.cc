#include <utility>

#include "common/types/json_codec.h"
#include "common/types/json_documents.h"

namespace strom {
namespace {

Result<std::optional<TableDistribution>> DistributionFromJson(const json::In& object) {
  STROM_ASSIGN_OR_RETURN(auto keys, json::FindStrings(object, "bucket_key"));
  STROM_ASSIGN_OR_RETURN(const auto count, json::FindInt32(object, "bucket_count"));
  if (!keys && count) {
    return Error(ErrorCode::kInvalidTable, "'bucket_count' is {}, but 'bucket_key' is missing",
                 *count);
  }
  if (!keys) return std::optional<TableDistribution>();
  return std::optional<TableDistribution>(TableDistribution{*std::move(keys), count});
}

Result<DatabaseDescriptor> ReadDatabase(BytesView json) {
  STROM_ASSIGN_OR_RETURN(const json::In object, json::ParseObject(json));
  STROM_RETURN_IF_ERROR(json::CheckVersion(object));
  DatabaseDescriptor database;
  STROM_ASSIGN_OR_RETURN(database.comment, json::FindString(object, "comment"));
  STROM_ASSIGN_OR_RETURN(database.custom_properties,
                         json::GetProperties(object, "custom_properties"));
  return database;
}

}  // namespace

std::string ToJson(const TableDescriptor& table) {
  json::Out out = {{"version", 1}, {"schema", json::SchemaToJson(table.schema)}};
  if (table.comment) out["comment"] = *table.comment;
  out["partition_key"] = table.partition_keys;
  if (table.distribution) {
    out["bucket_key"] = table.distribution->bucket_keys;
    if (table.distribution->bucket_count) out["bucket_count"] = *table.distribution->bucket_count;
  }
  out["properties"] = table.properties;
  out["custom_properties"] = table.custom_properties;
  return json::Dump(out);
}

Result<TableDescriptor> TableDescriptorFromJson(BytesView json) {
  STROM_ASSIGN_OR_RETURN(const json::In object, json::ParseObject(json));
  STROM_RETURN_IF_ERROR(json::CheckVersion(object));
  STROM_ASSIGN_OR_RETURN(const json::In* const schema_object, json::GetObject(object, "schema"));
  STROM_ASSIGN_OR_RETURN(Schema schema, json::SchemaFromJson(*schema_object));
  TableDescriptor table{.schema = std::move(schema)};
  STROM_ASSIGN_OR_RETURN(table.comment, json::FindString(object, "comment"));
  STROM_ASSIGN_OR_RETURN(table.partition_keys, json::GetStrings(object, "partition_key"));
  STROM_ASSIGN_OR_RETURN(table.distribution, DistributionFromJson(object));
  STROM_ASSIGN_OR_RETURN(table.properties, json::GetProperties(object, "properties"));
  STROM_ASSIGN_OR_RETURN(table.custom_properties, json::GetProperties(object, "custom_properties"));
  return table;
}

std::string ToJson(const DatabaseDescriptor& database) {
  json::Out out = {{"version", 1}};
  if (database.comment) out["comment"] = *database.comment;
  out["custom_properties"] = database.custom_properties;
  return json::Dump(out);
}

Result<DatabaseDescriptor> DatabaseDescriptorFromJson(BytesView json) {
  Result<DatabaseDescriptor> database = ReadDatabase(json);
  if (database.ok()) return database;
  return Status(ErrorCode::kInvalidDatabase, std::string(database.status().message()));
}

}  // namespace strom
