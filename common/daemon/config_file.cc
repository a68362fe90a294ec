#include "common/daemon/config_file.h"

#include "common/base/logging.h"
#include "common/config/options.h"
#include "common/io/atomic_file.h"
#include "common/io/posix_file_system.h"
#include "common/remote/directory_object_store.h"
#include "common/types/table_options.h"

namespace strom::daemon {
namespace {

constexpr uint64_t kConfigBytesMax = 1 << 20;

struct Range {
  const config::IntOption& option;
  int64_t min;
  int64_t max;
};

constexpr int64_t kTera = int64_t{1} << 40;

// What the numbers may be, where not every number can be meant.
const Range kRanges[] = {
    {config::kTabletServerId, 0, INT32_MAX},
    {config::kZookeeperSessionTimeout, 100, INT32_MAX},
    {config::kDefaultBucketNumber, 1, INT32_MAX},
    {config::kDefaultReplicationFactor, 1, INT32_MAX},
    {config::kMaxBucketNum, 1, INT32_MAX},
    {config::kLogSegmentFileSize, 1024, INT32_MAX},
    {config::kLogIndexFileSize, 1024, INT32_MAX},
    {config::kLogIndexIntervalSize, 0, INT32_MAX},
    {config::kLogFlushCheckpointInterval, 1, kTera},
    {config::kLogRetentionCheckInterval, 1, kTera},
    {config::kReplicaMaxLagTime, 1, kTera},
    {config::kMinInSyncReplicas, 1, INT32_MAX},
    {config::kHighWatermarkCheckpointInterval, 1, kTera},
    {config::kWriterIdExpiration, 1, kTera},
    {config::kKvSnapshotInterval, 1, kTera},
    {config::kKvSnapshotNumRetained, 1, 1000},
    {config::kServerMaxRequestSize, 1024, INT32_MAX},
    {config::kConnectionMaxIdleTime, 1, kTera},
    {config::kServerNetworkThreads, 0, 1024},
    {config::kServerWorkerThreads, 0, 1024},
    {config::kMaxConnections, 1, INT32_MAX},
    {config::kRequestMemory, 1024, kTera},
    {config::kLogFileSize, 1024, kTera},
    {config::kLogFileCount, 0, 200'000},
};

Status CheckRanges(const config::Config& config) {
  for (const Range& range : kRanges) {
    const int64_t value = config.Get(range.option);
    if (range.min <= value && value <= range.max) continue;
    return Error(ErrorCode::kInvalidConfig, "option {}: {} is not from {} to {}",
                 range.option.info.key, value, range.min, range.max);
  }
  STROM_RETURN_IF_ERROR(
      ParseOption<Durability>(config.Get(config::kDefaultDurability))
          .status()
          .WithContext(fmt::format("option {}", config::kDefaultDurability.info.key)));
  if (const std::string remote = config.Get(config::kRemoteDataDir); !remote.empty()) {
    STROM_RETURN_IF_ERROR(remote::DirectoryOfRemoteDataDir(remote).status().WithContext(
        fmt::format("option {}", config::kRemoteDataDir.info.key)));
  }
  return ParseLogLevel(config.Get(config::kLogLevel))
      .status()
      .WithContext(fmt::format("option {}", config::kLogLevel.info.key));
}

}  // namespace

Result<config::Config> LoadConfig(const std::string& path,
                                  const std::vector<std::string>& overrides) {
  std::string yaml;
  if (!path.empty()) {
    io::PosixFileSystem files;
    STROM_ASSIGN_OR_RETURN(yaml, io::ReadWholeFile(files, path, kConfigBytesMax));
  }
  Result<config::Config> config = config::Config::Parse(yaml, overrides);
  if (!config.ok()) return path.empty() ? config.status() : config.status().WithContext(path);
  STROM_RETURN_IF_ERROR(CheckRanges(*config));
  return config;
}

std::vector<std::string> IgnoredOptionWarnings(const config::Config& config,
                                               const std::vector<config::OptionInfo>& foreign) {
  std::vector<std::string> warnings;
  const auto warn = [&](std::string_view key) {
    warnings.push_back(fmt::format("option {} is Fluss's and means nothing here: ignored", key));
  };
  for (const std::string& key : config.ignored_keys()) warn(key);
  for (const config::OptionInfo& option : foreign) {
    if (config.IsSet(option)) warn(option.key);
  }
  return warnings;
}

}  // namespace strom::daemon
