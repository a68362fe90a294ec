#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "common/runtime/system_clock.h"
#include "common/runtime/wait.h"

namespace strom::pipeline {

// Hands things from any threads to the one that takes them: how a job's thread waits for several
// sources at once. Whoever puts things in bounds how many. Real time only.
template <class T>
class WakeQueue {
 public:
  void Put(T item) {
    const runtime::WaitLock lock(mutex_);
    items_.push_back(std::move(item));
    wake_.NotifyOne();
  }

  // Makes every Take return at once, now and later.
  void Close() {
    const runtime::WaitLock lock(mutex_);
    closed_ = true;
    wake_.NotifyAll();
  }

  // Waits until there is an item; false if `deadline` passes first, or after Close.
  bool Await(MonoTime deadline) {
    const runtime::WaitLock lock(mutex_);
    return AwaitLocked(deadline);
  }

  // The next item; nothing if `deadline` passes first, or after Close. A deadline that has passed
  // takes what is there.
  std::optional<T> Take(MonoTime deadline) {
    const runtime::WaitLock lock(mutex_);
    if (!AwaitLocked(deadline)) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

 private:
  bool AwaitLocked(MonoTime deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (items_.empty() && !closed_ && runtime::SystemNow() < deadline) {
      wake_.WaitUntil(mutex_, deadline);
    }
    return !closed_ && !items_.empty();
  }

  runtime::WaitMutex mutex_;
  runtime::WaitCondition wake_;
  std::deque<T> items_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace strom::pipeline
