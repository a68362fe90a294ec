#pragma once

#include "common/base/result.h"
#include "common/types/server_node.h"
#include "proto/pb.h"
#include "proto/types.pb.h"

namespace strom::convert {

// A server as a metadata answer names it, with its address on the listener that was asked. The type
// follows from the place in the answer. The message's list of all listeners is left alone.
// Errors: kCorruptMessage naming the server for a negative id, no host, or a port outside 1 to
// 65535.
Result<ServerNode> FromPb(const pb::PbServerNode& node, ServerType type);

pb::PbServerNode ToPb(const ServerNode& node);

}  // namespace strom::convert
