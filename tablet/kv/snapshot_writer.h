#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/kv/kv_store.h"
#include "common/remote/kv_snapshot_paths.h"
#include "common/remote/object_store.h"
#include "common/runtime/random.h"
#include "tablet/kv/stored_snapshot.h"

namespace strom::tablet {

// A checkpoint of a bucket's store, and what it holds.
struct SnapshotSource {
  KvSnapshotId id;
  std::string directory;             // Of the checkpoint.
  std::vector<kv::StoreFile> files;  // As KvStore::Checkpoint told them.
  LogOffset log_offset;              // The store holds what the changelog below this makes.
  std::optional<int64_t> row_count;
};

// Brings checkpoints of one bucket's store into the object store. Blocks; one call at a time, on
// any thread. What it is given outlives it.
class SnapshotWriter {
 public:
  SnapshotWriter(remote::ObjectStore& objects, io::FileSystem& files, runtime::Random& random,
                 remote::KvSnapshotPaths paths)
      : objects_(objects), files_(files), random_(random), paths_(std::move(paths)) {}

  // Uploads the files that `base` does not already have, reads back every file, also those of
  // `base`, then writes the checksums and, last, `_METADATA`: until then there is no snapshot. So
  // all of what is to be committed was read, and the changelog may be trimmed by it.
  //
  // `base` is the newest completed snapshot, on whatever server it was made; nullptr if there is
  // none, or if it was found broken: then everything is uploaded anew. A file of it is taken over
  // if name, size and checksum are the same.
  //
  // After an error nothing of the snapshot is left, unless removing failed too; the pruner takes
  // that later. The number may be used again only if no `_METADATA` was written.
  // Errors: kKvStorage if a local file is not what the engine wrote; kStorage, kDiskWriteLocked of
  // files and objects, also if what is read back is not what was put, naming file and sums;
  // kKvSnapshotNotExist if a file of `base` is gone or not what was written; kRecordTooLarge if
  // there are so many files that their list would be refused by readers.
  Result<StoredSnapshot> Write(const SnapshotSource& source, const StoredSnapshot* base);

 private:
  Status Upload(const SnapshotSource& source, const StoredSnapshot* base, StoredSnapshot& snapshot);
  Status CheckReused(const StoredSnapshot& base, const remote::KvSnapshotFile& file);
  Result<remote::ObjectSum> UploadFile(const std::string& local_path, const std::string& key,
                                       const kv::StoreFile& file);
  Status PutVerified(const std::string& key, BytesView bytes);
  // That what is read back is what was put.
  Status CheckStored(const std::string& key, const remote::ObjectSum& put);

  remote::ObjectStore& objects_;
  io::FileSystem& files_;
  runtime::Random& random_;
  const remote::KvSnapshotPaths paths_;
};

}  // namespace strom::tablet
