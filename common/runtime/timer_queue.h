#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "common/runtime/executor.h"
#include "common/runtime/time.h"

namespace strom::runtime {

// Things that wait for their time, earliest first, equal times in the order they were added.
// Plain data without thread, lock or clock: the timer thread and the simulation own one each.
template <class T>
class TimerQueue {
 public:
  TimerId Add(MonoTime when, T item) {
    const TimerId id = next_id_++;
    items_.emplace(Key(when, id), std::move(item));
    when_.emplace(id, when);
    return id;
  }

  // Nothing if no such timer waits.
  std::optional<T> Remove(TimerId id) {
    const auto found = when_.find(id);
    if (found == when_.end()) return std::nullopt;
    return Take(items_.find(Key(found->second, id)));
  }

  // Infinite() if nothing waits.
  MonoTime next() const {
    return items_.empty() ? MonoTime::Infinite() : items_.begin()->first.first;
  }

  // The earliest item if its time is not after `now`.
  std::optional<T> PopDue(MonoTime now) {
    if (items_.empty() || items_.begin()->first.first > now) return std::nullopt;
    return Take(items_.begin());
  }

  // Takes out the items for which `predicate` holds.
  template <class Predicate>
  std::vector<T> RemoveIf(Predicate predicate) {
    std::vector<T> removed;
    for (auto it = items_.begin(); it != items_.end();) {
      const auto here = it++;
      if (predicate(here->second)) removed.push_back(Take(here));
    }
    return removed;
  }

  size_t size() const { return items_.size(); }

 private:
  using Key = std::pair<MonoTime, TimerId>;
  using Items = std::map<Key, T>;

  T Take(typename Items::iterator it) {
    T item = std::move(it->second);
    when_.erase(it->first.second);
    items_.erase(it);
    return item;
  }

  TimerId next_id_ = kNoTimer + 1;
  Items items_;
  absl::flat_hash_map<TimerId, MonoTime> when_;  // Looked up, never walked.
};

}  // namespace strom::runtime
