#pragma once

#include <memory>

#include "common/rpc/grpc/grpc_network.h"

namespace strom::rpc {

// Starts a gRPC server for `dispatcher`. Internal to this folder.
// Errors: kNetwork naming the endpoint.
Result<std::unique_ptr<Listener>> OpenGrpcListener(
    const ListenOptions& listen, const GrpcNetwork::Options& options, const runtime::Clock& clock,
    runtime::Executor& executor, runtime::Executor& blocking, const Dispatcher& dispatcher);

}  // namespace strom::rpc
