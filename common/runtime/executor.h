#pragma once

#include <cstdint>

#include <absl/functional/any_invocable.h>

#include "common/runtime/time.h"

namespace strom::runtime {

// Work to run once. May own move-only things.
using Task = absl::AnyInvocable<void()>;

// Names a task that waits for its time; never reused within an executor.
using TimerId = uint64_t;
inline constexpr TimerId kNoTimer = 0;

// Runs tasks, in any order and on any of its threads. Real: a thread pool (tasks of the main pool
// must not block; those of the blocking pool may); simulated: one thread that picks by seed.
class Executor {
 public:
  virtual ~Executor() = default;

  // Queues `task`; never runs it before returning. After Shutdown (of the
  // implementation, by its owner), tasks are dropped unrun.
  virtual void Post(Task task) = 0;

  // Posts `task` once the clock has reached `when`. After Shutdown, drops it and returns kNoTimer.
  virtual TimerId PostAt(MonoTime when, Task task) = 0;

  // True if the task had not been posted yet and now never will be.
  virtual bool Cancel(TimerId timer) = 0;

  // Whether a strand may run a dispatched task on the calling thread. Real: until Shutdown;
  // simulated: by coin toss, so that no code comes to rely on either.
  virtual bool AllowInline() = 0;
};

}  // namespace strom::runtime
