#include "common/service/kv_snapshot_service.h"

#include <algorithm>
#include <utility>

#include "common/convert/bucket.h"
#include "common/convert/path.h"
#include "proto/kv.pb.h"

namespace strom::service {

void KvSnapshotService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kGetLatestKvSnapshots, *this, &KvSnapshotService::GetLatestKvSnapshots);
  dispatcher.Handle(rpc::kGetKvSnapshotMetadata, *this, &KvSnapshotService::GetKvSnapshotMetadata);
}

Result<std::vector<TableBucket>> KvSnapshotService::BucketsOf(
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
  std::vector<TableBucket> buckets;
  for (const auto& [bucket, leader] : table->buckets) {
    buckets.push_back({.table = table->info.id, .partition = {}, .bucket = bucket});
  }
  return buckets;
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
  const auto buckets = BucketsOf(*request);
  if (!buckets.ok()) return std::move(respond).Fail(buckets.status());
  auto answer = [buckets = *buckets, respond = std::move(respond)](
                    Result<std::vector<KvSnapshots::Handles>> found) mutable {
    if (!found.ok()) return std::move(respond).Fail(found.status());
    pb::GetLatestKvSnapshotsResponse response;
    if (!buckets.empty()) response.set_table_id(buckets.front().table.value());
    for (size_t i = 0; i < buckets.size(); ++i) {
      pb::PbKvSnapshot& entry = *response.add_latest_snapshots();
      entry.set_bucket_id(buckets[i].bucket.value());
      if ((*found)[i].empty()) continue;
      entry.set_snapshot_id((*found)[i].back().id.value());
      entry.set_log_offset((*found)[i].back().log_offset.value());
    }
    std::move(respond).Ok(response);
  };
  if (!snapshots_) return answer(std::vector<KvSnapshots::Handles>(buckets->size()));
  snapshots_->FindAll(*buckets, std::move(answer));
}

void KvSnapshotService::GetKvSnapshotMetadata(
    const rpc::RequestContext& ctx, rpc::Ref<pb::GetKvSnapshotMetadataRequest> request,
    rpc::Responder<pb::GetKvSnapshotMetadataResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kDescribe, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  const TableBucket bucket = convert::BucketOf(table, *request);
  const KvSnapshotId id(request->snapshot_id());
  auto read = [snapshots = snapshots_, bucket, id,
               respond = std::move(respond)](Result<KvSnapshots::Handles> found) mutable {
    if (!found.ok()) return std::move(respond).Fail(found.status());
    const auto handle = std::ranges::find(*found, id, &metadata::KvSnapshotHandle::id);
    if (handle == found->end()) {
      return std::move(respond).Fail(
          Error(ErrorCode::kKvSnapshotNotExist, "{} has no snapshot {}", bucket, id));
    }
    snapshots->Read(*handle, [respond = std::move(respond)](
                                 Result<remote::KvSnapshotMetadata> snapshot) mutable {
      if (!snapshot.ok()) return std::move(respond).Fail(snapshot.status());
      pb::GetKvSnapshotMetadataResponse response;
      response.set_log_offset(snapshot->log_offset.value());
      for (const auto* files : {&snapshot->shared_files, &snapshot->private_files}) {
        for (const remote::KvSnapshotFile& file : *files) {
          pb::PbRemotePathAndLocalFile& entry = *response.add_snapshot_files();
          entry.set_remote_path(file.location);
          entry.set_local_file_name(file.local_name);
        }
      }
      std::move(respond).Ok(response);
    });
  };
  if (!snapshots_) return read(KvSnapshots::Handles());
  snapshots_->Find(bucket, std::move(read));
}

}  // namespace strom::service
