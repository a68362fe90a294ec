#include "cli/dev_server_options.h"

#include "common/config/options.h"
#include "common/daemon/listeners.h"
#include "common/daemon/platform_options.h"
#include "common/remote/directory_object_store.h"
#include "coordinator/server/coordinator_config.h"
#include "tablet/server/tablet_config.h"

namespace strom::cli {
namespace {

using daemon::kInternalListener;

template <class Options>
std::vector<Options> ListenersOf(const DevListener& fluss, const DevListener& grpc) {
  const DevListener internal{.bind = {.host = "127.0.0.1", .port = 0}, .advertised = {}};
  const auto make = [](const char* name, const DevListener& listener) {
    return daemon::MakeListener(name, kInternalListener, listener.bind, listener.advertised);
  };
  return daemon::ListenersAs<Options>({make(daemon::kFlussListener, fluss),
                                       make(daemon::kGrpcListener, grpc),
                                       make(kInternalListener, internal)});
}

}  // namespace

RealPlatformOptions PlatformOptions(const DevOptions& options, const DevDirectory& directory) {
  RealPlatformOptions platform = daemon::PlatformOptionsOf(options.config);
  platform.metadata_path = directory.metadata_path();
  return platform;
}

rpc::LocalNetwork::Options LocalNetworkOptions(const DevOptions& options) {
  rpc::LocalNetwork::Options local;
  local.request_bytes_max = daemon::PlatformOptionsOf(options.config).request_bytes_max;
  const DevListeners& listeners = options.listeners;
  for (const DevListener* listener : {&listeners.coordinator, &listeners.coordinator_grpc,
                                      &listeners.tablet, &listeners.tablet_grpc}) {
    if (listener->advertised) local.aliases.push_back({*listener->advertised, listener->bind});
  }
  return local;
}

std::unique_ptr<remote::ObjectStore> ObjectsOf(const DevOptions& options, io::FileSystem& files) {
  const std::string directory = options.config.Get(config::kRemoteDataDir);
  if (directory.empty()) return nullptr;
  // Checked where the configuration was read.
  return std::make_unique<remote::DirectoryObjectStore>(
      files, remote::DirectoryOfRemoteDataDir(directory).value());
}

coordinator::CoordinatorServer::Options CoordinatorOptions(const DevOptions& options,
                                                           const remote::ObjectStore* objects,
                                                           runtime::Executor& blocking) {
  auto server = coordinator::CoordinatorOptionsOf(options.config);
  server.objects = objects;
  server.blocking = &blocking;
  server.listeners = ListenersOf<coordinator::CoordinatorServer::ListenerOptions>(
      options.listeners.coordinator, options.listeners.coordinator_grpc);
  server.internal_listener = kInternalListener;
  return server;
}

tablet::TabletServer::Options TabletOptions(const DevOptions& options,
                                            const DevDirectory& directory) {
  auto server = tablet::TabletOptionsOf(options.config);
  server.listeners = ListenersOf<tablet::TabletServer::ListenerOptions>(
      options.listeners.tablet, options.listeners.tablet_grpc);
  server.internal_listener = kInternalListener;
  server.data_dir = directory.tablet_path(server.id.value());
  return server;
}

}  // namespace strom::cli
