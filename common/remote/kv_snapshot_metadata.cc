#include "common/remote/kv_snapshot_metadata.h"

#include <set>
#include <utility>

#include "common/types/json_fields.h"

namespace strom::remote {
namespace {

json::Out FilesTo(const std::vector<KvSnapshotFile>& files) {
  json::Out list = json::Out::array();
  for (const KvSnapshotFile& file : files) {
    list.push_back({{"kv_file_handle", {{"path", file.location}, {"size", file.size_bytes}}},
                    {"local_path", file.local_name}});
  }
  return list;
}

Result<int64_t> GetCount(const json::In& object, const char* key) {
  STROM_ASSIGN_OR_RETURN(const int64_t count, json::GetInt64(object, key));
  if (count < 0) return Error(ErrorCode::kInvalidTable, "'{}' is {}", key, count);
  return count;
}

bool IsFileName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

Result<std::vector<KvSnapshotFile>> FilesFrom(const json::In& object, const char* key,
                                              std::set<std::string>& names) {
  STROM_ASSIGN_OR_RETURN(const json::In* const list, json::GetObjects(object, key));
  std::vector<KvSnapshotFile> files;
  for (const json::In& item : *list) {
    STROM_ASSIGN_OR_RETURN(const json::In* const handle, json::GetObject(item, "kv_file_handle"));
    KvSnapshotFile file;
    STROM_ASSIGN_OR_RETURN(file.location, json::GetString(*handle, "path"));
    STROM_ASSIGN_OR_RETURN(const int64_t size, GetCount(*handle, "size"));
    file.size_bytes = static_cast<uint64_t>(size);
    STROM_ASSIGN_OR_RETURN(file.local_name, json::GetString(item, "local_path"));
    if (!IsFileName(file.local_name)) {
      return Error(ErrorCode::kInvalidTable, "local_path '{:.300}' is no name of a file",
                   file.local_name);
    }
    if (!names.insert(file.local_name).second) {
      return Error(ErrorCode::kInvalidTable, "local_path '{}' is there twice", file.local_name);
    }
    files.push_back(std::move(file));
  }
  return files;
}

Result<std::vector<AutoIncrementRange>> RangesFrom(const json::In& object) {
  std::vector<AutoIncrementRange> ranges;
  if (json::Find(object, "auto_inc_id_range") == nullptr) return ranges;
  STROM_ASSIGN_OR_RETURN(const json::In* const list, json::GetObjects(object, "auto_inc_id_range"));
  for (const json::In& item : *list) {
    AutoIncrementRange range;
    STROM_ASSIGN_OR_RETURN(range.column_id, json::GetInt32(item, "column_id"));
    STROM_ASSIGN_OR_RETURN(range.start, json::GetInt64(item, "start"));
    STROM_ASSIGN_OR_RETURN(range.end, json::GetInt64(item, "end"));
    ranges.push_back(range);
  }
  return ranges;
}

Result<TableBucket> BucketFrom(const json::In& object) {
  STROM_ASSIGN_OR_RETURN(const int64_t table, json::GetInt64(object, "table_id"));
  STROM_ASSIGN_OR_RETURN(const std::optional<int64_t> partition,
                         json::FindInt64(object, "partition_id"));
  STROM_ASSIGN_OR_RETURN(const int32_t bucket, json::GetInt32(object, "bucket_id"));
  TableBucket result{.table = TableId(table), .bucket = BucketId(bucket)};
  if (partition) result.partition = PartitionId(*partition);
  return result;
}

Result<KvSnapshotMetadata> Parse(BytesView text) {
  STROM_ASSIGN_OR_RETURN(const json::In object, json::ParseObject(text));
  STROM_RETURN_IF_ERROR(json::CheckVersion(object));
  KvSnapshotMetadata snapshot;
  STROM_ASSIGN_OR_RETURN(snapshot.bucket, BucketFrom(object));
  STROM_ASSIGN_OR_RETURN(const int64_t id, GetCount(object, "snapshot_id"));
  snapshot.id = KvSnapshotId(id);
  STROM_ASSIGN_OR_RETURN(snapshot.location, json::GetString(object, "snapshot_location"));
  STROM_ASSIGN_OR_RETURN(const json::In* const handle,
                         json::GetObject(object, "kv_snapshot_handle"));
  std::set<std::string> names;
  STROM_ASSIGN_OR_RETURN(snapshot.shared_files, FilesFrom(*handle, "shared_file_handles", names));
  STROM_ASSIGN_OR_RETURN(snapshot.private_files, FilesFrom(*handle, "private_file_handles", names));
  STROM_ASSIGN_OR_RETURN(const int64_t size, GetCount(*handle, "snapshot_incremental_size"));
  snapshot.incremental_size_bytes = static_cast<uint64_t>(size);
  STROM_ASSIGN_OR_RETURN(const int64_t log_offset, GetCount(object, "log_offset"));
  snapshot.log_offset = LogOffset(log_offset);
  STROM_ASSIGN_OR_RETURN(snapshot.row_count, json::FindInt64(object, "row_count"));
  STROM_ASSIGN_OR_RETURN(snapshot.auto_increment_ranges, RangesFrom(object));
  return snapshot;
}

}  // namespace

uint64_t KvSnapshotMetadata::size_bytes() const {
  uint64_t size = 0;
  for (const KvSnapshotFile& file : shared_files) size += file.size_bytes;
  for (const KvSnapshotFile& file : private_files) size += file.size_bytes;
  return size;
}

std::string ToJson(const KvSnapshotMetadata& snapshot) {
  json::Out out = {{"version", 1}, {"table_id", snapshot.bucket.table.value()}};
  if (snapshot.bucket.partition) out["partition_id"] = snapshot.bucket.partition->value();
  out["bucket_id"] = snapshot.bucket.bucket.value();
  out["snapshot_id"] = snapshot.id.value();
  out["snapshot_location"] = snapshot.location;
  out["kv_snapshot_handle"] = {{"shared_file_handles", FilesTo(snapshot.shared_files)},
                               {"private_file_handles", FilesTo(snapshot.private_files)},
                               {"snapshot_incremental_size", snapshot.incremental_size_bytes}};
  out["log_offset"] = snapshot.log_offset.value();
  if (snapshot.row_count) out["row_count"] = *snapshot.row_count;
  if (!snapshot.auto_increment_ranges.empty()) {
    json::Out& ranges = out["auto_inc_id_range"] = json::Out::array();
    for (const AutoIncrementRange& range : snapshot.auto_increment_ranges) {
      ranges.push_back(
          {{"column_id", range.column_id}, {"start", range.start}, {"end", range.end}});
    }
  }
  return json::Dump(out);
}

Result<KvSnapshotMetadata> KvSnapshotMetadataFromJson(BytesView text) {
  Result<KvSnapshotMetadata> snapshot = Parse(text);
  if (snapshot.ok()) return snapshot;
  return Error(ErrorCode::kKvSnapshotNotExist, "metadata of a KV snapshot: {}",
               snapshot.status().message());
}

}  // namespace strom::remote
