#pragma once

#include <memory>

#include "cli/dev_directory.h"
#include "cli/dev_options.h"
#include "common/platform/platform.h"
#include "common/rpc/local/local_network.h"
#include "coordinator/server/coordinator_server.h"
#include "tablet/server/tablet_server.h"

namespace strom::cli {

// What `strom dev` builds its parts with.
RealPlatformOptions PlatformOptions(const DevOptions& options, const DevDirectory& directory);
rpc::LocalNetwork::Options LocalNetworkOptions(const DevOptions& options);
// nullptr without remote.data.dir.
std::unique_ptr<remote::ObjectStore> ObjectsOf(const DevOptions& options, io::FileSystem& files);
// `objects` is read on `blocking`; it may be nullptr.
coordinator::CoordinatorServer::Options CoordinatorOptions(const DevOptions& options,
                                                           const remote::ObjectStore* objects,
                                                           runtime::Executor& blocking);
tablet::TabletServer::Options TabletOptions(const DevOptions& options,
                                            const DevDirectory& directory);

}  // namespace strom::cli
