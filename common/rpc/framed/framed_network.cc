#include "common/rpc/framed/framed_network.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "common/rpc/framed/client_connection.h"
#include "common/rpc/framed/framed_listener.h"
#include "common/rpc/framed/socket_link.h"

namespace strom::rpc::framed {

struct FramedNetwork::Shared {
  Shared(const runtime::Clock& c, const Options& o)
      : clock(c),
        options(o),
        loops(c, o.loops > 0
                     ? o.loops
                     : std::max(1, static_cast<int>(std::thread::hardware_concurrency() / 4))) {}

  const runtime::Clock& clock;
  const Options options;
  EventLoops loops;
  const std::shared_ptr<OpenSet<SocketLink>> clients = std::make_shared<OpenSet<SocketLink>>();
};

FramedNetwork::FramedNetwork(const runtime::Clock& clock, Options options)
    : shared_(std::make_unique<Shared>(clock, options)) {}

FramedNetwork::~FramedNetwork() {
  shared_->clients->AbortAll(Error(ErrorCode::kNetwork, "the network is closed"));
  shared_->clients->AwaitEmpty();
}

Result<std::unique_ptr<Listener>> FramedNetwork::Listen(const ListenOptions& options,
                                                        const Dispatcher& dispatcher) {
  return OpenListener(options, shared_->options, shared_->clock, shared_->loops, dispatcher);
}

std::shared_ptr<Channel> FramedNetwork::Connect(const Endpoint& endpoint) {
  EventLoop& loop = shared_->loops.Next();
  auto strand = std::make_shared<runtime::Strand>(loop);
  auto session = std::make_shared<ClientSession>(
      ClientSession::Options{.clock = &shared_->clock,
                             .peer = endpoint.ToString(),
                             .connect_timeout = shared_->options.connect_timeout,
                             .request_bytes_max = shared_->options.request_bytes_max},
      strand);
  auto link = std::make_shared<SocketLink>(
      asio::ip::tcp::socket(loop.io()), shared_->clock,
      SocketLink::Options{.idle_timeout = shared_->options.idle_timeout}, strand,
      std::make_shared<ClientConnection>(session, shared_->options.response_bytes_max),
      shared_->clients);
  const bool added = shared_->clients->Add(link, SIZE_MAX);
  STROM_CHECK(added) << "Connect on a network that is being destroyed";
  session->Start([weak = std::weak_ptr(link)] {
    if (const auto abandoned = weak.lock()) {
      abandoned->Abort(Error(ErrorCode::kNetwork, "closed before it was connected"));
    }
  });
  link->Connect(endpoint.host, endpoint.port);
  return ClientSession::Handle(std::move(session));
}

}  // namespace strom::rpc::framed
