#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/service/cluster_view.h"

namespace strom::service {

// Serves GetLatestKvSnapshots and GetKvSnapshotMetadata from the view of the server it runs in;
// coordinators and tablet servers alike. There are no snapshots in remote storage yet: every bucket
// has none, and clients read its changelog from the beginning. Same rules as Fluss:
// fluss-wire-protocol.md, section 5.12. Thread-safe; outlives the dispatcher's listeners, as do its
// arguments.
class KvSnapshotService {
 public:
  KvSnapshotService(const ClusterViewHolder& views, const rpc::Authorizer& authorizer)
      : views_(views), authorizer_(authorizer) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void GetLatestKvSnapshots(const rpc::RequestContext& ctx,
                            rpc::Ref<pb::GetLatestKvSnapshotsRequest> request,
                            rpc::Responder<pb::GetLatestKvSnapshotsResponse> respond);
  void GetKvSnapshotMetadata(const rpc::RequestContext& ctx,
                             rpc::Ref<pb::GetKvSnapshotMetadataRequest> request,
                             rpc::Responder<pb::GetKvSnapshotMetadataResponse> respond);

  // Errors: kTableNotExist, kNonPrimaryKeyTable, kTableNotPartitioned, kPartitionNotExists.
  Result<pb::GetLatestKvSnapshotsResponse> LatestOf(
      const pb::GetLatestKvSnapshotsRequest& request) const;

  const ClusterViewHolder& views_;
  const rpc::Authorizer& authorizer_;
};

}  // namespace strom::service
