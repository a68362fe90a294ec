#include "tablet/server/peer_endpoint.h"

namespace strom::tablet {
namespace {

Result<rpc::Endpoint> EndpointOn(std::string_view listener, const ServerInfo& server,
                                 std::string_view who) {
  const auto address = server.listeners.find(listener);
  if (address == server.listeners.end()) {
    return Error(ErrorCode::kNetwork, "{} {} has no listener {}", who, server.id, listener);
  }
  return rpc::Endpoint{.host = address->second.host, .port = address->second.port};
}

}  // namespace

Result<rpc::Endpoint> TabletEndpoint(const service::ClusterView& view, ServerId server,
                                     std::string_view listener) {
  const auto it = view.tablet_servers.find(server);
  if (it == view.tablet_servers.end()) {
    return Error(ErrorCode::kNetwork, "tablet server {} is not among the {} live ones", server,
                 view.tablet_servers.size());
  }
  return EndpointOn(listener, it->second, "tablet server");
}

Result<rpc::Endpoint> CoordinatorEndpoint(const service::ClusterView& view,
                                          std::string_view listener) {
  if (!view.coordinator) return Error(ErrorCode::kNetwork, "no coordinator is known");
  return EndpointOn(listener, *view.coordinator, "coordinator");
}

}  // namespace strom::tablet
