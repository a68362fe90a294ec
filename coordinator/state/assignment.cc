#include "coordinator/state/assignment.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace strom::coordinator {
namespace {

// The servers in a ring, with what they carry.
class Ring {
 public:
  explicit Ring(std::vector<ServerLoad> servers) : servers_(std::move(servers)) {
    std::sort(servers_.begin(), servers_.end(),
              [](const ServerLoad& a, const ServerLoad& b) { return a.server < b.server; });
  }

  // Place of the server with the fewest leaders, then replicas; among equals the first from `from`.
  size_t ForLeader(size_t from) const {
    return Best(from,
                [&](size_t i) { return std::pair(servers_[i].leaders, servers_[i].replicas); });
  }

  // Place of the server with the fewest replicas that has none in `taken`.
  size_t ForFollower(size_t from, const std::vector<ServerId>& taken) const {
    return Best(from, [&](size_t i) {
      const bool has_one = std::find(taken.begin(), taken.end(), servers_[i].server) != taken.end();
      return std::pair<int64_t, int64_t>(has_one, servers_[i].replicas);
    });
  }

  ServerLoad& at(size_t place) { return servers_[place]; }
  size_t size() const { return servers_.size(); }

 private:
  template <class Cost>
  size_t Best(size_t from, Cost cost) const {
    size_t best = from % servers_.size();
    for (size_t step = 1; step < servers_.size(); ++step) {
      const size_t place = (from + step) % servers_.size();
      if (cost(place) < cost(best)) best = place;
    }
    return best;
  }

  std::vector<ServerLoad> servers_;
};

}  // namespace

Result<ReplicaLists> AssignReplicas(int32_t bucket_count, int32_t replication_factor,
                                    std::vector<ServerLoad> live, uint64_t start) {
  STROM_CHECK(bucket_count > 0 && replication_factor > 0)
      << bucket_count << " buckets, replication factor " << replication_factor;
  if (live.size() < static_cast<size_t>(replication_factor)) {
    return Error(ErrorCode::kInvalidReplicationFactor,
                 "replication factor {} is larger than the number of live tablet servers, {}",
                 replication_factor, live.size());
  }
  Ring ring(std::move(live));
  const size_t first = start % ring.size();
  ReplicaLists lists;
  for (size_t b = 0; b < static_cast<size_t>(bucket_count); ++b) {
    const size_t leader = ring.ForLeader(first + b);
    ++ring.at(leader).leaders;
    ++ring.at(leader).replicas;
    std::vector<ServerId> replicas = {ring.at(leader).server};
    // Each round of the ring pairs leaders with other followers than the round before.
    const size_t round = b / ring.size();
    while (replicas.size() < static_cast<size_t>(replication_factor)) {
      const size_t follower = ring.ForFollower(leader + 1 + round, replicas);
      ++ring.at(follower).replicas;
      replicas.push_back(ring.at(follower).server);
    }
    lists.emplace(BucketId(static_cast<int32_t>(b)), std::move(replicas));
  }
  return lists;
}

}  // namespace strom::coordinator
