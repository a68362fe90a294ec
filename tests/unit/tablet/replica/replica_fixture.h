#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/synchronization/mutex.h>

#include "tablet/replica/delayed_fetch.h"
#include "tablet/replica/replica_manager.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_scheduler.h"
#include "tests/unit/tablet/replica/kv_testing.h"

namespace strom::tablet {

inline constexpr ServerId kSelf{3};

TableBucket Bucket(int32_t bucket, int64_t table = 7);

// The table db.t with columns (a INT, b INT).
TableInfo TestTable(LogFormat format, TableId id = TableId(7));
BucketSpec SpecOf(TableBucket bucket, LogFormat format = LogFormat::kIndexed);
// This server leads alone.
Leadership Lead(int leader_epoch = 0, int bucket_epoch = 0, int coordinator_epoch = 0);
// It leads, with two more replicas, of which none is in sync.
Leadership LeadWithoutFollowers(int leader_epoch = 0);

// A batch of rows (v, -v).
Bytes Batch(const std::vector<int>& values, LogFormat format = LogFormat::kIndexed,
            WriterId writer = kNoWriter, BatchSequence sequence = kNoSequence);
// The first column of all records in `batches`, from offset `from` on.
std::vector<int> Values(BytesView batches, LogFormat format = LogFormat::kIndexed,
                        LogOffset from = LogOffset(0));

// Of a server that has no peers: whom it should follow is noted, nothing is fetched, and
// proposals get no answer.
class LoneDuties final : public ReplicaDuties {
 public:
  void Follow(std::shared_ptr<Replica> replica, ServerId leader, LeaderEpoch /*epoch*/) override {
    absl::MutexLock lock(&mutex_);
    leaders_[replica->bucket()] = leader;
  }
  void Unfollow(const TableBucket& bucket) override {
    absl::MutexLock lock(&mutex_);
    leaders_.erase(bucket);
  }
  void ProposeIsr(IsrProposal /*proposal*/,
                  absl::AnyInvocable<void(Result<Leadership>)> /*done*/) override {}
  void ReportFailed(const TableBucket& bucket) override {
    absl::MutexLock lock(&mutex_);
    ++failures_[bucket];
  }

  Status CheckLease(CoordinatorEpoch /*told_by*/) const override {
    absl::MutexLock lock(&mutex_);
    return lease_;
  }

  // What CheckLease says from now on.
  void SetLease(Status lease) {
    absl::MutexLock lock(&mutex_);
    lease_ = std::move(lease);
  }
  // kNoServer: nobody.
  ServerId LeaderOf(const TableBucket& bucket) const {
    absl::MutexLock lock(&mutex_);
    const auto found = leaders_.find(bucket);
    return found == leaders_.end() ? kNoServer : found->second;
  }
  // How often a bucket was said to have failed.
  int FailuresOf(const TableBucket& bucket) const {
    absl::MutexLock lock(&mutex_);
    const auto found = failures_.find(bucket);
    return found == failures_.end() ? 0 : found->second;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<TableBucket, ServerId> leaders_ ABSL_GUARDED_BY(mutex_);
  std::map<TableBucket, int> failures_ ABSL_GUARDED_BY(mutex_);
  Status lease_ ABSL_GUARDED_BY(mutex_);
};

// A ReplicaManager on a simulated disk, one process after another; one thread.
class ReplicaFixture {
 public:
  explicit ReplicaFixture(uint64_t seed = 1, ReplicaOptions options = {});
  ~ReplicaFixture();

  Status Become(const TableBucket& bucket, Leadership leadership = Lead(),
                LogFormat format = LogFormat::kIndexed);
  Status Become(BucketSpec spec, Leadership leadership = Lead());
  Status StopReplica(const TableBucket& bucket, bool remove, int leader_epoch = 0);
  Result<AppendInfo> Append(const TableBucket& bucket, Bytes batches, Acks acks = Acks::kAll);
  Result<AppendInfo> PutKv(const TableBucket& bucket, Bytes batch, Acks acks = Acks::kAll,
                           PutOptions options = {});
  // The row of a key as a lookup finds it; "" if there is none.
  std::string Lookup(const TableBucket& bucket, int id, int seq = 0);
  // All rows, and all changes.
  std::vector<std::string> AllRows(const TableBucket& bucket);
  std::vector<std::string> AllChanges(const TableBucket& bucket);
  // Everything committed.
  std::vector<int> ReadAll(const TableBucket& bucket);

  // The orderly stop; returns what it gave. Start begins the next process.
  Status Stop();
  // The process dies, or the machine. Start begins the next one.
  void Crash();
  void PowerFail(uint64_t seed);
  Status Start();

  ReplicaManager& replicas() { return *replicas_; }
  const DataDirectory& directory() { return *directory_; }
  sim::SimScheduler& scheduler() { return scheduler_; }
  sim::SimDisk& disk() { return disk_; }
  FlakyStores& stores() { return stores_; }
  LoneDuties& duties() { return duties_; }
  sim::SimClock& clock() { return clock_; }
  runtime::Executor& executor() { return *executor_; }

  // Runs until the call that `start` makes has answered; its answer.
  template <class T, class F>
  T Await(F start) {
    auto answer = std::make_shared<std::optional<T>>();
    start([answer](T value) {
      STROM_CHECK(!answer->has_value()) << "answered twice";
      answer->emplace(std::move(value));
    });
    const bool answered = scheduler_.RunUntil([&] { return answer->has_value(); }, Seconds(60));
    STROM_CHECK(answered) << "no answer";
    return std::move(**answer);
  }

  static constexpr const char* kDirectory = "/data";

 private:
  void Die();

  const ReplicaOptions options_;
  sim::SimScheduler scheduler_;
  sim::SimClock clock_{scheduler_};
  sim::SimDisk disk_{{}};
  FlakyStores stores_;
  LoneDuties duties_;
  // Of one process.
  std::unique_ptr<sim::SimExecutor> executor_;
  std::unique_ptr<sim::SimExecutor> blocking_;
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<ReplicaManager> replicas_;
};

}  // namespace strom::tablet
