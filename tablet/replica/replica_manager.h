#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include <absl/synchronization/mutex.h>

#include "common/runtime/strand.h"
#include "tablet/log/offset_checkpoint.h"
#include "tablet/replica/data_directory.h"
#include "tablet/replica/replica.h"

namespace strom::tablet {

struct ReplicaOptions {
  LogOptions log;
  MonoDuration recovery_checkpoint_interval = Seconds(60);
  MonoDuration retention_check_interval = Seconds(300);
  int64_t retention_size_bytes = -1;  // Of one bucket's log; <= 0: no limit.
};

// All replicas of one tablet server, and their upkeep: opening logs, checkpoints, retention, the
// orderly stop.
//
// Any thread may call. Opening and syncing run on the blocking executor; replicas run on the main
// one. Callbacks come from either.
class ReplicaManager {
 public:
  // Everything given outlives the manager, and the manager every task it posted: see Stop.
  ReplicaManager(runtime::Executor& executor, runtime::Executor& blocking,
                 const runtime::Clock& clock, io::FileSystem& files, DataDirectory& directory,
                 ServerId self, ReplicaOptions options);

  // Reads the recovery points and starts the upkeep. Before any other call; blocks.
  // Errors: kStorage, kCorruptRecord.
  Status Start();

  // Opens the bucket's log if need be and takes the role; `done` once it serves (or does not).
  // Errors: those of LogTablet::Open and Replica::Become.
  void Become(BucketSpec spec, Leadership leadership, absl::AnyInvocable<void(Status)> done);

  // Stops serving the bucket; with `remove`, its files go too. A bucket that is not here is fine.
  void StopReplica(TableBucket bucket, bool remove, absl::AnyInvocable<void(Status)> done);

  // nullptr if this server has no such bucket.
  std::shared_ptr<Replica> Find(const TableBucket& bucket) const;
  std::vector<std::shared_ptr<Replica>> All() const;

  // Stops every replica, closes and syncs the logs, writes the checkpoints and marks the directory
  // clean if all went well. `done` runs once nothing of the manager is posted any more; then it may
  // be destroyed.
  void Stop(absl::AnyInvocable<void(Status)> done);

 private:
  Result<std::shared_ptr<Replica>> Open(const BucketSpec& spec);
  void Schedule(MonoDuration interval, void (ReplicaManager::*task)());
  void CheckpointRecoveryPoints();
  void CheckRetention();
  Status SyncAll();
  Status WriteRecoveryPoints();
  void CloseAll(absl::AnyInvocable<void(Status)> done);

  runtime::Executor& executor_;
  const runtime::Clock& clock_;
  io::FileSystem& files_;
  DataDirectory& directory_;
  const ServerId self_;
  const ReplicaOptions options_;

  // Opening, closing and checkpoints, one after another, off the main executor.
  runtime::Strand files_strand_;
  // On files_strand_.
  BucketOffsets recovery_points_;
  bool stopping_ = false;
  std::set<runtime::TimerId> timers_;

  mutable absl::Mutex mutex_;
  std::map<TableBucket, std::shared_ptr<Replica>> replicas_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::tablet
