#include "tablet/replica/waiters.h"

#include "common/base/check.h"

namespace strom::tablet {

void OffsetWaiters::Add(Id id, LogOffset offset, Wake wake) {
  STROM_CHECK(offsets_.emplace(id, offset).second) << "waiter " << id << " waits already";
  waiters_.emplace(std::pair(offset, id), std::move(wake));
}

void OffsetWaiters::Remove(Id id) {
  const auto it = offsets_.find(id);
  if (it == offsets_.end()) return;
  waiters_.erase({it->second, id});
  offsets_.erase(it);
}

std::vector<OffsetWaiters::Wake> OffsetWaiters::TakeBelow(LogOffset end) {
  std::vector<Wake> taken;
  while (!waiters_.empty() && waiters_.begin()->first.first < end) {
    const auto first = waiters_.begin();
    offsets_.erase(first->first.second);
    taken.push_back(std::move(first->second));
    waiters_.erase(first);
  }
  return taken;
}

std::vector<OffsetWaiters::Wake> OffsetWaiters::TakeAll() {
  std::vector<Wake> taken;
  for (auto& [key, wake] : waiters_) taken.push_back(std::move(wake));
  waiters_.clear();
  offsets_.clear();
  return taken;
}

}  // namespace strom::tablet
