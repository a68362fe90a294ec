#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/functional/function_ref.h>

#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/wait.h"
#include "proto/admin.pb.h"

namespace strom::rpc {

struct NetworkWorldOptions {
  size_t request_bytes_max = size_t{1} << 20;
  // Larger than at the server: what the server itself does about large requests.
  size_t client_request_bytes_max = size_t{1} << 20;
  MonoDuration idle_timeout = Seconds(600);
  int connections_max = 1000;
  size_t outgoing_bytes_max = size_t{1} << 20;
};

// A network and the time it runs in, as the contract suite sees them. Servers and clients have
// networks of their own, like processes, unless the world says otherwise.
class NetworkWorld {
 public:
  virtual ~NetworkWorld() = default;

  virtual Network& server() = 0;
  virtual Network& client() = 0;
  virtual const runtime::Clock& clock() = 0;
  // Lets the world go on until `condition` holds: true; or until patience ends: false. What the
  // condition reads, continuations change inside Change().
  virtual bool Await(absl::FunctionRef<bool()> condition) = 0;
  virtual void Change(absl::FunctionRef<void()> change) = 0;
};

// The real networks over loopback, for endpoints of any carrier.
std::unique_ptr<NetworkWorld> MakeRealNetworkWorld(NetworkWorldOptions options = {});

// Server and client in one process, with the shortcut between them: one network, and of the options
// those of requests at the server. `connects` counts what goes to the network behind all the same.
std::unique_ptr<NetworkWorld> MakeLocalNetworkWorld(NetworkWorldOptions options = {},
                                                    std::atomic<int>* connects = nullptr);

// A server in a world: DatabaseExists answers whether the name is "db"; a name that begins with
// "hold" is not answered until Release; "fail:<code>:<message>" fails like that; "size:<n>" is
// answered by ListTables only, with n bytes. It remembers what it was asked.
class ContractServer {
 public:
  ContractServer(NetworkWorld& world, Carrier carrier, Dispatcher::Options options = {});
  ~ContractServer();

  const Endpoint& endpoint() const { return listener_->endpoint(); }
  Listener& listener() { return *listener_; }
  void Close() { listener_.reset(); }
  const Dispatcher& dispatcher() const { return *dispatcher_; }

  // Answers the requests that are held.
  void Release();
  // Under the world's Await.
  size_t held() const { return held_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  const std::optional<RequestContext>& last_context() const { return last_context_; }

 private:
  void Exists(const RequestContext& ctx, Ref<pb::DatabaseExistsRequest> request,
              Responder<pb::DatabaseExistsResponse> respond);

  NetworkWorld& world_;
  const std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<Responder<pb::DatabaseExistsResponse>> held_;
  std::vector<std::string> names_;
  std::optional<RequestContext> last_context_;
  std::unique_ptr<Listener> listener_;
};

// A channel and what became of its calls.
class ContractClient {
 public:
  ContractClient(NetworkWorld& world, const Endpoint& endpoint)
      : world_(world), channel_(world.client().Connect(endpoint)) {}

  // Starts a call; returns its index.
  size_t Exists(const std::string& name, MonoDuration patience = Seconds(60));
  // Starts one and waits for it. kUnknownServerError if it is never over.
  Status CallAndWait(const std::string& name, MonoDuration patience = Seconds(60));
  // Waits until the calls with these indexes, or all, are over.
  bool AwaitAll();
  bool AwaitCall(size_t index);

  // Of a call that is over: what it ended with, and how often it did.
  const Status& status(size_t index) const { return calls_.at(index)->status; }
  int endings(size_t index) const { return calls_.at(index)->endings; }
  bool exists(size_t index) const { return calls_.at(index)->exists; }

  Channel& channel() { return *channel_; }
  void Drop() { channel_.reset(); }

 private:
  struct CallState {
    int endings = 0;
    Status status;
    bool exists = false;
  };

  NetworkWorld& world_;
  std::shared_ptr<Channel> channel_;
  std::vector<std::shared_ptr<CallState>> calls_;
};

}  // namespace strom::rpc
