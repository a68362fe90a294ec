#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/runtime/wait.h"
#include "common/types/ids.h"

namespace strom::tablet {

// Where the batches of a segment lie that were appended last: who reads at the end of the log, as
// most do, finds them without looking into files. Thread-safe.
class RecentBatches {
 public:
  // A batch was appended; it lies behind those before it.
  void Note(LogOffset base, uint64_t position) {
    const runtime::WaitLock lock(mutex_);
    batches_[count_++ % kKept] = {base, position};
  }

  // The position of the batch that holds `offset`, which is below the segment's end; nothing if it
  // is older than those that are known.
  std::optional<uint64_t> Find(LogOffset offset) const {
    const runtime::WaitLock lock(mutex_);
    for (size_t age = 1; age <= std::min(count_, kKept); ++age) {
      const Batch& batch = batches_[(count_ - age) % kKept];
      if (batch.base <= offset) return batch.position;
    }
    return std::nullopt;
  }

  void Clear() {
    const runtime::WaitLock lock(mutex_);
    count_ = 0;
  }

 private:
  static constexpr size_t kKept = 32;
  struct Batch {
    LogOffset base;
    uint64_t position = 0;
  };

  mutable runtime::WaitMutex mutex_;
  std::array<Batch, kKept> batches_ ABSL_GUARDED_BY(mutex_);
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;  // Noted since Clear.
};

}  // namespace strom::tablet
