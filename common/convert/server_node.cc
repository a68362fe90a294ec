#include "common/convert/server_node.h"

#include <limits>

namespace strom::convert {

Result<ServerNode> FromPb(const pb::PbServerNode& node, ServerType type) {
  const std::string_view what = type == ServerType::kCoordinator ? "coordinator" : "tablet server";
  if (node.node_id() < 0) {
    return Error(ErrorCode::kCorruptMessage, "{} with the negative id {}", what, node.node_id());
  }
  if (node.host().empty()) {
    return Error(ErrorCode::kCorruptMessage, "{} {} without a host", what, node.node_id());
  }
  if (node.port() < 1 || node.port() > std::numeric_limits<uint16_t>::max()) {
    return Error(ErrorCode::kCorruptMessage, "{} {}: port {} is not from 1 to 65535", what,
                 node.node_id(), node.port());
  }
  return ServerNode{
      .type = type,
      .id = ServerId(node.node_id()),
      .host = node.host(),
      .port = static_cast<uint16_t>(node.port()),
      .rack = node.has_rack() ? std::optional<std::string>(node.rack()) : std::nullopt};
}

pb::PbServerNode ToPb(const ServerNode& node) {
  pb::PbServerNode result;
  result.set_node_id(node.id.value());
  result.set_host(node.host);
  result.set_port(node.port);
  if (node.rack) result.set_rack(*node.rack);
  return result;
}

}  // namespace strom::convert
