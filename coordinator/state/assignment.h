#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "common/base/result.h"
#include "common/types/ids.h"

namespace strom::coordinator {

// The replicas of each bucket of a table (or partition), the preferred leader first.
using ReplicaLists = std::map<BucketId, std::vector<ServerId>>;

// How much a live server carries already.
struct ServerLoad {
  ServerId server;
  int64_t replicas = 0;  // Those it is preferred leader of included.
  int64_t leaders = 0;   // Buckets it is the preferred leader of.
};

// Places `bucket_count` buckets with `replication_factor` replicas each (both > 0), racks not
// looked at. Every bucket's leader goes where the fewest leaders are, every follower where the
// fewest replicas are, this table's own counted as they are placed; among equals the next in a ring
// wins. (Fluss deals from a random start whatever is there, so many small tables pile up.)
//
// Deterministic: the result depends on the arguments only, not on the order of `live`. `start` is a
// random number: the place in the ring of servers where dealing begins.
// Errors: kInvalidReplicationFactor if fewer than `replication_factor` servers live.
Result<ReplicaLists> AssignReplicas(int32_t bucket_count, int32_t replication_factor,
                                    std::vector<ServerLoad> live, uint64_t start);

}  // namespace strom::coordinator
