#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "common/types/ids.h"
#include "common/types/to_string_formatter.h"

namespace strom {

// The two kinds of servers of a cluster. Each kind numbers its servers for itself: there may be a
// coordinator 0 beside a tablet server 0.
enum class ServerType : uint8_t { kCoordinator, kTablet };

// A server and its address on one listener: where somebody connects to.
struct ServerNode {
  ServerType type = ServerType::kTablet;
  ServerId id;
  std::string host;
  uint16_t port = 0;
  std::optional<std::string> rack;  // None: unknown.

  // "tablet server 3 at 10.0.0.3:9123".
  std::string ToString() const {
    return fmt::format("{} {} at {}:{}",
                       type == ServerType::kCoordinator ? "coordinator" : "tablet server", id, host,
                       port);
  }

  friend bool operator==(const ServerNode&, const ServerNode&) = default;
  friend std::ostream& operator<<(std::ostream& out, const ServerNode& node) {
    return out << node.ToString();
  }
};

}  // namespace strom

template <>
struct fmt::formatter<strom::ServerNode> : strom::ToStringFormatter {};
