#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include <absl/base/thread_annotations.h>

#include "common/runtime/system_clock.h"

namespace strom::runtime {

// The mutex of common/runtime: one can wait on it until a MonoTime. Why not absl::Mutex: in
// Debian's version its timeouts follow the wall clock, which may jump; and its library is built
// without TSAN's annotations, so that TSAN would report all state that is handed over through a
// strand.
class ABSL_LOCKABLE WaitMutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class WaitCondition;
  std::mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE WaitLock {
 public:
  explicit WaitLock(WaitMutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~WaitLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }
  WaitLock(const WaitLock&) = delete;
  WaitLock& operator=(const WaitLock&) = delete;

 private:
  WaitMutex& mutex_;
};

// Wakes waiters, now and then for no reason: callers wait in a loop around their condition.
class WaitCondition {
 public:
  // Releases `mutex`, sleeps until notified or until `deadline` on the system's monotonic clock,
  // and takes `mutex` again. Infinite() waits for a notification only.
  void WaitUntil(WaitMutex& mutex, MonoTime deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    if (deadline == MonoTime::Infinite()) {
      condition_.wait(lock);
    } else {
      // By the time that is left: the library's clock stands still while the machine is suspended.
      const MonoDuration left = deadline - SystemNow();
      condition_.wait_for(lock, std::chrono::nanoseconds(std::max<int64_t>(0, left.nanos())));
    }
    lock.release();  // Stays locked: the caller's WaitLock unlocks it.
  }

  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace strom::runtime
