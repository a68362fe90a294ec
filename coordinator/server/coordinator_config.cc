#include "coordinator/server/coordinator_config.h"

#include "common/config/options.h"

namespace strom::coordinator {

CoordinatorServer::Options CoordinatorOptionsOf(const config::Config& config) {
  CoordinatorServer::Options server;
  server.internal_listener = config.Get(config::kInternalListenerName);
  server.zookeeper_root = config.Get(config::kZookeeperRoot);
  server.tables.default_bucket_count =
      static_cast<int32_t>(config.Get(config::kDefaultBucketNumber));
  server.tables.default_replication_factor =
      static_cast<int32_t>(config.Get(config::kDefaultReplicationFactor));
  server.tables.bucket_count_max = static_cast<int32_t>(config.Get(config::kMaxBucketNum));
  server.kv_snapshots_retained = static_cast<int>(config.Get(config::kKvSnapshotNumRetained));
  server.dispatcher.request_bytes_max = config.Get(config::kRequestMemory);
  return server;
}

}  // namespace strom::coordinator
