#include "tablet/kv/snapshot_pruner.h"

#include <optional>
#include <utility>

#include "common/base/logging.h"
#include "common/io/path.h"
#include "tablet/kv/stored_snapshot.h"

namespace strom::tablet {

Status SnapshotPruner::Prune(const std::set<KvSnapshotId>& completed,
                             const std::set<KvSnapshotId>& in_doubt) {
  if (completed.empty()) return Status::Ok();  // Who knows which of them is being committed.
  const KvSnapshotId newest = *completed.rbegin();
  std::set<KvSnapshotId> kept = completed;
  kept.insert(in_doubt.begin(), in_doubt.end());
  const Result<std::set<std::string>> references = References(kept);

  STROM_ASSIGN_OR_RETURN(const auto objects, objects_.List(paths_.folder()));
  std::set<KvSnapshotId> gone;
  for (const remote::ListedObject& object : objects) {
    const std::optional<KvSnapshotId> snapshot = paths_.SnapshotOf(object.key);
    if (snapshot && *snapshot < newest && !kept.contains(*snapshot)) gone.insert(*snapshot);
  }
  for (const KvSnapshotId id : gone) {
    STROM_RETURN_IF_ERROR(objects_.Delete(paths_.Metadata(id)));  // No longer a snapshot.
    STROM_RETURN_IF_ERROR(objects_.DeleteFolder(paths_.SnapshotFolder(id)));
  }

  if (!references.ok()) {
    STROM_LOG(kWarn, "{}: no shared files are removed: {}", paths_.bucket(),
              references.status().ToString());
    return Status::Ok();
  }
  STROM_ASSIGN_OR_RETURN(const auto shared, objects_.List(paths_.SharedFolder()));
  for (const remote::ListedObject& object : shared) {
    const std::optional<KvSnapshotId> made_for =
        remote::SnapshotOfFileName(io::BaseName(object.key));
    if (made_for && *made_for < newest && !references->contains(object.key)) {
      STROM_RETURN_IF_ERROR(objects_.Delete(object.key));
    }
  }
  return Status::Ok();
}

Status SnapshotPruner::Discard(KvSnapshotId id) {
  STROM_RETURN_IF_ERROR(objects_.Delete(paths_.Metadata(id)));  // No longer a snapshot.
  STROM_RETURN_IF_ERROR(objects_.DeleteFolder(paths_.SnapshotFolder(id)));
  STROM_ASSIGN_OR_RETURN(const auto shared, objects_.List(paths_.SharedFolder()));
  for (const remote::ListedObject& object : shared) {
    if (remote::SnapshotOfFileName(io::BaseName(object.key)) == id) {
      STROM_RETURN_IF_ERROR(objects_.Delete(object.key));
    }
  }
  return Status::Ok();
}

Result<std::set<std::string>> SnapshotPruner::References(
    const std::set<KvSnapshotId>& snapshots) const {
  std::set<std::string> keys;
  for (const KvSnapshotId id : snapshots) {
    STROM_ASSIGN_OR_RETURN(const StoredSnapshot snapshot, ReadStoredSnapshot(objects_, paths_, id));
    for (const remote::KvSnapshotFile& file : snapshot.metadata.shared_files) {
      STROM_ASSIGN_OR_RETURN(std::string key, objects_.KeyOf(file.location));
      keys.insert(std::move(key));
    }
  }
  return keys;
}

}  // namespace strom::tablet
