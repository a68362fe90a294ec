#pragma once

#include <optional>
#include <vector>

#include "common/runtime/clock.h"
#include "tablet/replica/replica_manager.h"

namespace strom::tablet {

// A fetch of several buckets, as one client asks for it. (Followers: follower_fetch.h.)
struct FetchRequest {
  struct Bucket {
    TableBucket bucket;
    LogOffset offset;
    size_t size_max = 0;
    std::optional<std::vector<int32_t>> projection;  // None: all columns.
  };
  std::vector<Bucket> buckets;
  size_t size_max = 0;  // Of all records together; the first batch comes in any case.
  size_t size_min = 0;  // Wait until so many bytes are there (0 waits like 1) ...
  MonoTime wait_until;  // ... but not longer than this.
};

// One result a bucket of the request, in its order.
using FetchResults = std::vector<Result<BucketRead>>;

// Answers a fetch when there is enough to give, something is wrong with one of its buckets, or time
// is up: at once, or woken by the append that brings the records. Never polls.
//
// Buckets that this server does not have give kUnknownTableOrBucket, and do not cut the others'
// wait short; neither does kNotLeaderOrFollower. If no bucket is left to wait for, the answer comes
// at once. `done` runs once, on any thread; it is dropped unrun only if the executor shuts down.
void Fetch(const ReplicaManager& replicas, runtime::Executor& executor, const runtime::Clock& clock,
           FetchRequest request, absl::AnyInvocable<void(FetchResults)> done);

// The first of `count` names for waits in replicas, unique in the process.
OffsetWaiters::Id TakeWaitIds(size_t count);

}  // namespace strom::tablet
