#pragma once

#include "cli/dev_directory.h"
#include "cli/dev_options.h"
#include "common/platform/platform.h"
#include "coordinator/server/coordinator_server.h"
#include "tablet/server/tablet_server.h"

namespace strom::cli {

// The listeners of both servers.
inline constexpr const char* kFlussListener = "FLUSS";        // Framed, for Fluss's clients.
inline constexpr const char* kGrpcListener = "GRPC";          // gRPC, for ours.
inline constexpr const char* kInternalListener = "INTERNAL";  // Framed, local, any free port.

// What `strom dev` builds its parts with: the one place that reads the options of the
// configuration.
RealPlatformOptions PlatformOptions(const DevOptions& options, const DevDirectory& directory);
coordinator::CoordinatorServer::Options CoordinatorOptions(const DevOptions& options);
tablet::TabletServer::Options TabletOptions(const DevOptions& options,
                                            const DevDirectory& directory);

}  // namespace strom::cli
