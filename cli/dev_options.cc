#include "cli/dev_options.h"

#include <utility>

#include <fmt/format.h>

#include "common/config/options.h"
#include "common/daemon/address.h"
#include "common/daemon/config_file.h"
#include "common/daemon/listeners.h"

namespace strom::cli {
namespace {

using daemon::kFlussListener;
using daemon::kGrpcListener;

// `address`, `distance` ports up. Port 0 stays.
Result<HostPort> Above(const HostPort& address, int distance) {
  if (address.port == 0) return address;
  if (address.port + distance > UINT16_MAX) {
    return Error(ErrorCode::kInvalidConfig, "no port {} above {}: choose a lower one", distance,
                 address);
  }
  return HostPort{address.host, static_cast<uint16_t>(address.port + distance)};
}

// What `read` makes of the option's text.
Result<Listeners> ReadListeners(const config::Config& config, const config::StringOption& option,
                                Result<Listeners> (*read)(std::string_view)) {
  const std::string text = config.Get(option);
  if (text.empty()) return Listeners{};
  Result<Listeners> listeners = read(text);
  if (!listeners.ok()) return listeners.status().WithContext(option.info.key);
  for (const auto& [name, address] : *listeners) {
    if (name == kFlussListener || name == kGrpcListener) continue;
    return Error(ErrorCode::kInvalidConfig, "{}: strom dev has the listeners {} and {}, not {}",
                 option.info.key, kFlussListener, kGrpcListener, name);
  }
  return listeners;
}

// Of strom.http.listen, which is empty by default: then `otherwise`.
Result<HostPort> HttpAddress(const config::Config& config, const HostPort& otherwise) {
  const std::string text = config.Get(config::kHttpListen);
  return text.empty() ? otherwise : daemon::ParseAddress(text);
}

// The address of an option if it is given, else of a listener, else `otherwise`.
Result<HostPort> Choose(const Arguments& arguments, std::string_view option,
                        const Listeners& listeners, std::string_view name,
                        const HostPort& otherwise) {
  if (arguments.Has(option)) return daemon::ParseAddress(arguments.Text(option));
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
  STROM_ASSIGN_OR_RETURN(const Listeners bound,
                         ReadListeners(config, config::kBindListeners, BindListenersFromText));
  STROM_ASSIGN_OR_RETURN(const Listeners advertised,
                         ReadListeners(config, config::kAdvertisedListeners, ListenersFromText));
  DevListeners plan;
  STROM_ASSIGN_OR_RETURN(const HostPort fluss, Choose(arguments, "--listen", bound, kFlussListener,
                                                      HostPort{"127.0.0.1", 9123}));
  STROM_ASSIGN_OR_RETURN(const HostPort two_above, Above(fluss, 2));
  STROM_ASSIGN_OR_RETURN(const HostPort four_above, Above(fluss, 4));
  STROM_ASSIGN_OR_RETURN(const HostPort grpc,
                         Choose(arguments, "--grpc", bound, kGrpcListener, two_above));
  STROM_ASSIGN_OR_RETURN(const HostPort http, HttpAddress(config, four_above));
  STROM_ASSIGN_OR_RETURN(plan.http, Choose(arguments, "--http", {}, "", http));
  STROM_RETURN_IF_ERROR(Pair(fluss, advertised, kFlussListener, &plan.coordinator, &plan.tablet));
  STROM_RETURN_IF_ERROR(
      Pair(grpc, advertised, kGrpcListener, &plan.coordinator_grpc, &plan.tablet_grpc));
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
       .help = "For /metrics and /health. Default: strom.http.listen, else four ports above "
               "--listen",
       .check = CheckAddress},
      {.name = "--print-config", .help = "Print all options with their values, and end"},
  };
}

Result<DevOptions> ReadDevOptions(const Arguments& arguments) {
  DevOptions options;
  std::vector<std::string> settings = arguments.All("--set");
  STROM_ASSIGN_OR_RETURN(options.config, daemon::LoadConfig(arguments.Text("--config"), settings));
  // The jobs in the same process take several times as much: rows are not kept short beside them.
  for (const auto& [option, standard] : {std::pair(config::kRecentRowsMemory.info, "64mb"),
                                         std::pair(config::kStoreMemory.info, "128mb")}) {
    if (!options.config.IsSet(option)) settings.push_back(fmt::format("{}={}", option.key, standard));
  }
  STROM_ASSIGN_OR_RETURN(options.config, daemon::LoadConfig(arguments.Text("--config"), settings));
  STROM_ASSIGN_OR_RETURN(options.listeners, PlanListeners(arguments, options.config));
  options.data_dir =
      arguments.Has("--data") ? arguments.Text("--data") : options.config.Get(config::kDataDir);
  if (options.data_dir.empty()) options.data_dir = "strom-data";
  return options;
}

}  // namespace strom::cli
