#pragma once

#include <memory>

#include "common/rpc/framed/event_loops.h"
#include "common/rpc/framed/framed_network.h"

namespace strom::rpc::framed {

// Opens a port on `loops` and serves `dispatcher` there. Internal to this folder.
// Errors: kNetwork naming the endpoint.
Result<std::unique_ptr<Listener>> OpenListener(const ListenOptions& listen,
                                               const FramedNetwork::Options& options,
                                               const runtime::Clock& clock, EventLoops& loops,
                                               const Dispatcher& dispatcher);

}  // namespace strom::rpc::framed
