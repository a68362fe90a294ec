#pragma once

#include <map>
#include <memory>
#include <utility>

#include <absl/synchronization/mutex.h>

#include "tablet/server/fetch_loop.h"

namespace strom::tablet {

// Fetches every bucket that this server follows, from its leader: one FetchLoop for each server
// they come from, and another one for those that sync what they append, so that the others do not
// wait for the disk.
//
// Any thread.
class FollowerFetcher {
 public:
  // `durability`: the cluster's, which decides for tables that say nothing.
  FollowerFetcher(FetchLoop::World world, FetchLoop::Options options, DurabilityPolicy durability)
      : world_(world), options_(std::move(options)), durability_(durability) {}

  // See ReplicaDuties. Calls about one bucket come one after another.
  void Follow(std::shared_ptr<Replica> replica, ServerId leader, LeaderEpoch epoch);
  void Unfollow(const TableBucket& bucket);

  // Ends all fetching; later calls do nothing. `stopped` runs once, on any thread, when no replica
  // has anything from here to take any more. At most one call.
  void Stop(runtime::Task stopped);

 private:
  using Source = std::pair<ServerId, bool>;  // And whether what it gives is synced.

  bool Syncs(const Replica& replica) const;

  const FetchLoop::World world_;
  const FetchLoop::Options options_;
  const DurabilityPolicy durability_;

  absl::Mutex mutex_;
  std::map<Source, std::shared_ptr<FetchLoop>> loops_ ABSL_GUARDED_BY(mutex_);
  std::map<TableBucket, std::shared_ptr<FetchLoop>> followed_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace strom::tablet
