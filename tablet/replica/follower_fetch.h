#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "tablet/replica/replica_manager.h"

namespace strom::tablet {

// A fetch of several buckets, as one follower asks for it.
struct FollowerFetchRequest {
  struct Bucket {
    TableBucket bucket;
    FollowerPosition position;
    size_t size_max = 0;
  };
  std::vector<Bucket> buckets;
  size_t size_max = 0;  // Of all records together; the first batch comes in any case.
  size_t size_min = 0;  // Wait until so many bytes are there (0 waits like 1) ...
  MonoTime wait_until;  // ... but not longer than this.
};

// One result a bucket of the request, in its order.
using FollowerResults = std::vector<Result<FollowerRead>>;

// Answers the fetch of one follower. What it says of the follower's logs is noted in every bucket
// at once, side by side; then the answer comes when there are records up to the logs' ends, a
// follower diverges, something is wrong with a bucket, or time is up: at once, or woken by the
// append that brings the records. Never polls.
//
// Unlike in a client's fetch (delayed_fetch.h) every error ends the wait: the follower leaves that
// bucket out for a while, and the other buckets' wait begins anew.
//
// Records are read in rounds. In each, the buckets that are behind and have got nothing yet are
// given what is left of size_max, in their order; only the first of a round gets a batch that is
// larger than its share. So an answer is above size_max by less than one batch.
//
// Lives on a strand of its own, alive until it has answered.
class FollowerFetch : public std::enable_shared_from_this<FollowerFetch> {
 public:
  using Done = absl::AnyInvocable<void(FollowerResults)>;

  // `done` runs once, on any thread; it is dropped unrun only if the executor shuts down.
  FollowerFetch(const ReplicaManager& replicas, runtime::Executor& executor,
                const runtime::Clock& clock, FollowerFetchRequest request, Done done);

  // Once. Any thread, as End.
  void Start();

  // Waits no longer: answers with what there is, once started.
  void End();

 private:
  struct Bucket {
    std::shared_ptr<Replica> replica;  // Null: this server has none.
    LogOffset seen_end;                // Of the leader's log, before it was read last.
    bool was_first = false;            // It was given its next batch whatever the size.
    std::optional<Result<FollowerRead>> result;
  };

  bool IsBehind(size_t i) const { return buckets_[i].seen_end > PositionOf(i); }
  LogOffset PositionOf(size_t i) const { return request_.buckets[i].position.log_end_offset; }
  bool MayGetMore(size_t i) const;
  size_t SizeRead() const;
  bool IsEnough() const;

  // All below on the strand. Reads these buckets side by side; ends with FinishRound.
  void StartRound(const std::vector<size_t>& buckets);
  void FinishRound();
  void Wait();
  void OnWake(size_t i);
  void EndWait();
  void Finish();

  const runtime::Clock& clock_;
  const FollowerFetchRequest request_;
  const OffsetWaiters::Id first_wait_id_;
  runtime::Strand strand_;
  Done done_;

  std::vector<Bucket> buckets_;     // As in the request; a round's reads set the results.
  bool in_round_ = true;            // The first one begins with Start.
  std::atomic<size_t> reading_{0};  // Buckets of the round that were not read yet.
  std::set<size_t> woken_;          // Not read since.
  std::set<size_t> waiting_;        // In their replicas.
  runtime::TimerId timer_ = runtime::kNoTimer;
  bool wait_is_over_ = false;
};

}  // namespace strom::tablet
