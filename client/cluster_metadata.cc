#include "client/cluster_metadata.h"

#include <utility>

#include "common/convert/path.h"
#include "common/convert/server_node.h"
#include "proto/metadata.pb.h"

namespace strom::client {
namespace {

Result<TableLocation> LocationFromPb(const TablePath& path, const pb::PbTableMetadata& table) {
  TableLocation location{.id = TableId(table.table_id()),
                         .schema_id = SchemaId(static_cast<int16_t>(table.schema_id())),
                         .leaders = {},
                         .replicas = {}};
  for (const pb::PbBucketMetadata& bucket : table.bucket_metadata()) {
    if (bucket.bucket_id() < 0) {
      return Error(ErrorCode::kCorruptMessage, "metadata of table {}: bucket {}", path,
                   bucket.bucket_id());
    }
    location.leaders[BucketId(bucket.bucket_id())] =
        bucket.has_leader_id() ? std::optional(ServerId(bucket.leader_id())) : std::nullopt;
    std::vector<ServerId>& replicas = location.replicas[BucketId(bucket.bucket_id())];
    for (const int32_t replica : bucket.replica_id()) replicas.emplace_back(replica);
  }
  return location;
}

}  // namespace

const TableLocation* ClusterMetadata::Find(const TablePath& table) const {
  const auto found = tables.find(table);
  return found == tables.end() ? nullptr : found->second.get();
}

const ServerNode* ClusterMetadata::LeaderOf(const TablePath& table, BucketId bucket) const {
  const TableLocation* const location = Find(table);
  if (!location) return nullptr;
  const auto leader = location->leaders.find(bucket);
  if (leader == location->leaders.end() || !leader->second) return nullptr;
  const auto server = tablet_servers.find(*leader->second);
  return server == tablet_servers.end() ? nullptr : &server->second;
}

bool ClusterMetadata::Has(const ServerNode& server) const {
  const auto is_it = [&server](const ServerNode& known) {
    return known.id == server.id && known.host == server.host && known.port == server.port;
  };
  if (server.type == ServerType::kCoordinator) return coordinator && is_it(*coordinator);
  const auto known = tablet_servers.find(server.id);
  return known != tablet_servers.end() && is_it(known->second);
}

Result<ClusterMetadata> ClusterMetadata::With(const pb::MetadataResponse& response) const {
  ClusterMetadata next;
  next.tables = tables;
  if (response.has_coordinator_server()) {
    STROM_ASSIGN_OR_RETURN(
        next.coordinator, convert::FromPb(response.coordinator_server(), ServerType::kCoordinator));
  }
  for (const pb::PbServerNode& node : response.tablet_servers()) {
    STROM_ASSIGN_OR_RETURN(ServerNode server, convert::FromPb(node, ServerType::kTablet));
    next.tablet_servers.insert_or_assign(server.id, std::move(server));
  }
  for (const pb::PbTableMetadata& table : response.table_metadata()) {
    STROM_ASSIGN_OR_RETURN(const TablePath path, convert::FromPb(table.table_path()));
    STROM_ASSIGN_OR_RETURN(TableLocation location, LocationFromPb(path, table));
    next.tables.insert_or_assign(path, std::make_shared<const TableLocation>(std::move(location)));
  }
  return next;
}

}  // namespace strom::client
