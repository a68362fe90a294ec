#include "common/daemon/listeners.h"

#include <utility>

#include "common/config/options.h"

namespace strom::daemon {
namespace {

rpc::Audience AudienceOf(const std::string& name, const std::string& internal) {
  if (name == internal) return rpc::Audience::kServers;
  return name == kGrpcListener ? rpc::Audience::kStromClients : rpc::Audience::kFlussClients;
}

}  // namespace

ServerListener MakeListener(const std::string& name, const std::string& internal,
                            const HostPort& bind, std::optional<HostPort> advertised) {
  const rpc::Carrier carrier = name == kGrpcListener ? rpc::Carrier::kGrpc : rpc::Carrier::kFramed;
  return {.listen = {.endpoint = {.host = bind.host, .port = bind.port, .carrier = carrier},
                     .listener = {.name = name, .audience = AudienceOf(name, internal)},
                     .authenticator = nullptr},
          .advertised = std::move(advertised)};
}

Result<std::vector<ServerListener>> ReadServerListeners(const config::Config& config) {
  const auto bound = BindListenersFromText(config.Get(config::kBindListeners));
  if (!bound.ok()) return bound.status().WithContext(config::kBindListeners.info.key);
  Listeners advertised;
  if (const std::string text = config.Get(config::kAdvertisedListeners); !text.empty()) {
    auto read = ListenersFromText(text);
    if (!read.ok()) return read.status().WithContext(config::kAdvertisedListeners.info.key);
    advertised = *std::move(read);
  }
  for (const auto& [name, address] : advertised) {
    if (bound->contains(name)) continue;
    return Error(ErrorCode::kInvalidConfig, "{} names {}, which {} does not bind",
                 config::kAdvertisedListeners.info.key, name, config::kBindListeners.info.key);
  }
  const std::string internal = config.Get(config::kInternalListenerName);
  if (!bound->contains(internal) || internal == kGrpcListener) {
    return Error(ErrorCode::kInvalidConfig,
                 "{} is {}: servers need it among {}, speaking Fluss's protocol",
                 config::kInternalListenerName.info.key, internal, config::kBindListeners.info.key);
  }
  std::vector<ServerListener> listeners;
  for (const auto& [name, address] : *bound) {
    const auto told = advertised.find(name);
    listeners.push_back(MakeListener(
        name, internal, address,
        told == advertised.end() ? std::nullopt : std::optional<HostPort>(told->second)));
  }
  return listeners;
}

std::vector<std::string> UnreachableWarnings(const std::vector<ServerListener>& listeners) {
  std::vector<std::string> warnings;
  for (const ServerListener& listener : listeners) {
    const rpc::Endpoint& bind = listener.listen.endpoint;
    if (listener.advertised || (bind.host != "0.0.0.0" && bind.host != "::")) continue;
    warnings.push_back("clients are told to connect to " + bind.ToString() +
                       ", which only works on this machine: set advertised.listeners");
  }
  return warnings;
}

}  // namespace strom::daemon
