#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "common/rpc/network.h"
#include "common/rpc/server_session.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/types/server_info.h"

namespace strom::rpc {

class LocalPorts;

// A shortcut inside the process, in front of another network: for `strom dev`, whose servers and
// worker are one process and need no sockets to talk to each other.
//
// Listen opens the port at the network behind. As long as the listener takes connections, Connect
// to where it is bound leads straight to its dispatcher, for framed connections and gRPC sessions;
// every other Connect (unary gRPC, too) goes to the network behind.
//
// The two ends are those of every connection, ClientSession and ServerSession: the order of the
// calls, deadlines, versions, limits, admission and the fields a listener serves are what they are
// on a socket. Only bytes and encodings between them are saved. The peer's address is 127.0.0.1,
// port 0: there is none.
//
// Handlers and continuations run on the executor: a handler never in its caller's stack, and a
// continuation never on a strand of the server that answered.
class LocalNetwork final : public Network {
 public:
  // A listener's address as its server tells it to others, where that is not the one it is bound
  // to.
  struct Alias {
    HostPort told;
    HostPort bound;
  };
  struct Options {
    size_t request_bytes_max = size_t{100} << 20;  // As at the network behind.
    ServerSession::Limits limits;                  // Of a connection.
    std::vector<Alias> aliases;
  };

  // `behind` and `clock` outlive the network; `executor` runs until it and all that came out of it
  // are destroyed.
  LocalNetwork(Network& behind, runtime::Executor& executor, const runtime::Clock& clock,
               Options options);
  ~LocalNetwork() override;

  // Errors: those of the network behind.
  Result<std::unique_ptr<Listener>> Listen(const ListenOptions& options,
                                           const Dispatcher& dispatcher) override;
  std::shared_ptr<Channel> Connect(const Endpoint& endpoint) override;

 private:
  Endpoint BoundOf(const Endpoint& endpoint) const;

  Network& behind_;
  runtime::Executor& executor_;
  const runtime::Clock& clock_;
  const Options options_;
  const std::shared_ptr<LocalPorts> ports_;
};

}  // namespace strom::rpc
