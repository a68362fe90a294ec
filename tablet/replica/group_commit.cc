#include "tablet/replica/group_commit.h"

#include <utility>

namespace strom::tablet {

void GroupCommit::Sync(const std::shared_ptr<void>& owner, Done done) {
  waiting_.push_back(std::move(done));
  if (!syncing_) Start(owner);
}

void GroupCommit::Start(const std::shared_ptr<void>& owner) {
  syncing_ = true;
  joined_ = std::exchange(waiting_, {});
  if (!failure_.ok()) return strand_.Post([this, owner] { Finish(owner, failure_); });
  blocking_.Post([this, owner] {
    strand_.Post([this, owner, status = log_.Sync()] { Finish(owner, status); });
  });
}

void GroupCommit::Finish(const std::shared_ptr<void>& owner, const Status& status) {
  if (failure_.ok()) failure_ = status;
  syncing_ = false;
  for (Done& done : std::exchange(joined_, {})) done(failure_);
  // One of those may have begun the next one already.
  if (!waiting_.empty() && !syncing_) Start(owner);
  if (syncing_) return;
  for (auto& idle : std::exchange(idle_, {})) idle();
}

void GroupCommit::AwaitIdle(absl::AnyInvocable<void()> idle) {
  if (!syncing_) return idle();
  idle_.push_back(std::move(idle));
}

}  // namespace strom::tablet
