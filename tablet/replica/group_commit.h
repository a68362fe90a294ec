#pragma once

#include <memory>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/base/status.h"
#include "common/runtime/strand.h"
#include "tablet/log/log_tablet.h"

namespace strom::tablet {

// Brings a bucket's log to the disk. Who asks while a sync is under way waits for the next one, all
// of them together: one sync at a time, and its price is shared.
//
// The first sync that fails is the last: what it did not write may be lost although a second one
// would succeed. From then on everybody gets its error.
//
// Owned by a replica, used on its strand; syncs run on the blocking executor.
class GroupCommit {
 public:
  using Done = absl::AnyInvocable<void(const Status&)>;

  GroupCommit(runtime::Executor& blocking, runtime::Strand& strand, LogTablet& log)
      : blocking_(blocking), strand_(strand), log_(log) {}

  // `done` runs on the strand, never before this returns, once everything that is in the log now is
  // synced: log.recovery_point() tells. `owner` keeps this alive until then.
  void Sync(const std::shared_ptr<void>& owner, Done done);

  // `idle` runs on the strand once no sync is under way or asked for; at once, if none is.
  void AwaitIdle(absl::AnyInvocable<void()> idle);

  const Status& failure() const { return failure_; }

 private:
  void Start(const std::shared_ptr<void>& owner);
  void Finish(const std::shared_ptr<void>& owner, const Status& status);

  runtime::Executor& blocking_;
  runtime::Strand& strand_;
  LogTablet& log_;
  Status failure_;
  bool syncing_ = false;
  std::vector<Done> joined_;   // The sync under way.
  std::vector<Done> waiting_;  // For the next one.
  std::vector<absl::AnyInvocable<void()>> idle_;
};

}  // namespace strom::tablet
