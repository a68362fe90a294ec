#pragma once

// The client's ends of calls. Internal to this folder; gRPC's types are only declared.

#include <memory>

#include "common/rpc/client_session.h"
#include "common/rpc/grpc/grpc_call.h"
#include "common/rpc/grpc/grpc_network.h"
#include "common/rpc/open_set.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace strom::rpc {

// What all channels of a network share; outlives their calls. It also outlives, by holding them,
// the gRPC channels that calls use: a last reference dropped in a callback would join its own
// thread.
struct GrpcClientState {
  const runtime::Clock& clock;
  runtime::Executor& executor;
  const GrpcNetwork::Options options;
  OpenSet<GrpcCall> calls;
};

// Both return at once. `state` outlives the channel.
std::shared_ptr<Channel> NewUnaryChannel(GrpcClientState& state,
                                         std::shared_ptr<grpc::Channel> channel, std::string peer);
std::shared_ptr<Channel> NewSessionChannel(GrpcClientState& state,
                                           const std::shared_ptr<grpc::Channel>& channel,
                                           std::string peer);

}  // namespace strom::rpc
