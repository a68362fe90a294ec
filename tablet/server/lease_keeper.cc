#include "tablet/server/lease_keeper.h"

#include <utility>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "common/rpc/methods.h"
#include "tablet/server/peer_endpoint.h"

namespace strom::tablet {

LeaseKeeper::LeaseKeeper(World world, Options options)
    : world_(world),
      options_(std::move(options)),
      strand_(std::make_shared<runtime::Strand>(world.executor)),
      lease_(world.clock) {}

void LeaseKeeper::Start() {
  strand_->Post([self = shared_from_this()] { self->Ask(); });
}

void LeaseKeeper::Stop() {
  strand_->Post([self = shared_from_this()] {
    self->stopped_ = true;
    self->channel_ = nullptr;
  });
}

void LeaseKeeper::Ask() {
  if (stopped_) return;
  const MonoTime asked = world_.clock.Now();
  strand_->PostAt(asked + options_.interval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Ask();
  });
  if (!channel_ || channel_->broken()) {
    const auto endpoint = CoordinatorEndpoint(*world_.views.Get(), options_.internal_listener);
    if (!endpoint.ok()) return;
    channel_ = world_.network.Connect(*endpoint);
    ++connection_;
  }
  pb::RenewLeaseRequest request;
  request.set_tablet_server_id(options_.self.value());
  rpc::Call(
      *channel_, rpc::kRenewLease, request, asked + options_.call_timeout,
      absl::AnyInvocable<void(Result<pb::RenewLeaseResponse>)>(
          [weak = weak_from_this(), strand = strand_, asked,
           connection = connection_](Result<pb::RenewLeaseResponse> answer) mutable {
            strand->Post([weak = std::move(weak), asked, connection, answer = std::move(answer)] {
              if (const auto self = weak.lock()) self->OnAnswer(asked, connection, answer);
            });
          }));
}

void LeaseKeeper::OnAnswer(MonoTime asked, uint64_t connection,
                           const Result<pb::RenewLeaseResponse>& answer) {
  if (stopped_) return;
  if (answer.ok()) {
    failing_ = false;
    const MonoTime from = Mutated(Mutant::kLeaseFromAnswer) ? world_.clock.Now() : asked;
    return lease_.Extend(CoordinatorEpoch(answer->coordinator_epoch()), from,
                         Millis(answer->lease_ms()));
  }
  if (!std::exchange(failing_, true)) {
    STROM_LOG(kWarn, "no lease for rows of primary-key tables: {}", answer.status().ToString());
  }
  // Another coordinator may lead by now, or the connection be silent.
  if (connection == connection_ && answer.status().code() != ErrorCode::kOperationNotAttempted) {
    channel_ = nullptr;
  }
}

}  // namespace strom::tablet
