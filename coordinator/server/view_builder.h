#pragma once

#include <map>
#include <memory>

#include "common/service/cluster_view.h"
#include "coordinator/server/tablet_server_watch.h"
#include "coordinator/state/cluster_state.h"

namespace strom::coordinator {

// Makes the published views of the cluster out of the coordinator's state. What did not change is
// shared between views, so that who compares pointers sees what did. On the term's strand.
class ViewBuilder {
 public:
  explicit ViewBuilder(ServerInfo coordinator) : coordinator_(std::move(coordinator)) {}

  // The table, or a leader of it, changed since the last view.
  void Touch(TableId id) { tables_.erase(id); }

  std::shared_ptr<const service::ClusterView> Build(const ClusterState& state,
                                                    const LiveServers& servers);

 private:
  const ServerInfo coordinator_;
  // As in the last view; without those that changed, but maybe with some that are gone.
  std::map<TableId, std::shared_ptr<const service::TableView>> tables_;
};

}  // namespace strom::coordinator
