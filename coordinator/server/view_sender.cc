#include "coordinator/server/view_sender.h"

#include <utility>

#include "common/service/update_metadata.h"

namespace strom::coordinator {

void ViewSender::Set(uint64_t version, std::shared_ptr<const service::ClusterView> view) {
  STROM_CHECK(version > version_) << "view " << version << " after " << version_;
  version_ = version;
  view_ = std::move(view);
}

pb::UpdateMetadataRequest ViewSender::Take() {
  STROM_CHECK(due()) << "nothing to send after view " << known_version_;
  service::ClusterView changed;
  changed.coordinator = view_->coordinator;
  changed.tablet_servers = view_->tablet_servers;
  for (const auto& [path, table] : view_->tables) {
    const auto known = known_->tables.find(path);
    const bool same = known != known_->tables.end() && known->second == table;
    if (!same || maybe_known_.contains(path)) changed.tables.emplace(path, table);
  }
  service::ClusterView gone;
  const auto note_gone = [&](const Tables& tables) {
    for (const auto& [path, table] : tables) {
      if (!view_->tables.contains(path)) gone.tables.emplace(path, table);
    }
  };
  note_gone(known_->tables);
  note_gone(maybe_known_);
  for (const auto& [path, table] : changed.tables) maybe_known_.insert_or_assign(path, table);
  for (const auto& [path, table] : gone.tables) maybe_known_.emplace(path, table);
  taken_version_ = version_;
  taken_ = view_;
  pb::UpdateMetadataRequest request = service::MakeUpdateMetadata(changed, gone, epoch_);
  request.set_view_version(static_cast<int64_t>(version_));
  return request;
}

void ViewSender::OnAcknowledged() {
  if (!taken_) return;
  known_version_ = taken_version_;
  known_ = taken_;
  maybe_known_.clear();
}

void ViewSender::OnConnection() {
  for (const auto& [path, table] : known_->tables) maybe_known_.emplace(path, table);
  known_ = std::make_shared<const service::ClusterView>();
  known_version_ = 0;
  taken_ = nullptr;
}

}  // namespace strom::coordinator
