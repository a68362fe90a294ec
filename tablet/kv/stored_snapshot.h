#pragma once

#include <absl/functional/function_ref.h>

#include "common/remote/kv_snapshot_metadata.h"
#include "common/remote/kv_snapshot_paths.h"
#include "common/remote/object_store.h"
#include "tablet/kv/snapshot_checksums.h"

namespace strom::tablet {

// A KV snapshot in the object store.
struct StoredSnapshot {
  remote::KvSnapshotMetadata metadata;
  SnapshotChecksums checksums;  // One entry a file, of the same size.

  friend bool operator==(const StoredSnapshot&, const StoredSnapshot&) = default;
};

// Calls `visit` with every file, up to the first error, which it returns.
Status ForEachFile(const StoredSnapshot& snapshot,
                   absl::FunctionRef<Status(const remote::KvSnapshotFile&)> visit);

// What the snapshot is made of; its files are not looked at. Blocks.
// Errors: kKvSnapshotNotExist if it is not there or not what was written, naming what is wrong:
// trying again does not help; else those of the object store.
Result<StoredSnapshot> ReadStoredSnapshot(const remote::ObjectStore& objects,
                                          const remote::KvSnapshotPaths& paths, KvSnapshotId id);

}  // namespace strom::tablet
