#pragma once

#include <map>
#include <optional>
#include <vector>

#include "common/base/status.h"
#include "common/runtime/time.h"
#include "common/types/ids.h"

namespace strom::tablet {

// In-sync replicas and high watermark of one bucket, as its leader sees them under one leader
// epoch.
//
// Pure bookkeeping: no I/O, no locks, no clock of its own. The owning Replica calls it on the
// bucket's strand and acts on what it says.
//
// An ISR counts once the coordinator has committed it. Until it is known what became of a proposal,
// the high watermark waits for the members of both: of the committed ISR and of the proposed one.
//
// Always true: the high watermark never decreases; it does not move while the committed ISR is
// smaller than it must be; when it moves, every member that counts is at or above it.
class IsrTracker {
 public:
  struct Options {
    ServerId leader;
    LogOffset epoch_start;  // The log's end when the leader's epoch began.
    MonoDuration lag_max;   // A member behind for this long is to leave.
  };

  // What the coordinator has committed: `isr` contains the leader.
  struct Committed {
    std::vector<ServerId> replicas;
    std::vector<ServerId> isr;
    size_t isr_min = 1;  // Fewer members: nothing is committed.
  };

  IsrTracker(Options options, Committed committed, LogOffset high_watermark, MonoTime now);

  // The leader's log ends at `log_end`; what counts of it (in `durable`: what is synced) at
  // `position`, which is not above.
  void OnLeaderLog(LogOffset log_end, LogOffset position);

  // `follower` fetched from `position` on: it holds every record below. Not above the leader's end.
  // Errors: kNotLeaderOrFollower if it is none of the replicas.
  Status OnFollowerFetch(ServerId follower, LogOffset position, MonoTime now);

  // A newer state than the one before: whatever was proposed is over.
  void OnCommitted(Committed committed, MonoTime now);

  // The ISR to ask the coordinator for, if it should be another one and none is under way; from now
  // on this one is. Members that lag, or lost records below the high watermark, leave; followers at
  // or above the high watermark and the epoch's start join, if they have fetched since they left or
  // were refused: the dead do not, and must not be in the others' way.
  std::optional<std::vector<ServerId>> Propose(MonoTime now);
  // What became of it, if the state did not change: certainly nothing, or nobody knows. Propose
  // waits before it goes on: 50 ms, doubling to 1 s.
  void OnRefused(MonoTime now);
  void OnDoubt(MonoTime now);

  // Nobody joins before `when`.
  void LetJoinFrom(MonoTime when) { join_from_ = when; }

  // When to ask Propose again, should nothing happen before.
  MonoTime next_check(MonoTime now) const;

  LogOffset high_watermark() const { return high_watermark_; }
  LogOffset epoch_start() const { return options_.epoch_start; }
  const std::vector<ServerId>& isr() const { return committed_.isr; }
  // Who can be the next leader, but for this one: the members of the committed ISR, and of those
  // proposals of which it is not known that they are none.
  std::vector<ServerId> Electable() const;
  size_t isr_min() const { return committed_.isr_min; }
  bool has_enough() const { return committed_.isr.size() >= committed_.isr_min; }

 private:
  struct Follower {
    std::optional<LogOffset> position;  // None: it has not fetched under this epoch, or Forget.
    MonoTime caught_up_at;
    // At its last fetch; who always gets there by the next one is not behind.
    MonoTime fetched_at;
    LogOffset leader_end;
  };

  // Of who is no member: it has to fetch again before it can be one.
  void Forget(ServerId follower);
  bool Counts(ServerId server) const;
  bool HasLapsed(const Follower& follower, MonoTime now) const;
  bool MayJoin(const Follower& follower) const;
  std::vector<ServerId> Wanted(MonoTime now) const;
  void BackOff(MonoTime now);
  void Advance();

  const Options options_;
  Committed committed_;
  std::map<ServerId, Follower> followers_;  // Every replica and ISR member but the leader.
  LogOffset high_watermark_;
  LogOffset log_end_;
  LogOffset position_;

  std::optional<std::vector<ServerId>> proposed_;  // Under way.
  bool in_doubt_ = false;                          // What became of earlier ones, nobody knows ...
  std::vector<ServerId> doubtful_;                 // ... and these were their members.
  MonoDuration back_off_;
  MonoTime retry_at_;
  MonoTime join_from_;
};

}  // namespace strom::tablet
