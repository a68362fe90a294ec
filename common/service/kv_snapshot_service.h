#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/service/cluster_view.h"
#include "common/service/kv_snapshots.h"

namespace strom::service {

// Serves GetLatestKvSnapshots and GetKvSnapshotMetadata: of the tables in the view of the server it
// runs in, the snapshots that are completed; coordinators and tablet servers alike. Clients read
// those, and a bucket's changelog from there on. Same rules as Fluss: fluss-wire-protocol.md,
// section 5.12. Thread-safe; outlives the dispatcher's listeners, as do its arguments.
class KvSnapshotService {
 public:
  // Without `snapshots` every bucket has none.
  KvSnapshotService(const ClusterViewHolder& views, const rpc::Authorizer& authorizer,
                    std::shared_ptr<KvSnapshots> snapshots = nullptr)
      : views_(views), authorizer_(authorizer), snapshots_(std::move(snapshots)) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void GetLatestKvSnapshots(const rpc::RequestContext& ctx,
                            rpc::Ref<pb::GetLatestKvSnapshotsRequest> request,
                            rpc::Responder<pb::GetLatestKvSnapshotsResponse> respond);
  void GetKvSnapshotMetadata(const rpc::RequestContext& ctx,
                             rpc::Ref<pb::GetKvSnapshotMetadataRequest> request,
                             rpc::Responder<pb::GetKvSnapshotMetadataResponse> respond);

  // The buckets that are asked for.
  // Errors: kTableNotExist, kNonPrimaryKeyTable, kTableNotPartitioned, kPartitionNotExists.
  Result<std::vector<TableBucket>> BucketsOf(const pb::GetLatestKvSnapshotsRequest& request) const;

  const ClusterViewHolder& views_;
  const rpc::Authorizer& authorizer_;
  const std::shared_ptr<KvSnapshots> snapshots_;
};

}  // namespace strom::service
