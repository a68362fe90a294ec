#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "common/base/result.h"
#include "common/config/config.h"
#include "common/types/server_info.h"

namespace strom::cli {

// An address to listen on, and the one that clients are told; the bound one if there is none.
struct DevListener {
  HostPort bind = {"127.0.0.1", 0};
  std::optional<HostPort> advertised;

  friend bool operator==(const DevListener&, const DevListener&) = default;
};

// Where the parts of `strom dev` listen. Ports 0 are any free ones.
struct DevListeners {
  DevListener coordinator;  // For Fluss's protocol: what clients are given as bootstrap server.
  DevListener tablet;       // For Fluss's protocol: where clients are sent from there.
  DevListener coordinator_grpc;
  DevListener tablet_grpc;
  HostPort http = {"127.0.0.1", 0};
};

// What `strom dev` was asked for.
struct DevOptions {
  std::string data_dir;
  config::Config config;
  DevListeners listeners;
};

// The options of `strom dev`.
std::vector<OptionSpec> DevOptionSpecs();

// Reads the file of --config, the --set options on top of it, and the rest.
//
// Listeners: --listen, else FLUSS of bind.listeners; --grpc, else GRPC of bind.listeners, else two
// ports above --listen; --http, else strom.http.listen, else four above. The tablet server takes
// the port above the coordinator's, for either protocol. A port above 0 stays 0.
// advertised.listeners names what clients are told for FLUSS and GRPC; the tablet server is told
// with its own port. Errors: kInvalidConfig; kStorage for a file that cannot be read.
Result<DevOptions> ReadDevOptions(const Arguments& arguments);

}  // namespace strom::cli
