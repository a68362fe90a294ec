#include "common/types/server_info.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace strom {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Result<uint16_t> PortFromText(std::string_view digits, std::string_view listener,
                              uint16_t port_min) {
  uint16_t port = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, port);
  if (error != std::errc() || stopped != end || port < port_min) {
    return Error(ErrorCode::kInvalidConfig, "listener '{:.200}': the port is not from {} to 65535",
                 listener, port_min);
  }
  return port;
}

// `text` is one listener of a list.
Status AddListener(std::string_view text, uint16_t port_min, Listeners* listeners) {
  const size_t scheme = text.find("://");
  const size_t colon = text.rfind(':');
  if (scheme == 0 || scheme == std::string_view::npos || colon < scheme + 3) {
    return Error(ErrorCode::kInvalidConfig, "listener '{:.200}' is no NAME://host:port", text);
  }
  std::string_view host = text.substr(scheme + 3, colon - scheme - 3);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  STROM_ASSIGN_OR_RETURN(const uint16_t port, PortFromText(text.substr(colon + 1), text, port_min));
  const std::string name(text.substr(0, scheme));
  if (!listeners->emplace(name, HostPort{std::string(host), port}).second) {
    return Error(ErrorCode::kInvalidConfig, "listener '{:.200}' comes twice", name);
  }
  if (listeners->size() > kListenersMax) {
    return Error(ErrorCode::kInvalidConfig, "more than {} listeners", kListenersMax);
  }
  return Status::Ok();
}

Result<Listeners> ReadListeners(std::string_view text, uint16_t port_min) {
  Listeners listeners;
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    STROM_RETURN_IF_ERROR(AddListener(Trimmed(text.substr(0, comma)), port_min, &listeners));
    if (comma == text.size()) return listeners;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string HostPort::ToString() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::string ListenersToText(const Listeners& listeners) {
  std::string text;
  for (const auto& [name, address] : listeners) {
    if (!text.empty()) text += ',';
    text += name + "://" + address.ToString();
  }
  return text;
}

Result<Listeners> ListenersFromText(std::string_view text) { return ReadListeners(text, 1); }

Result<Listeners> BindListenersFromText(std::string_view text) { return ReadListeners(text, 0); }

const HostPort* ServerInfo::AddressFor(std::string_view listener) const {
  for (const std::string_view name :
       {listener, std::string_view("FLUSS"), std::string_view("CLIENT")}) {
    if (const auto found = listeners.find(name); found != listeners.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace strom
