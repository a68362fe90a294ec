#pragma once

#include <set>
#include <string>

#include "common/remote/kv_snapshot_paths.h"
#include "common/remote/object_store.h"

namespace strom::tablet {

// Removes from the object store what no snapshot of one bucket needs any more. Blocks; one call at
// a time, on any thread. What it is given outlives it.
//
// Safe beside another server that believes to lead, or does: nothing that is newer than the newest
// snapshot of `completed` is touched, whoever writes it, nor what that snapshot refers to, on which
// newer ones build.
class SnapshotPruner {
 public:
  SnapshotPruner(remote::ObjectStore& objects, remote::KvSnapshotPaths paths)
      : objects_(objects), paths_(std::move(paths)) {}

  // Keeps the snapshots `completed` (what is kept of them: PlanKvRetention) and `in_doubt` (those
  // whose commit may or may not have happened), with all files they refer to. Of older ones,
  // committed once, refused or cut off by a crash, everything goes. If what a kept one refers to
  // cannot be read, `shared` stays as it is.
  // Errors: those of the object store; the rest is done by the next call.
  Status Prune(const std::set<KvSnapshotId>& completed, const std::set<KvSnapshotId>& in_doubt);

  // Removes what was made for this snapshot alone: only once it is sure that it never will be
  // completed, since the coordinator refused its commit or it was never sent.
  Status Discard(KvSnapshotId id);

 private:
  // The keys that these snapshots refer to. Errors: if one of them does not say.
  Result<std::set<std::string>> References(const std::set<KvSnapshotId>& snapshots) const;

  remote::ObjectStore& objects_;
  const remote::KvSnapshotPaths paths_;
};

}  // namespace strom::tablet
