#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/runtime/clock.h"
#include "common/runtime/notification.h"

namespace strom::pipeline {

// Lets few jobs of a process compute at a time, in rounds: in a round each job has one turn at
// most, after those whose results it reads.
//
// Many jobs on few cores, each working as soon as anything is there, make many small batches, and a
// change waits at every step behind all of them. In rounds it passes all steps in one, and what
// comes meanwhile becomes one batch of the next. A new round begins once nobody waits for the
// present one. Jobs stay apart: one that computes for long does not count any more after a while,
// nor is its result waited for. Thread-safe.
class Turns {
 public:
  struct Options {
    int at_once = 1;  // Jobs that compute; > 0.
    MonoDuration compute_max = Millis(100);
    MonoDuration settle_max = Millis(20);
  };

  // Where a group of jobs stands: how many others a change passes before it, and which of them it
  // reads from. Groups of its own depth or more are not waited for.
  struct Place {
    int depth = 0;
    std::set<std::string> upstream;
  };

  // `clock` outlives it and is the one by which threads wait.
  Turns(const runtime::Clock& clock, Options options);

  // Of all groups that have one; others have depth 0.
  void SetPlaces(const std::map<std::string, Place>& places);

  class Turn;
  // Waits for the turn of a job of `group`, which has none at that time.
  [[nodiscard]] Turn Take(const std::string& group);

  size_t waiting() const;  // How many do.

 private:
  enum class State : uint8_t { kIdle, kComputing, kSettling };
  struct Group {
    int depth = 0;
    std::vector<const Group*> upstream;
    int64_t round = 0;  // In which it had its last turn.
    State state = State::kIdle;
    MonoTime since;  // Of the state.
  };
  struct Waiter {
    Group* group = nullptr;
    runtime::Notification admitted;
  };

  class InLine;
  void Change(Group& group, State state);
  bool Counts(const Group& group, MonoTime now) const;
  bool MayGo(const Waiter& waiter, MonoTime now) const;
  void Admit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const runtime::Clock& clock_;
  const Options options_;
  mutable runtime::WaitMutex mutex_;
  std::map<std::string, Group> groups_ ABSL_GUARDED_BY(mutex_);
  std::list<Waiter*> waiters_ ABSL_GUARDED_BY(mutex_);  // Who came first stands first.
  int64_t round_ ABSL_GUARDED_BY(mutex_) = 1;
};

// A job's turn: computing, then perhaps settling, over when it is destroyed.
class Turns::Turn {
 public:
  Turn(Turn&& other) noexcept
      : turns_(std::exchange(other.turns_, nullptr)), group_(other.group_) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (turns_ != nullptr) turns_->Change(*group_, State::kIdle);
  }

  // The job computes no more, it waits for its results to be stored: others may compute, but those
  // that read the results wait a moment.
  void Settle() { turns_->Change(*group_, State::kSettling); }

 private:
  friend class Turns;
  Turn(Turns& turns, Group& group) : turns_(&turns), group_(&group) {}

  Turns* turns_;
  Group* group_;
};

}  // namespace strom::pipeline
