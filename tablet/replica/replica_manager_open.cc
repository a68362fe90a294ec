// How a ReplicaManager opens buckets, and what it does with those that do not open.
#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "tablet/replica/log_directories.h"
#include "tablet/replica/replica_manager.h"
#include "tablet/replica/rows_mark.h"

namespace strom::tablet {

void ReplicaManager::OpenAndBecome(BucketSpec spec, Leadership leadership,
                                   absl::AnyInvocable<void(Status)> done) {
  const TableBucket bucket = spec.bucket;
  if (const auto broken = broken_.find(bucket); broken != broken_.end()) {
    return Report(
        bucket,
        Error(ErrorCode::kLogStorage, "{}: out of service until the server starts anew: {}", bucket,
              broken->second.ToString()),
        std::move(done));
  }
  const auto offset_in = [&](const BucketOffsets& offsets) {
    const auto found = offsets.find(bucket);
    return found == offsets.end() ? LogOffset(0) : found->second;
  };
  const Checkpoint checkpoint{.recovery_point = offset_in(recovery_points_),
                              .high_watermark = offset_in(high_watermarks_)};
  // What this process wrote itself, it checks again: only the last one's orderly stop counts.
  const bool clean = directory_.was_clean() && found_.contains(bucket);
  blocking_.Post([this, checkpoint, clean, spec = std::move(spec),
                  leadership = std::move(leadership), done = std::move(done)]() mutable {
    auto opened = Open(spec, checkpoint, clean);
    strand_.Post([this, opened = std::move(opened), spec = std::move(spec),
                  leadership = std::move(leadership), done = std::move(done)]() mutable {
      if (opened.ok()) return OnOpened(*opened, std::move(leadership), std::move(done));
      OnOpenFailed(std::move(spec), std::move(leadership), opened.status(), std::move(done));
    });
  });
}

Result<std::shared_ptr<Replica>> ReplicaManager::Open(const BucketSpec& spec, Checkpoint checkpoint,
                                                      bool clean) const {
  const std::string path = directory_.path() + "/" + LogDirectory(spec.path, spec.bucket);
  STROM_RETURN_IF_ERROR(files_.CreateDirectories(path));
  STROM_ASSIGN_OR_RETURN(auto log, LogTablet::Open(files_, clock_, path, spec.bucket, options_.log,
                                                   checkpoint.recovery_point, clean));
  std::optional<StoredRows> left;
  if (spec.has_primary_key()) {
    STROM_ASSIGN_OR_RETURN(left, TakeRowsMark(files_, KvDirectory(path)));
  }
  const Replica::World world{executor_, blocking_, clock_, files_, stores_, duties_, recent_rows_};
  const Replica::Options options{.self = self_,
                                 .durability = options_.durability,
                                 .lag_max = options_.lag_max,
                                 .snapshots = options_.snapshots,
                                 .promises_forgotten = MonoTime(promises_forgotten_)};
  return std::make_shared<Replica>(world, options, spec, std::move(log), checkpoint.high_watermark,
                                   std::move(left));
}

Result<std::shared_ptr<Replica>> ReplicaManager::OpenAnew(const BucketSpec& spec) const {
  const std::string path = directory_.path() + "/" + LogDirectory(spec.path, spec.bucket);
  STROM_RETURN_IF_ERROR(TakeRowsMark(files_, KvDirectory(path)).status());
  STROM_RETURN_IF_ERROR(stores_.Destroy(KvDirectory(path)));
  STROM_RETURN_IF_ERROR(SetLogAside(files_, path));
  return Open(spec, {}, /*clean=*/false);
}

void ReplicaManager::OnOpened(const std::shared_ptr<Replica>& replica, Leadership leadership,
                              absl::AnyInvocable<void(Status)> done) {
  const TableBucket& bucket = replica->bucket();
  found_.erase(bucket);
  {
    absl::MutexLock lock(&mutex_);
    replicas_[bucket] = replica;
  }
  if (reported_.erase(bucket) > 0) duties_.ReportMended(bucket);
  BecomeAndRelease(replica, std::move(leadership), std::move(done));
}

// Only of a log that this process has not opened yet: nobody can count on what it heard of it.
bool ReplicaManager::IsNeedless(const TableBucket& bucket, const Leadership& leadership) const {
  return found_.contains(bucket) && leadership.leader != kNoServer && leadership.leader != self_ &&
         std::ranges::find(leadership.isr, self_) == leadership.isr.end();
}

void ReplicaManager::OnOpenFailed(BucketSpec spec, Leadership leadership, const Status& why,
                                  absl::AnyInvocable<void(Status)> done) {
  const TableBucket bucket = spec.bucket;
  if (!IsNeedless(bucket, leadership)) return Report(bucket, why, std::move(done));
  STROM_LOG(
      kError, "{} ({}) does not open: it is set aside as {}, and fetched again from server {}: {}",
      bucket, spec.path, BrokenDirectory(found_.at(bucket)), leadership.leader, why.ToString());
  // Of the log that takes its place nothing is synced.
  recovery_points_.erase(bucket);
  high_watermarks_.erase(bucket);
  Status written = WriteRecoveryPoints();
  if (!written.ok()) return Report(bucket, written, std::move(done));
  blocking_.Post([this, spec = std::move(spec), leadership = std::move(leadership),
                  done = std::move(done)]() mutable {
    auto opened = OpenAnew(spec);
    strand_.Post([this, bucket = spec.bucket, opened = std::move(opened),
                  leadership = std::move(leadership), done = std::move(done)]() mutable {
      if (opened.ok()) return OnOpened(*opened, std::move(leadership), std::move(done));
      Report(bucket, opened.status(), std::move(done));
    });
  });
}

void ReplicaManager::Report(const TableBucket& bucket, const Status& why,
                            absl::AnyInvocable<void(Status)> done) {
  STROM_LOG(kError, "{} does not open: {}", bucket, why.ToString());
  duties_.ReportFailed(bucket, why);
  reported_.insert(bucket);
  done(why);
  Release(bucket);
}

}  // namespace strom::tablet
