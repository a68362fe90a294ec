#include "tablet/replica/write_waiters.h"

namespace strom::tablet {

void WriteWaiters::Add(AppendInfo info, MonoTime deadline, Done done) {
  const uint64_t order = next_++;
  const LogOffset offset = info.next_offset;
  by_offset_.emplace(Key(offset, order),
                     Waiter{.write = {std::move(info), std::move(done)}, .deadline = deadline});
  if (deadline != MonoTime::Infinite()) by_deadline_.emplace(std::pair(deadline, order), offset);
}

WriteWaiters::Taken WriteWaiters::Remove(std::map<Key, Waiter>::iterator waiter) {
  Taken taken = std::move(waiter->second.write);
  by_deadline_.erase({waiter->second.deadline, waiter->first.second});
  by_offset_.erase(waiter);
  return taken;
}

std::vector<WriteWaiters::Taken> WriteWaiters::TakeUpTo(LogOffset committed) {
  std::vector<Taken> taken;
  while (!by_offset_.empty() && by_offset_.begin()->first.first <= committed) {
    taken.push_back(Remove(by_offset_.begin()));
  }
  return taken;
}

std::vector<WriteWaiters::Taken> WriteWaiters::TakeExpired(MonoTime now) {
  std::vector<Taken> taken;
  while (!by_deadline_.empty() && by_deadline_.begin()->first.first <= now) {
    const auto [key, offset] = *by_deadline_.begin();
    taken.push_back(Remove(by_offset_.find({offset, key.second})));
  }
  return taken;
}

std::vector<WriteWaiters::Taken> WriteWaiters::TakeAll() { return TakeUpTo(LogOffset(INT64_MAX)); }

MonoTime WriteWaiters::next_deadline() const {
  return by_deadline_.empty() ? MonoTime::Infinite() : by_deadline_.begin()->first.first;
}

}  // namespace strom::tablet
