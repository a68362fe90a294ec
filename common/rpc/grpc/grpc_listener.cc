#include "common/rpc/grpc/grpc_listener.h"

#include <mutex>
#include <utility>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include "common/rpc/grpc/grpc_wire.h"
#include "common/rpc/grpc/server_calls.h"

namespace strom::rpc {
namespace {

// Every method of every service: a reactor for each call, by its path.
class GenericService final : public grpc::CallbackGenericService {
 public:
  explicit GenericService(GrpcServerState& state) : state_(state) {}

 private:
  GrpcServerReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return context->method() == kSessionPath ? NewSessionStream(state_, context)
                                             : NewUnaryCall(state_, context);
  }

  GrpcServerState& state_;
};

// A running server. Shared by its listener and by what waits for it to stop.
class RunningServer {
 public:
  RunningServer(const ListenOptions& listen, const GrpcNetwork::Options& options,
                const runtime::Clock& clock, runtime::Executor& executor,
                const Dispatcher& dispatcher)
      : state_{.dispatcher = dispatcher,
               .clock = clock,
               .executor = executor,
               .listener = listen.listener,
               .authenticator = listen.authenticator,
               .outgoing_bytes_max = options.outgoing_bytes_max,
               .limits = options.limits},
        service_(state_) {}

  Result<uint16_t> Start(const Endpoint& endpoint, size_t request_bytes_max) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(endpoint.ToString(), grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(&service_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(request_bytes_max + kFrameOverheadBytes));
    builder.SetMaxSendMessageSize(-1);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    server_ = builder.BuildAndStart();
    if (!server_ || port == 0) {
      return Error(ErrorCode::kNetwork, "cannot listen on {} for gRPC", endpoint.ToString());
    }
    return static_cast<uint16_t>(port);
  }

  OpenSet<GrpcCall>& calls() { return state_.calls; }

  // Ends every call now and waits until gRPC has forgotten them. Any thread that may block but
  // gRPC's; a second caller waits for the first.
  void Shutdown() {
    std::call_once(shutdown_, [this] {
      state_.calls.AbortAll(Error(ErrorCode::kNetwork, "the server has stopped"));
      if (server_) server_->Shutdown(gpr_inf_past(GPR_CLOCK_REALTIME));
      state_.calls.AwaitEmpty();
      server_.reset();
    });
  }

 private:
  GrpcServerState state_;
  GenericService service_;
  std::unique_ptr<grpc::Server> server_;
  std::once_flag shutdown_;
};

class GrpcListener final : public Listener {
 public:
  GrpcListener(Endpoint endpoint, std::shared_ptr<RunningServer> server,
               const runtime::Clock& clock, runtime::Executor& executor,
               runtime::Executor& blocking)
      : endpoint_(std::move(endpoint)),
        server_(std::move(server)),
        clock_(clock),
        executor_(executor),
        blocking_(blocking) {}
  ~GrpcListener() override { server_->Shutdown(); }

  const Endpoint& endpoint() const override { return endpoint_; }

  void Stop(MonoDuration drain, runtime::Task stopped) override {
    server_->calls().DrainAll();
    executor_.PostAt(clock_.Now() + drain, [server = server_] {
      server->calls().AbortAll(Error(ErrorCode::kNetwork, "the server has stopped"));
    });
    // Runs on a thread of gRPC or of the executor, which must not wait for the server.
    server_->calls().WhenEmpty(
        [&blocking = blocking_, server = server_, stopped = std::move(stopped)]() mutable {
          blocking.Post([server = std::move(server), stopped = std::move(stopped)]() mutable {
            server->Shutdown();
            stopped();
          });
        });
  }

 private:
  const Endpoint endpoint_;
  const std::shared_ptr<RunningServer> server_;
  const runtime::Clock& clock_;
  runtime::Executor& executor_;
  runtime::Executor& blocking_;
};

}  // namespace

Result<std::unique_ptr<Listener>> OpenGrpcListener(
    const ListenOptions& listen, const GrpcNetwork::Options& options, const runtime::Clock& clock,
    runtime::Executor& executor, runtime::Executor& blocking, const Dispatcher& dispatcher) {
  auto server = std::make_shared<RunningServer>(listen, options, clock, executor, dispatcher);
  Endpoint bound = listen.endpoint;
  STROM_ASSIGN_OR_RETURN(bound.port, server->Start(bound, options.request_bytes_max));
  return std::unique_ptr<Listener>(std::make_unique<GrpcListener>(
      std::move(bound), std::move(server), clock, executor, blocking));
}

}  // namespace strom::rpc
