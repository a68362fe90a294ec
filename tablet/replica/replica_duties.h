#pragma once

#include <memory>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/base/result.h"
#include "common/types/table_bucket.h"
#include "tablet/replica/bucket_spec.h"

namespace strom::tablet {

class Replica;

// What a server does for its replicas. Outlives the ReplicaManager it is given to; called from any
// thread, on a bucket's strand: it must not wait and must not call back inline.
class ReplicaDuties {
 public:
  struct IsrProposal {
    TableBucket bucket;
    CoordinatorEpoch coordinator_epoch;
    LeaderEpoch leader_epoch;
    BucketEpoch bucket_epoch;  // What the proposal goes on from: it is taken only if no other came.
    std::vector<ServerId> isr;
  };

  virtual ~ReplicaDuties() = default;

  // From now on fetch the bucket from `leader` under `epoch`, from replica->position() on, giving
  // each answer to TakeFromLeader; in place of any leader or epoch before. `leader` is another one.
  virtual void Follow(std::shared_ptr<Replica> replica, ServerId leader, LeaderEpoch epoch) = 0;

  // Fetch the bucket no more, and keep no replica of it. One that is not followed is fine.
  virtual void Unfollow(const TableBucket& bucket) = 0;

  // Asks the coordinator to take an ISR over; `done` gets the leadership with which it did, or is
  // dropped if the server stops. Errors: kIneligibleReplica says for certain that no attempt was
  // taken over; any other one leaves that open.
  virtual void ProposeIsr(IsrProposal proposal,
                          absl::AnyInvocable<void(Result<Leadership>)> done) = 0;

  // The bucket is out of service here while this process lives: have the coordinator know, so that
  // nobody waits for this replica. Said again whenever it is to take a role: a coordinator that
  // gives it one does not know.
  virtual void ReportFailed(const TableBucket& bucket) = 0;

  // Whether rows that were read before this call may be shown, of a bucket that the coordinator of
  // this epoch told the server to lead: see ReadLease. Errors: kLeaderNotAvailable.
  virtual Status CheckLease(CoordinatorEpoch told_by) const = 0;
};

}  // namespace strom::tablet
