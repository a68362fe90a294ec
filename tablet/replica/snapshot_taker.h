#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "tablet/kv/kv_tablet.h"
#include "tablet/kv/snapshot_pruner.h"
#include "tablet/kv/snapshot_writer.h"
#include "tablet/replica/replica_duties.h"
#include "tablet/replica/stoppable_store.h"
#include "tablet/replica/transfer_turns.h"

namespace strom::tablet {

// How a server takes snapshots of its rows. Without an object store it takes none.
struct SnapshotOptions {
  remote::ObjectStore* objects = nullptr;  // Outlives the server.
  runtime::Random* random = nullptr;       // Of any thread; likewise. Where `objects` is, it is.
  MonoDuration interval = Seconds(600);    // kv.snapshot.interval
  // Of all that have a copy of these options.
  std::shared_ptr<TransferTurns> turns = std::make_shared<TransferTurns>(1);
};

// Takes snapshots of a bucket's rows while its replica leads: every interval, unless nothing was
// committed since the last one, and one at a time.
//
//   blocking  the store's memory goes to its disk (so that the next step is short)
//   strand    a checkpoint: the store up to an offset
//   blocking  SnapshotWriter: into the object store, verified
//   strand    ReplicaDuties::CommitSnapshot, under the epochs with which it was begun
//   blocking  what is in the object store and no longer needed goes (SnapshotPruner)
//
// Only what is sure never to be completed is removed: never committed, or refused. If it is unknown
// what became of a commit, the metadata are asked, and the snapshot's files stay while it may still
// be completed; they go once a later one is, which the coordinator then takes no earlier one after.
//
// Numbers of snapshots grow within a bucket: they begin with the leader epoch, so that two servers
// that believe to lead never use the same one.
//
// Owned by a replica, used on its strand.
class SnapshotTaker {
 public:
  struct World {
    runtime::Strand& strand;
    runtime::Executor& blocking;
    const runtime::Clock& clock;
    kv::KvStoreFactory& stores;
    io::FileSystem& files;
    ReplicaDuties& duties;
  };

  // Where the snapshots of the bucket are, and the folder for its checkpoints.
  SnapshotTaker(World world, const SnapshotOptions& options, remote::KvSnapshotPaths paths,
                std::string checkpoint);

  using Owner = std::shared_ptr<void>;
  struct Epochs {
    CoordinatorEpoch coordinator;
    LeaderEpoch leader;
  };

  // The replica leads, or goes on to, with these rows. `owner` keeps all this alive while something
  // is under way.
  void Lead(const Owner& owner, std::shared_ptr<KvTablet> rows, Epochs epochs);
  // Nothing of what is under way is committed any more, unless it was on its way.
  void StopLeading();

  // Nothing is begun any more, and what is under way ends as soon as it can; `idle` runs on the
  // strand once that is so.
  void Stop(absl::AnyInvocable<void()> idle);

 private:
  // One snapshot, from its beginning to its end.
  struct Attempt {
    std::weak_ptr<void> owner;
    uint64_t leadership = 0;  // In which it was begun.
    Epochs epochs;
    KvSnapshotId id;
    SnapshotSource source;
    Result<StoredSnapshot> stored = StoredSnapshot();
  };
  using AttemptPtr = std::shared_ptr<Attempt>;
  using Completed = std::vector<remote::CompletedKvSnapshot>;

  void Schedule(const Owner& owner, MonoDuration delay);
  void Begin(const Owner& owner);
  bool IsOver(const Attempt& attempt) const {
    return stopped_ || attempt.leadership != leadership_;
  }
  // When it is its turn, runs `work` on the blocking executor, then `then` on the strand.
  void Do(const AttemptPtr& attempt, absl::AnyInvocable<Status()> work,
          absl::AnyInvocable<void(const Status&)> then);
  // What a duty is to call: runs `then` on the strand, unless the attempt has ended by then.
  template <class T>
  absl::AnyInvocable<void(T)> Then(const AttemptPtr& attempt,
                                   absl::AnyInvocable<void(const T&)> then);

  // The steps, each calling the next or End.
  void Learn(const AttemptPtr& attempt);
  void OnLearnt(const AttemptPtr& attempt, const Completed& completed);
  void Flush(const AttemptPtr& attempt);
  Status PrepareDisk(KvTablet& rows, bool find_last);
  void MakeCheckpoint(const AttemptPtr& attempt);
  void Upload(const AttemptPtr& attempt);
  void Commit(const AttemptPtr& attempt);
  void Ask(const AttemptPtr& attempt, const Status& why);
  void Complete(const AttemptPtr& attempt);
  void Discard(const AttemptPtr& attempt, const Status& why);
  void Prune(const AttemptPtr& attempt);
  // Nothing of it runs any more.
  void End(const AttemptPtr& attempt, const Status& status);

  const World world_;
  const SnapshotOptions options_;
  const remote::KvSnapshotPaths paths_;
  const std::string checkpoint_;
  StoppableStore objects_;
  SnapshotWriter writer_;
  SnapshotPruner pruner_;

  std::shared_ptr<KvTablet> rows_;  // While it leads.
  Epochs epochs_;
  uint64_t leadership_ = 0;             // How many there were.
  bool learnt_ = false;                 // What this leadership has to know of those before.
  int64_t last_id_ = -1;                // Of all that may have been used.
  LogOffset last_offset_;               // Of the newest completed one.
  std::optional<StoredSnapshot> base_;  // The newest completed one, if this leadership made it.
  std::set<KvSnapshotId> in_doubt_;
  AttemptPtr attempt_;    // Under way.
  bool working_ = false;  // A part of it is on the blocking executor, or waits for its turn.
  TransferTurns::Id turn_ = 0;
  bool stopped_ = false;
  runtime::TimerId timer_ = runtime::kNoTimer;
  std::vector<absl::AnyInvocable<void()>> idle_;
};

}  // namespace strom::tablet
