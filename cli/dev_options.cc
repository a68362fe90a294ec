#include "cli/dev_options.h"

#include "cli/address.h"
#include "common/base/logging.h"
#include "common/config/options.h"
#include "common/io/atomic_file.h"
#include "common/io/posix_file_system.h"

namespace strom::cli {
namespace {

constexpr uint64_t kConfigBytesMax = 1 << 20;
constexpr const char* kFluss = "FLUSS";
constexpr const char* kGrpc = "GRPC";

struct Range {
  const config::IntOption& option;
  int64_t min;
  int64_t max;
};

constexpr int64_t kTera = int64_t{1} << 40;

// What the numbers may be, where not every number can be meant.
const Range kRanges[] = {
    {config::kTabletServerId, 0, INT32_MAX},
    {config::kDefaultBucketNumber, 1, INT32_MAX},
    {config::kDefaultReplicationFactor, 1, INT32_MAX},
    {config::kMaxBucketNum, 1, INT32_MAX},
    {config::kLogSegmentFileSize, 1024, INT32_MAX},
    {config::kLogIndexFileSize, 1024, INT32_MAX},
    {config::kLogIndexIntervalSize, 0, INT32_MAX},
    {config::kLogFlushCheckpointInterval, 1, kTera},
    {config::kLogRetentionCheckInterval, 1, kTera},
    {config::kWriterIdExpiration, 1, kTera},
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
  return ParseLogLevel(config.Get(config::kLogLevel))
      .status()
      .WithContext(fmt::format("option {}", config::kLogLevel.info.key));
}

Result<config::Config> ReadConfig(const Arguments& arguments) {
  std::string yaml;
  const std::string path = arguments.Text("--config");
  if (!path.empty()) {
    io::PosixFileSystem files;
    STROM_ASSIGN_OR_RETURN(yaml, io::ReadWholeFile(files, path, kConfigBytesMax));
  }
  Result<config::Config> config = config::Config::Parse(yaml, arguments.All("--set"));
  if (!config.ok()) return path.empty() ? config.status() : config.status().WithContext(path);
  STROM_RETURN_IF_ERROR(CheckRanges(*config));
  return config;
}

// `address`, `distance` ports up. Port 0 stays.
Result<HostPort> Above(const HostPort& address, int distance) {
  if (address.port == 0) return address;
  if (address.port + distance > UINT16_MAX) {
    return Error(ErrorCode::kInvalidConfig, "no port {} above {}: choose a lower one", distance,
                 address);
  }
  return HostPort{address.host, static_cast<uint16_t>(address.port + distance)};
}

Result<Listeners> ReadListeners(const config::Config& config, const config::StringOption& option) {
  const std::string text = config.Get(option);
  if (text.empty()) return Listeners{};
  Result<Listeners> listeners = ListenersFromText(text);
  if (!listeners.ok()) return listeners.status().WithContext(option.info.key);
  for (const auto& [name, address] : *listeners) {
    if (name == kFluss || name == kGrpc) continue;
    return Error(ErrorCode::kInvalidConfig, "{}: strom dev has the listeners {} and {}, not {}",
                 option.info.key, kFluss, kGrpc, name);
  }
  return listeners;
}

// The address of an option if it is given, else of a listener, else `otherwise`.
Result<HostPort> Choose(const Arguments& arguments, std::string_view option,
                        const Listeners& listeners, std::string_view name,
                        const HostPort& otherwise) {
  if (arguments.Has(option)) return ParseAddress(arguments.Text(option));
  const auto it = listeners.find(name);
  return it == listeners.end() ? otherwise : it->second;
}

// The listeners of coordinator and tablet server for one protocol.
Status Pair(const HostPort& bind, const Listeners& advertised, std::string_view name,
            DevListener* coordinator, DevListener* tablet) {
  coordinator->bind = bind;
  STROM_ASSIGN_OR_RETURN(tablet->bind, Above(bind, 1));
  const auto it = advertised.find(name);
  if (it == advertised.end()) return Status::Ok();
  if (bind.port == 0) {
    return Error(ErrorCode::kInvalidConfig, "{} is advertised as {}, but listens on any free port",
                 name, it->second);
  }
  coordinator->advertised = it->second;
  tablet->advertised = HostPort{it->second.host, tablet->bind.port};
  return Status::Ok();
}

Result<DevListeners> PlanListeners(const Arguments& arguments, const config::Config& config) {
  STROM_ASSIGN_OR_RETURN(const Listeners bound, ReadListeners(config, config::kBindListeners));
  STROM_ASSIGN_OR_RETURN(const Listeners advertised,
                         ReadListeners(config, config::kAdvertisedListeners));
  DevListeners plan;
  STROM_ASSIGN_OR_RETURN(const HostPort fluss,
                         Choose(arguments, "--listen", bound, kFluss, HostPort{"127.0.0.1", 9123}));
  STROM_ASSIGN_OR_RETURN(const HostPort two_above, Above(fluss, 2));
  STROM_ASSIGN_OR_RETURN(const HostPort four_above, Above(fluss, 4));
  STROM_ASSIGN_OR_RETURN(const HostPort grpc, Choose(arguments, "--grpc", bound, kGrpc, two_above));
  STROM_ASSIGN_OR_RETURN(plan.http, Choose(arguments, "--http", {}, "", four_above));
  STROM_RETURN_IF_ERROR(Pair(fluss, advertised, kFluss, &plan.coordinator, &plan.tablet));
  STROM_RETURN_IF_ERROR(Pair(grpc, advertised, kGrpc, &plan.coordinator_grpc, &plan.tablet_grpc));
  return plan;
}

}  // namespace

std::vector<OptionSpec> DevOptionSpecs() {
  return {
      {.name = "--data",
       .value_name = "DIR",
       .help = "Where everything is kept; made if missing. Default: data.dir, else ./strom-data"},
      {.name = "--config", .value_name = "FILE", .help = "A server.yaml, as Fluss has it"},
      {.name = "--set",
       .value_name = "KEY=VALUE",
       .help = "An option of the configuration, on top of the file; may be repeated",
       .check = CheckKeyValue,
       .repeated = true},
      {.name = "--listen",
       .value_name = "HOST:PORT",
       .help = "For Fluss's protocol; the tablet server takes the next port. Default: "
               "bind.listeners, which is 127.0.0.1:9123",
       .check = CheckAddress},
      {.name = "--grpc",
       .value_name = "HOST:PORT",
       .help = "For gRPC, the next port too. Default: two ports above --listen",
       .check = CheckAddress},
      {.name = "--http",
       .value_name = "HOST:PORT",
       .help = "For /metrics and /health. Default: four ports above --listen",
       .check = CheckAddress},
      {.name = "--print-config", .help = "Print all options with their values, and end"},
  };
}

Result<DevOptions> ReadDevOptions(const Arguments& arguments) {
  DevOptions options;
  STROM_ASSIGN_OR_RETURN(options.config, ReadConfig(arguments));
  STROM_ASSIGN_OR_RETURN(options.listeners, PlanListeners(arguments, options.config));
  options.data_dir =
      arguments.Has("--data") ? arguments.Text("--data") : options.config.Get(config::kDataDir);
  if (options.data_dir.empty()) options.data_dir = "strom-data";
  return options;
}

}  // namespace strom::cli
