#include "common/service/update_metadata.h"

#include <utility>

#include "common/convert/path.h"
#include "common/service/table_metadata.h"

namespace strom::service {
namespace {

// Marks of a table that is gone.
constexpr int64_t kDeletedId = -2;
constexpr std::string_view kUnknownDatabase = "__UNKNOWN__";
constexpr std::string_view kDeletedTable = "__delete__";

// What a server without a list of listeners is reached by.
constexpr const char* kOnlyListener = "CLIENT";

pb::PbServerNode NodeOf(const ServerInfo& server) {
  pb::PbServerNode node;
  node.set_node_id(server.id.value());
  // The first listener once more, for readers that know no list.
  node.set_host(server.listeners.empty() ? "" : server.listeners.begin()->second.host);
  node.set_port(server.listeners.empty() ? 0 : server.listeners.begin()->second.port);
  if (!server.listeners.empty()) node.set_listeners(ListenersToText(server.listeners));
  if (server.rack) node.set_rack(*server.rack);
  return node;
}

Result<ServerInfo> ServerFrom(const pb::PbServerNode& node) {
  ServerInfo server{
      .id = ServerId(node.node_id()),
      .listeners = {},
      .rack = node.has_rack() ? std::optional<std::string>(node.rack()) : std::nullopt};
  const auto corrupt = [&](std::string_view what) {
    return Error(ErrorCode::kCorruptMessage, "server {}: {}", node.node_id(), what);
  };
  if (node.node_id() < 0) return corrupt("a negative id");
  if (node.has_listeners()) {
    Result<Listeners> listeners = ListenersFromText(node.listeners());
    if (!listeners.ok()) return corrupt(listeners.status().message());
    server.listeners = *std::move(listeners);
  } else if (!node.host().empty()) {
    if (node.port() < 1 || node.port() > UINT16_MAX) return corrupt("a port outside 1 to 65535");
    server.listeners[kOnlyListener] = {node.host(), static_cast<uint16_t>(node.port())};
  }
  return server;
}

void Forget(TableId id, ClusterView* view) {
  std::erase_if(view->tables, [id](const auto& entry) { return entry.second->info.id == id; });
}

// Servers are told under which epoch a leader was lost; clients are not.
pb::PbTableMetadata WithLosses(const TableView& table) {
  pb::PbTableMetadata metadata = ToPb(table);
  int i = 0;
  for (const auto& [id, bucket] : table.buckets) {
    metadata.mutable_bucket_metadata(i++)->set_leader_epoch(bucket.leader_epoch.value());
  }
  return metadata;
}

// A leader of an older epoch than one that is known, or its loss: it came late, over an older
// connection.
void KeepNewerLeaders(const TableView& known, TableView* table) {
  if (known.info.id != table->info.id) return;
  for (auto& [id, bucket] : table->buckets) {
    const auto old = known.buckets.find(id);
    if (old == known.buckets.end() || !old->second.leader) continue;
    if (bucket.leader_epoch < old->second.leader_epoch) bucket = old->second;
  }
}

Status ApplyTable(const pb::PbTableMetadata& metadata, ClusterView* view) {
  const pb::PbTablePath& path = metadata.table_path();
  if (path.database_name() == kUnknownDatabase && path.table_name() == kDeletedTable) {
    Forget(TableId(metadata.table_id()), view);
    return Status::Ok();
  }
  if (metadata.table_id() == kDeletedId) {
    view->tables.erase({path.database_name(), path.table_name()});
    return Status::Ok();
  }
  STROM_ASSIGN_OR_RETURN(TableView table, FromPb(metadata));
  if (const TableView* known = view->Find(table.info.path)) KeepNewerLeaders(*known, &table);
  TablePath key = table.info.path;
  view->tables[std::move(key)] = std::make_shared<const TableView>(std::move(table));
  return Status::Ok();
}

}  // namespace

pb::UpdateMetadataRequest MakeUpdateMetadata(const ClusterView& view, const ClusterView& before,
                                             CoordinatorEpoch epoch) {
  pb::UpdateMetadataRequest request;
  if (view.coordinator) *request.mutable_coordinator_server() = NodeOf(*view.coordinator);
  for (const auto& [id, server] : view.tablet_servers) {
    *request.add_tablet_servers() = NodeOf(server);
  }
  // Markers first: a table that was made anew under the same name follows its predecessor's.
  for (const auto& [path, table] : before.tables) {
    if (view.tables.contains(path)) continue;
    pb::PbTableMetadata* gone = request.add_table_metadata();
    *gone = ToPb(*table);
    gone->clear_bucket_metadata();
    gone->set_table_id(kDeletedId);
  }
  for (const auto& [path, table] : view.tables) *request.add_table_metadata() = WithLosses(*table);
  request.set_coordinator_epoch(epoch.value());
  return request;
}

Result<ClusterView> ApplyUpdateMetadata(const ClusterView& before,
                                        const pb::UpdateMetadataRequest& request) {
  ClusterView view;
  view.tables = before.tables;
  if (request.has_coordinator_server()) {
    STROM_ASSIGN_OR_RETURN(view.coordinator, ServerFrom(request.coordinator_server()));
  }
  for (const pb::PbServerNode& node : request.tablet_servers()) {
    STROM_ASSIGN_OR_RETURN(ServerInfo server, ServerFrom(node));
    view.tablet_servers[server.id] = std::move(server);
  }
  for (const pb::PbTableMetadata& table : request.table_metadata()) {
    STROM_RETURN_IF_ERROR(ApplyTable(table, &view));
  }
  return view;
}

}  // namespace strom::service
