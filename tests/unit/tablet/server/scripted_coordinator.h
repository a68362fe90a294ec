#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/rpc/methods.h"
#include "common/service/cluster_view.h"
#include "proto/cluster.pb.h"
#include "tests/sim/world/sim_network.h"

namespace strom::tablet {

// A leading coordinator that serves one method and says what the test says, and a tablet server's
// side of the network that knows where it is.
template <class Req, class Resp>
class ScriptedCoordinator {
 public:
  explicit ScriptedCoordinator(const rpc::Method<Req, Resp>& method, uint64_t seed = 1)
      : scheduler(seed), wires(scheduler, {.seed = seed}) {
    dispatcher_.Handle(rpc::kApiVersions,
                       [this](const rpc::RequestContext& ctx, rpc::Ref<pb::ApiVersionsRequest>,
                              rpc::Responder<pb::ApiVersionsResponse> respond) {
                         pb::ApiVersionsResponse response;
                         rpc::FillApiVersions(dispatcher_, ctx.listener().audience, &response);
                         std::move(respond).Ok(response);
                       });
    dispatcher_.Handle(method, [this](const rpc::RequestContext&, rpc::Ref<Req> request,
                                      rpc::Responder<Resp> respond) {
      requests.push_back(*request);
      times.push_back(scheduler.now());
      if (holding) return held.push_back(std::move(respond));
      if (!refuse.ok()) return std::move(respond).Fail(refuse);
      std::move(respond).Ok(answer);
    });
    Listen();
  }

  // It is reached at another port from now on, and the view says so.
  void Listen() {
    listener_.reset();
    listener_ = coordinator_
                    ->Listen({.endpoint = {.host = "coordinator", .port = 0},
                              .listener = {.name = "INTERNAL", .audience = rpc::Audience::kServers},
                              .authenticator = nullptr},
                             dispatcher_)
                    .value();
    service::ClusterView view;
    view.coordinator =
        ServerInfo{.id = service::kCoordinatorNode,
                   .listeners = {{"INTERNAL", {"coordinator", listener_->endpoint().port}}},
                   .rack = {}};
    views.Set(std::make_shared<const service::ClusterView>(std::move(view)));
  }
  // Its process is gone: connections are refused.
  void Die() { listener_.reset(); }

  sim::SimScheduler scheduler;
  sim::SimClock clock{scheduler};
  sim::SimNetwork wires;
  sim::SimExecutor executor{scheduler};
  service::ClusterViewHolder views;
  std::unique_ptr<rpc::Network> network = wires.AddHost("tablet", executor, clock);

  std::vector<Req> requests;    // As they came, answered or not,
  std::vector<MonoTime> times;  // and when.
  Status refuse;                // If not OK, what it says
  Resp answer;                  // instead of this.
  bool holding = false;         // Or nothing yet.
  std::vector<rpc::Responder<Resp>> held;

 private:
  sim::SimExecutor coordinator_executor_{scheduler};
  std::unique_ptr<rpc::Network> coordinator_ =
      wires.AddHost("coordinator", coordinator_executor_, clock);
  rpc::Dispatcher dispatcher_;
  std::unique_ptr<rpc::Listener> listener_;
};

}  // namespace strom::tablet
