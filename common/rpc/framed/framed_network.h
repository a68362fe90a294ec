#pragma once

#include <cstddef>
#include <memory>

#include "common/rpc/client_session.h"
#include "common/rpc/framed/frame_codec.h"
#include "common/rpc/network.h"
#include "common/rpc/server_session.h"
#include "common/runtime/clock.h"

namespace strom::rpc::framed {

// Framed TCP over real sockets. A connection lives on one of a few event loops; its requests are
// dispatched on that loop's thread, in the order they arrived, and continuations of calls run
// there.
class FramedNetwork final : public Network {
 public:
  struct Options {
    int loops = 0;  // Threads; 0: a quarter of the cores, at least one.
    MonoDuration connect_timeout = Seconds(120);
    MonoDuration idle_timeout = Seconds(600);          // Without any byte either way; both sides.
    size_t request_bytes_max = kFrameBytesMaxDefault;  // The whole frame.
    size_t response_bytes_max = size_t{256} << 20;     // A client takes no larger frame.
    size_t outgoing_bytes_max = size_t{16} << 20;      // Of a server's connection: beyond it,
                                                       // nothing is read from that client.
    int connections_max = 10000;                       // Of a listener; more are closed.
    ServerSession::Limits limits;                      // Of a server's connection.
  };

  // `clock` outlives the network.
  FramedNetwork(const runtime::Clock& clock, Options options);
  explicit FramedNetwork(const runtime::Clock& clock) : FramedNetwork(clock, Options{}) {}
  // Breaks the remaining channels and stops the loops. Listeners and responders are gone by now.
  ~FramedNetwork() override;

  Result<std::unique_ptr<Listener>> Listen(const ListenOptions& options,
                                           const Dispatcher& dispatcher) override;
  std::shared_ptr<Channel> Connect(const Endpoint& endpoint) override;

 private:
  struct Shared;
  const std::unique_ptr<Shared> shared_;
};

}  // namespace strom::rpc::framed
