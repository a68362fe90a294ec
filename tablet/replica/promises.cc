#include "tablet/replica/promises.h"

#include <algorithm>

namespace strom::tablet {

void HeldPromises::OnPromise(ServerId follower, MonoTime sent) {
  MonoTime& last = sent_[follower];
  last = std::max(last, sent);
}

MonoTime HeldPromises::Until(std::span<const ServerId> others) const {
  MonoTime until = MonoTime::Infinite();
  for (const ServerId other : others) {
    const auto found = sent_.find(other);
    until = std::min(until, found == sent_.end() ? MonoTime() : found->second + kPromiseHeld);
  }
  return until;
}

void GivenPromises::Promise(LeaderEpoch under, MonoTime now) {
  std::erase_if(last_, [now](const auto& entry) { return entry.second + kPromiseGiven <= now; });
  last_[under] = now;
}

MonoTime GivenPromises::FreeAt(LeaderEpoch ended_since) const {
  MonoTime free;
  if (ended_since > LeaderEpoch(0)) free = forgotten_since_ + kPromiseGiven;
  for (const auto& [epoch, last] : last_) {
    if (epoch < ended_since) free = std::max(free, last + kPromiseGiven);
  }
  return free;
}

}  // namespace strom::tablet
