#include "tablet/server/tablet_config.h"

#include "common/config/options.h"
#include "common/remote/directory_object_store.h"

namespace strom::tablet {
namespace {

ReplicaOptions ReplicaOptionsOf(const config::Config& config) {
  ReplicaOptions options;
  options.log.segment.size_max_bytes = config.Get(config::kLogSegmentFileSize);
  options.log.segment.index_size_max_bytes = config.Get(config::kLogIndexFileSize);
  options.log.segment.index_interval_bytes = config.Get(config::kLogIndexIntervalSize);
  options.log.writer_expiration_ms = config.Get(config::kWriterIdExpiration);
  options.durability = {
      // Any process that reads a configuration has checked this one (daemon::LoadConfig).
      .standard = ParseOption<Durability>(config.Get(config::kDefaultDurability)).value(),
      .isr_min = static_cast<size_t>(config.Get(config::kMinInSyncReplicas))};
  options.lag_max = Millis(config.Get(config::kReplicaMaxLagTime));
  options.high_watermark_checkpoint_interval =
      Millis(config.Get(config::kHighWatermarkCheckpointInterval));
  options.recovery_checkpoint_interval = Millis(config.Get(config::kLogFlushCheckpointInterval));
  options.recent_rows_max_bytes = static_cast<size_t>(config.Get(config::kRecentRowsMemory));
  options.snapshots.interval = Millis(config.Get(config::kKvSnapshotInterval));
  options.retention_check_interval = Millis(config.Get(config::kLogRetentionCheckInterval));
  return options;
}

}  // namespace

TabletServer::Options TabletOptionsOf(const config::Config& config) {
  TabletServer::Options server;
  server.id = ServerId(static_cast<int32_t>(config.Get(config::kTabletServerId)));
  if (config.IsSet(config::kTabletServerRack.info)) {
    server.rack = config.Get(config::kTabletServerRack);
  }
  server.internal_listener = config.Get(config::kInternalListenerName);
  server.data_dir = config.Get(config::kDataDir);
  if (const std::string remote = config.Get(config::kRemoteDataDir); !remote.empty()) {
    // Any process that reads a configuration has checked this one (daemon::LoadConfig).
    server.remote_data_dir = remote::DirectoryOfRemoteDataDir(remote).value();
  }
  server.zookeeper_root = config.Get(config::kZookeeperRoot);
  server.replicas = ReplicaOptionsOf(config);
  server.request_bytes_max = config.Get(config::kRequestMemory);
  // The node of a former process at other addresses goes with its session; another server's stays.
  const MonoDuration session = Millis(config.Get(config::kZookeeperSessionTimeout));
  server.register_pause = Millis(500);
  server.register_timeout = session + Seconds(5);
  return server;
}

}  // namespace strom::tablet
