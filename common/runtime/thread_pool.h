#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "common/runtime/executor.h"
#include "common/runtime/timer_thread.h"
#include "common/runtime/wait.h"

namespace strom::runtime {

// The executor of a real process: tasks start in the order they were posted, on any of N threads.
// A process has a main pool, whose tasks do not block, and a blocking pool for disks and objects.
//
// The bound: `queue_limit` tasks wait at most for callers that can refuse work (TryPost). Post
// never refuses and never blocks, however long the queue: a strand's turn or a completion that got
// lost would leave a client without an answer. What is posted that way is bounded where requests
// enter (byte budgets, one operation per bucket in flight).
//
// A task must not throw: that ends the process. It may own the last reference to anything but the
// pool itself.
class ThreadPool final : public Executor {
 public:
  struct Options {
    std::string name;  // Of the threads; the kernel keeps 15 characters.
    int threads = 1;
    size_t queue_limit = SIZE_MAX;
    // How far its threads give way to others when cores are short: 0 to 19, as nice(1).
    int niceness = 0;
  };

  explicit ThreadPool(Options options);
  ~ThreadPool() override;  // Shuts down.

  void Post(Task task) override;
  TimerId PostAt(MonoTime when, Task task) override;
  bool Cancel(TimerId timer) override;
  // True until Shutdown.
  bool AllowInline() override { return !stopping_; }

  // Like Post, unless the limit is reached: then returns false and leaves `task` as it was.
  // After Shutdown, drops the task and returns true.
  bool TryPost(Task& task);

  // Waits for the running tasks to return; those queued, and timers, are dropped unrun. Called by
  // the owner, not in a task of this pool. A second call does nothing.
  void Shutdown();

  size_t queue_length() const;
  // How often TryPost returned false.
  uint64_t refused_count() const { return refused_count_; }

 private:
  void Work();

  const Options options_;
  mutable WaitMutex mutex_;
  WaitCondition work_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> stopping_ = false;  // Written under mutex_.
  std::atomic<uint64_t> refused_count_ = 0;
  TimerThread timers_;
  std::vector<std::thread> threads_;  // Touched by constructor and Shutdown only.
};

}  // namespace strom::runtime
