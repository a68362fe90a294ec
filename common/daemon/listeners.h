#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/rpc/network.h"
#include "common/types/server_info.h"

namespace strom::daemon {

// Names with a meaning; any other name is a listener for Fluss's clients.
inline constexpr const char* kFlussListener = "FLUSS";        // Framed, for Fluss's clients.
inline constexpr const char* kGrpcListener = "GRPC";          // gRPC, for ours.
inline constexpr const char* kInternalListener = "INTERNAL";  // Framed, for servers.

// A port of a server and where others reach it; absent: as it is bound.
struct ServerListener {
  rpc::ListenOptions listen;
  std::optional<HostPort> advertised;
};

// The listener `name`: GRPC speaks gRPC to our clients, `internal` is the one of the servers among
// each other, any other is Fluss's protocol for its clients.
ServerListener MakeListener(const std::string& name, const std::string& internal,
                            const HostPort& bind, std::optional<HostPort> advertised);

// Those of bind.listeners, sorted by name, with advertised.listeners and internal.listener.name.
// Errors: kInvalidConfig for a text that is no list of listeners, an advertised listener that is
// not bound, no internal one, or an internal one that speaks gRPC.
Result<std::vector<ServerListener>> ReadServerListeners(const config::Config& config);

// As the coordinator and the tablet server take them.
template <class ListenerOptions>
std::vector<ListenerOptions> ListenersAs(const std::vector<ServerListener>& listeners) {
  std::vector<ListenerOptions> options;
  for (const ServerListener& listener : listeners) {
    options.push_back({.listen = listener.listen, .advertised = listener.advertised});
  }
  return options;
}

// What to say about listeners that clients on other machines cannot use: bound to every address
// and advertised as that.
std::vector<std::string> UnreachableWarnings(const std::vector<ServerListener>& listeners);

}  // namespace strom::daemon
