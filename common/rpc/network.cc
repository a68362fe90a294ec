#include "common/rpc/network.h"

#include <fmt/core.h>

namespace strom::rpc {

std::string Endpoint::ToString() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::string_view CarrierName(Carrier carrier) {
  switch (carrier) {
    case Carrier::kFramed:
      return "framed";
    case Carrier::kGrpc:
      return "grpc";
    case Carrier::kGrpcSession:
      return "grpc-session";
  }
  return "unknown";
}

Result<std::unique_ptr<Listener>> RoutingNetwork::Listen(const ListenOptions& options,
                                                         const Dispatcher& dispatcher) {
  const auto it = networks_.find(options.endpoint.carrier);
  if (it == networks_.end()) {
    return Error(ErrorCode::kInvalidConfig, "listener {}: nothing here speaks {}",
                 options.listener.name, CarrierName(options.endpoint.carrier));
  }
  return it->second->Listen(options, dispatcher);
}

std::shared_ptr<Channel> RoutingNetwork::Connect(const Endpoint& endpoint) {
  const auto it = networks_.find(endpoint.carrier);
  STROM_CHECK(it != networks_.end())
      << endpoint << ": nothing here speaks " << CarrierName(endpoint.carrier);
  return it->second->Connect(endpoint);
}

}  // namespace strom::rpc
