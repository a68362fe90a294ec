#include "common/rpc/local/local_network.h"

#include <atomic>
#include <utility>

#include "common/rpc/client_session.h"
#include "common/rpc/local/local_link.h"
#include "common/rpc/local/local_ports.h"

namespace strom::rpc {
namespace {

// The listener behind, and the connections that do not come through it.
class LocalListener final : public Listener {
 public:
  LocalListener(std::unique_ptr<Listener> behind, std::shared_ptr<LocalPort> port,
                std::shared_ptr<LocalPorts> ports, runtime::Executor& executor,
                const runtime::Clock& clock)
      : behind_(std::move(behind)),
        port_(std::move(port)),
        ports_(std::move(ports)),
        executor_(executor),
        clock_(clock) {
    ports_->Add(endpoint(), port_);
  }

  ~LocalListener() override {
    ports_->Remove(endpoint(), port_.get());
    port_->links->AbortAll(Error(ErrorCode::kNetwork, "the listener is closed"));
    port_->links->AwaitEmpty();
  }

  const Endpoint& endpoint() const override { return behind_->endpoint(); }

  void Stop(MonoDuration drain, runtime::Task stopped) override {
    struct Stopping {
      std::atomic<int> left = 2;
      runtime::Task stopped;
    };
    const auto stopping = std::make_shared<Stopping>();
    stopping->stopped = std::move(stopped);
    const auto one_done = [stopping] {
      if (--stopping->left == 0) stopping->stopped();
    };
    ports_->Remove(endpoint(), port_.get());
    port_->links->DrainAll();
    executor_.PostAt(clock_.Now() + drain, [links = port_->links] {
      links->AbortAll(Error(ErrorCode::kNetwork, "the server has stopped"));
    });
    port_->links->WhenEmpty(one_done);
    behind_->Stop(drain, one_done);
  }

 private:
  const std::unique_ptr<Listener> behind_;
  const std::shared_ptr<LocalPort> port_;
  const std::shared_ptr<LocalPorts> ports_;
  runtime::Executor& executor_;
  const runtime::Clock& clock_;
};

}  // namespace

LocalNetwork::LocalNetwork(Network& behind, runtime::Executor& executor,
                           const runtime::Clock& clock, Options options)
    : behind_(behind),
      executor_(executor),
      clock_(clock),
      options_(std::move(options)),
      ports_(std::make_shared<LocalPorts>()) {}

LocalNetwork::~LocalNetwork() = default;

Result<std::unique_ptr<Listener>> LocalNetwork::Listen(const ListenOptions& options,
                                                       const Dispatcher& dispatcher) {
  STROM_ASSIGN_OR_RETURN(auto listener, behind_.Listen(options, dispatcher));
  return std::unique_ptr<Listener>(std::make_unique<LocalListener>(
      std::move(listener), std::make_shared<LocalPort>(options, dispatcher), ports_, executor_,
      clock_));
}

std::shared_ptr<Channel> LocalNetwork::Connect(const Endpoint& endpoint) {
  const std::shared_ptr<LocalPort> port = ports_->Find(BoundOf(endpoint));
  if (!port) return behind_.Connect(endpoint);
  auto client_strand = std::make_shared<runtime::Strand>(executor_);
  auto client = std::make_shared<ClientSession>(
      ClientSession::Options{.clock = &clock_,
                             .peer = endpoint.ToString(),
                             .request_bytes_max = options_.request_bytes_max},
      client_strand);
  const auto link = std::make_shared<LocalLink>(
      client, std::move(client_strand),
      ServerSession::Options{.dispatcher = &port->dispatcher,
                             .clock = &clock_,
                             .authenticator = port->listen.authenticator,
                             .caller = {.listener = port->listen.listener,
                                        .address = "127.0.0.1:0",
                                        .carrier = endpoint.carrier},
                             .limits = options_.limits},
      std::make_shared<runtime::Strand>(executor_), port->links);
  if (!port->links->Add(link)) return behind_.Connect(endpoint);  // It has just been closed.
  client->Start([] {});                                           // OnConnected comes at once.
  link->Open();
  return ClientSession::Handle(std::move(client));
}

Endpoint LocalNetwork::BoundOf(const Endpoint& endpoint) const {
  for (const Alias& alias : options_.aliases) {
    if (alias.told.host == endpoint.host && alias.told.port == endpoint.port) {
      return {alias.bound.host, alias.bound.port, endpoint.carrier};
    }
  }
  return endpoint;
}

}  // namespace strom::rpc
