#include "tablet/server/snapshot_committer.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/rpc/methods.h"
#include "common/rpc/strand_call.h"
#include "proto/cluster.pb.h"

namespace strom::tablet {
namespace {

// Nothing was done, and another coordinator may do it. Not so kNotCoordinatorLeader: it also comes
// from one that ceased to lead in the middle of it.
bool WasNotTaken(const Status& status) {
  return status.code() == ErrorCode::kOperationNotAttempted ||
         status.code() == ErrorCode::kInvalidCoordinator;
}

bool IsRefusal(const Status& status) {
  return status.code() == ErrorCode::kFencedLeaderEpoch ||
         status.code() == ErrorCode::kInvalidUpdateVersion ||
         status.code() == ErrorCode::kUnknownTableOrBucket;
}

}  // namespace

SnapshotCommitter::SnapshotCommitter(World world, Options options)
    : world_(world),
      options_(std::move(options)),
      strand_(std::make_shared<runtime::Strand>(world.executor)) {}

void SnapshotCommitter::Commit(ReplicaDuties::SnapshotCommit commit,
                               absl::AnyInvocable<void(Status)> done) {
  strand_->Post(
      [self = shared_from_this(), commit = std::move(commit), done = std::move(done)]() mutable {
        if (self->stopped_) return done(Error(ErrorCode::kNetwork, "the server stops"));
        auto pending = std::make_shared<Pending>(
            Pending{.commit = std::move(commit),
                    .done = std::move(done),
                    .give_up_at = self->world_.clock.Now() + self->options_.commit_for,
                    .delay = self->options_.retry_min});
        self->pending_.push_back(pending);
        self->Send(pending);
      });
}

void SnapshotCommitter::Send(const PendingPtr& pending) {
  const auto endpoint = CoordinatorEndpoint(*world_.views.Get(), options_.internal_listener);
  if (!endpoint.ok()) return RetryLater(pending, endpoint.status());
  pending->channel = world_.network.Connect(*endpoint);
  pb::CommitKvSnapshotRequest request;
  request.set_completed_snapshot(remote::ToJson(pending->commit.metadata));
  request.set_coordinator_epoch(pending->commit.coordinator_epoch.value());
  request.set_bucket_leader_epoch(pending->commit.leader_epoch.value());
  rpc::CallFromStrand(*pending->channel, rpc::kCommitKvSnapshot, request,
                      world_.clock.Now() + options_.call_timeout, strand_, weak_from_this(),
                      [pending](SnapshotCommitter& self, const auto& answer) {
                        self.OnAnswer(pending, answer.status());
                      });
}

void SnapshotCommitter::OnAnswer(const PendingPtr& pending, const Status& status) {
  pending->channel = nullptr;
  if (std::ranges::find(pending_, pending) == pending_.end()) return;  // It stopped meanwhile.
  if (status.ok()) return Settle(pending, status);
  if (IsRefusal(status)) {
    if (!pending->maybe_taken) return Settle(pending, status);
    return Settle(pending, Error(ErrorCode::kRequestTimeOut, "a call was not answered, later: {}",
                                 status.message()));
  }
  if (!WasNotTaken(status)) pending->maybe_taken = true;
  RetryLater(pending, status);
}

void SnapshotCommitter::RetryLater(const PendingPtr& pending, const Status& why) {
  const MonoTime at = world_.clock.Now() + pending->delay;
  if (at >= pending->give_up_at) {
    return Settle(pending, Error(ErrorCode::kRequestTimeOut, "not committed in {} ms: {}",
                                 options_.commit_for.millis(), why.message()));
  }
  pending->delay = std::min(pending->delay * 2, options_.retry_max);
  strand_->PostAt(at, [weak = weak_from_this(), pending] {
    const auto self = weak.lock();
    if (self && std::ranges::find(self->pending_, pending) != self->pending_.end()) {
      self->Send(pending);
    }
  });
}

void SnapshotCommitter::Settle(const PendingPtr& pending, Status status) {
  std::erase(pending_, pending);
  pending->done(std::move(status));
}

void SnapshotCommitter::Stop() {
  strand_->Post([self = shared_from_this()] {
    self->stopped_ = true;
    for (const PendingPtr& pending : std::exchange(self->pending_, {})) {
      pending->done(Error(ErrorCode::kNetwork, "the server stops"));
    }
  });
}

}  // namespace strom::tablet
