#pragma once

#include <cstddef>
#include <memory>

#include "common/rpc/network.h"
#include "common/rpc/server_session.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"

namespace strom::rpc {

// gRPC over HTTP/2, for clients that are no native ones and for our workers.
//
// A listener serves both carriers at once: unary calls (/strom.v1.<Service>/<Method>) and session
// streams (/strom.v1.StromService/Session). A channel is one of the two, as its endpoint says:
// Carrier::kGrpc or kGrpcSession. Unary calls carry their deadline to the server; they are not told
// the server's versions and are sent in the highest of the method. Channels to one endpoint share a
// TCP connection.
//
// Callbacks of unary calls run on gRPC's few threads (clamp(cores/2, 2, 16) a process, clients and
// servers together), those of sessions on the executor. No TLS yet.
class GrpcNetwork final : public Network {
 public:
  struct Options {
    MonoDuration connect_timeout = Seconds(120);    // Of a session, until it knows the versions.
    size_t request_bytes_max = size_t{100} << 20;   // Largest request, as for the framed protocol.
    size_t response_bytes_max = size_t{256} << 20;  // A client takes no larger answer.
    size_t outgoing_bytes_max = size_t{16} << 20;   // Of a server's session stream: beyond it,
                                                    // nothing is read from that client.
    ServerSession::Limits limits;                   // Of a server's session stream.
  };

  // `clock` outlives the network; `executor` (strands of sessions) and `blocking` (waits for a
  // server to stop) run until it is destroyed.
  GrpcNetwork(const runtime::Clock& clock, runtime::Executor& executor, runtime::Executor& blocking,
              Options options);
  GrpcNetwork(const runtime::Clock& clock, runtime::Executor& executor, runtime::Executor& blocking)
      : GrpcNetwork(clock, executor, blocking, Options{}) {}
  // Breaks the remaining channels and waits for that: not on a thread of gRPC or of an executor.
  ~GrpcNetwork() override;

  Result<std::unique_ptr<Listener>> Listen(const ListenOptions& options,
                                           const Dispatcher& dispatcher) override;
  std::shared_ptr<Channel> Connect(const Endpoint& endpoint) override;

 private:
  struct Shared;
  const std::unique_ptr<Shared> shared_;
};

}  // namespace strom::rpc
