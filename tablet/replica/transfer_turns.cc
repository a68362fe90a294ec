#include "tablet/replica/transfer_turns.h"

#include <utility>

namespace strom::tablet {

TransferTurns::Id TransferTurns::Take(runtime::Task begin) {
  Id id = 0;
  {
    absl::MutexLock lock(&mutex_);
    id = ++last_id_;
    if (free_ == 0) {
      waiting_.emplace(id, std::move(begin));
      return id;
    }
    --free_;
  }
  begin();
  return id;
}

void TransferTurns::GiveBack() {
  runtime::Task next;
  {
    absl::MutexLock lock(&mutex_);
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    next = std::move(waiting_.extract(waiting_.begin()).mapped());
  }
  next();
}

bool TransferTurns::Withdraw(Id id) {
  runtime::Task withdrawn;  // Ends outside of the lock.
  absl::MutexLock lock(&mutex_);
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return false;
  withdrawn = std::move(found->second);
  waiting_.erase(found);
  return true;
}

}  // namespace strom::tablet
