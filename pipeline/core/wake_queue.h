#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "common/base/check.h"
#include "common/runtime/notification.h"
#include "common/runtime/thread_waits.h"

namespace strom::pipeline {

// Hands things from any threads to the one that takes them: how a job's thread waits for several
// sources at once. Whoever puts things in bounds how many. Deadlines are of the clock by which the
// thread waits.
template <class T>
class WakeQueue {
 public:
  void Put(T item) {
    const runtime::WaitLock lock(mutex_);
    items_.push_back(std::move(item));
    if (waiting_) waiting_->Notify();
  }

  // Makes every Take return at once, now and later.
  void Close() {
    const runtime::WaitLock lock(mutex_);
    closed_ = true;
    if (waiting_) waiting_->Notify();
  }

  // Waits until there is an item; false if `deadline` passes first, or after Close.
  bool Await(MonoTime deadline) {
    while (true) {
      Waiting waiting(*this);
      {
        const runtime::WaitLock lock(mutex_);
        if (closed_) return false;
        if (!items_.empty()) return true;
        if (runtime::WaitNow() >= deadline) return false;
        STROM_CHECK(waiting_ == nullptr) << "two threads take from one queue";
        waiting_ = &waiting.woken;
      }
      (void)waiting.woken.WaitUntil(deadline);
    }
  }

  // The next item; nothing if `deadline` passes first, or after Close. A deadline that has passed
  // takes what is there.
  std::optional<T> Take(MonoTime deadline) {
    if (!Await(deadline)) return std::nullopt;
    const runtime::WaitLock lock(mutex_);
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

 private:
  // The taker's wait; nobody wakes it once this is gone.
  struct Waiting {
    explicit Waiting(WakeQueue& waited) : queue(waited) {}
    ~Waiting() {
      const runtime::WaitLock lock(queue.mutex_);
      if (queue.waiting_ == &woken) queue.waiting_ = nullptr;
    }
    WakeQueue& queue;
    runtime::Notification woken;
  };

  runtime::WaitMutex mutex_;
  std::deque<T> items_ ABSL_GUARDED_BY(mutex_);
  runtime::Notification* waiting_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace strom::pipeline
