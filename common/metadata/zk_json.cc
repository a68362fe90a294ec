#include "common/metadata/zk_json.h"

#include <utility>

#include "common/base/check.h"
#include "common/metadata/json_documents.h"
#include "common/metadata/zk_paths.h"

namespace strom::metadata {
namespace {

using document::FindText;
using document::GetInt64;

Result<DatabaseRegistration> ReadDatabase(const json::In& object, int32_t) {
  DatabaseRegistration database;
  STROM_ASSIGN_OR_RETURN(database.descriptor.comment, FindText(object, "comment"));
  STROM_ASSIGN_OR_RETURN(database.descriptor.custom_properties,
                         json::GetProperties(object, "custom_properties"));
  STROM_ASSIGN_OR_RETURN(database.created_ms, GetInt64(object, "created_time"));
  STROM_ASSIGN_OR_RETURN(database.modified_ms, GetInt64(object, "modified_time"));
  return database;
}

Result<TableRegistration> ReadTable(const json::In& object, int32_t) {
  TableRegistration table;
  STROM_ASSIGN_OR_RETURN(const int64_t id, GetInt64(object, "table_id"));
  table.id = TableId(id);
  STROM_ASSIGN_OR_RETURN(table.comment, FindText(object, "comment"));
  STROM_ASSIGN_OR_RETURN(auto partition_keys, json::FindStrings(object, "partition_key"));
  if (partition_keys) table.partition_keys = *std::move(partition_keys);
  STROM_ASSIGN_OR_RETURN(auto bucket_keys, json::FindStrings(object, "bucket_key"));
  if (bucket_keys) table.bucket_keys = *std::move(bucket_keys);
  STROM_ASSIGN_OR_RETURN(table.bucket_count, json::GetInt32(object, "bucket_count"));
  STROM_ASSIGN_OR_RETURN(table.properties, json::GetProperties(object, "properties"));
  STROM_ASSIGN_OR_RETURN(table.custom_properties, json::GetProperties(object, "custom_properties"));
  STROM_ASSIGN_OR_RETURN(table.remote_data_dir, FindText(object, "remote_data_dir"));
  STROM_ASSIGN_OR_RETURN(table.created_ms, GetInt64(object, "created_time"));
  STROM_ASSIGN_OR_RETURN(table.modified_ms, GetInt64(object, "modified_time"));
  return table;
}

Result<PartitionRegistration> ReadPartition(const json::In& object, int32_t) {
  PartitionRegistration partition;
  STROM_ASSIGN_OR_RETURN(const int64_t table, GetInt64(object, "table_id"));
  STROM_ASSIGN_OR_RETURN(const int64_t id, GetInt64(object, "partition_id"));
  partition.table = TableId(table);
  partition.id = PartitionId(id);
  STROM_ASSIGN_OR_RETURN(partition.remote_data_dir, FindText(object, "remote_data_dir"));
  return partition;
}

Result<Assignment> ReadAssignment(const json::In& object, int32_t) {
  STROM_ASSIGN_OR_RETURN(const json::In* const buckets, json::GetObject(object, "buckets"));
  Assignment assignment;
  for (const auto& [name, replicas] : buckets->items()) {
    const std::optional<int64_t> bucket = NumberFromName(name);
    if (!bucket || *bucket < 0 || *bucket > INT32_MAX) {
      return Error(ErrorCode::kInvalidTable, "'{:.100}' is no bucket", name);
    }
    STROM_ASSIGN_OR_RETURN(assignment[BucketId(static_cast<int32_t>(*bucket))],
                           document::ServersFrom(replicas, name));
  }
  return assignment;
}

Result<PartitionAssignment> ReadPartitionAssignment(const json::In& object, int32_t version) {
  PartitionAssignment assignment;
  STROM_ASSIGN_OR_RETURN(const int64_t table, GetInt64(object, "table_id"));
  assignment.table = TableId(table);
  STROM_ASSIGN_OR_RETURN(assignment.buckets, ReadAssignment(object, version));
  return assignment;
}

json::Out BucketsToJson(const Assignment& assignment) {
  json::Out buckets = json::Out::object();
  for (const auto& [bucket, replicas] : assignment) {
    buckets[std::to_string(bucket.value())] = document::ServersTo(replicas);
  }
  return buckets;
}

}  // namespace

TableRegistration RegistrationOf(const TableInfo& table) {
  const TableDescriptor& descriptor = table.descriptor;
  STROM_CHECK(descriptor.bucket_count()) << "table " << table.path << " has no bucket count";
  return {.id = table.id,
          .comment = descriptor.comment,
          .partition_keys = descriptor.partition_keys,
          .bucket_keys = descriptor.distribution->bucket_keys,
          .bucket_count = *descriptor.bucket_count(),
          .properties = descriptor.properties,
          .custom_properties = descriptor.custom_properties,
          .remote_data_dir = table.remote_data_dir,
          .created_ms = table.created_ms,
          .modified_ms = table.modified_ms};
}

TableInfo TableInfoOf(TablePath path, TableRegistration registration, SchemaId schema_id,
                      Schema schema) {
  return {.path = std::move(path),
          .id = registration.id,
          .schema_id = schema_id,
          .descriptor = {.schema = std::move(schema),
                         .comment = std::move(registration.comment),
                         .partition_keys = std::move(registration.partition_keys),
                         .distribution = TableDistribution{std::move(registration.bucket_keys),
                                                           registration.bucket_count},
                         .properties = std::move(registration.properties),
                         .custom_properties = std::move(registration.custom_properties)},
          .created_ms = registration.created_ms,
          .modified_ms = registration.modified_ms,
          .remote_data_dir = std::move(registration.remote_data_dir)};
}

std::string ToJson(const DatabaseRegistration& database) {
  json::Out out = {{"version", 1}};
  if (database.descriptor.comment) out["comment"] = *database.descriptor.comment;
  out["custom_properties"] = database.descriptor.custom_properties;
  out["created_time"] = database.created_ms;
  out["modified_time"] = database.modified_ms;
  return json::Dump(out);
}

std::string ToJson(const TableRegistration& table) {
  json::Out out = {{"version", 1}, {"table_id", table.id.value()}};
  if (table.comment) out["comment"] = *table.comment;
  if (!table.partition_keys.empty()) out["partition_key"] = table.partition_keys;
  if (!table.bucket_keys.empty()) out["bucket_key"] = table.bucket_keys;
  out["bucket_count"] = table.bucket_count;
  out["properties"] = table.properties;
  out["custom_properties"] = table.custom_properties;
  if (table.remote_data_dir) out["remote_data_dir"] = *table.remote_data_dir;
  out["created_time"] = table.created_ms;
  out["modified_time"] = table.modified_ms;
  return json::Dump(out);
}

std::string ToJson(const PartitionRegistration& partition) {
  json::Out out = {{"version", 1},
                   {"table_id", partition.table.value()},
                   {"partition_id", partition.id.value()}};
  if (partition.remote_data_dir) out["remote_data_dir"] = *partition.remote_data_dir;
  return json::Dump(out);
}

std::string ToJson(const Assignment& assignment) {
  return json::Dump({{"version", 1}, {"buckets", BucketsToJson(assignment)}});
}

std::string ToJson(const PartitionAssignment& assignment) {
  return json::Dump({{"version", 1},
                     {"table_id", assignment.table.value()},
                     {"buckets", BucketsToJson(assignment.buckets)}});
}

Result<DatabaseRegistration> DatabaseRegistrationFromJson(BytesView json) {
  return document::Read("database registration", json, {1}, ReadDatabase);
}
Result<TableRegistration> TableRegistrationFromJson(BytesView json) {
  return document::Read("table registration", json, {1}, ReadTable);
}
Result<PartitionRegistration> PartitionRegistrationFromJson(BytesView json) {
  return document::Read("partition registration", json, {1}, ReadPartition);
}
Result<Assignment> AssignmentFromJson(BytesView json) {
  return document::Read("table assignment", json, {1}, ReadAssignment);
}
Result<PartitionAssignment> PartitionAssignmentFromJson(BytesView json) {
  return document::Read("partition assignment", json, {1}, ReadPartitionAssignment);
}

}  // namespace strom::metadata
