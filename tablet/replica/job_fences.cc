#include "tablet/replica/job_fences.h"

#include <algorithm>

#include "common/base/mutation.h"

namespace strom::tablet {

Result<JobFences::Pass> JobFences::Enter(const JobFence& fence) {
  absl::MutexLock lock(&mutex_);
  if (closed_) {
    return Error(ErrorCode::kOperationNotAttempted,
                 "jobs of {}: this server waits to be told which epochs are over", fence.group);
  }
  const auto known = epochs_.find(fence.group);
  if (known == epochs_.end() && epochs_.size() >= kGroupsMax) {
    return Error(ErrorCode::kOperationNotAttempted, "{} groups of jobs are known already",
                 epochs_.size());
  }
  const bool over = known != epochs_.end() && fence.epoch < known->second;
  if (over && !Mutated(Mutant::kJobFenceUnchecked)) {
    return Error(ErrorCode::kFencedJobEpoch, "jobs of {}: a write under epoch {}, known is {}",
                 fence.group, fence.epoch, known->second);
  }
  if (!over) epochs_[fence.group] = fence.epoch;
  entered_.push_front(fence);
  return Pass(*this, entered_.begin());
}

void JobFences::Leave(std::list<JobFence>::iterator entered) {
  std::list<Wait> over;
  {
    absl::MutexLock lock(&mutex_);
    entered_.erase(entered);
    for (auto it = waits_.begin(); it != waits_.end();) {
      const auto here = it++;
      if (IsOver(*here)) over.splice(over.end(), waits_, here);
    }
  }
  for (Wait& wait : over) wait.done();
}

bool JobFences::IsOver(const Wait& wait) const {
  return std::ranges::none_of(entered_, [&wait](const JobFence& entered) {
    return std::ranges::any_of(wait.epochs, [&entered](const JobFence& epoch) {
      return epoch.group == entered.group && epoch.epoch > entered.epoch;
    });
  });
}

void JobFences::Raise(const std::vector<JobFence>& epochs, absl::AnyInvocable<void()> done) {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = false;
    for (const JobFence& fence : epochs) {
      int64_t& epoch = epochs_.emplace(fence.group, fence.epoch).first->second;
      epoch = std::max(epoch, fence.epoch);
    }
    Wait wait{epochs, std::move(done)};
    if (!IsOver(wait)) {
      waits_.push_back(std::move(wait));
      return;
    }
    done = std::move(wait.done);
  }
  done();
}

void JobFences::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

std::optional<int64_t> JobFences::EpochOf(const std::string& group) const {
  absl::MutexLock lock(&mutex_);
  const auto known = epochs_.find(group);
  if (known == epochs_.end()) return std::nullopt;
  return known->second;
}

}  // namespace strom::tablet
