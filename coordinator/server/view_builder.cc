#include "coordinator/server/view_builder.h"

#include <utility>

namespace strom::coordinator {
namespace {

std::shared_ptr<const service::TableView> ViewOf(const ClusterState& state, const TableInfo& info) {
  service::TableView view{.info = info, .buckets = {}};
  for (const auto& [bucket, bucket_state] : state.BucketsOf(info.id)) {
    service::BucketLeader& entry = view.buckets[bucket.bucket];
    entry.replicas = bucket_state->replicas;
    if (!bucket_state->leadership) continue;
    entry.leader_epoch = bucket_state->leadership->leader_epoch;
    if (bucket_state->leadership->leader != kNoServer) {
      entry.leader = bucket_state->leadership->leader;
    }
  }
  return std::make_shared<const service::TableView>(std::move(view));
}

}  // namespace

std::shared_ptr<const service::ClusterView> ViewBuilder::Build(const ClusterState& state,
                                                               const LiveServers& servers) {
  auto view = std::make_shared<service::ClusterView>();
  view->coordinator = coordinator_;
  for (const auto& [id, server] : servers) view->tablet_servers.emplace(id, server.info);
  std::map<TableId, std::shared_ptr<const service::TableView>> tables;
  for (const auto& [id, info] : state.tables()) {
    const auto known = tables_.find(id);
    auto table = known == tables_.end() ? ViewOf(state, info) : known->second;
    view->tables.emplace(info.path, table);
    tables.emplace(id, std::move(table));
  }
  tables_ = std::move(tables);
  return view;
}

}  // namespace strom::coordinator
