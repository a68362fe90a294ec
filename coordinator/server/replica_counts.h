#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "coordinator/state/cluster_state.h"

namespace strom::coordinator {

// What the term last counted, for metrics. Any thread.
class ReplicaCounts {
 public:
  ReplicaTotals Get() const {
    absl::MutexLock lock(&mutex_);
    return totals_;
  }
  void Set(const ReplicaTotals& totals) {
    absl::MutexLock lock(&mutex_);
    totals_ = totals;
  }

 private:
  mutable absl::Mutex mutex_;
  ReplicaTotals totals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::coordinator
