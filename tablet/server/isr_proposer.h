#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <absl/functional/any_invocable.h>

#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "proto/cluster.pb.h"
#include "proto/pb.h"
#include "tablet/replica/replica_duties.h"
#include "tablet/server/peer_endpoint.h"

namespace strom::tablet {

// Asks the leading coordinator to take over the ISRs that this server's leaders propose: one
// AdjustIsr in flight with all proposals there are, repeated with back-off, at the address that the
// view then has, while the coordinator cannot be reached or does not lead. What it says of a bucket
// is final.
//
// Any thread may call; lives on a strand of its own. Timers and answers find out themselves when
// it is gone.
class IsrProposer : public std::enable_shared_from_this<IsrProposer> {
 public:
  using Proposal = ReplicaDuties::IsrProposal;
  // The leadership as taken over, but for its `replicas`, which the coordinator does not say.
  using Done = absl::AnyInvocable<void(Result<Leadership>)>;

  struct Options {
    ServerId self;
    std::string internal_listener;           // Its address of the coordinator is used.
    MonoDuration call_timeout = Seconds(5);  // The coordinator writes it to the metadata store.
    MonoDuration retry_min = Millis(50);     // After an error, doubling
    MonoDuration retry_max = Seconds(1);     // up to this.
  };

  using World = PeerWorld;

  IsrProposer(World world, Options options);

  // `done` runs once, never inside this call; dropped unrun after Stop. Errors: kFencedLeaderEpoch
  // if a newer leadership of the bucket is known here; kOperationNotAttempted if another proposal
  // under the same one takes this one's place; what the coordinator says of the bucket. All but
  // kIneligibleReplica leave open whether it has taken the proposal over.
  void Propose(Proposal proposal, Done done);

  // There is a newer leadership of the bucket: proposals under older ones are given up.
  void GiveUpBelow(const TableBucket& bucket, LeaderEpoch epoch);

  // Forgets all proposals and takes no more.
  void Stop();

 private:
  struct Pending {
    uint64_t number = 0;  // Of the proposal, to tell it from others of the bucket.
    Proposal proposal;
    Done done;
    bool maybe_taken = false;  // A call with it was not answered.
  };

  // All below on the strand.
  void Add(Proposal proposal, Done done);
  void Send();
  pb::AdjustIsrRequest MakeRequest();
  void OnAnswer(Result<pb::AdjustIsrResponse> answer);
  void Settle(Pending pending, Result<Leadership> result);
  void RetryLater(const Status& why);

  const World world_;
  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;

  std::shared_ptr<rpc::Channel> channel_;
  std::map<TableBucket, Pending> pending_;
  std::map<TableBucket, uint64_t> sent_;  // In the call in flight: the numbers of the proposals.
  uint64_t next_number_ = 1;
  bool calling_ = false;
  bool stopped_ = false;
  runtime::TimerId retry_ = runtime::kNoTimer;
  MonoDuration delay_;
};

}  // namespace strom::tablet
