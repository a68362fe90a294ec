#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/service/cluster_view.h"

namespace strom::tablet {

// What those have who call other servers of the cluster. All outlive them and what they have under
// way.
struct PeerWorld {
  runtime::Executor& executor;
  const runtime::Clock& clock;
  rpc::Network& network;
  const service::ClusterViewHolder& views;
};

// Where the view says that other servers of the cluster listen for us: on the listener of this
// name, which is the same for all. Errors: kNetwork if the view has no such server or listener.
Result<rpc::Endpoint> TabletEndpoint(const service::ClusterView& view, ServerId server,
                                     std::string_view listener);
Result<rpc::Endpoint> CoordinatorEndpoint(const service::ClusterView& view,
                                          std::string_view listener);

}  // namespace strom::tablet
