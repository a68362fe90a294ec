#include "tablet/replica/replica_manager.h"

#include <utility>

#include "common/base/logging.h"
#include "tablet/replica/log_directories.h"

namespace strom::tablet {

ReplicaManager::ReplicaManager(runtime::Executor& executor, runtime::Executor& blocking,
                               const runtime::Clock& clock, io::FileSystem& files,
                               kv::KvStoreFactory& stores, DataDirectory& directory,
                               ReplicaDuties& duties, ServerId self, ReplicaOptions options)
    : executor_(executor),
      blocking_(blocking),
      clock_(clock),
      files_(files),
      stores_(stores),
      directory_(directory),
      duties_(duties),
      self_(self),
      options_(std::move(options)),
      strand_(blocking) {}

Status ReplicaManager::Start() {
  STROM_ASSIGN_OR_RETURN(recovery_points_,
                         ReadOffsetCheckpoint(files_, directory_.recovery_point_path()));
  STROM_ASSIGN_OR_RETURN(high_watermarks_,
                         ReadOffsetCheckpoint(files_, directory_.high_watermark_path()));
  STROM_ASSIGN_OR_RETURN(found_, FindLogs(files_, directory_.path()));
  strand_.Post([this] {
    Schedule(options_.recovery_checkpoint_interval, &ReplicaManager::CheckpointRecoveryPoints);
    Schedule(options_.high_watermark_checkpoint_interval,
             &ReplicaManager::CheckpointHighWatermarks);
    Schedule(options_.retention_check_interval, &ReplicaManager::CheckRetention);
  });
  return Status::Ok();
}

// Runs `task` on the strand after `interval`, again and again until Stop.
void ReplicaManager::Schedule(MonoDuration interval, void (ReplicaManager::*task)()) {
  if (stopping_) return;
  auto id = std::make_shared<runtime::TimerId>(runtime::kNoTimer);
  *id = strand_.PostAt(clock_.Now() + interval, [this, id, interval, task] {
    timers_.erase(*id);
    if (stopping_) return ContinueStop();
    (this->*task)();
    Schedule(interval, task);
  });
  timers_.insert(*id);
}

std::shared_ptr<Replica> ReplicaManager::Find(const TableBucket& bucket) const {
  absl::MutexLock lock(&mutex_);
  const auto it = replicas_.find(bucket);
  return it == replicas_.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<Replica>> ReplicaManager::All() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<Replica>> all;
  for (const auto& [bucket, replica] : replicas_) all.push_back(replica);
  return all;
}

void ReplicaManager::Acquire(const TableBucket& bucket, Task task) {
  const auto [it, idle] = busy_.try_emplace(bucket);
  if (!idle) return it->second.push_back(std::move(task));
  task();
}

void ReplicaManager::Release(const TableBucket& bucket) {
  const auto it = busy_.find(bucket);
  STROM_CHECK(it != busy_.end()) << bucket << " has no task under way";
  if (it->second.empty()) {
    busy_.erase(it);
    return ContinueStop();
  }
  Task next = std::move(it->second.front());
  it->second.pop_front();
  next();
}

void ReplicaManager::Become(BucketSpec spec, Leadership leadership,
                            absl::AnyInvocable<void(Status)> done) {
  const TableBucket bucket = spec.bucket;
  strand_.Post([this, bucket, spec = std::move(spec), leadership = std::move(leadership),
                done = std::move(done)]() mutable {
    Acquire(bucket, [this, bucket, spec = std::move(spec), leadership = std::move(leadership),
                     done = std::move(done)]() mutable {
      if (stopping_) {
        done(Error(ErrorCode::kNotLeaderOrFollower, "server {} is stopping", self_));
        Release(bucket);
      } else if (const auto replica = Find(bucket)) {
        BecomeAndRelease(replica, std::move(leadership), std::move(done));
      } else {
        OpenAndBecome(std::move(spec), std::move(leadership), std::move(done));
      }
    });
  });
}

void ReplicaManager::BecomeAndRelease(const std::shared_ptr<Replica>& replica,
                                      Leadership leadership,
                                      absl::AnyInvocable<void(Status)> done) {
  replica->Become(std::move(leadership), [this, bucket = replica->bucket(),
                                          done = std::move(done)](Status status) mutable {
    strand_.Post([this, bucket, status = std::move(status), done = std::move(done)]() mutable {
      done(std::move(status));
      Release(bucket);
    });
  });
}

void ReplicaManager::OpenAndBecome(BucketSpec spec, Leadership leadership,
                                   absl::AnyInvocable<void(Status)> done) {
  const TableBucket bucket = spec.bucket;
  if (const auto broken = broken_.find(bucket); broken != broken_.end()) {
    duties_.ReportFailed(bucket);
    done(Error(ErrorCode::kLogStorage, "{}: out of service until the server starts anew: {}",
               bucket, broken->second.ToString()));
    return Release(bucket);
  }
  const auto offset_in = [&](const BucketOffsets& offsets) {
    const auto found = offsets.find(bucket);
    return found == offsets.end() ? LogOffset(0) : found->second;
  };
  const Checkpoint checkpoint{.recovery_point = offset_in(recovery_points_),
                              .high_watermark = offset_in(high_watermarks_)};
  // What this process wrote itself, it checks again: only the last one's orderly stop counts.
  const bool clean = directory_.was_clean() && found_.contains(bucket);
  blocking_.Post([this, bucket, checkpoint, clean, spec = std::move(spec),
                  leadership = std::move(leadership), done = std::move(done)]() mutable {
    auto opened = Open(spec, checkpoint, clean);
    strand_.Post([this, bucket, opened = std::move(opened), leadership = std::move(leadership),
                  done = std::move(done)]() mutable {
      if (opened.ok()) {
        found_.erase(bucket);
        {
          absl::MutexLock lock(&mutex_);
          replicas_[bucket] = *opened;
        }
        return BecomeAndRelease(*opened, std::move(leadership), std::move(done));
      }
      STROM_LOG(kError, "{} does not open: {}", bucket, opened.status().ToString());
      done(opened.status());
      Release(bucket);
    });
  });
}

Result<std::shared_ptr<Replica>> ReplicaManager::Open(const BucketSpec& spec, Checkpoint checkpoint,
                                                      bool clean) const {
  const std::string path = directory_.path() + "/" + LogDirectory(spec.path, spec.bucket);
  STROM_RETURN_IF_ERROR(files_.CreateDirectories(path));
  STROM_ASSIGN_OR_RETURN(auto log, LogTablet::Open(files_, clock_, path, spec.bucket, options_.log,
                                                   checkpoint.recovery_point, clean));
  const Replica::World world{executor_, blocking_, clock_, stores_, duties_};
  const Replica::Options options{
      .self = self_, .durability = options_.durability, .lag_max = options_.lag_max};
  return std::make_shared<Replica>(world, options, spec, std::move(log), checkpoint.high_watermark);
}

void ReplicaManager::StopReplica(TableBucket bucket, LeaderEpoch leader_epoch, bool remove,
                                 absl::AnyInvocable<void(Status)> done) {
  strand_.Post([this, bucket, leader_epoch, remove, done = std::move(done)]() mutable {
    Acquire(bucket, [this, bucket, leader_epoch, remove, done = std::move(done)]() mutable {
      const auto replica = Find(bucket);
      if (!replica && remove) return RemoveUnserved(bucket, std::move(done));
      if (!replica) {
        done(Status::Ok());
        return Release(bucket);
      }
      replica->Stop(
          leader_epoch, [this, replica, remove, done = std::move(done)](Status status) mutable {
            strand_.Post([this, replica, remove, status, done = std::move(done)]() mutable {
              if (status.ok()) return CloseOrRemove(replica, remove, std::move(done));
              done(std::move(status));
              Release(replica->bucket());
            });
          });
    });
  });
}

void ReplicaManager::CloseOrRemove(std::shared_ptr<Replica> replica, bool remove,
                                   absl::AnyInvocable<void(Status)> done) {
  {
    absl::MutexLock lock(&mutex_);
    replicas_.erase(replica->bucket());
  }
  blocking_.Post([this, replica, remove, done = std::move(done)]() mutable {
    if (remove) STROM_LOG(kInfo, "{} ({}): removing it", replica->bucket(), replica->spec().path);
    const std::string& directory = replica->log().directory();
    Status status = remove ? RemoveFiles(directory) : replica->Close();
    strand_.Post([this, replica, remove, status, done = std::move(done)]() mutable {
      const TableBucket bucket = replica->bucket();
      if (remove) {
        Forget(bucket);
      } else if (status.ok()) {
        recovery_points_[bucket] = replica->log().recovery_point();
      }
      if (!remove) high_watermarks_[bucket] = replica->high_watermark();
      if (!status.ok()) broken_[bucket] = status;
      done(std::move(status));
      Release(bucket);
    });
  });
}

Status ReplicaManager::RemoveFiles(const std::string& log_directory) {
  STROM_RETURN_IF_ERROR(stores_.Destroy(KvDirectory(log_directory)));
  return RemoveLog(files_, directory_.path(), log_directory);
}

void ReplicaManager::RemoveUnserved(const TableBucket& bucket,
                                    absl::AnyInvocable<void(Status)> done) {
  blocking_.Post([this, bucket, done = std::move(done)]() mutable {
    auto logs = FindLogs(files_, directory_.path());
    Status status = logs.status();
    if (logs.ok() && logs->contains(bucket)) {
      STROM_LOG(kInfo, "{}: removing {}, which is not served", bucket, logs->at(bucket));
      status = RemoveFiles(logs->at(bucket));
    }
    strand_.Post([this, bucket, status, done = std::move(done)]() mutable {
      if (status.ok()) {
        found_.erase(bucket);
        Forget(bucket);
      }
      done(std::move(status));
      Release(bucket);
    });
  });
}

void ReplicaManager::Forget(const TableBucket& bucket) {
  recovery_points_.erase(bucket);
  high_watermarks_.erase(bucket);
  broken_.erase(bucket);
}

void ReplicaManager::CheckRetention() {
  for (const auto& replica : All()) replica->Maintain(options_.retention_size_bytes);
}

}  // namespace strom::tablet
