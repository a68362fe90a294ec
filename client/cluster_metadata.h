#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/types/ids.h"
#include "common/types/server_node.h"
#include "common/types/table_path.h"
#include "proto/pb.h"

namespace strom::v1 {
class MetadataResponse;
}  // namespace strom::v1

namespace strom::client {

// Where a table's buckets are led, as a server knew it when it was asked.
struct TableLocation {
  TableId id;
  SchemaId schema_id;                                   // The newest.
  std::map<BucketId, std::optional<ServerId>> leaders;  // All buckets; none: nobody leads.
  std::map<BucketId, std::vector<ServerId>> replicas;   // All buckets; the preferred leader first.
};

// What a client knows of the cluster. Immutable; each answer to GetMetadata makes a new one.
struct ClusterMetadata {
  std::optional<ServerNode> coordinator;
  std::map<ServerId, ServerNode> tablet_servers;                     // The live ones.
  std::map<TablePath, std::shared_ptr<const TableLocation>> tables;  // Those asked for so far.

  // nullptr if the table is not known.
  const TableLocation* Find(const TablePath& table) const;
  // nullptr if no live leader is known.
  const ServerNode* LeaderOf(const TablePath& table, BucketId bucket) const;
  // Whether this server is in the cluster, at this address.
  bool Has(const ServerNode& server) const;

  // This with what `response` says: its servers replace all of ours, its tables those of the same
  // name. Errors: kCorruptMessage.
  Result<ClusterMetadata> With(const pb::MetadataResponse& response) const;
};

}  // namespace strom::client
