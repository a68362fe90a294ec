#include "tablet/server/follower_fetcher.h"

#include <variant>

#include "tablet/replica/durability_rule.h"
#include "tablet/server/join.h"

namespace strom::tablet {

bool FollowerFetcher::Syncs(const Replica& replica) const {
  constexpr size_t kReplicasMin = 2;  // Of a bucket that has a follower.
  return TermsOf(replica.spec().properties.durability, kReplicasMin, durability_).counts_synced();
}

void FollowerFetcher::Follow(std::shared_ptr<Replica> replica, ServerId leader, LeaderEpoch epoch) {
  const TableBucket bucket = replica->bucket();
  absl::MutexLock lock(&mutex_);
  if (stopped_) return;
  auto& loop = loops_[{leader, Syncs(*replica)}];
  if (!loop) loop = std::make_shared<FetchLoop>(world_, leader, options_);
  auto& followed = followed_[bucket];
  if (followed && followed != loop) followed->Unfollow(bucket);
  followed = loop;
  loop->Follow(std::move(replica), epoch);
}

void FollowerFetcher::Unfollow(const TableBucket& bucket) {
  absl::MutexLock lock(&mutex_);
  const auto followed = followed_.find(bucket);
  if (followed == followed_.end()) return;
  followed->second->Unfollow(bucket);
  followed_.erase(followed);
}

void FollowerFetcher::Stop(runtime::Task stopped) {
  std::map<Source, std::shared_ptr<FetchLoop>> loops;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    loops = std::exchange(loops_, {});
    followed_.clear();
  }
  const auto all = Join<std::monostate>::Of(
      loops.size(), [stopped = std::move(stopped)](auto) mutable { stopped(); });
  size_t i = 0;
  for (const auto& [source, loop] : loops) {
    loop->Stop([all, i] { all->Set(i, {}); });
    ++i;
  }
}

}  // namespace strom::tablet
