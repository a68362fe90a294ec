#include "common/service/table_metadata.h"

#include <cstdint>
#include <utility>

#include "common/convert/path.h"
#include "common/types/json_codec.h"

namespace strom::service {
namespace {

pb::PbBucketMetadata ToPb(BucketId id, const BucketLeader& bucket) {
  pb::PbBucketMetadata result;
  result.set_bucket_id(id.value());
  if (bucket.leader) {
    result.set_leader_id(bucket.leader->value());
    result.set_leader_epoch(bucket.leader_epoch.value());
  }
  for (const ServerId replica : bucket.replicas) result.add_replica_id(replica.value());
  return result;
}

Status Corrupt(const TablePath& path, std::string_view what, int64_t number) {
  return Error(ErrorCode::kCorruptMessage, "metadata of table {:.401}: {} {}", path.ToString(),
               what, number);
}

Result<BucketLeader> FromPb(const TablePath& path, const pb::PbBucketMetadata& bucket) {
  BucketLeader result;
  if (bucket.has_leader_id()) {
    if (bucket.leader_id() < 0) return Corrupt(path, "a leader with the id", bucket.leader_id());
    result.leader = ServerId(bucket.leader_id());
  }
  // A loss that names no epoch is news, whatever is known.
  const bool is_loss = !bucket.has_leader_id() && !bucket.has_leader_epoch();
  result.leader_epoch = LeaderEpoch(is_loss ? INT32_MAX : bucket.leader_epoch());
  for (const int32_t replica : bucket.replica_id()) {
    if (replica < 0) return Corrupt(path, "a replica with the id", replica);
    result.replicas.emplace_back(replica);
  }
  return result;
}

}  // namespace

pb::PbTableMetadata ToPb(const TableView& table) {
  const TableInfo& info = table.info;
  pb::PbTableMetadata result;
  *result.mutable_table_path() = convert::ToPb(info.path);
  result.set_table_id(info.id.value());
  result.set_schema_id(info.schema_id.value());
  result.set_table_json(ToJson(info.descriptor));
  for (const auto& [id, bucket] : table.buckets) *result.add_bucket_metadata() = ToPb(id, bucket);
  result.set_created_time(info.created_ms);
  result.set_modified_time(info.modified_ms);
  if (info.remote_data_dir) result.set_remote_data_dir(*info.remote_data_dir);
  return result;
}

Result<TableView> FromPb(const pb::PbTableMetadata& table) {
  const TablePath path{table.table_path().database_name(), table.table_path().table_name()};
  if (NameProblem(path.database) || NameProblem(path.table)) {
    return Corrupt(path, "a name that no table has, with the id", table.table_id());
  }
  if (table.table_id() < 0) return Corrupt(path, "the id", table.table_id());
  if (table.schema_id() < 1 || table.schema_id() > INT16_MAX) {
    return Corrupt(path, "the schema id", table.schema_id());
  }
  Result<TableDescriptor> descriptor = TableDescriptorFromJson(table.table_json());
  if (!descriptor.ok()) return descriptor.status().WithContext(path.ToString());
  TableView result{
      .info = {.path = path,
               .id = TableId(table.table_id()),
               .schema_id = SchemaId(static_cast<int16_t>(table.schema_id())),
               .descriptor = *std::move(descriptor),
               .created_ms = table.created_time(),
               .modified_ms = table.modified_time(),
               .remote_data_dir = table.has_remote_data_dir()
                                      ? std::optional<std::string>(table.remote_data_dir())
                                      : std::nullopt},
      .buckets = {}};
  for (const pb::PbBucketMetadata& bucket : table.bucket_metadata()) {
    const int32_t id = bucket.bucket_id();
    if (id < 0) return Corrupt(path, "the bucket", id);
    STROM_ASSIGN_OR_RETURN(BucketLeader leader, FromPb(path, bucket));
    if (!result.buckets.emplace(BucketId(id), std::move(leader)).second) {
      return Corrupt(path, "twice the bucket", id);
    }
  }
  return result;
}

}  // namespace strom::service
