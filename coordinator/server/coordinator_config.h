#pragma once

#include "common/config/config.h"
#include "coordinator/server/coordinator_server.h"

namespace strom::coordinator {

// What the configuration says of the coordinator, all but its listeners: the one place that reads
// these options.
CoordinatorServer::Options CoordinatorOptionsOf(const config::Config& config);

}  // namespace strom::coordinator
