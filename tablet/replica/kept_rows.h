#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "tablet/kv/kv_tablet.h"
#include "tablet/replica/replica_duties.h"
#include "tablet/replica/rows_opener.h"

namespace strom::tablet {

// The rows of a primary-key bucket, from the start of its replica to its end: they follow what is
// committed while the replica follows, so that it has only the rest of the log to read when it is
// to lead.
//
// Owned by a replica, used on its strand. The work is done on the blocking executor, one piece
// after another; a replica that is to lead waits for the one under way. A follower's rows lag
// behind by some pieces, or by the pause that lets writes gather; a follower of which nothing is
// committed has no store open, unless it could not be opened when it was to lead.
//
// A store whose content is not known is made anew, from the newest snapshot and the log.
//
// Always true: the store holds nothing above what the replica said to be committed. Rows that came
// from a log which was cut below that are dropped and made anew.
class KeptRows {
 public:
  struct World {
    runtime::Executor& blocking;
    const runtime::Clock& clock;
    ReplicaDuties& duties;
  };

  struct Options {
    bool has_snapshots = false;            // There may be some.
    std::function<void()> followed;        // The rows of a follower have come to be open.
    MonoDuration pause = Millis(50);       // Between two pieces of a follower that keeps up.
    MonoDuration retry_min = Millis(100);  // After an error, doubling
    MonoDuration retry_max = Seconds(30);  // up to this.
  };

  // The store holds `left`, exactly; without it, nothing that counts.
  KeptRows(World world, Options options, RowsOpener opener, runtime::Strand& strand, LogTablet& log,
           std::optional<StoredRows> left);

  // `owner` keeps all this alive while something is under way.
  using Owner = std::shared_ptr<void>;
  using Opened = absl::AnyInvocable<void(Result<std::shared_ptr<KvTablet>>)>;

  // The replica follows and knows `committed`, which is in the log. Errors are logged, and tried
  // again: a follower is one without its rows, too.
  void Follow(const Owner& owner, LogOffset committed);

  // The replica leads: `done` runs on the strand, never inside, once the rows hold all of the log
  // (see KvTablet::Lead); nobody may change it until then. If what there is does not do, all is
  // made anew. Not called again before StopLeading, unless it failed.
  // Errors: those of RowsOpener::Open and KvTablet::Lead; of ReplicaDuties::FindSnapshots, if the
  // log alone does not do.
  void Lead(const Owner& owner, LogOffset committed, Opened done);
  // Once no read can come any more; may be repeated.
  void StopLeading();

  // Of a leader: what Lead gave; nullptr before.
  const std::shared_ptr<KvTablet>& tablet() const { return tablet_; }
  // The store holds at least what the log below this makes, and goes on from there. None: there is
  // nothing to go on from.
  std::optional<LogOffset> held() const;

  // The log is about to be cut at `offset`; or to begin anew, without what the rows were made from.
  void OnCut(LogOffset offset);
  void OnRestart();

  // Nothing is begun any more; `idle` runs on the strand once nothing is under way.
  void Stop(absl::AnyInvocable<void()> idle);

  // Once stopped, idle and unread: closes the store. Blocks; any thread. What it holds then, if it
  // may be opened again with that. Errors: kKvStorage.
  Result<std::optional<StoredRows>> Close();

 private:
  // What is to be done, and what came of it.
  struct Work {
    bool leads = false;
    LogOffset committed;
    bool anew = false;                         // There is neither of these two:
    std::optional<StoredRows> left;            // what to open with,
    std::shared_ptr<KvTablet> tablet;          // what is open.
    std::vector<KvSnapshotId> snapshots = {};  // To begin anew with; newest first.
    std::shared_ptr<KvTablet> dropped = {};    // To close before.
    Status status = {};
  };
  using WorkPtr = std::shared_ptr<Work>;

  // On the blocking executor.
  Status Bring(Work& work) const;

  void Drop();
  void Continue(const Owner& owner);
  void Begin(const Owner& owner, LogOffset committed, bool leads);
  // What snapshots there are.
  void Ask(const Owner& owner, const WorkPtr& work);
  void OnAnswer(const Owner& owner, const WorkPtr& work,
                const Result<std::vector<remote::CompletedKvSnapshot>>& completed);
  void Post(const Owner& owner, const WorkPtr& work);
  void OnDone(const Owner& owner, Work& work);
  void OnFollowed(const Owner& owner, const Status& status);
  void Wait(const Owner& owner, MonoDuration pause);

  const World world_;
  const Options options_;
  const RowsOpener opener_;
  runtime::Strand& strand_;
  LogTablet& log_;

  std::shared_ptr<KvTablet> tablet_;  // While nothing is under way; nullptr: not open.
  std::shared_ptr<KvTablet> dropped_;
  std::optional<StoredRows> left_;
  LogOffset committed_;  // What the rows of a follower should come to.
  LogOffset reached_;    // They hold nothing above.
  bool leads_ = false;
  bool broken_ = false;  // Did not open when they were last to.
  bool working_ = false;
  bool void_ = false;  // What is under way works on a log that was cut.
  bool stopped_ = false;
  WorkPtr asked_;  // Waits for the answer.
  runtime::TimerId ask_timer_ = runtime::kNoTimer;
  std::optional<LogOffset> held_;       // While there is no tablet here.
  std::optional<LogOffset> lead_from_;  // Lead waits for its turn.
  Opened opened_;
  std::vector<absl::AnyInvocable<void()>> idle_;
  runtime::TimerId timer_ = runtime::kNoTimer;
  MonoDuration delay_;  // Of the next try after an error.
};

}  // namespace strom::tablet
