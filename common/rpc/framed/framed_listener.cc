#include "common/rpc/framed/framed_listener.h"

#include <string>
#include <utility>

#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>

#include "common/base/logging.h"
#include "common/rpc/framed/server_connection.h"
#include "common/rpc/framed/socket_link.h"
#include "common/runtime/notification.h"

namespace strom::rpc::framed {
namespace {

using asio::ip::tcp;

// After a failed accept, usually for want of file descriptors.
constexpr MonoDuration kAcceptRetry = Millis(100);

// Accepts connections until closed; on the first loop's thread.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(const ListenOptions& listen, const FramedNetwork::Options& options,
           const runtime::Clock& clock, EventLoops& loops, const Dispatcher& dispatcher)
      : options_(options),
        clock_(clock),
        loops_(loops),
        session_{.dispatcher = &dispatcher,
                 .clock = &clock,
                 .authenticator = listen.authenticator,
                 .caller = {.listener = listen.listener, .carrier = Carrier::kFramed},
                 .limits = options.limits},
        acceptor_(loops.first().io()) {}

  Result<uint16_t> Open(const Endpoint& endpoint) {
    asio::error_code error;
    tcp::resolver resolver(acceptor_.get_executor());
    const auto addresses =
        resolver.resolve(endpoint.host, std::to_string(endpoint.port),
                         tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (!error && addresses.empty()) error = asio::error::host_not_found;
    const tcp::endpoint address = error ? tcp::endpoint() : addresses.begin()->endpoint();
    if (!error) acceptor_.open(address.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(address, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error) {
      return Error(ErrorCode::kNetwork, "cannot listen on {}: {}", endpoint.ToString(),
                   error.message());
    }
    return acceptor_.local_endpoint().port();
  }

  void Accept() {
    if (!acceptor_.is_open()) return ended_.Notify();
    EventLoop& loop = loops_.Next();
    acceptor_.async_accept(loop.io(), [self = shared_from_this(), &loop](
                                          const asio::error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return self->ended_.Notify();
      if (error) {
        STROM_LOG(kWarn, "listener {}: accept: {}", self->session_.caller.listener.name,
                  error.message());
        self->loops_.first().PostAt(self->clock_.Now() + kAcceptRetry, [self] { self->Accept(); });
        return;
      }
      self->Serve(loop, std::move(socket));
      self->Accept();
    });
  }

  // Any thread.
  void Close() {
    loops_.first().Post([self = shared_from_this()] {
      asio::error_code ignored;
      self->acceptor_.close(ignored);
    });
  }
  void AwaitEnd() { ended_.Wait(); }

  OpenSet<SocketLink>& links() { return *links_; }

 private:
  void Serve(EventLoop& loop, tcp::socket socket) {
    ServerSession::Options session = session_;
    asio::error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;  // It is gone again.
    session.caller.address = Endpoint{peer.address().to_string(), peer.port()}.ToString();
    auto strand = std::make_shared<runtime::Strand>(loop);
    auto connection =
        std::make_shared<ServerConnection>(std::move(session), options_.request_bytes_max, strand);
    auto link = std::make_shared<SocketLink>(
        std::move(socket), clock_,
        SocketLink::Options{.idle_timeout = options_.idle_timeout,
                            .outgoing_bytes_max = options_.outgoing_bytes_max},
        std::move(strand), std::move(connection), links_);
    if (!links_->Add(link, static_cast<size_t>(options_.connections_max))) {
      STROM_LOG(kInfo, "listener {}: refused {}, it stops or has {} connections",
                session_.caller.listener.name, session_.caller.address, links_->size());
      return;  // Closes the socket.
    }
    link->Start();
  }

  const FramedNetwork::Options options_;
  const runtime::Clock& clock_;
  EventLoops& loops_;
  const ServerSession::Options session_;
  tcp::acceptor acceptor_;
  const std::shared_ptr<OpenSet<SocketLink>> links_ = std::make_shared<OpenSet<SocketLink>>();
  runtime::Notification ended_;  // No accept is under way any more.
};

class FramedListener final : public Listener {
 public:
  FramedListener(Endpoint endpoint, std::shared_ptr<Acceptor> acceptor, EventLoop& loop,
                 const runtime::Clock& clock)
      : endpoint_(std::move(endpoint)),
        acceptor_(std::move(acceptor)),
        loop_(loop),
        clock_(clock) {}

  ~FramedListener() override {
    acceptor_->Close();
    acceptor_->AwaitEnd();
    acceptor_->links().AbortAll(Error(ErrorCode::kNetwork, "the listener is closed"));
    acceptor_->links().AwaitEmpty();
  }

  const Endpoint& endpoint() const override { return endpoint_; }

  void Stop(MonoDuration drain, runtime::Task stopped) override {
    acceptor_->Close();
    acceptor_->links().DrainAll();
    loop_.PostAt(clock_.Now() + drain, [acceptor = acceptor_] {
      acceptor->links().AbortAll(Error(ErrorCode::kNetwork, "the server has stopped"));
    });
    acceptor_->links().WhenEmpty(std::move(stopped));
  }

 private:
  const Endpoint endpoint_;
  const std::shared_ptr<Acceptor> acceptor_;
  EventLoop& loop_;
  const runtime::Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Listener>> OpenListener(const ListenOptions& listen,
                                               const FramedNetwork::Options& options,
                                               const runtime::Clock& clock, EventLoops& loops,
                                               const Dispatcher& dispatcher) {
  auto acceptor = std::make_shared<Acceptor>(listen, options, clock, loops, dispatcher);
  Endpoint bound = listen.endpoint;
  STROM_ASSIGN_OR_RETURN(bound.port, acceptor->Open(bound));
  loops.first().Post([acceptor] { acceptor->Accept(); });
  return std::unique_ptr<Listener>(std::make_unique<FramedListener>(
      std::move(bound), std::move(acceptor), loops.first(), clock));
}

}  // namespace strom::rpc::framed
