#include "tablet/kv/snapshot_reader.h"

#include <utility>

#include "common/base/logging.h"
#include "common/io/path.h"

namespace strom::tablet {
namespace {

// A folder that is there only while it is filled, unless it is kept.
class NewFolder {
 public:
  NewFolder(io::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  ~NewFolder() {
    if (path_.empty()) return;
    if (Status removed = files_.RemoveRecursively(path_); !removed.ok()) {
      STROM_LOG(kWarn, "half-restored KV snapshot: {}", removed.ToString());
    }
  }

  Status Make() {
    STROM_RETURN_IF_ERROR(files_.RemoveRecursively(path_));
    return files_.CreateDirectory(path_);
  }
  Status KeepAs(const std::string& path) {
    STROM_RETURN_IF_ERROR(files_.Rename(path_, path));
    path_.clear();
    return Status::Ok();
  }
  const std::string& path() const { return path_; }

 private:
  io::FileSystem& files_;
  std::string path_;
};

}  // namespace

Result<std::string> SnapshotReader::Find(const StoredSnapshot& snapshot,
                                         const remote::KvSnapshotFile& file) const {
  const Result<std::string> key = objects_.KeyOf(file.location);
  if (!key.ok()) {
    return Error(ErrorCode::kKvSnapshotNotExist, "{}: KV snapshot {}: {}", paths_.bucket(),
                 snapshot.metadata.id, key.status().message());
  }
  STROM_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, objects_.Size(*key));
  if (!size) {
    return Error(ErrorCode::kKvSnapshotNotExist, "{}: KV snapshot {}: {} ({}) is missing",
                 paths_.bucket(), snapshot.metadata.id, file.location, file.local_name);
  }
  if (*size != file.size_bytes) {
    return Error(ErrorCode::kKvSnapshotNotExist,
                 "{}: KV snapshot {}: {} ({}) has {} bytes, was written with {}", paths_.bucket(),
                 snapshot.metadata.id, file.location, file.local_name, *size, file.size_bytes);
  }
  return *key;
}

Status SnapshotReader::CheckSum(const StoredSnapshot& snapshot, const remote::KvSnapshotFile& file,
                                const remote::ObjectSum& sum) const {
  const remote::ObjectSum& written = snapshot.checksums.files.at(file.location);
  if (sum == written) return Status::Ok();
  return Error(ErrorCode::kKvSnapshotNotExist,
               "{}: KV snapshot {}: {} ({}) has {}, was written with {}", paths_.bucket(),
               snapshot.metadata.id, file.location, file.local_name, sum.ToString(),
               written.ToString());
}

Result<StoredSnapshot> SnapshotReader::Verify(KvSnapshotId id) const {
  STROM_ASSIGN_OR_RETURN(StoredSnapshot snapshot, ReadStoredSnapshot(objects_, paths_, id));
  STROM_RETURN_IF_ERROR(ForEachFile(snapshot, [&](const remote::KvSnapshotFile& file) -> Status {
    STROM_ASSIGN_OR_RETURN(const std::string key, Find(snapshot, file));
    STROM_ASSIGN_OR_RETURN(const remote::ObjectSum sum, objects_.Sum(key));
    return CheckSum(snapshot, file, sum);
  }));
  return snapshot;
}

Result<StoredSnapshot> SnapshotReader::Restore(KvSnapshotId id,
                                               const std::string& directory) const {
  STROM_RETURN_IF_ERROR(CheckIsNew(directory));
  STROM_ASSIGN_OR_RETURN(StoredSnapshot snapshot, ReadStoredSnapshot(objects_, paths_, id));
  NewFolder folder(files_, directory + ".restoring");
  STROM_RETURN_IF_ERROR(folder.Make());
  STROM_RETURN_IF_ERROR(ForEachFile(snapshot, [&](const remote::KvSnapshotFile& file) -> Status {
    STROM_ASSIGN_OR_RETURN(const std::string key, Find(snapshot, file));
    STROM_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> local,
                           files_.Create(io::JoinPath(folder.path(), file.local_name)));
    STROM_ASSIGN_OR_RETURN(const remote::ObjectSum sum, objects_.GetFile(key, *local));
    return CheckSum(snapshot, file, sum);
  }));
  STROM_RETURN_IF_ERROR(folder.KeepAs(directory));
  return snapshot;
}

Result<RestoredSnapshot> SnapshotReader::RestoreNewest(std::span<const KvSnapshotId> candidates,
                                                       const std::string& directory,
                                                       ChangelogRange changelog) const {
  STROM_RETURN_IF_ERROR(CheckIsNew(directory));
  RestoredSnapshot restored;
  for (const KvSnapshotId id : candidates) {
    Result<StoredSnapshot> snapshot = ReadStoredSnapshot(objects_, paths_, id);
    if (snapshot.ok()) {
      const LogOffset from = snapshot->metadata.log_offset;
      snapshot = from >= changelog.start && from <= changelog.end
                     ? Restore(id, directory)
                     : Result<StoredSnapshot>(
                           Error(ErrorCode::kLogOffsetOutOfRange,
                                 "{}: KV snapshot {} goes on at {}, the changelog has {} to {}",
                                 paths_.bucket(), id, from, changelog.start, changelog.end));
    }
    if (snapshot.ok()) {
      restored.snapshot = *std::move(snapshot);
      return restored;
    }
    if (snapshot.status().code() == ErrorCode::kDiskWriteLocked) return snapshot.status();
    STROM_LOG(kWarn, "falling back: {}", snapshot.status().ToString());
    restored.refused.push_back({id, snapshot.status()});
  }
  return restored;
}

Status SnapshotReader::CheckIsNew(const std::string& directory) const {
  STROM_ASSIGN_OR_RETURN(const bool exists, files_.Exists(directory));
  if (!exists) return Status::Ok();
  return Error(ErrorCode::kStorage, "{}: restoring a KV snapshot into {}: it exists",
               paths_.bucket(), directory);
}

}  // namespace strom::tablet
