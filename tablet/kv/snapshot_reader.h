#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/remote/kv_snapshot_paths.h"
#include "common/remote/object_store.h"
#include "tablet/kv/stored_snapshot.h"

namespace strom::tablet {

// The part of a bucket's changelog that is there: from `start` on, up to `end`, exclusive.
struct ChangelogRange {
  LogOffset start;
  LogOffset end;
};

// A snapshot that could not be used, and why.
struct RefusedSnapshot {
  KvSnapshotId id;
  Status why;
};

// What restoring came to.
struct RestoredSnapshot {
  // None: the rows have to be made from the changelog alone, which has to begin at 0 for that.
  std::optional<StoredSnapshot> snapshot;
  std::vector<RefusedSnapshot> refused;  // Newer ones, newest first.
};

// Brings snapshots of one bucket back. Blocks; any thread. What it is given outlives it.
//
// Errors of all: kKvSnapshotNotExist if the snapshot is not there or not what was written, naming
// the file and both sums: trying again does not help. kStorage if the object store cannot be asked;
// those of local files.
class SnapshotReader {
 public:
  SnapshotReader(const remote::ObjectStore& objects, io::FileSystem& files,
                 remote::KvSnapshotPaths paths)
      : objects_(objects), files_(files), paths_(std::move(paths)) {}

  // Reads every file of it and keeps none.
  Result<StoredSnapshot> Verify(KvSnapshotId id) const;

  // Makes the folder `directory`, whose parent exists, with the snapshot's files in it: it opens as
  // a store. The folder appears with all files or not at all ("<directory>.restoring" until then;
  // one left by a crash is removed); it is not synced, since it can be restored again.
  // Errors: also kStorage if `directory` exists.
  Result<StoredSnapshot> Restore(KvSnapshotId id, const std::string& directory) const;

  // Restores the first of `candidates` (completed ones, newest first) that is sound and from which
  // `changelog` goes on without a gap. Not being able to use any of them is no error.
  // Errors: kDiskWriteLocked if the local disk is full; kStorage if `directory` exists.
  Result<RestoredSnapshot> RestoreNewest(std::span<const KvSnapshotId> candidates,
                                         const std::string& directory,
                                         ChangelogRange changelog) const;

 private:
  // The object's key, if it is there with the size it should have.
  Result<std::string> Find(const StoredSnapshot& snapshot,
                           const remote::KvSnapshotFile& file) const;
  Status CheckSum(const StoredSnapshot& snapshot, const remote::KvSnapshotFile& file,
                  const remote::ObjectSum& sum) const;
  Status CheckIsNew(const std::string& directory) const;

  const remote::ObjectStore& objects_;
  io::FileSystem& files_;
  const remote::KvSnapshotPaths paths_;
};

}  // namespace strom::tablet
