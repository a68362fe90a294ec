#include "common/daemon/platform_options.h"

#include "common/config/options.h"

namespace strom::daemon {

RealPlatformOptions PlatformOptionsOf(const config::Config& config) {
  RealPlatformOptions platform;
  platform.worker_threads = static_cast<int>(config.Get(config::kServerWorkerThreads));
  platform.network_threads = static_cast<int>(config.Get(config::kServerNetworkThreads));
  platform.request_bytes_max = config.Get(config::kServerMaxRequestSize);
  platform.connection_idle_timeout = Millis(config.Get(config::kConnectionMaxIdleTime));
  platform.store_bytes_max = static_cast<size_t>(config.Get(config::kStoreMemory));
  platform.connections_max = static_cast<int>(config.Get(config::kMaxConnections));
  return platform;
}

Result<RealPlatformOptions> ClusterPlatformOptionsOf(const config::Config& config) {
  const std::string address = config.Get(config::kZookeeperAddress);
  if (address.empty()) {
    return Error(ErrorCode::kInvalidConfig, "option {} is not set: a cluster needs a ZooKeeper",
                 config::kZookeeperAddress.info.key);
  }
  const std::string root = config.Get(config::kZookeeperRoot);
  if (!root.starts_with('/') || root.ends_with('/') || root.find("//") != std::string::npos) {
    return Error(ErrorCode::kInvalidConfig, "option {}: '{}' is no absolute path of a node",
                 config::kZookeeperRoot.info.key, root);
  }
  RealPlatformOptions platform = PlatformOptionsOf(config);
  platform.zookeeper = metadata::ZooKeeperOptions{
      .connect = address, .session_timeout = Millis(config.Get(config::kZookeeperSessionTimeout))};
  return platform;
}

}  // namespace strom::daemon
