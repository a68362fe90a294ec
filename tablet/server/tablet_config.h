#pragma once

#include "common/config/config.h"
#include "tablet/server/tablet_server.h"

namespace strom::tablet {

// What the configuration says of the tablet server, all but its listeners: the one place that reads
// these options.
TabletServer::Options TabletOptionsOf(const config::Config& config);

}  // namespace strom::tablet
