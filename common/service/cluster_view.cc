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
  absl::MutexLock lock(&mutex_);
  return view_ ? view_ : std::make_shared<const ClusterView>();
}

void ClusterViewHolder::Set(std::shared_ptr<const ClusterView> view) {
  std::shared_ptr<const ClusterView> before = view;
  std::vector<Wait> waiting;
  {
    absl::MutexLock lock(&mutex_);
    view_.swap(before);
    waiting.swap(waiting_);
  }
  for (Wait& then : waiting) then(view);
  // `before` may be large, and goes when nobody waits for the lock.
}

void ClusterViewHolder::WhenKnown(Wait then) const {
  std::shared_ptr<const ClusterView> view;
  {
    absl::MutexLock lock(&mutex_);
    if (!view_ && !closed_) return waiting_.push_back(std::move(then));
    view = view_;
  }
  then(std::move(view));
}

void ClusterViewHolder::Close() {
  std::vector<Wait> waiting;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    waiting.swap(waiting_);
  }
  for (Wait& then : waiting) then(nullptr);
}

}  // namespace strom::service
