#pragma once

#include <memory>

#include "common/base/check.h"
#include "common/runtime/executor.h"

namespace strom::runtime {

// Runs its tasks one after another, in the order they were given, on an executor: the owner of one
// piece of mutable state (a bucket, the coordinator's events, a connection's writer).
//
// Any thread may post. A strand takes a bounded number of tasks per turn and then queues itself
// again, so that a busy one does not starve the others. The object may be destroyed while tasks are
// queued: those tasks still run (they keep the queue alive), so they must own what they touch. Once
// the executor has shut down they are dropped instead. The executor outlives strand and tasks.
//
// The queue has no limit of its own: work is bounded where it enters the server, and what follows
// from it must not get lost. A task must not throw: that ends the process.
class Strand {
 public:
  explicit Strand(Executor& executor);
  ~Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // Queues `task`; never runs it before returning.
  void Post(Task task);

  // Runs `task` at once on the calling thread if the strand is idle and the executor allows it;
  // otherwise like Post. Callers must be written as if the task ran before this returns.
  void Dispatch(Task task);

  // Posts `task` to this strand once the clock has reached `when`.
  TimerId PostAt(MonoTime when, Task task);
  // True if the task will not run. False if it has run, or is on its way to the strand and will.
  bool Cancel(TimerId timer);

  // True on the thread that is running one of this strand's tasks; but not in another strand's task
  // that was dispatched inline from there: that one might as well have been posted.
  bool IsCurrent() const;

  Executor& executor() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace strom::runtime

// The calling code runs on `strand`: for functions that touch its state.
#define STROM_ASSERT_ON(strand) STROM_CHECK((strand).IsCurrent()) << "not on its strand"
