#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/types/ids.h"
#include "common/types/to_string_formatter.h"

namespace strom {

// Where a listener is reached.
struct HostPort {
  std::string host;
  uint16_t port = 0;

  // "10.0.0.1:9123", with brackets around an IPv6 address.
  std::string ToString() const;

  friend bool operator==(const HostPort&, const HostPort&) = default;
  friend std::ostream& operator<<(std::ostream& out, const HostPort& address) {
    return out << address.ToString();
  }
};

// The addresses of one server, by the name of the listener: "FLUSS" -> 10.0.0.1:9123.
using Listeners = std::map<std::string, HostPort, std::less<>>;

inline constexpr size_t kListenersMax = 64;  // Of one server.

// "CLIENT://10.0.0.1:9124,FLUSS://10.0.0.1:9123": how registrations and UpdateMetadata write them.
// Same form as Fluss: Endpoint.java.
std::string ListenersToText(const Listeners& listeners);

// Spaces around the commas do no harm; the host is all up to the last colon, without brackets.
// Errors: kInvalidConfig naming the part that is no "NAME://host:port", a port outside 1 to 65535,
// a name that comes twice, no listener or more than kListenersMax.
Result<Listeners> ListenersFromText(std::string_view text);
// The same for addresses to listen on, where port 0 means any free one.
Result<Listeners> BindListenersFromText(std::string_view text);

// A server as the cluster knows it: its addresses on all listeners. (ServerNode: on one of them.)
struct ServerInfo {
  ServerId id;
  Listeners listeners;
  std::optional<std::string> rack;  // None: unknown.

  // Its address for a caller that came by `listener`: of the listener with this name, else of the
  // one that every cluster has for its clients: FLUSS, or CLIENT. nullptr if it has none of these.
  const HostPort* AddressFor(std::string_view listener) const;

  friend bool operator==(const ServerInfo&, const ServerInfo&) = default;
};

}  // namespace strom

template <>
struct fmt::formatter<strom::HostPort> : strom::ToStringFormatter {};
