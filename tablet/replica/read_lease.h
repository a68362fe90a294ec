#pragma once

#include <absl/synchronization/mutex.h>

#include "common/base/status.h"
#include "common/runtime/clock.h"
#include "common/types/ids.h"

namespace strom::tablet {

// This server's right to show rows of the primary-key tables that it leads. While it lasts nobody
// who follows it as leader acknowledges newer rows, even if this server was paused or cut off and
// knows nothing of that.
//
// It covers what the coordinator that granted it has told this server to lead, and nothing that
// others told. It is counted from before it was asked for, on a clock that runs on while the
// process is stopped or the machine asleep. Any thread.
class ReadLease {
 public:
  explicit ReadLease(const runtime::Clock& clock) : clock_(clock) {}

  // The coordinator of this epoch has answered what was asked at `asked`. Those of older ones than
  // it heard of before do not count.
  void Extend(CoordinatorEpoch grantor, MonoTime asked, MonoDuration lease);

  // Whether what was read before this call may be shown, of a bucket that this coordinator told the
  // server to lead. Errors: kLeaderNotAvailable.
  Status Check(CoordinatorEpoch told_by) const;

 private:
  const runtime::Clock& clock_;
  mutable absl::Mutex mutex_;
  CoordinatorEpoch grantor_ ABSL_GUARDED_BY(mutex_){-1};
  MonoTime end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::tablet
