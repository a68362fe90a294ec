#include "tests/sim/cluster/snapshot_watch.h"

namespace strom::sim {

SnapshotWatch::SnapshotWatch(SimWorld& world, SimCluster& cluster,
                             std::function<const SimTable*(TableId)> table_of)
    : world_(world), cluster_(cluster), table_of_(std::move(table_of)) {}

void SnapshotWatch::OnNode(const TableBucket& bucket, const std::string& path,
                           const std::string* data) {
  const SimTable* const table = table_of_(bucket.table);
  if (table == nullptr) return;
  auto& known = known_[bucket];
  known.erase(path);
  if (data == nullptr) return;
  const auto handle = metadata::KvSnapshotHandleFromJson(*data);
  STROM_CHECK(handle.ok()) << path << ": " << *data;
  completed_.push_back(RestoreSnapshot(cluster_.objects().stored(), *table, bucket, *handle));
  known.insert({path, {*handle, world_.scheduler.now(), completed_.back()}});
}

std::vector<FinalSnapshot> SnapshotWatch::Of(const TableBucket& bucket, MonoDuration age_max) {
  std::vector<FinalSnapshot> snapshots;
  const MonoTime now = world_.scheduler.now();
  for (auto& [path, known] : known_[bucket]) {
    if (known.restored_at + age_max <= now) {
      known.restored_at = now;
      known.restored = RestoreSnapshot(cluster_.objects().stored(), *table_of_(bucket.table),
                                       bucket, known.handle);
    }
    snapshots.push_back(known.restored);
  }
  return snapshots;
}

}  // namespace strom::sim
