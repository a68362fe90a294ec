#include "client/table_codec.h"

#include <limits>
#include <utility>

#include "common/types/json_codec.h"
#include "proto/admin.pb.h"

namespace strom::client {
namespace {

constexpr int32_t kBucketCountMax = 1 << 20;  // Nobody has that many; we allocate for each.

Status Corrupt(const Status& status, std::string_view what) {
  return Error(ErrorCode::kCorruptMessage, "{}: {}", what, status.message());
}

Result<SchemaId> SchemaIdFromPb(int32_t id, const TablePath& path) {
  if (id < 0 || id > std::numeric_limits<int16_t>::max()) {
    return Error(ErrorCode::kCorruptMessage, "table {}: schema id {}", path, id);
  }
  return SchemaId(static_cast<int16_t>(id));
}

}  // namespace

Result<TableInfo> TableInfoFromPb(const TablePath& path, const pb::GetTableInfoResponse& response) {
  const std::string what = fmt::format("description of table {}", path);
  STROM_ASSIGN_OR_RETURN(const SchemaId schema_id, SchemaIdFromPb(response.schema_id(), path));
  Result<TableDescriptor> descriptor = TableDescriptorFromJson(response.table_json());
  if (!descriptor.ok()) return Corrupt(descriptor.status(), what);
  const int32_t buckets = descriptor->bucket_count().value_or(0);
  if (response.table_id() < 0 || buckets < 1 || buckets > kBucketCountMax) {
    return Error(ErrorCode::kCorruptMessage, "{}: table id {}, {} buckets", what,
                 response.table_id(), buckets);
  }
  return TableInfo{.path = path,
                   .id = TableId(response.table_id()),
                   .schema_id = schema_id,
                   .descriptor = *std::move(descriptor),
                   .created_ms = response.created_time(),
                   .modified_ms = response.modified_time(),
                   .remote_data_dir = response.has_remote_data_dir()
                                          ? std::optional(response.remote_data_dir())
                                          : std::nullopt};
}

Result<TableSchema> TableSchemaFromPb(const TablePath& path,
                                      const pb::GetTableSchemaResponse& response) {
  STROM_ASSIGN_OR_RETURN(const SchemaId id, SchemaIdFromPb(response.schema_id(), path));
  Result<Schema> schema = SchemaFromJson(response.schema_json());
  if (!schema.ok()) {
    return Corrupt(schema.status(), fmt::format("schema {} of table {}", id, path));
  }
  return TableSchema{id, *std::move(schema)};
}

Result<DatabaseInfo> DatabaseInfoFromPb(const std::string& name,
                                        const pb::GetDatabaseInfoResponse& response) {
  Result<DatabaseDescriptor> descriptor = DatabaseDescriptorFromJson(response.database_json());
  if (!descriptor.ok()) return Corrupt(descriptor.status(), "description of database " + name);
  return DatabaseInfo{name, *std::move(descriptor), response.created_time(),
                      response.modified_time()};
}

}  // namespace strom::client
