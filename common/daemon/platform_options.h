#pragma once

#include "common/config/config.h"
#include "common/platform/platform.h"

namespace strom::daemon {

// What a process's platform is built with, all but its metadata: the one place that reads these
// options.
RealPlatformOptions PlatformOptionsOf(const config::Config& config);

// With the metadata in the ZooKeeper that zookeeper.* name.
// Errors: kInvalidConfig if zookeeper.address is not set, or zookeeper.path.root no absolute path.
Result<RealPlatformOptions> ClusterPlatformOptionsOf(const config::Config& config);

}  // namespace strom::daemon
