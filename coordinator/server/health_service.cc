#include "coordinator/server/health_service.h"

#include <utility>

#include "proto/cluster.pb.h"

namespace strom::coordinator {
namespace {

// As on the wire.
enum Health { kGreen = 0, kYellow = 1, kRed = 2 };

}  // namespace

void HealthService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kGetClusterHealth, *this, &HealthService::GetClusterHealth);
}

void HealthService::GetClusterHealth(const rpc::RequestContext& ctx,
                                     rpc::Ref<pb::GetClusterHealthRequest> /*request*/,
                                     rpc::Responder<pb::GetClusterHealthResponse> respond) {
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kDescribe, rpc::Resource::Cluster());
      !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  if (!views_.Get()->coordinator) {
    return std::move(respond).Fail(
        Error(ErrorCode::kNotCoordinatorLeader, "this coordinator does not lead now"));
  }
  const ReplicaTotals totals = counts_.Get();
  pb::GetClusterHealthResponse response;
  response.set_num_replicas(static_cast<int32_t>(totals.replicas));
  response.set_in_sync_replicas(static_cast<int32_t>(totals.in_sync));
  response.set_num_leader_replicas(static_cast<int32_t>(totals.buckets));
  response.set_active_leader_replicas(static_cast<int32_t>(totals.led));
  response.set_status(totals.led < totals.buckets ? kRed
                      : totals.shrunk > 0         ? kYellow
                                                  : kGreen);
  std::move(respond).Ok(response);
}

}  // namespace strom::coordinator
