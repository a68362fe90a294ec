#include "tablet/server/handover.h"

#include <algorithm>
#include <utility>

#include "common/rpc/methods.h"
#include "tablet/server/peer_endpoint.h"

namespace strom::tablet {
namespace {

// Whether the same question may be answered a moment later.
bool MayPass(ErrorCode code) {
  return code == ErrorCode::kNetwork || code == ErrorCode::kNotCoordinatorLeader ||
         code == ErrorCode::kOperationNotAttempted;
}

}  // namespace

bool HasPeers(const service::ClusterView& view, ServerId self) {
  const auto& live = view.tablet_servers;
  if (live.empty() || (live.size() == 1 && live.contains(self))) return false;
  for (const auto& [path, table] : view.tables) {
    for (const auto& [bucket, leader] : table->buckets) {
      const auto& replicas = leader.replicas;
      if (replicas.size() > 1 && std::ranges::find(replicas, self) != replicas.end()) return true;
    }
  }
  return false;
}

Handover::Handover(World world, Options options)
    : world_(world),
      options_(std::move(options)),
      strand_(std::make_shared<runtime::Strand>(world.executor)),
      delay_(options_.retry_min) {}

void Handover::Run(int64_t start_epoch, Done done) {
  strand_->Post([self = shared_from_this(), start_epoch, done = std::move(done)]() mutable {
    self->start_epoch_ = start_epoch;
    self->done_ = std::move(done);
    self->end_ = self->world_.clock.Now() + self->options_.limit;
    self->unreached_end_ = self->world_.clock.Now() + self->options_.unreached_limit;
    self->Ask();
  });
}

void Handover::Ask() {
  const auto endpoint = CoordinatorEndpoint(*world_.views.Get(), options_.internal_listener);
  if (!endpoint.ok()) return Finish(endpoint.status());
  channel_ = world_.network.Connect(*endpoint);
  pb::ControlledShutdownRequest request;
  request.set_tablet_server_id(options_.self.value());
  request.set_tablet_server_epoch(-1);  // Fluss's, of which we have none.
  request.set_start_epoch(start_epoch_);
  rpc::Call(*channel_, rpc::kControlledShutdown, request, end_,
            absl::AnyInvocable<void(Result<pb::ControlledShutdownResponse>)>(
                [weak = weak_from_this(),
                 strand = strand_](Result<pb::ControlledShutdownResponse> answer) mutable {
                  strand->Post([weak = std::move(weak), answer = std::move(answer)] {
                    if (const auto self = weak.lock()) self->OnAnswer(answer);
                  });
                }));
}

void Handover::OnAnswer(const Result<pb::ControlledShutdownResponse>& answer) {
  channel_ = nullptr;
  if (answer.ok()) return Finish(answer->remaining_leader_buckets_size());
  if (!MayPass(answer.status().code())) return Finish(answer.status());
  AskLater(answer.status());
}

void Handover::AskLater(const Status& why) {
  const MonoTime now = world_.clock.Now();
  // An answer came from somebody.
  if (why.code() != ErrorCode::kNetwork) unreached_end_ = now + options_.unreached_limit;
  if (now + delay_ >= std::min(end_, unreached_end_)) return Finish(why);
  strand_->PostAt(now + delay_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Ask();
  });
  delay_ = std::min(delay_ * 2, options_.retry_max);
}

void Handover::Finish(Result<int> outcome) { std::exchange(done_, nullptr)(std::move(outcome)); }

}  // namespace strom::tablet
