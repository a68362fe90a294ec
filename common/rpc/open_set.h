#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "common/base/status.h"
#include "common/runtime/executor.h"
#include "common/runtime/notification.h"
#include "common/runtime/wait.h"

namespace strom::rpc {

// What is open at a listener or a network (connections, calls): keeps each alive until it removes
// itself, and can end them all. Thread-safe.
//
// T has Drain() (end in peace, once nothing is in flight) and Abort(Status) (end now), both
// callable from any thread, and calls Remove as the last thing it does.
template <class T>
class OpenSet {
 public:
  // False, and not added, if the set is closing or already holds `limit` items.
  bool Add(std::shared_ptr<T> item, size_t limit = SIZE_MAX) {
    runtime::WaitLock lock(mutex_);
    if (closing_ || items_.size() >= limit) return false;
    const T* key = item.get();
    items_.emplace(key, std::move(item));
    return true;
  }

  void Remove(const T* item) {
    std::shared_ptr<T> removed;
    {
      runtime::WaitLock lock(mutex_);
      const auto it = items_.find(item);
      if (it == items_.end()) return;
      removed = std::move(it->second);
      items_.erase(it);
      ++leaving_;
    }
    // Without the lock, and before anybody hears that nothing is left.
    removed.reset();
    std::vector<runtime::Task> continuations;
    {
      runtime::WaitLock lock(mutex_);
      --leaving_;
      if (empty()) std::swap(continuations, when_empty_);
    }
    for (runtime::Task& continuation : continuations) continuation();
  }

  // From now on nothing is added, and what is there ends: in peace, or at once.
  void DrainAll() {
    for (const auto& item : CloseAndCopy()) item->Drain();
  }
  void AbortAll(const Status& why) {
    for (const auto& item : CloseAndCopy()) item->Abort(why);
  }

  // Calls `continuation` once nothing is left, possibly now.
  void WhenEmpty(runtime::Task continuation) {
    {
      runtime::WaitLock lock(mutex_);
      if (!empty()) {
        when_empty_.push_back(std::move(continuation));
        return;
      }
    }
    continuation();
  }

  // Blocks until nothing is left; after AbortAll, and not on a thread that the items need.
  void AwaitEmpty() {
    runtime::Notification nothing_left;
    WhenEmpty([&nothing_left] { nothing_left.Notify(); });
    nothing_left.Wait();
  }

  size_t size() const {
    runtime::WaitLock lock(mutex_);
    return items_.size();
  }

 private:
  bool empty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return items_.empty() && leaving_ == 0;
  }

  std::vector<std::shared_ptr<T>> CloseAndCopy() {
    runtime::WaitLock lock(mutex_);
    closing_ = true;
    std::vector<std::shared_ptr<T>> items;
    items.reserve(items_.size());
    for (const auto& [key, item] : items_) items.push_back(item);
    return items;
  }

  mutable runtime::WaitMutex mutex_;
  std::unordered_map<const T*, std::shared_ptr<T>> items_ ABSL_GUARDED_BY(mutex_);
  int leaving_ ABSL_GUARDED_BY(mutex_) = 0;  // Taken out, not destroyed yet.
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<runtime::Task> when_empty_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::rpc
