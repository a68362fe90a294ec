#include "common/service/metadata_service.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "common/convert/path.h"
#include "common/convert/server_node.h"
#include "common/rpc/methods.h"
#include "common/service/table_metadata.h"

namespace strom::service {
namespace {

std::optional<ServerNode> NodeOf(const ServerInfo& server, ServerType type,
                                 std::string_view listener) {
  const HostPort* address = server.AddressFor(listener);
  if (!address) return std::nullopt;
  return ServerNode{.type = type,
                    .id = server.id,
                    .host = address->host,
                    .port = address->port,
                    .rack = server.rack};
}

void FillServers(const ClusterView& view, std::string_view listener,
                 pb::MetadataResponse* response) {
  if (view.coordinator) {
    const auto node = NodeOf(*view.coordinator, ServerType::kCoordinator, listener);
    if (node) *response->mutable_coordinator_server() = convert::ToPb(*node);
  }
  for (const auto& [id, server] : view.tablet_servers) {
    const auto node = NodeOf(server, ServerType::kTablet, listener);
    if (node) *response->add_tablet_servers() = convert::ToPb(*node);
  }
}

}  // namespace

Result<pb::MetadataResponse> AnswerMetadata(
    const ClusterView& view, const pb::MetadataRequest& request, std::string_view listener,
    absl::FunctionRef<bool(const TablePath&)> may_describe) {
  pb::MetadataResponse response;
  FillServers(view, listener, &response);
  std::set<TablePath> answered;  // However often it is asked for, a table is answered once.
  for (const pb::PbTablePath& wanted : request.table_path()) {
    STROM_ASSIGN_OR_RETURN(TablePath path, convert::FromPb(wanted));
    if (!may_describe(path) || !answered.insert(path).second) continue;
    const TableView* table = view.Find(path);
    if (!table) return Error(ErrorCode::kTableNotExist, "table {} does not exist", path);
    *response.add_table_metadata() = ToPb(*table);
  }
  // No view holds partitions yet: none of them is there.
  for (const pb::PbPhysicalTablePath& wanted : request.partitions_path()) {
    STROM_ASSIGN_OR_RETURN(const PhysicalTablePath path, convert::FromPb(wanted));
    if (!may_describe(path.table)) continue;
    return Error(ErrorCode::kPartitionNotExists, "partition {} does not exist", path);
  }
  if (request.partitions_id_size() > 0) {
    return Error(ErrorCode::kPartitionNotExists, "partition {} does not exist",
                 request.partitions_id(0));
  }
  return response;
}

void MetadataService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kMetadata, *this, &MetadataService::Metadata);
}

void MetadataService::Metadata(const rpc::RequestContext& ctx,
                               rpc::Ref<pb::MetadataRequest> request,
                               rpc::Responder<pb::MetadataResponse> respond) {
  const MonoTime until = std::min(ctx.deadline, clock_.Now() + kKnowWait);
  views_.WhenKnown(
      executor_, until,
      [this, ctx, request = std::move(request),
       respond = std::move(respond)](std::shared_ptr<const ClusterView> view) mutable {
        if (!view) {
          return std::move(respond).Fail(
              Error(ErrorCode::kLeaderNotAvailable,
                    "this server knows nothing of the cluster: no coordinator has told it yet, or it "
                    "stands by for one"));
        }
        Result<pb::MetadataResponse> answer =
            AnswerMetadata(*view, *request, ctx.listener().name, [&](const TablePath& path) {
              const auto table = rpc::Resource::Table(path.database, path.table);
              return authorizer_.Check(ctx, rpc::Operation::kDescribe, table).ok();
            });
        if (!answer.ok()) return std::move(respond).Fail(answer.status());
        std::move(respond).Ok(*answer);
      });
}

}  // namespace strom::service
