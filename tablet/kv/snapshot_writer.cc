#include "tablet/kv/snapshot_writer.h"

#include <map>
#include <utility>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "common/io/path.h"
#include "common/types/json_codec.h"
#include "tablet/kv/snapshot_pruner.h"

namespace strom::tablet {
namespace {

// The files of a snapshot that another may refer to, by local name.
std::map<std::string, const remote::KvSnapshotFile*> SharedFilesOf(const StoredSnapshot* snapshot) {
  std::map<std::string, const remote::KvSnapshotFile*> files;
  if (snapshot == nullptr) return files;
  for (const remote::KvSnapshotFile& file : snapshot->metadata.shared_files) {
    files.emplace(file.local_name, &file);
  }
  return files;
}

}  // namespace

Result<StoredSnapshot> SnapshotWriter::Write(const SnapshotSource& source,
                                             const StoredSnapshot* base) {
  STROM_ASSIGN_OR_RETURN(const std::optional<uint64_t> taken,
                         objects_.Size(paths_.Metadata(source.id)));
  if (taken) {
    return Error(ErrorCode::kStorage, "{}: KV snapshot {} exists already at {}", paths_.bucket(),
                 source.id, objects_.LocationOf(paths_.SnapshotFolder(source.id)));
  }
  StoredSnapshot snapshot;
  Status written = Upload(source, base, snapshot);
  if (written.ok()) return snapshot;
  if (Status removed = SnapshotPruner(objects_, paths_).Discard(source.id); !removed.ok()) {
    STROM_LOG(kWarn,
              "{}: KV snapshot {} failed and its files are left until a later one is done: {}",
              paths_.bucket(), source.id, removed.ToString());
  }
  return written;
}

Status SnapshotWriter::Upload(const SnapshotSource& source, const StoredSnapshot* base,
                              StoredSnapshot& snapshot) {
  remote::KvSnapshotMetadata& metadata = snapshot.metadata;
  metadata.bucket = paths_.bucket();
  metadata.id = source.id;
  metadata.location = objects_.LocationOf(paths_.SnapshotFolder(source.id));
  metadata.log_offset = source.log_offset;
  metadata.row_count = source.row_count;

  const auto base_files = SharedFilesOf(base);
  std::vector<const remote::KvSnapshotFile*> reused;
  for (const kv::StoreFile& file : source.files) {
    auto& files = file.immutable ? metadata.shared_files : metadata.private_files;
    if (const auto known = base_files.find(file.name);
        known != base_files.end() && file.immutable && file.crc32c) {
      const remote::ObjectSum sum = base->checksums.files.at(known->second->location);
      if (sum == remote::ObjectSum{file.size_bytes, *file.crc32c}) {
        files.push_back(*known->second);
        reused.push_back(known->second);
        snapshot.checksums.files.emplace(known->second->location, sum);
        continue;
      }
    }
    const std::string key =
        (file.immutable ? paths_.SharedFolder() : paths_.SnapshotFolder(source.id)) + "/" +
        remote::NewSnapshotFileName(source.id, random_);
    STROM_ASSIGN_OR_RETURN(const remote::ObjectSum sum,
                           UploadFile(io::JoinPath(source.directory, file.name), key, file));
    metadata.incremental_size_bytes += sum.size_bytes;
    files.push_back({objects_.LocationOf(key), sum.size_bytes, file.name});
    snapshot.checksums.files.emplace(files.back().location, sum);
  }

  for (const remote::KvSnapshotFile* const file : reused) {
    STROM_RETURN_IF_ERROR(CheckReused(*base, *file));
  }

  const std::string json = ToJson(metadata);
  snapshot.checksums.metadata.Add(json);
  STROM_RETURN_IF_ERROR(PutVerified(paths_.Checksums(source.id), ToJson(snapshot.checksums)));
  return PutVerified(paths_.Metadata(source.id), json);
}

Status SnapshotWriter::CheckReused(const StoredSnapshot& base, const remote::KvSnapshotFile& file) {
  STROM_ASSIGN_OR_RETURN(const std::string key, objects_.KeyOf(file.location));
  STROM_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, objects_.Size(key));
  if (!size) {
    return Error(ErrorCode::kKvSnapshotNotExist, "{}: {} of KV snapshot {} is missing",
                 paths_.bucket(), file.location, base.metadata.id);
  }
  STROM_ASSIGN_OR_RETURN(const remote::ObjectSum stored, objects_.Sum(key));
  const remote::ObjectSum& written = base.checksums.files.at(file.location);
  if (stored == written) return Status::Ok();
  return Error(ErrorCode::kKvSnapshotNotExist, "{}: {} of KV snapshot {} has {} instead of {}",
               paths_.bucket(), file.location, base.metadata.id, stored.ToString(),
               written.ToString());
}

Result<remote::ObjectSum> SnapshotWriter::UploadFile(const std::string& local_path,
                                                     const std::string& key,
                                                     const kv::StoreFile& file) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<const io::File> local,
                         files_.OpenForRead(local_path));
  STROM_ASSIGN_OR_RETURN(const remote::ObjectSum sum, objects_.PutFile(key, *local));
  const remote::ObjectSum noted{file.size_bytes, file.crc32c.value_or(sum.crc32c)};
  if (sum != noted) {
    return Error(ErrorCode::kKvStorage, "{}: {} has {}, the store wrote {}", paths_.bucket(),
                 local_path, sum.ToString(), noted.ToString());
  }
  STROM_RETURN_IF_ERROR(CheckStored(key, sum));
  return sum;
}

Status SnapshotWriter::PutVerified(const std::string& key, BytesView bytes) {
  if (bytes.size() > kJsonLengthMax) {  // Nobody would read it.
    return Error(ErrorCode::kRecordTooLarge, "{}: {} would have {} bytes, at most {} are allowed",
                 paths_.bucket(), objects_.LocationOf(key), bytes.size(), kJsonLengthMax);
  }
  STROM_ASSIGN_OR_RETURN(const remote::ObjectSum sum, objects_.PutBytes(key, bytes));
  return CheckStored(key, sum);
}

Status SnapshotWriter::CheckStored(const std::string& key, const remote::ObjectSum& put) {
  STROM_ASSIGN_OR_RETURN(const remote::ObjectSum stored, objects_.Sum(key));
  if (stored == put || Mutated(Mutant::kSnapshotNotVerified)) return Status::Ok();
  return Error(ErrorCode::kStorage, "{}: {} reads as {}, was put with {}", paths_.bucket(),
               objects_.LocationOf(key), stored.ToString(), put.ToString());
}

}  // namespace strom::tablet
