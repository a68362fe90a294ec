#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "common/base/result.h"
#include "common/types/job.h"

namespace strom::tablet {

// The newest epoch of each group of jobs that this server knows of: what keeps a worker that lost
// its jobs from writing on. One for all buckets of a server. Thread-safe; nothing waits in it.
//
// A write of a job enters with the epoch it carries, on its bucket's strand right before the
// append, and has its pass until the append is done. Raise closes the door for older epochs first
// and then says so once all who entered before, under older epochs, have given their passes back.
// Hence: after that no write under an older epoch is appended, on any bucket, and none is under
// way. A pass is held for one append only, so nobody is waited for long.
class JobFences {
 public:
  // The right to append one write; given back when it goes. Move-only.
  class Pass {
   public:
    Pass() = default;  // Of a write that is no job's.
    Pass(Pass&& other) noexcept
        : fences_(std::exchange(other.fences_, nullptr)), entered_(other.entered_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (fences_) fences_->Leave(entered_);
    }

   private:
    friend class JobFences;
    using Entered = std::list<JobFence>;
    Pass(JobFences& fences, Entered::iterator entered) : fences_(&fences), entered_(entered) {}

    JobFences* fences_ = nullptr;
    Entered::iterator entered_;
  };

  // Groups that only writes told of; those of the coordinator do not count.
  static constexpr size_t kGroupsMax = 100'000;

  // A newer epoch than the newest known is remembered: the coordinator has told somebody.
  // Errors: kFencedJobEpoch for an older one; kOperationNotAttempted if there are kGroupsMax, or
  // after Close.
  Result<Pass> Enter(const JobFence& fence);

  // No write under an epoch older than these enters any more; epochs older than those known change
  // nothing. `done` is called once, when none is under way: possibly at once, else on the thread of
  // the last of them.
  void Raise(const std::vector<JobFence>& epochs, absl::AnyInvocable<void()> done);

  // This server was away from the cluster, so it may have missed epochs: nobody enters until Raise
  // is called again. To be called before the server is known to the cluster again; the coordinator
  // then tells it all epochs there are.
  void Close();

  // The newest epoch known; none of a group never heard of.
  std::optional<int64_t> EpochOf(const std::string& group) const;

 private:
  struct Wait {
    std::vector<JobFence> epochs;
    absl::AnyInvocable<void()> done;
  };

  void Leave(std::list<JobFence>::iterator entered);
  bool IsOver(const Wait& wait) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, int64_t> epochs_ ABSL_GUARDED_BY(mutex_);
  std::list<JobFence> entered_ ABSL_GUARDED_BY(mutex_);  // Few: one an append under way.
  std::list<Wait> waits_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// What a write brings to the door: the fence of its job, or that it is nobody's.
class JobAdmission {
 public:
  JobAdmission() = default;
  // `fences` outlives it.
  JobAdmission(JobFences& fences, std::optional<JobFence> fence)
      : fences_(&fences), fence_(std::move(fence)) {}

  Result<JobFences::Pass> Enter() const {
    if (!fences_ || !fence_) return JobFences::Pass();
    return fences_->Enter(*fence_);
  }

 private:
  JobFences* fences_ = nullptr;
  std::optional<JobFence> fence_;
};

}  // namespace strom::tablet
