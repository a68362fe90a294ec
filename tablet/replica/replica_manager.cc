#include "tablet/replica/replica_manager.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "tablet/replica/log_directories.h"
#include "tablet/replica/rows_mark.h"

namespace strom::tablet {
namespace {

// Empty if it does not read: nothing in it is needed. Errors: kStorage.
Result<BucketOffsets> ReadCheckpoint(io::FileSystem& files, const std::string& path) {
  auto offsets = ReadOffsetCheckpoint(files, path);
  if (offsets.status().code() != ErrorCode::kCorruptRecord) return offsets;
  STROM_LOG(kError, "{} counts as empty: {}", path, offsets.status().ToString());
  return BucketOffsets();
}

}  // namespace

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
      recent_rows_(std::make_shared<RecentRowsBudget>(options_.recent_rows_max_bytes)),
      strand_(blocking) {}

Status ReplicaManager::Start() {
  promises_forgotten_ = clock_.Now().nanos();
  STROM_ASSIGN_OR_RETURN(recovery_points_,
                         ReadCheckpoint(files_, directory_.recovery_point_path()));
  STROM_ASSIGN_OR_RETURN(high_watermarks_,
                         ReadCheckpoint(files_, directory_.high_watermark_path()));
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
    if (remove) replica->Abandon();
    Status status = remove ? RemoveFiles(directory) : replica->Close();
    strand_.Post([this, replica, remove, status, done = std::move(done)]() mutable {
      const TableBucket bucket = replica->bucket();
      if (remove) {
        Forget(bucket);
      } else if (status.ok()) {
        recovery_points_[bucket] = replica->log().recovery_point();
      }
      if (!remove) high_watermarks_[bucket] = replica->high_watermark();
      promises_forgotten_ = clock_.Now().nanos();
      if (!status.ok()) broken_[bucket] = status;
      done(std::move(status));
      Release(bucket);
    });
  });
}

Status ReplicaManager::RemoveFiles(const std::string& log_directory) {
  STROM_RETURN_IF_ERROR(TakeRowsMark(files_, KvDirectory(log_directory)).status());
  STROM_RETURN_IF_ERROR(stores_.Destroy(KvDirectory(log_directory)));
  STROM_RETURN_IF_ERROR(stores_.Destroy(CheckpointDirectory(log_directory)));
  for (const std::string& path :
       {KvDirectory(log_directory), KvDirectory(log_directory) + ".restoring",
        CheckpointDirectory(log_directory)}) {
    STROM_RETURN_IF_ERROR(files_.RemoveRecursively(path));
  }
  if (remote::ObjectStore* const objects = options_.snapshots.objects) {
    const std::string relative = log_directory.substr(directory_.path().size() + 1);
    STROM_RETURN_IF_ERROR(objects->DeleteFolder(SnapshotFolder(relative)));
  }
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
  reported_.erase(bucket);
}

void ReplicaManager::CheckRetention() {
  for (const auto& replica : All()) replica->Maintain(options_.retention_size_bytes);
}

}  // namespace strom::tablet
