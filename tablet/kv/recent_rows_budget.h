#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "common/base/status.h"
#include "common/runtime/wait.h"

namespace strom::tablet {

class RecentRows;

// What the recent rows of all buckets of a server take together, and may take.
//
// Whoever needs room when all is taken makes others give: who has most first, so that many small
// sets of rows that change often stay whole beside large ones that hardly fit anyway. Thread-safe.
class RecentRowsBudget {
 public:
  static constexpr size_t kDefaultBytes = size_t{16} << 20;

  explicit RecentRowsBudget(size_t size_max_bytes = kDefaultBytes)
      : size_max_bytes_(size_max_bytes) {}

  size_t size_max_bytes() const { return size_max_bytes_; }
  size_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

  // Room for `bytes` more, before they are there: others, and then `asking`, give rows away until
  // they fit, or all is given. Two that ask at once may both be right, and together too many.
  // Errors: those of `asking`. Another one that cannot give keeps what it has.
  Status MakeRoom(RecentRows& asking, size_t bytes);

 private:
  friend class RecentRows;  // Says when it comes and goes, and what it takes.
  void Add(RecentRows& rows);
  void Remove(RecentRows& rows);
  void Note(ptrdiff_t bytes) {
    used_bytes_.fetch_add(static_cast<size_t>(bytes), std::memory_order_relaxed);
  }
  bool Fits(size_t bytes) const { return used_bytes() + bytes <= size_max_bytes_; }

  const size_t size_max_bytes_;
  std::atomic<size_t> used_bytes_{0};
  runtime::WaitMutex mutex_;  // Taken before that of any RecentRows.
  std::vector<RecentRows*> members_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::tablet
