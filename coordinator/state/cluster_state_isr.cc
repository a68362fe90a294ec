// Leaders that want another ISR.
#include <algorithm>
#include <set>

#include "common/base/mutation.h"
#include "coordinator/state/cluster_state.h"

namespace strom::coordinator {
namespace {

// Errors for a proposal that was made in view of another leadership than the current one.
Status CheckEpochs(const IsrProposal& proposal, CoordinatorEpoch epoch, const Leadership& current) {
  const TableBucket& bucket = proposal.bucket;
  if (Mutated(Mutant::kIsrEpochsUnchecked)) return Status::Ok();
  if (proposal.coordinator_epoch > epoch || proposal.leader_epoch > current.leader_epoch ||
      proposal.bucket_epoch > current.bucket_epoch) {
    return Error(ErrorCode::kInvalidCoordinator,
                 "{}: server {} knows coordinator epoch {}, leader epoch {}, bucket epoch {}; this "
                 "coordinator has {}, {} and {}",
                 bucket, proposal.leader, proposal.coordinator_epoch, proposal.leader_epoch,
                 proposal.bucket_epoch, epoch, current.leader_epoch, current.bucket_epoch);
  }
  if (current.leader == kNoServer || proposal.leader != current.leader ||
      proposal.leader_epoch < current.leader_epoch) {
    return Error(ErrorCode::kFencedLeaderEpoch,
                 "{}: server {} at leader epoch {} wants another ISR, but server {} leads at {}",
                 bucket, proposal.leader, proposal.leader_epoch, current.leader,
                 current.leader_epoch);
  }
  // An older coordinator's term too: servers may have begun new lives while nobody was looking.
  if (proposal.bucket_epoch < current.bucket_epoch || proposal.coordinator_epoch < epoch) {
    return Error(ErrorCode::kInvalidUpdateVersion,
                 "{}: proposed at bucket epoch {} of coordinator epoch {}, they are {} and {}",
                 bucket, proposal.bucket_epoch, proposal.coordinator_epoch, current.bucket_epoch,
                 epoch);
  }
  return Status::Ok();
}

}  // namespace

Result<Leadership> ClusterState::AdjustIsr(const IsrProposal& proposal, CoordinatorEpoch epoch,
                                           Effects& effects) {
  const TableBucket& bucket = proposal.bucket;
  const BucketState* const state = Find(bucket);
  if (!state || !state->leadership) {
    return Error(ErrorCode::kUnknownTableOrBucket, "{} is not known here, or never had a leader",
                 bucket);
  }
  const Leadership& current = *state->leadership;
  const std::set<ServerId> wanted(proposal.isr.begin(), proposal.isr.end());
  const std::set<ServerId> members(current.isr.begin(), current.isr.end());
  // A retry of what was accepted: its answer got lost.
  if (proposal.leader == current.leader && proposal.leader_epoch == current.leader_epoch &&
      proposal.bucket_epoch == BucketEpoch(current.bucket_epoch.value() - 1) && wanted == members) {
    return current;
  }
  if (Status stale = CheckEpochs(proposal, epoch, current); !stale.ok()) {
    // It waits for the news that it lacks.
    if (stale.code() == ErrorCode::kInvalidUpdateVersion) {
      effects.notify[current.leader][bucket] = current;
    }
    return stale;
  }
  if (!wanted.contains(proposal.leader) || wanted.size() != proposal.isr.size()) {
    return Error(ErrorCode::kIneligibleReplica,
                 "{}: the proposed ISR lacks its leader, server {}, or names a server twice",
                 bucket, proposal.leader);
  }
  for (const ServerId member : wanted) {
    if (members.contains(member)) continue;
    if (std::ranges::find(state->replicas, member) == state->replicas.end()) {
      return Error(ErrorCode::kIneligibleReplica, "{}: server {} is no replica of it", bucket,
                   member);
    }
    if (state->failed.contains(member)) {
      return Error(ErrorCode::kIneligibleReplica, "{}: the replica of server {} is out of service",
                   bucket, member);
    }
    if (!is_able(member)) {
      return Error(ErrorCode::kIneligibleReplica, "{}: server {} {}", bucket, member,
                   !live_.contains(member)     ? "is not live"
                   : refused_.contains(member) ? "cannot be reached"
                                               : "is stopping");
    }
  }
  Leadership next = current;
  next.isr = proposal.isr;
  next.bucket_epoch = current.bucket_epoch.Next();
  Elect(bucket, next, effects);
  return next;
}

}  // namespace strom::coordinator
