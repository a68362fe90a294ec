#include "tablet/kv/snapshot_checksums.h"

#include <utility>

#include "common/types/json_fields.h"

namespace strom::tablet {
namespace {

json::Out SumTo(const remote::ObjectSum& sum) {
  return {{"size", sum.size_bytes}, {"crc32c", sum.crc32c}};
}

Result<remote::ObjectSum> SumFrom(const json::In& object) {
  STROM_ASSIGN_OR_RETURN(const int64_t size, json::GetInt64(object, "size"));
  STROM_ASSIGN_OR_RETURN(const int64_t crc32c, json::GetInt64(object, "crc32c"));
  if (size < 0) return Error(ErrorCode::kInvalidTable, "'size' is {}", size);
  if (crc32c < 0 || crc32c > int64_t{UINT32_MAX}) {
    return Error(ErrorCode::kInvalidTable, "'crc32c' is {}, which has more than 32 bits", crc32c);
  }
  return remote::ObjectSum{.size_bytes = static_cast<uint64_t>(size),
                           .crc32c = static_cast<uint32_t>(crc32c)};
}

Result<SnapshotChecksums> Parse(BytesView text) {
  STROM_ASSIGN_OR_RETURN(const json::In object, json::ParseObject(text));
  STROM_RETURN_IF_ERROR(json::CheckVersion(object));
  SnapshotChecksums checksums;
  STROM_ASSIGN_OR_RETURN(const json::In* const metadata, json::GetObject(object, "metadata"));
  STROM_ASSIGN_OR_RETURN(checksums.metadata, SumFrom(*metadata));
  STROM_ASSIGN_OR_RETURN(const json::In* const files, json::GetObjects(object, "files"));
  for (const json::In& item : *files) {
    STROM_ASSIGN_OR_RETURN(std::string location, json::GetString(item, "path"));
    STROM_ASSIGN_OR_RETURN(const remote::ObjectSum sum, SumFrom(item));
    if (!checksums.files.emplace(location, sum).second) {
      return Error(ErrorCode::kInvalidTable, "path '{:.500}' is there twice", location);
    }
  }
  return checksums;
}

}  // namespace

std::string ToJson(const SnapshotChecksums& checksums) {
  json::Out files = json::Out::array();
  for (const auto& [location, sum] : checksums.files) {
    files.push_back({{"path", location}, {"size", sum.size_bytes}, {"crc32c", sum.crc32c}});
  }
  return json::Dump(
      {{"version", 1}, {"metadata", SumTo(checksums.metadata)}, {"files", std::move(files)}});
}

Result<SnapshotChecksums> SnapshotChecksumsFromJson(BytesView text) {
  Result<SnapshotChecksums> checksums = Parse(text);
  if (checksums.ok()) return checksums;
  return Error(ErrorCode::kKvSnapshotNotExist, "checksums of a KV snapshot: {}",
               checksums.status().message());
}

}  // namespace strom::tablet
