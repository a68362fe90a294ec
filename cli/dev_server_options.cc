#include "cli/dev_server_options.h"

#include "common/config/options.h"

namespace strom::cli {
namespace {

using config::Config;

template <class Options>
Options Listener(const char* name, rpc::Audience audience, rpc::Carrier carrier,
                 const DevListener& listener) {
  return {.listen = {.endpoint = {.host = listener.bind.host,
                                  .port = listener.bind.port,
                                  .carrier = carrier},
                     .listener = {.name = name, .audience = audience},
                     .authenticator = nullptr},
          .advertised = listener.advertised};
}

template <class Options>
std::vector<Options> ListenersOf(const DevListener& fluss, const DevListener& grpc) {
  const DevListener internal{.bind = {.host = "127.0.0.1", .port = 0}, .advertised = {}};
  return {
      Listener<Options>(kFlussListener, rpc::Audience::kFlussClients, rpc::Carrier::kFramed, fluss),
      Listener<Options>(kGrpcListener, rpc::Audience::kStromClients, rpc::Carrier::kGrpc, grpc),
      Listener<Options>(kInternalListener, rpc::Audience::kServers, rpc::Carrier::kFramed,
                        internal)};
}

tablet::ReplicaOptions ReplicaOptionsOf(const Config& config) {
  tablet::ReplicaOptions options;
  options.log.segment.size_max_bytes = config.Get(config::kLogSegmentFileSize);
  options.log.segment.index_size_max_bytes = config.Get(config::kLogIndexFileSize);
  options.log.segment.index_interval_bytes = config.Get(config::kLogIndexIntervalSize);
  options.log.writer_expiration_ms = config.Get(config::kWriterIdExpiration);
  options.recovery_checkpoint_interval = Millis(config.Get(config::kLogFlushCheckpointInterval));
  options.retention_check_interval = Millis(config.Get(config::kLogRetentionCheckInterval));
  return options;
}

}  // namespace

RealPlatformOptions PlatformOptions(const DevOptions& options, const DevDirectory& directory) {
  const Config& config = options.config;
  RealPlatformOptions platform;
  platform.worker_threads = static_cast<int>(config.Get(config::kServerWorkerThreads));
  platform.network_threads = static_cast<int>(config.Get(config::kServerNetworkThreads));
  platform.request_bytes_max = config.Get(config::kServerMaxRequestSize);
  platform.connection_idle_timeout = Millis(config.Get(config::kConnectionMaxIdleTime));
  platform.connections_max = static_cast<int>(config.Get(config::kMaxConnections));
  platform.metadata_path = directory.metadata_path();
  return platform;
}

coordinator::CoordinatorServer::Options CoordinatorOptions(const DevOptions& options) {
  const Config& config = options.config;
  using Server = coordinator::CoordinatorServer;
  Server::Options server;
  server.listeners = ListenersOf<Server::ListenerOptions>(options.listeners.coordinator,
                                                          options.listeners.coordinator_grpc);
  server.internal_listener = kInternalListener;
  server.tables.default_bucket_count =
      static_cast<int32_t>(config.Get(config::kDefaultBucketNumber));
  server.tables.default_replication_factor =
      static_cast<int32_t>(config.Get(config::kDefaultReplicationFactor));
  server.tables.bucket_count_max = static_cast<int32_t>(config.Get(config::kMaxBucketNum));
  server.dispatcher.request_bytes_max = config.Get(config::kRequestMemory);
  return server;
}

tablet::TabletServer::Options TabletOptions(const DevOptions& options,
                                            const DevDirectory& directory) {
  const Config& config = options.config;
  using Server = tablet::TabletServer;
  Server::Options server;
  server.id = ServerId(static_cast<int32_t>(config.Get(config::kTabletServerId)));
  if (config.IsSet(config::kTabletServerRack.info)) {
    server.rack = config.Get(config::kTabletServerRack);
  }
  server.listeners =
      ListenersOf<Server::ListenerOptions>(options.listeners.tablet, options.listeners.tablet_grpc);
  server.internal_listener = kInternalListener;
  server.data_dir = directory.tablet_path(server.id.value());
  server.replicas = ReplicaOptionsOf(config);
  server.request_bytes_max = config.Get(config::kRequestMemory);
  return server;
}

}  // namespace strom::cli
