#include "coordinator/server/candidate.h"

#include <utility>

#include "common/base/logging.h"

namespace strom::coordinator {
namespace {

constexpr MonoDuration kPause = Seconds(1);

}  // namespace

Candidate::Candidate(Term::World world, TermOptions options, metadata::MetaStoreFactory& sessions)
    : world_(std::move(world)), options_(std::move(options)), sessions_(sessions) {}

void Candidate::Run(Listeners listeners, absl::AnyInvocable<void(Status)> first) {
  STROM_ASSERT_ON(*world_.strand);
  listeners_ = std::move(listeners);
  first_ = std::move(first);
  Begin();
}

void Candidate::Begin() {
  if (stopped_) return;
  auto store = sessions_.Connect(*world_.strand, [weak = weak_from_this()](
                                                     metadata::SessionState state) {
    const auto self = weak.lock();
    if (!self || !self->term_ || state != metadata::SessionState::kExpired) return;
    self->term_->Lose(Error(ErrorCode::kNetwork, "the session with the metadata store expired"));
  });
  if (!store.ok()) return OnTermLost(store.status());
  term_ = std::make_unique<Term>(
      world_, options_, listeners_, *std::move(store), [weak = weak_from_this()](Status why) {
        const auto self = weak.lock();
        if (!self) return;
        // The term is on the stack.
        self->world_.strand->Post([self, why = std::move(why)]() mutable {
          self->term_.reset();
          self->OnTermLost(std::move(why));
        });
      });
  term_->Start([this] {
    if (first_) std::exchange(first_, nullptr)(Status::Ok());
  });
}

void Candidate::OnTermLost(Status why) {
  if (stopped_) return;
  // That the metadata store was away passes, also while it waits for its turn; all the rest would
  // keep it from leading each time.
  if (first_ && why.code() != ErrorCode::kNetwork) {
    return std::exchange(first_, nullptr)(std::move(why));
  }
  STROM_LOG(kWarn, "coordinator {} tries to lead again in {} ms", options_.id, kPause.millis());
  world_.strand->PostAt(world_.clock.Now() + kPause, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Begin();
  });
}

void Candidate::Stop() {
  STROM_ASSERT_ON(*world_.strand);
  stopped_ = true;
  term_.reset();
  if (first_) {
    std::exchange(first_, nullptr)(
        Error(ErrorCode::kNotCoordinatorLeader, "coordinator {} was stopped", options_.id));
  }
}

}  // namespace strom::coordinator
