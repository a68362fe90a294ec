#pragma once

#include "common/runtime/wait.h"

namespace strom::runtime {

// Something that happens once, and threads that block until it has: for mains that wait for a
// signal, the client's synchronous calls, and tests. Never waited for in a task of the main pool.
//
// May be destroyed as soon as a wait for it has returned true.
class Notification {
 public:
  Notification() = default;
  // Lets a Notify that is under way finish.
  ~Notification();
  Notification(const Notification&) = delete;
  Notification& operator=(const Notification&) = delete;

  // Any thread; a second call changes nothing.
  void Notify();
  bool HasBeenNotified() const;

  void Wait() const { WaitUntil(MonoTime::Infinite()); }
  // False if `deadline`, a time of RealClock, passed first.
  bool WaitUntil(MonoTime deadline) const;
  bool WaitFor(MonoDuration duration) const;

 private:
  mutable WaitMutex mutex_;
  mutable WaitCondition condition_;
  bool notified_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace strom::runtime
