#pragma once

// The server's ends of calls. Internal to this folder; gRPC's types are only declared.

#include <memory>

#include "common/rpc/dispatcher.h"
#include "common/rpc/grpc/grpc_call.h"
#include "common/rpc/network.h"
#include "common/rpc/open_set.h"
#include "common/rpc/server_session.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"

namespace grpc {
class ByteBuffer;
class GenericCallbackServerContext;
template <class Request, class Response>
class ServerBidiReactor;
}  // namespace grpc

namespace strom::rpc {

// gRPC's name for what handles the events of one generic call.
using GrpcServerReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// What the calls of one listener share. Outlives them.
struct GrpcServerState {
  const Dispatcher& dispatcher;
  const runtime::Clock& clock;
  runtime::Executor& executor;
  ListenerInfo listener;
  std::shared_ptr<const Authenticator> authenticator;  // Null: plaintext.
  size_t outgoing_bytes_max;
  ServerSession::Limits limits;
  OpenSet<GrpcCall> calls;
};

// Reactors for a call that gRPC announces with `context`. They delete themselves.
// One request and its answer; handlers run on gRPC's callback threads.
GrpcServerReactor* NewUnaryCall(GrpcServerState& state,
                                grpc::GenericCallbackServerContext* context);
// A stream of Frames both ways.
GrpcServerReactor* NewSessionStream(GrpcServerState& state,
                                    grpc::GenericCallbackServerContext* context);
// Ends a call at once: the listener is stopping.
GrpcServerReactor* NewRefusal();

}  // namespace strom::rpc
