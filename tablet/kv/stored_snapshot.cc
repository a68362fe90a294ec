#include "tablet/kv/stored_snapshot.h"

#include <utility>

#include "common/types/json_codec.h"

namespace strom::tablet {
namespace {

Result<Bytes> ReadSmall(const remote::ObjectStore& objects, const remote::KvSnapshotPaths& paths,
                        KvSnapshotId id, const std::string& key) {
  STROM_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, objects.Size(key));
  if (!size) {
    return Error(ErrorCode::kKvSnapshotNotExist, "{}: KV snapshot {}: {} is missing",
                 paths.bucket(), id, objects.LocationOf(key));
  }
  if (*size > kJsonLengthMax) {
    return Error(ErrorCode::kKvSnapshotNotExist,
                 "{}: KV snapshot {}: {} has {} bytes, at most {} are allowed", paths.bucket(), id,
                 objects.LocationOf(key), *size, kJsonLengthMax);
  }
  return objects.GetBytes(key, kJsonLengthMax);
}

}  // namespace

Status ForEachFile(const StoredSnapshot& snapshot,
                   absl::FunctionRef<Status(const remote::KvSnapshotFile&)> visit) {
  const remote::KvSnapshotMetadata& metadata = snapshot.metadata;
  for (const auto* const files : {&metadata.shared_files, &metadata.private_files}) {
    for (const remote::KvSnapshotFile& file : *files) STROM_RETURN_IF_ERROR(visit(file));
  }
  return Status::Ok();
}

Result<StoredSnapshot> ReadStoredSnapshot(const remote::ObjectStore& objects,
                                          const remote::KvSnapshotPaths& paths, KvSnapshotId id) {
  STROM_ASSIGN_OR_RETURN(const Bytes metadata, ReadSmall(objects, paths, id, paths.Metadata(id)));
  STROM_ASSIGN_OR_RETURN(const Bytes checksums, ReadSmall(objects, paths, id, paths.Checksums(id)));
  const auto broken = [&](std::string_view why) {
    return Error(ErrorCode::kKvSnapshotNotExist, "{}: KV snapshot {} at {}: {}", paths.bucket(), id,
                 objects.LocationOf(paths.SnapshotFolder(id)), why);
  };
  StoredSnapshot snapshot;
  Result<SnapshotChecksums> sums = SnapshotChecksumsFromJson(checksums);
  if (!sums.ok()) return broken(sums.status().message());
  snapshot.checksums = *std::move(sums);
  remote::ObjectSum sum;
  sum.Add(metadata);
  if (sum != snapshot.checksums.metadata) {
    return broken(fmt::format("_METADATA has {}, was written with {}", sum.ToString(),
                              snapshot.checksums.metadata.ToString()));
  }
  Result<remote::KvSnapshotMetadata> parsed = remote::KvSnapshotMetadataFromJson(metadata);
  if (!parsed.ok()) return broken(parsed.status().message());
  snapshot.metadata = *std::move(parsed);
  if (snapshot.metadata.bucket != paths.bucket() || snapshot.metadata.id != id) {
    return broken(fmt::format("_METADATA is of {}, KV snapshot {}", snapshot.metadata.bucket,
                              snapshot.metadata.id));
  }
  size_t count = 0;
  STROM_RETURN_IF_ERROR(ForEachFile(snapshot, [&](const remote::KvSnapshotFile& file) {
    ++count;
    const auto found = snapshot.checksums.files.find(file.location);
    if (found != snapshot.checksums.files.end() && found->second.size_bytes == file.size_bytes) {
      return Status::Ok();
    }
    return broken(fmt::format("_CHECKSUMS and _METADATA do not agree on {}", file.location));
  }));
  if (count != snapshot.checksums.files.size()) {
    return broken(fmt::format("_CHECKSUMS is of {} files, _METADATA of {}",
                              snapshot.checksums.files.size(), count));
  }
  return snapshot;
}

}  // namespace strom::tablet
