#include "tablet/replica/waiters.h"

namespace strom::tablet {

void OffsetWaiters::Add(Id id, LogOffset offset, Wake wake) {
  waiters_.emplace(std::pair(offset, id), std::move(wake));
  offsets_.emplace(id, offset);
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
  return TakeBelow(LogOffset(INT64_MAX));
}

}  // namespace strom::tablet
