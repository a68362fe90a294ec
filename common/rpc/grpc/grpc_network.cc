#include "common/rpc/grpc/grpc_network.h"

#include <map>
#include <string>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <grpcpp/grpcpp.h>

#include "common/rpc/grpc/client_calls.h"
#include "common/rpc/grpc/grpc_listener.h"
#include "common/rpc/grpc/grpc_wire.h"
#include "common/runtime/wait.h"

namespace strom::rpc {
namespace {

grpc::ChannelArguments ClientArguments(const GrpcNetwork::Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(
      static_cast<int>(options.response_bytes_max + kFrameOverheadBytes));
  arguments.SetMaxSendMessageSize(-1);  // Checked before.
  // After a failed attempt calls fail at once until the next: keep that short.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // Whatever a shell has set for web proxies is not meant for a cluster's own connections.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Not shared with other networks of the process: a test's server must not answer another's.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

}  // namespace

struct GrpcNetwork::Shared {
  // One gRPC channel an endpoint, kept until the network goes: few endpoints, and see
  // GrpcClientState.
  std::shared_ptr<grpc::Channel> ChannelTo(const std::string& target) {
    runtime::WaitLock lock(mutex);
    std::shared_ptr<grpc::Channel>& channel = channels[target];
    if (!channel) {
      channel = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                          ClientArguments(clients.options));
    }
    return channel;
  }

  runtime::Executor& blocking;
  GrpcClientState clients;
  runtime::WaitMutex mutex;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels ABSL_GUARDED_BY(mutex);
};

GrpcNetwork::GrpcNetwork(const runtime::Clock& clock, runtime::Executor& executor,
                         runtime::Executor& blocking, Options options)
    : shared_(new Shared{.blocking = blocking,
                         .clients = {.clock = clock, .executor = executor, .options = options}}) {}

GrpcNetwork::~GrpcNetwork() {
  shared_->clients.calls.AbortAll(Error(ErrorCode::kNetwork, "the network is closed"));
  shared_->clients.calls.AwaitEmpty();
}

Result<std::unique_ptr<Listener>> GrpcNetwork::Listen(const ListenOptions& options,
                                                      const Dispatcher& dispatcher) {
  return OpenGrpcListener(options, shared_->clients.options, shared_->clients.clock,
                          shared_->clients.executor, shared_->blocking, dispatcher);
}

std::shared_ptr<Channel> GrpcNetwork::Connect(const Endpoint& endpoint) {
  const std::string target = endpoint.ToString();
  std::shared_ptr<grpc::Channel> channel = shared_->ChannelTo(target);
  return endpoint.carrier == Carrier::kGrpcSession
             ? NewSessionChannel(shared_->clients, channel, target)
             : NewUnaryChannel(shared_->clients, std::move(channel), target);
}

}  // namespace strom::rpc
