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
  return view_;
}

void ClusterViewHolder::Set(std::shared_ptr<const ClusterView> view) {
  {
    absl::MutexLock lock(&mutex_);
    view_.swap(view);
  }
  // `view` is the old one now: it may be large, and goes when nobody waits for the lock.
}

}  // namespace strom::service
