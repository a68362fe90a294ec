#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/metrics/metrics.h"
#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "common/service/cluster_view.h"
#include "proto/log.pb.h"
#include "proto/pb.h"
#include "tablet/replica/replica.h"

namespace strom::tablet {

// Fetches some buckets from one server, their leader, for as long as they are followed: one
// FetchLog in flight with all of them, its answer handed to the replicas side by side, the next
// one when all of them have taken theirs. The leader holds a request back until there is
// something, so nobody polls.
//
// - What a fetch says of a log is the follower's acknowledgement, so a bucket that can be fetched
//   is in the request: one that comes while a request waits at the leader ends that wait (by a
//   request without buckets), and the next one has it.
// - A bucket whose fetch or append fails is left out for a while, alone; after a failed call the
//   whole source is, and its address is looked up anew. No bucket is ever dropped: only Unfollow
//   and a newer Follow end it.
// - Buckets take turns: those that were given records go to the end of the next request.
//
// Any thread may call; lives on a strand of its own. Timers and answers find out themselves when
// it is gone.
class FetchLoop : public std::enable_shared_from_this<FetchLoop> {
 public:
  struct Options {
    ServerId self;
    std::string internal_listener;             // Its address of the source is used.
    size_t size_max = size_t{16} << 20;        // Of one answer's records,
    size_t bucket_size_max = size_t{1} << 20;  // and of those of one bucket.
    MonoDuration wait_max = Millis(500);       // At the leader, for the first byte,
    MonoDuration promise_wait = Millis(250);   // and where promises are to be renewed.
    MonoDuration call_timeout = Seconds(5);    // Over that.
    MonoDuration retry_min = Millis(100);      // After an error, doubling
    MonoDuration retry_max = Seconds(1);       // up to this.
  };

  // All outlive the loop and what it has under way.
  struct World {
    runtime::Executor& executor;
    const runtime::Clock& clock;
    rpc::Network& network;
    const service::ClusterViewHolder& views;
    metrics::Counter& errors;  // Of calls and of buckets.
  };

  FetchLoop(World world, ServerId source, Options options);

  // Fetches the replica's bucket under `epoch` from now on; the same again changes nothing.
  void Follow(std::shared_ptr<Replica> replica, LeaderEpoch epoch);
  void Unfollow(const TableBucket& bucket);

  // Ends all. `stopped` runs, on any thread, when no replica has an answer of the loop to take any
  // more. Last call.
  void Stop(runtime::Task stopped);

 private:
  enum class Phase : uint8_t { kReady, kFetching, kTaking, kBackingOff };
  struct Bucket {
    std::shared_ptr<Replica> replica;
    FollowerPosition position;
    MonoDuration delay;  // Before the next try, after an error.
    Phase phase = Phase::kReady;
    bool had_records = false;  // In the last answer.
    bool removed = false;      // Not followed any more, or by another entry.

    void GoToLogEnd();  // The replica's, where it begins to fetch.
  };

  // All below on the strand.
  void Add(std::shared_ptr<Replica> replica, LeaderEpoch epoch);
  void Remove(const TableBucket& bucket);
  // Fetches if a bucket is ready, or makes room for that.
  void Pump();
  void Fetch();
  void EndWaitAtLeader();
  void OnAnswer(Result<pb::FetchLogResponse> answer);
  void Take(const std::shared_ptr<Bucket>& bucket, Result<FollowerRead> read);
  void OnTaken(const std::shared_ptr<Bucket>& bucket, const Result<FollowerPosition>& position);
  // All replicas have taken what the answer gave them.
  void FinishRound();
  void BackOff(const std::shared_ptr<Bucket>& bucket, const Status& why);
  void BackOffSource(const Status& why);

  const World world_;
  const ServerId source_;
  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;

  std::shared_ptr<rpc::Channel> channel_;
  std::map<TableBucket, std::shared_ptr<Bucket>> buckets_;
  std::vector<std::shared_ptr<Bucket>> turns_;  // The same, whose turn is first first.

  // Of the call in flight, if there is one.
  bool calling_ = false;
  bool wait_ended_ = false;
  pb::FetchLogRequest request_;
  std::vector<std::shared_ptr<Bucket>> asked_;
  size_t taking_ = 0;  // Answers that replicas have not taken yet. Meanwhile there is no call.

  runtime::TimerId retry_ = runtime::kNoTimer;  // The source is left alone until then.
  MonoDuration retry_delay_;
  runtime::Task stopped_;
  bool stopping_ = false;
};

}  // namespace strom::tablet
