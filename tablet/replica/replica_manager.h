#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <absl/synchronization/mutex.h>

#include "common/runtime/strand.h"
#include "tablet/log/offset_checkpoint.h"
#include "tablet/replica/data_directory.h"
#include "tablet/replica/replica.h"

namespace strom::tablet {

struct ReplicaOptions {
  LogOptions log;
  DurabilityPolicy durability;
  MonoDuration lag_max = Seconds(30);  // Of a member of the ISR.
  MonoDuration high_watermark_checkpoint_interval = Seconds(5);
  MonoDuration recovery_checkpoint_interval = Seconds(60);
  MonoDuration retention_check_interval = Seconds(300);
  int64_t retention_size_bytes = -1;  // Of one bucket's log; <= 0: no limit.
  size_t recent_rows_max_bytes = RecentRowsBudget::kDefaultBytes;  // Of all buckets together.
  SnapshotOptions snapshots;
};

// All replicas of one tablet server, and their upkeep: opening logs, checkpoints of recovery points
// and high watermarks, retention, the orderly stop. The rows of primary-key tables are kept in
// stores of a factory.
//
// Any thread may call. Its own state lives on a strand; opening, closing and syncing logs are tasks
// of the blocking executor, those of one bucket one after another; replicas run on the main one.
// Callbacks come from any of them.
class ReplicaManager {
 public:
  // Everything given outlives the manager, and the manager every task it posted: see Stop.
  ReplicaManager(runtime::Executor& executor, runtime::Executor& blocking,
                 const runtime::Clock& clock, io::FileSystem& files, kv::KvStoreFactory& stores,
                 DataDirectory& directory, ReplicaDuties& duties, ServerId self,
                 ReplicaOptions options);

  // Reads the checkpoints, looks what logs there are and starts the upkeep. A checkpoint that does
  // not read counts as none: logs are checked from their start, high watermarks come from leaders.
  // Before any other call; blocks. Errors: kStorage.
  Status Start();

  // Opens the bucket's log if need be and takes the role; `done` once it serves (or does not).
  //
  // A log that does not open is reported (ReplicaDuties) and tried again with the next call; no
  // other bucket notices. If by `leadership` another server leads, which does not count on this
  // replica, nothing in it is needed: it is set aside and the replica begins anew, with nothing.
  // Errors: those of LogTablet::Open and Replica::Become; kLogStorage for a log that this process
  // could not close.
  void Become(BucketSpec spec, Leadership leadership, absl::AnyInvocable<void(Status)> done);

  // Stops serving the bucket; with `remove`, its table is gone, and its files and snapshots go too.
  // A bucket that is not served is fine: its files are found by its ids. Errors:
  // kFencedLeaderEpoch, as Replica::Stop; kStorage.
  void StopReplica(TableBucket bucket, LeaderEpoch leader_epoch, bool remove,
                   absl::AnyInvocable<void(Status)> done);

  // nullptr if this server has no such bucket.
  std::shared_ptr<Replica> Find(const TableBucket& bucket) const;
  std::vector<std::shared_ptr<Replica>> All() const;

  // Stops every replica, closes and syncs the logs, writes the checkpoints and marks the directory
  // clean if every log in it is. `done` runs once nothing of the manager is posted any more; then
  // it may be destroyed. Once, after Start returned OK.
  void Stop(absl::AnyInvocable<void(Status)> done);

 private:
  using Task = runtime::Task;

  // All below on strand_, but Open, OpenAnew and RemoveFiles.
  // Runs `task` once no other one of the bucket is under way; it ends with Release.
  void Acquire(const TableBucket& bucket, Task task);
  void Release(const TableBucket& bucket);
  // What the checkpoints say of a log.
  struct Checkpoint {
    LogOffset recovery_point;
    LogOffset high_watermark;
  };
  Result<std::shared_ptr<Replica>> Open(const BucketSpec& spec, Checkpoint checkpoint,
                                        bool clean) const;
  // Sets what there is aside and opens an empty log.
  Result<std::shared_ptr<Replica>> OpenAnew(const BucketSpec& spec) const;
  // Ends the bucket's task.
  void BecomeAndRelease(const std::shared_ptr<Replica>& replica, Leadership leadership,
                        absl::AnyInvocable<void(Status)> done);
  void OpenAndBecome(BucketSpec spec, Leadership leadership, absl::AnyInvocable<void(Status)> done);
  void OnOpened(const std::shared_ptr<Replica>& replica, Leadership leadership,
                absl::AnyInvocable<void(Status)> done);
  void OnOpenFailed(BucketSpec spec, Leadership leadership, const Status& why,
                    absl::AnyInvocable<void(Status)> done);
  // Nobody counts on what this server has of a bucket.
  bool IsNeedless(const TableBucket& bucket, const Leadership& leadership) const;
  void Report(const TableBucket& bucket, const Status& why, absl::AnyInvocable<void(Status)> done);
  void CloseOrRemove(std::shared_ptr<Replica> replica, bool remove,
                     absl::AnyInvocable<void(Status)> done);
  // Of a bucket with its log there and everything of it closed. Blocks.
  Status RemoveFiles(const std::string& log_directory);
  void RemoveUnserved(const TableBucket& bucket, absl::AnyInvocable<void(Status)> done);

  void Schedule(MonoDuration interval, void (ReplicaManager::*task)());
  void CheckpointRecoveryPoints();
  void SyncNext(std::vector<std::shared_ptr<Replica>> left, BucketOffsets synced);
  void CheckpointHighWatermarks();
  void CheckRetention();
  Status WriteRecoveryPoints();
  // Of all buckets, served or not.
  Status WriteHighWatermarks();
  // Nothing is kept of a bucket that is removed.
  void Forget(const TableBucket& bucket);

  // True while a task of the manager is queued or under way elsewhere.
  bool busy() const { return !busy_.empty() || !timers_.empty() || syncing_; }
  void ContinueStop();
  void CloseAll();
  void FinishStop(Status status);

  runtime::Executor& executor_;
  runtime::Executor& blocking_;
  const runtime::Clock& clock_;
  io::FileSystem& files_;
  kv::KvStoreFactory& stores_;
  DataDirectory& directory_;
  ReplicaDuties& duties_;
  const ServerId self_;
  const ReplicaOptions options_;
  const std::shared_ptr<RecentRowsBudget> recent_rows_;
  runtime::Strand strand_;

  // A replica that is opened does not know what an earlier one promised before.
  std::atomic<int64_t> promises_forgotten_{0};

  // On strand_.
  BucketOffsets recovery_points_;
  BucketOffsets high_watermarks_;  // As last written; of buckets that are not served, too.
  std::map<TableBucket, std::string> found_;      // Logs on disk that were not opened yet.
  std::map<TableBucket, std::deque<Task>> busy_;  // Buckets with a task under way, and who waits.
  std::set<runtime::TimerId> timers_;
  bool syncing_ = false;
  // Logs that did not close, or did not sync before: what the next process finds of them is what
  // there is, but this one does not know it.
  std::map<TableBucket, Status> broken_;
  std::set<TableBucket> reported_;  // Logs that did not open when they were last to.
  bool stopping_ = false;           // Nothing new begins.
  bool closing_ = false;            // And nothing is under way but the stop itself.
  size_t replicas_to_stop_ = 0;
  absl::AnyInvocable<void(Status)> stopped_;

  mutable absl::Mutex mutex_;
  std::map<TableBucket, std::shared_ptr<Replica>> replicas_
      ABSL_GUARDED_BY(mutex_);  // Set on strand_.
};

}  // namespace strom::tablet
