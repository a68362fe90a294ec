#pragma once

#include <atomic>
#include <cstdint>
#include <ostream>

#include "cli/ack_tracker.h"
#include "common/runtime/thread_pool.h"

namespace strom::cli {

// Counts the answers to the rows of an append, and prints "acked K" each time `step` more rows from
// the front are acknowledged: from a thread of its own, since those that count must not block, and
// the one that appends may be waiting for its input.
//
// Any thread may call Answered, also after Stop.
class AppendProgress {
 public:
  // A `step` of 0 prints nothing. `out` is ours until Stop.
  AppendProgress(int64_t step, std::ostream& out) : step_(step), out_(out) {}

  void Answered(int64_t row, const Status& status);
  // Prints what is still to be printed, and nothing from then on.
  void Stop();

  const AckTracker& tracker() const { return tracker_; }

 private:
  // On the thread, or after it has ended.
  void Print();

  const int64_t step_;
  std::ostream& out_;
  AckTracker tracker_;
  std::atomic<int64_t> asked_ = 0;  // Steps that Print was asked for.
  int64_t printed_ = 0;             // Rows. Used by Print only.
  runtime::ThreadPool thread_{{.name = "strom-progress", .threads = 1}};
};

}  // namespace strom::cli
