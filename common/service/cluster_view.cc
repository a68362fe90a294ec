#include "common/service/cluster_view.h"

#include <utility>

namespace strom::service {

const TableView* ClusterView::Find(const TablePath& path) const {
  const auto found = tables.find(path);
  return found != tables.end() ? found->second.get() : nullptr;
}

const TableView* ClusterView::Find(TableId id) const {
  for (const auto& [path, table] : tables) {
    if (table->info.id == id) return table.get();
  }
  return nullptr;
}

std::shared_ptr<const ClusterView> ClusterViewHolder::Get() const {
  absl::MutexLock lock(&state_->mutex);
  return state_->view ? state_->view : std::make_shared<const ClusterView>();
}

void ClusterViewHolder::Set(std::shared_ptr<const ClusterView> view) {
  std::shared_ptr<const ClusterView> before = view;
  std::map<uint64_t, Wait> waiting;
  {
    absl::MutexLock lock(&state_->mutex);
    state_->view.swap(before);
    state_->stands_by = false;
    waiting.swap(state_->waiting);
  }
  for (auto& [number, then] : waiting) then(view);
  // `before` may be large, and goes when nobody waits for the lock.
}

void ClusterViewHolder::Forget() {
  std::shared_ptr<const ClusterView> before;  // May be large: goes after the lock.
  absl::MutexLock lock(&state_->mutex);
  state_->view.swap(before);
  state_->stands_by = false;
}

void ClusterViewHolder::StandBy() {
  Forget();
  TellNothing(&State::stands_by);
}

void ClusterViewHolder::WhenKnown(runtime::Executor& executor, MonoTime until, Wait then) const {
  std::shared_ptr<const ClusterView> view;
  uint64_t number = 0;
  bool waits = false;
  {
    absl::MutexLock lock(&state_->mutex);
    view = state_->view;
    waits = !view && !state_->closed && !state_->stands_by;
    if (waits) state_->waiting.emplace(number = state_->next++, std::move(then));
  }
  if (!waits) return then(std::move(view));
  executor.PostAt(until, [weak = std::weak_ptr(state_), number] {
    const std::shared_ptr<State> state = weak.lock();
    if (!state) return;
    std::map<uint64_t, Wait>::node_type late;
    {
      absl::MutexLock lock(&state->mutex);
      late = state->waiting.extract(number);
    }
    if (late) late.mapped()(nullptr);
  });
}

void ClusterViewHolder::Close() { TellNothing(&State::closed); }

void ClusterViewHolder::TellNothing(bool State::*why) {
  std::map<uint64_t, Wait> waiting;
  {
    absl::MutexLock lock(&state_->mutex);
    (*state_).*why = true;
    waiting.swap(state_->waiting);
  }
  for (auto& [number, then] : waiting) then(nullptr);
}

}  // namespace strom::service
