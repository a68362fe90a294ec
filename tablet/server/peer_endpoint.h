#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/rpc/network.h"
#include "common/service/cluster_view.h"

namespace strom::tablet {

// Where the view says that other servers of the cluster listen for us: on the listener of this
// name, which is the same for all. Errors: kNetwork if the view has no such server or listener.
Result<rpc::Endpoint> TabletEndpoint(const service::ClusterView& view, ServerId server,
                                     std::string_view listener);
Result<rpc::Endpoint> CoordinatorEndpoint(const service::ClusterView& view,
                                          std::string_view listener);

}  // namespace strom::tablet
