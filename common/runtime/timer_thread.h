#pragma once

#include <thread>

#include <absl/functional/any_invocable.h>

#include "common/runtime/timer_queue.h"
#include "common/runtime/wait.h"

namespace strom::runtime {

// Hands tasks over when their time has come; part of ThreadPool. The thread starts with the first
// timer. Any thread may call.
class TimerThread {
 public:
  // `sink` takes each due task, on the timer thread; it must be quick.
  explicit TimerThread(absl::AnyInvocable<void(Task)> sink) : sink_(std::move(sink)) {}
  ~TimerThread();

  // After Stop the task is dropped and kNoTimer returned.
  TimerId Add(MonoTime when, Task task);
  // True if the task was still waiting: it will not be handed over.
  bool Cancel(TimerId timer);
  // Drops what waits and joins the thread. Not from the sink. A second call does nothing.
  void Stop();

 private:
  void Run();

  absl::AnyInvocable<void(Task)> sink_;  // Called by the thread only.
  WaitMutex mutex_;
  WaitCondition changed_;
  TimerQueue<Task> timers_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::runtime
