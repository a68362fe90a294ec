#include "common/service/kv_snapshot_service.h"

#include <utility>

#include "common/convert/path.h"
#include "proto/kv.pb.h"

namespace strom::service {

void KvSnapshotService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kGetLatestKvSnapshots, *this, &KvSnapshotService::GetLatestKvSnapshots);
  dispatcher.Handle(rpc::kGetKvSnapshotMetadata, *this, &KvSnapshotService::GetKvSnapshotMetadata);
}

Result<pb::GetLatestKvSnapshotsResponse> KvSnapshotService::LatestOf(
    const pb::GetLatestKvSnapshotsRequest& request) const {
  STROM_ASSIGN_OR_RETURN(const TablePath path, convert::FromPb(request.table_path()));
  const std::shared_ptr<const ClusterView> view = views_.Get();
  const TableView* const table = view->Find(path);
  if (!table) return Error(ErrorCode::kTableNotExist, "table {} does not exist", path);
  if (!table->info.descriptor.has_primary_key()) {
    return Error(ErrorCode::kNonPrimaryKeyTable, "table {} has no primary key", path);
  }
  if (table->info.descriptor.is_partitioned()) {  // No view holds partitions yet.
    return Error(ErrorCode::kPartitionNotExists, "partition '{}' of table {} does not exist",
                 request.partition_name(), path);
  }
  if (request.has_partition_name()) {
    return Error(ErrorCode::kTableNotPartitioned, "table {} is not partitioned, partition '{}'",
                 path, request.partition_name());
  }
  pb::GetLatestKvSnapshotsResponse response;
  response.set_table_id(table->info.id.value());
  for (const auto& [bucket, leader] : table->buckets) {
    response.add_latest_snapshots()->set_bucket_id(bucket.value());
  }
  return response;
}

void KvSnapshotService::GetLatestKvSnapshots(
    const rpc::RequestContext& ctx, rpc::Ref<pb::GetLatestKvSnapshotsRequest> request,
    rpc::Responder<pb::GetLatestKvSnapshotsResponse> respond) {
  const pb::PbTablePath& path = request->table_path();
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kDescribe,
                                   rpc::Resource::Table(path.database_name(), path.table_name()));
      !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  const auto answer = LatestOf(*request);
  if (!answer.ok()) return std::move(respond).Fail(answer.status());
  std::move(respond).Ok(*answer);
}

void KvSnapshotService::GetKvSnapshotMetadata(
    const rpc::RequestContext& ctx, rpc::Ref<pb::GetKvSnapshotMetadataRequest> request,
    rpc::Responder<pb::GetKvSnapshotMetadataResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kDescribe, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  std::move(respond).Fail(Error(ErrorCode::kKvSnapshotNotExist,
                                "table {} bucket {} has no snapshot {}", table,
                                request->bucket_id(), request->snapshot_id()));
}

}  // namespace strom::service
