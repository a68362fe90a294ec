#include "coordinator/state/lease_book.h"

#include <algorithm>

#include "common/base/mutation.h"

namespace strom::coordinator {

bool LeaseBook::Grant(ServerId server, MonoTime now) {
  if (unheard_.contains(server)) return false;
  granted_[server] = now;
  return true;
}

void LeaseBook::OnDeposed(ServerId server, const TableBucket& bucket, LeaderEpoch led,
                          BucketEpoch since, MonoTime now) {
  if (Mutated(Mutant::kDeposedLeaseForgotten)) return;
  const Former former{.led = led,
                      .since = since,
                      .lease_end = std::max(LeaseEnd(server), now),
                      .waited_until = now + options_.lease + options_.margin};
  if (formers_[bucket].insert_or_assign(server, former).second) ++unheard_[server];
}

bool LeaseBook::OnHeard(ServerId server, const TableBucket& bucket, BucketEpoch told,
                        MonoTime now) {
  const auto formers = formers_.find(bucket);
  if (formers == formers_.end()) return false;
  const auto former = formers->second.find(server);
  if (former == formers->second.end() || told < former->second.since) return false;
  const bool was_waited_for = former->second.waited_until > now;
  formers->second.erase(former);
  if (formers->second.empty()) formers_.erase(formers);
  Remove(server);
  return was_waited_for;
}

void LeaseBook::Forget(TableId table) {
  const auto begin = formers_.lower_bound({.table = table});
  const auto end = formers_.lower_bound({.table = table.Next()});
  for (auto it = begin; it != end; ++it) {
    for (const auto& [server, former] : it->second) Remove(server);
  }
  formers_.erase(begin, end);
}

MonoTime LeaseBook::FreeAt(const TableBucket& bucket, ServerId leader) const {
  MonoTime free = begun_ + options_.lease + options_.margin;
  if (const auto formers = formers_.find(bucket); formers != formers_.end()) {
    for (const auto& [server, former] : formers->second) {
      if (server != leader) free = std::max(free, former.lease_end);
    }
  }
  return free;
}

LeaderEpoch LeaseBook::EndedSince(const TableBucket& bucket, ServerId leader) const {
  LeaderEpoch ended;
  if (const auto formers = formers_.find(bucket); formers != formers_.end()) {
    for (const auto& [server, former] : formers->second) {
      if (server != leader) ended = std::max(ended, former.led.Next());
    }
  }
  return ended;
}

// What former coordinators granted counts as granted when this one began.
MonoTime LeaseBook::LeaseEnd(ServerId server) const {
  const auto granted = granted_.find(server);
  const MonoTime last = granted == granted_.end() ? begun_ : std::max(begun_, granted->second);
  return last + options_.lease + options_.margin;
}

void LeaseBook::Remove(ServerId server) {
  const auto unheard = unheard_.find(server);
  if (--unheard->second == 0) unheard_.erase(unheard);
}

}  // namespace strom::coordinator
