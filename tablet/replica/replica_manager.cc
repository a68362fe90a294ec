#include "tablet/replica/replica_manager.h"

#include <utility>

#include "common/base/logging.h"

namespace strom::tablet {

ReplicaManager::ReplicaManager(runtime::Executor& executor, runtime::Executor& blocking,
                               const runtime::Clock& clock, io::FileSystem& files,
                               DataDirectory& directory, ServerId self, ReplicaOptions options)
    : executor_(executor),
      clock_(clock),
      files_(files),
      directory_(directory),
      self_(self),
      options_(std::move(options)),
      files_strand_(blocking) {}

Status ReplicaManager::Start() {
  STROM_ASSIGN_OR_RETURN(recovery_points_,
                         ReadOffsetCheckpoint(files_, directory_.recovery_point_path()));
  files_strand_.Post([this] {
    Schedule(options_.recovery_checkpoint_interval, &ReplicaManager::CheckpointRecoveryPoints);
    Schedule(options_.retention_check_interval, &ReplicaManager::CheckRetention);
  });
  return Status::Ok();
}

// Runs `task` on the files strand after `interval`, again and again until Stop.
void ReplicaManager::Schedule(MonoDuration interval, void (ReplicaManager::*task)()) {
  if (stopping_) return;
  auto id = std::make_shared<runtime::TimerId>(runtime::kNoTimer);
  *id = files_strand_.PostAt(clock_.Now() + interval, [this, id, interval, task] {
    timers_.erase(*id);
    if (stopping_) return;
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

void ReplicaManager::Become(BucketSpec spec, Leadership leadership,
                            absl::AnyInvocable<void(Status)> done) {
  files_strand_.Post([this, spec = std::move(spec), leadership = std::move(leadership),
                      done = std::move(done)]() mutable {
    if (stopping_) {
      return done(Error(ErrorCode::kNotLeaderOrFollower, "server {} is stopping", self_));
    }
    std::shared_ptr<Replica> replica = Find(spec.bucket);
    if (!replica) {
      Result<std::shared_ptr<Replica>> opened = Open(spec);
      if (!opened.ok()) return done(opened.status());
      replica = *std::move(opened);
      absl::MutexLock lock(&mutex_);
      replicas_[spec.bucket] = replica;
    }
    replica->Become(std::move(leadership), std::move(done));
  });
}

Result<std::shared_ptr<Replica>> ReplicaManager::Open(const BucketSpec& spec) {
  const std::string path = directory_.path() + "/" + spec.LogDirectory();
  STROM_RETURN_IF_ERROR(files_.CreateDirectories(path));
  const auto point = recovery_points_.find(spec.bucket);
  STROM_ASSIGN_OR_RETURN(
      auto log, LogTablet::Open(files_, clock_, path, spec.bucket, options_.log,
                                point == recovery_points_.end() ? LogOffset(0) : point->second,
                                directory_.was_clean()));
  return std::make_shared<Replica>(executor_, clock_, self_, spec, std::move(log));
}

void ReplicaManager::StopReplica(TableBucket bucket, bool remove,
                                 absl::AnyInvocable<void(Status)> done) {
  std::shared_ptr<Replica> replica;
  {
    absl::MutexLock lock(&mutex_);
    if (const auto it = replicas_.find(bucket); it != replicas_.end()) {
      replica = std::move(it->second);
      replicas_.erase(it);
    }
  }
  if (!replica) return done(Status::Ok());
  replica->Stop([this, replica, remove, done = std::move(done)]() mutable {
    files_strand_.Post([this, replica, remove, done = std::move(done)]() mutable {
      recovery_points_.erase(replica->bucket());
      if (!remove) return done(replica->mutable_log().Close());
      STROM_LOG(kInfo, "{} ({}): removing its files", replica->bucket(), replica->spec().path);
      done(files_.RemoveRecursively(replica->log().directory()));
    });
  });
}

Status ReplicaManager::SyncAll() {
  Status first_error;
  for (const auto& replica : All()) {
    const Status synced = replica->mutable_log().Sync();
    if (synced.ok()) {
      recovery_points_[replica->bucket()] = replica->log().recovery_point();
    } else if (first_error.ok()) {
      first_error = synced;
    }
  }
  return first_error;
}

Status ReplicaManager::WriteRecoveryPoints() {
  return WriteOffsetCheckpoint(files_, directory_.recovery_point_path(), recovery_points_);
}

void ReplicaManager::CheckpointRecoveryPoints() {
  Status status = SyncAll();
  if (status.ok()) status = WriteRecoveryPoints();
  if (!status.ok()) STROM_LOG(kError, "recovery points: {}", status.ToString());
}

void ReplicaManager::CheckRetention() {
  for (const auto& replica : All()) replica->Maintain(options_.retention_size_bytes);
}

void ReplicaManager::Stop(absl::AnyInvocable<void(Status)> done) {
  files_strand_.Post([this, done = std::move(done)]() mutable {
    stopping_ = true;
    for (const runtime::TimerId timer : timers_) files_strand_.Cancel(timer);
    const auto replicas = All();
    if (replicas.empty()) return CloseAll(std::move(done));
    struct Countdown {
      std::atomic<size_t> left;
      absl::AnyInvocable<void(Status)> done;
    };
    auto countdown = std::make_shared<Countdown>();
    countdown->left = replicas.size();
    countdown->done = std::move(done);
    for (const auto& replica : replicas) {
      replica->Stop([this, countdown] {
        if (countdown->left.fetch_sub(1) != 1) return;
        files_strand_.Post([this, countdown] { CloseAll(std::move(countdown->done)); });
      });
    }
  });
}

// On the files strand, with every replica stopped.
void ReplicaManager::CloseAll(absl::AnyInvocable<void(Status)> done) {
  Status status;
  for (const auto& replica : All()) {
    const Status closed = replica->mutable_log().Close();
    if (closed.ok()) {
      recovery_points_[replica->bucket()] = replica->log().recovery_point();
    } else if (status.ok()) {
      status = closed;
    }
  }
  if (status.ok()) status = WriteRecoveryPoints();
  if (status.ok()) status = directory_.MarkClean();
  {
    absl::MutexLock lock(&mutex_);
    replicas_.clear();
  }
  done(std::move(status));
}

}  // namespace strom::tablet
