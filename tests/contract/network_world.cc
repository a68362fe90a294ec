#include "tests/contract/network_world.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/framed/framed_network.h"
#include "common/rpc/grpc/grpc_network.h"
#include "common/rpc/local/local_network.h"
#include "common/rpc/methods.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"
#include "proto/types.pb.h"

namespace strom::rpc {
namespace {

constexpr MonoDuration kPatience = Seconds(30);

// All networks of one process.
struct RealNetworks {
  RealNetworks(const runtime::Clock& clock, runtime::Executor& executor,
               runtime::Executor& blocking, const NetworkWorldOptions& options,
               size_t request_bytes_max)
      : framed(clock, {.loops = 2,
                       .idle_timeout = options.idle_timeout,
                       .request_bytes_max = request_bytes_max,
                       .outgoing_bytes_max = options.outgoing_bytes_max,
                       .connections_max = options.connections_max}),
        grpc(clock, executor, blocking,
             {.request_bytes_max = request_bytes_max,
              .outgoing_bytes_max = options.outgoing_bytes_max}),
        all({{Carrier::kFramed, &framed},
             {Carrier::kGrpc, &grpc},
             {Carrier::kGrpcSession, &grpc}}) {}

  framed::FramedNetwork framed;
  GrpcNetwork grpc;
  RoutingNetwork all;
};

// Real time and threads.
class ThreadedWorld : public NetworkWorld {
 public:
  const runtime::Clock& clock() override { return clock_; }

  bool Await(absl::FunctionRef<bool()> condition) override {
    const MonoTime deadline = clock_.Now() + kPatience;
    runtime::WaitLock lock(mutex_);
    while (!condition()) {
      const MonoTime now = clock_.Now();
      if (now >= deadline) return false;
      // What is no test's own state changes without a word: look again soon.
      changed_.WaitUntil(mutex_, std::min(deadline, now + Millis(20)));
    }
    return true;
  }
  void Change(absl::FunctionRef<void()> change) override {
    runtime::WaitLock lock(mutex_);
    change();
    changed_.NotifyAll();
  }

 protected:
  runtime::RealClock clock_;
  runtime::ThreadPool executor_{{.name = "contract", .threads = 2}};
  runtime::ThreadPool blocking_{{.name = "blocking", .threads = 2}};

 private:
  runtime::WaitMutex mutex_;
  runtime::WaitCondition changed_;
};

class RealNetworkWorld final : public ThreadedWorld {
 public:
  explicit RealNetworkWorld(const NetworkWorldOptions& options)
      : server_(clock_, executor_, blocking_, options, options.request_bytes_max),
        client_(clock_, executor_, blocking_, options, options.client_request_bytes_max) {}

  Network& server() override { return server_.all; }
  Network& client() override { return client_.all; }

 private:
  RealNetworks server_;
  RealNetworks client_;
};

class CountingNetwork final : public Network {
 public:
  CountingNetwork(Network& behind, std::atomic<int>* connects)
      : behind_(behind), connects_(connects) {}

  Result<std::unique_ptr<Listener>> Listen(const ListenOptions& options,
                                           const Dispatcher& dispatcher) override {
    return behind_.Listen(options, dispatcher);
  }
  std::shared_ptr<Channel> Connect(const Endpoint& endpoint) override {
    if (connects_) ++*connects_;
    return behind_.Connect(endpoint);
  }

 private:
  Network& behind_;
  std::atomic<int>* const connects_;
};

class LocalNetworkWorld final : public ThreadedWorld {
 public:
  LocalNetworkWorld(const NetworkWorldOptions& options, std::atomic<int>* connects)
      : real_(clock_, executor_, blocking_, options, options.request_bytes_max),
        behind_(real_.all, connects),
        local_(behind_, executor_, clock_, {.request_bytes_max = options.request_bytes_max}) {}

  Network& server() override { return local_; }
  Network& client() override { return local_; }

 private:
  RealNetworks real_;
  CountingNetwork behind_;
  LocalNetwork local_;
};

}  // namespace

std::unique_ptr<NetworkWorld> MakeRealNetworkWorld(NetworkWorldOptions options) {
  return std::make_unique<RealNetworkWorld>(options);
}

std::unique_ptr<NetworkWorld> MakeLocalNetworkWorld(NetworkWorldOptions options,
                                                    std::atomic<int>* connects) {
  return std::make_unique<LocalNetworkWorld>(options, connects);
}

ContractServer::ContractServer(NetworkWorld& world, Carrier carrier, Dispatcher::Options options)
    : world_(world), dispatcher_(std::make_unique<Dispatcher>(options)) {
  dispatcher_->Handle(kApiVersions, [this](const RequestContext& ctx, const auto&, auto respond) {
    pb::ApiVersionsResponse response;
    FillApiVersions(*dispatcher_, ctx.listener().audience, &response);
    std::move(respond).Ok(response);
  });
  dispatcher_->Handle(kDatabaseExists, *this, &ContractServer::Exists);
  // As many names of 1000 bytes as the request's database name says.
  dispatcher_->Handle(kListTables, [](const RequestContext&, const auto& request, auto respond) {
    pb::ListTablesResponse response;
    for (int i = std::stoi(request->database_name()); i > 0; --i) {
      response.add_table_name(std::string(1000, static_cast<char>('a' + i % 26)));
    }
    std::move(respond).Ok(response);
  });
  auto listener = world.server().Listen(
      {.endpoint = {"127.0.0.1", 0, carrier}, .listener = {.name = "CONTRACT"}}, *dispatcher_);
  REQUIRE(listener.ok());
  listener_ = *std::move(listener);
  REQUIRE(listener_->endpoint().port != 0);
}

ContractServer::~ContractServer() {
  listener_.reset();
  Release();
}

void ContractServer::Exists(const RequestContext& ctx, Ref<pb::DatabaseExistsRequest> request,
                            Responder<pb::DatabaseExistsResponse> respond) {
  const std::string& name = request->database_name();
  bool hold = name.starts_with("hold");
  world_.Change([&] {
    names_.push_back(name);
    last_context_ = ctx;
    if (hold) held_.push_back(std::move(respond));
  });
  if (hold) return;
  if (name.starts_with("fail:")) {
    const size_t colon = name.find(':', 5);
    return std::move(respond).Fail(
        Status(ErrorCodeFromWire(std::stoi(name.substr(5, colon - 5))), name.substr(colon + 1)));
  }
  pb::DatabaseExistsResponse response;
  response.set_exists(name == "db");
  std::move(respond).Ok(response);
}

void ContractServer::Release() {
  std::vector<Responder<pb::DatabaseExistsResponse>> released;
  world_.Change([&] { released.swap(held_); });
  pb::DatabaseExistsResponse response;
  response.set_exists(true);
  for (auto& respond : released) std::move(respond).Ok(response);
}

size_t ContractClient::Exists(const std::string& name, MonoDuration patience) {
  pb::DatabaseExistsRequest request;
  request.set_database_name(name);
  auto state = std::make_shared<CallState>();
  calls_.push_back(state);
  Call<pb::DatabaseExistsRequest, pb::DatabaseExistsResponse>(
      *channel_, kDatabaseExists, request, world_.clock().Now() + patience,
      [&world = world_, state](Result<pb::DatabaseExistsResponse> response) {
        world.Change([&] {
          ++state->endings;
          state->status = response.status();
          state->exists = response.ok() && response->exists();
        });
      });
  return calls_.size() - 1;
}

Status ContractClient::CallAndWait(const std::string& name, MonoDuration patience) {
  const size_t index = Exists(name, patience);
  if (!AwaitCall(index)) return Error(ErrorCode::kUnknownServerError, "never over");
  return status(index);
}

bool ContractClient::AwaitCall(size_t index) {
  return world_.Await([&] { return calls_[index]->endings > 0; });
}

bool ContractClient::AwaitAll() {
  return world_.Await([&] {
    for (const auto& call : calls_) {
      if (call->endings == 0) return false;
    }
    return true;
  });
}

}  // namespace strom::rpc
