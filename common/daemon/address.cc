#include "common/daemon/address.h"

#include <charconv>

namespace strom::daemon {

Result<HostPort> ParseAddress(std::string_view text) {
  const auto wrong = [text] {
    return Error(ErrorCode::kInvalidConfig, "'{}' is no host:port", text);
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return wrong();
  } else if (host.find_first_of(":[] /") != std::string_view::npos) {
    return wrong();
  }
  HostPort address{.host = std::string(host.empty() ? "127.0.0.1" : host)};
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) return wrong();
  return address;
}

}  // namespace strom::daemon
