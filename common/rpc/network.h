#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "common/base/result.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/channel.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/request_context.h"
#include "common/runtime/executor.h"

namespace strom::rpc {

// Where a server listens, and what is spoken there.
struct Endpoint {
  std::string host;  // Name or numeric address.
  uint16_t port = 0;
  Carrier carrier = Carrier::kFramed;

  // "host:port", with brackets around an IPv6 address.
  std::string ToString() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Endpoint& e) {
    return out << e.ToString();
  }
};

struct ListenOptions {
  Endpoint endpoint;  // Port 0: any free one.
  ListenerInfo listener;
  std::shared_ptr<const Authenticator> authenticator;  // Null: PlaintextAuthenticator.
};

// A server's open port.
//
// Destruction closes everything at once; it may wait for that, so it must not happen on a transport
// thread. When it returns, no request is dispatched any more. Handlers may still hold Responders:
// their answers go nowhere.
class Listener {
 public:
  virtual ~Listener() = default;

  // With the port that is really bound.
  virtual const Endpoint& endpoint() const = 0;

  // Takes no more connections and requests, lets those in flight be answered for up to `drain`,
  // then closes. Calls `stopped` once, on any thread; it must not destroy the listener there. At
  // most one call.
  virtual void Stop(MonoDuration drain, runtime::Task stopped) = 0;
};

// The network as a server or client sees it. Real: framed TCP and gRPC; simulated: links between
// nodes of one process, with the same codec.
//
// Outlives every listener, channel and responder that came out of it.
class Network {
 public:
  virtual ~Network() = default;

  // Serves `dispatcher`, which outlives the listener. May resolve a name: called at start-up, not
  // on a strand. Errors: kNetwork naming the endpoint.
  virtual Result<std::unique_ptr<Listener>> Listen(const ListenOptions& options,
                                                   const Dispatcher& dispatcher) = 0;

  // Returns at once; an address that cannot be reached shows as a broken channel.
  virtual std::shared_ptr<Channel> Connect(const Endpoint& endpoint) = 0;
};

// Hands every endpoint to the network that speaks its carrier; the networks outlive it.
class RoutingNetwork final : public Network {
 public:
  explicit RoutingNetwork(std::map<Carrier, Network*> networks) : networks_(std::move(networks)) {}

  // Errors: kInvalidConfig if no network speaks the endpoint's carrier.
  Result<std::unique_ptr<Listener>> Listen(const ListenOptions& options,
                                           const Dispatcher& dispatcher) override;
  // The endpoint's carrier is one of ours (checked).
  std::shared_ptr<Channel> Connect(const Endpoint& endpoint) override;

 private:
  const std::map<Carrier, Network*> networks_;
};

// "framed", "grpc", "grpc-session".
std::string_view CarrierName(Carrier carrier);

}  // namespace strom::rpc
