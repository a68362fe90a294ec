#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/service/cluster_view.h"
#include "coordinator/server/replica_counts.h"

namespace strom::coordinator {

// GetClusterHealth: how many replicas there are, and how many of them are in sync; for people and
// for tools that restart servers one by one. Any thread; what it is given outlives it.
class HealthService {
 public:
  HealthService(const service::ClusterViewHolder& views, const ReplicaCounts& counts,
                const rpc::Authorizer& authorizer)
      : views_(views), counts_(counts), authorizer_(authorizer) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void GetClusterHealth(const rpc::RequestContext& ctx,
                        rpc::Ref<pb::GetClusterHealthRequest> request,
                        rpc::Responder<pb::GetClusterHealthResponse> respond);

  const service::ClusterViewHolder& views_;
  const ReplicaCounts& counts_;
  const rpc::Authorizer& authorizer_;
};

}  // namespace strom::coordinator
