// What a ReplicaManager writes down from time to time.
#include <utility>

#include "common/base/logging.h"
#include "tablet/replica/replica_manager.h"

namespace strom::tablet {

Status ReplicaManager::WriteRecoveryPoints() {
  return WriteOffsetCheckpoint(files_, directory_.recovery_point_path(), recovery_points_);
}

void ReplicaManager::CheckpointRecoveryPoints() {
  if (std::exchange(syncing_, true)) return;  // A slow disk: the last one is not done yet.
  SyncNext(All(), {});
}

// One after another: syncs of many buckets at once would be in the way of those that are waited
// for.
void ReplicaManager::SyncNext(std::vector<std::shared_ptr<Replica>> left, BucketOffsets synced) {
  while (!left.empty() && !stopping_) {
    const std::shared_ptr<Replica> replica = std::move(left.back());
    left.pop_back();
    if (replica->log().recovery_point() >= replica->log().log_end_offset()) {
      synced[replica->bucket()] = replica->log().recovery_point();
      continue;
    }
    return replica->Sync([this, replica, left = std::move(left),
                          synced = std::move(synced)](const Status& status) mutable {
      strand_.Post(
          [this, replica, left = std::move(left), synced = std::move(synced), status]() mutable {
            if (status.ok()) synced[replica->bucket()] = replica->log().recovery_point();
            SyncNext(std::move(left), std::move(synced));
          });
    });
  }
  left.clear();
  syncing_ = false;
  for (const auto& [bucket, point] : synced) {
    if (Find(bucket)) recovery_points_[bucket] = point;
  }
  const Status status = WriteRecoveryPoints();
  if (!status.ok()) STROM_LOG(kError, "recovery points: {}", status.ToString());
  ContinueStop();
}

Status ReplicaManager::WriteHighWatermarks() {
  for (const auto& replica : All()) high_watermarks_[replica->bucket()] = replica->high_watermark();
  return WriteOffsetCheckpoint(files_, directory_.high_watermark_path(), high_watermarks_);
}

void ReplicaManager::CheckpointHighWatermarks() {
  const Status status = WriteHighWatermarks();
  if (!status.ok()) STROM_LOG(kError, "high watermarks: {}", status.ToString());
}

}  // namespace strom::tablet
