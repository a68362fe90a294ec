#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "common/base/status.h"

namespace strom::cli {

// Which of the rows 0, 1, 2, … of an append have their answers. Rows of different buckets are
// answered in any order; what counts is how many from the front are all acknowledged: that many are
// there after whatever happens next.
//
// Any thread.
class AckTracker {
 public:
  struct Failure {
    int64_t row;
    Status status;
  };

  // The answer for `row`; each row has one.
  void Answered(int64_t row, const Status& status);

  // The rows 0 .. acknowledged()-1 are all written.
  int64_t acknowledged() const;
  // Of the lowest row that failed, so far.
  std::optional<Failure> failure() const;

 private:
  mutable absl::Mutex mutex_;
  int64_t acknowledged_ ABSL_GUARDED_BY(mutex_) = 0;
  // Whether the rows from `acknowledged_` on are written.
  std::deque<bool> written_ ABSL_GUARDED_BY(mutex_);
  std::optional<Failure> failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::cli
