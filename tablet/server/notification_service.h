#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "common/metadata/catalog.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/runtime/strand.h"
#include "common/service/cluster_view.h"
#include "tablet/replica/replica_manager.h"
#include "tablet/server/table_loader.h"

namespace strom::tablet {

// Does what the coordinator says: which buckets to lead (NotifyLeaderAndIsr), which to let go
// (StopReplica), what the cluster looks like (UpdateMetadata), which epochs of jobs are over
// (UpdateJobEpochs).
//
// A coordinator that is not the newest this server has heard of is refused with
// kInvalidCoordinator. A process that has just started has heard of none, and would believe one
// that was deposed while its former process lived: so it listens only from Begin on, which says who
// is the newest, and refuses everybody with kOperationNotAttempted before. What is said of buckets
// is done in the order it arrives; each bucket is answered for itself. Same rules as Fluss:
// fluss-server-semantics.md, sections 3.1 and 6.1.
//
// Handlers run on transport threads, everything else on the strand of the session that `catalog`
// reads from. Arguments outlive the service, and it every call of the listeners; it ends together
// with the session, when nothing of it is under way in `replicas` any more.
class NotificationService {
 public:
  NotificationService(ReplicaManager& replicas, metadata::Catalog& catalog,
                      service::ClusterViewHolder& views, JobFences& fences, runtime::Strand& strand,
                      const rpc::Authorizer& authorizer)
      : replicas_(replicas),
        catalog_(catalog),
        views_(views),
        fences_(fences),
        strand_(strand),
        authorizer_(authorizer) {}

  void Register(rpc::Dispatcher& dispatcher);
  // The server is registered; `newest` is the epoch of the newest coordinator there was by then,
  // none if there never was one. On the strand; may come again, after another registration.
  void Begin(std::optional<CoordinatorEpoch> newest);

 private:
  using NotifyResponder = rpc::Responder<pb::NotifyLeaderAndIsrResponse>;
  // What is known of the tables of one notification.
  using Tables = std::map<TablePath, Result<LoadedTable>>;

  void NotifyLeaderAndIsr(const rpc::RequestContext& ctx,
                          rpc::Ref<pb::NotifyLeaderAndIsrRequest> request, NotifyResponder respond);
  void StopReplica(const rpc::RequestContext& ctx, rpc::Ref<pb::StopReplicaRequest> request,
                   rpc::Responder<pb::StopReplicaResponse> respond);
  void UpdateMetadata(const rpc::RequestContext& ctx, rpc::Ref<pb::UpdateMetadataRequest> request,
                      rpc::Responder<pb::UpdateMetadataResponse> respond);
  void NotifyKvSnapshotOffset(const rpc::RequestContext& ctx,
                              rpc::Ref<pb::NotifyKvSnapshotOffsetRequest> request,
                              rpc::Responder<pb::NotifyKvSnapshotOffsetResponse> respond);
  void UpdateJobEpochs(const rpc::RequestContext& ctx, rpc::Ref<pb::UpdateJobEpochsRequest> request,
                       rpc::Responder<pb::UpdateJobEpochsResponse> respond);

  // All below on the strand.
  // OK if no newer coordinator was heard of, and Begin has run.
  Status Hear(CoordinatorEpoch epoch);
  // Runs `task` once those before it have ended; each ends with NextTurn.
  void InTurn(runtime::Task task);
  void NextTurn();

  void LoadTables(rpc::Ref<pb::NotifyLeaderAndIsrRequest> request, NotifyResponder respond);
  void Lead(const pb::NotifyLeaderAndIsrRequest& request, const Tables& tables,
            NotifyResponder respond);
  void LetGo(const pb::StopReplicaRequest& request,
             rpc::Responder<pb::StopReplicaResponse> respond);
  Status Update(const pb::UpdateMetadataRequest& request);

  ReplicaManager& replicas_;
  metadata::Catalog& catalog_;
  service::ClusterViewHolder& views_;
  JobFences& fences_;
  runtime::Strand& strand_;
  const rpc::Authorizer& authorizer_;

  // On the strand.
  bool begun_ = false;
  std::optional<CoordinatorEpoch> epoch_;       // The highest heard of.
  std::optional<CoordinatorEpoch> view_epoch_;  // Of the coordinator the view is from,
  int64_t view_version_ = 0;                    // and which of its views it is.
  bool in_turn_ = false;
  std::deque<runtime::Task> waiting_;  // For their turn.
};

}  // namespace strom::tablet
