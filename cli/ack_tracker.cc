#include "cli/ack_tracker.h"

namespace strom::cli {

void AckTracker::Answered(int64_t row, const Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!status.ok()) {
    if (!failure_ || row < failure_->row) failure_ = Failure{row, status};
    return;
  }
  const auto index = static_cast<size_t>(row - acknowledged_);
  if (index >= written_.size()) written_.resize(index + 1, false);
  written_[index] = true;
  while (!written_.empty() && written_.front()) {
    written_.pop_front();
    ++acknowledged_;
  }
}

int64_t AckTracker::acknowledged() const {
  absl::MutexLock lock(&mutex_);
  return acknowledged_;
}

std::optional<AckTracker::Failure> AckTracker::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

}  // namespace strom::cli
