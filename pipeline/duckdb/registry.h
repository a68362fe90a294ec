#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include <absl/synchronization/mutex.h>

namespace strom::duck {

// Objects that DuckDB's callbacks find by number. Thread-safe.
template <class T>
class Registry {
 public:
  // A number nobody got before.
  uint64_t Add(std::shared_ptr<T> object) {
    absl::MutexLock lock(&mutex_);
    objects_.emplace(next_, std::move(object));
    return next_++;
  }
  void AddAs(uint64_t number, std::shared_ptr<T> object) {
    absl::MutexLock lock(&mutex_);
    objects_[number] = std::move(object);
  }
  void Remove(uint64_t number) {
    absl::MutexLock lock(&mutex_);
    objects_.erase(number);
  }
  // nullptr if there is none.
  std::shared_ptr<T> Find(uint64_t number) {
    absl::MutexLock lock(&mutex_);
    const auto it = objects_.find(number);
    return it == objects_.end() ? nullptr : it->second;
  }

 private:
  absl::Mutex mutex_;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint64_t, std::shared_ptr<T>> objects_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::duck
