#include "cli/dev_server.h"

#include <optional>

#include <unistd.h>

#include "cli/dev_server_options.h"
#include "common/http/http_server.h"
#include "common/runtime/notification.h"

namespace strom::cli {
namespace {

constexpr MonoDuration kDrain = Seconds(5);  // For requests under way when it shall stop.

// The outcome of something that ends on another thread.
class Ending {
 public:
  absl::AnyInvocable<void(Status)> Callback() {
    return [state = state_](Status status) {
      state->status = std::move(status);
      state->done.Notify();
    };
  }
  bool ended() const { return state_->done.HasBeenNotified(); }
  // Once it has ended.
  const Status& status() const { return state_->status; }
  const Status& Wait() const {
    state_->done.Wait();
    return state_->status;
  }

 private:
  struct State {
    runtime::Notification done;
    Status status;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

// In the order in which they are made; what comes later uses what stands before.
struct DevServer::Parts {
  Parts(std::unique_ptr<RealPlatform> p, const DevOptions& options, const DevDirectory& directory)
      : platform(std::move(p)),
        coordinator(world().executor, world().clock, world().random, world().network,
                    world().sessions, authorizer, CoordinatorOptions(options)),
        tablet_options(TabletOptions(options, directory)),
        tablet(world().executor, world().blocking, world().clock, world().random, world().files,
               world().stores, world().network, world().sessions, authorizer, registry,
               tablet_options) {}

  Platform& world() { return platform->get(); }

  // Whether the coordinator leads, knows the tablet server, and has a leader for every bucket.
  bool ClusterServes() const {
    const auto view = coordinator.views().Get();
    if (!view->coordinator || !view->tablet_servers.contains(tablet_options.id)) return false;
    for (const auto& [path, table] : view->tables) {
      for (const auto& [bucket, leader] : table->buckets) {
        if (!leader.leader) return false;
      }
    }
    return true;
  }

  std::vector<http::HealthPart> Health() const {
    const auto view = coordinator.views().Get();
    const auto part = [](const char* name, bool well, const char* problem) {
      return http::HealthPart{
          name, well ? Status::Ok() : Error(ErrorCode::kLeaderNotAvailable, "{}", problem)};
    };
    return {part("coordinator", view->coordinator.has_value(), "it does not lead"),
            part("tablet-server", view->tablet_servers.contains(tablet_options.id),
                 "the coordinator does not see it")};
  }

  std::unique_ptr<RealPlatform> platform;
  rpc::AllowAll authorizer;
  metrics::Registry registry;
  coordinator::CoordinatorServer coordinator;
  const tablet::TabletServer::Options tablet_options;
  tablet::TabletServer tablet;
  std::unique_ptr<http::HttpServer> http;
  std::optional<Ending> coordinator_started;
  std::optional<Ending> tablet_started;
};

DevServer::DevServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
DevServer::~DevServer() = default;

Result<std::unique_ptr<DevServer>> DevServer::Create(const DevOptions& options,
                                                     DevDirectory& directory) {
  STROM_ASSIGN_OR_RETURN(auto platform, RealPlatform::Start(PlatformOptions(options, directory)));
  auto parts = std::make_unique<Parts>(std::move(platform), options, directory);
  const HostPort& http = options.listeners.http;
  STROM_ASSIGN_OR_RETURN(
      parts->http, http::HttpServer::Start({.host = http.host, .port = http.port}, parts->registry,
                                           [parts = parts.get()] { return parts->Health(); }));
  parts->coordinator.Start(parts->coordinator_started.emplace().Callback());
  return std::unique_ptr<DevServer>(new DevServer(std::move(parts)));
}

Result<bool> DevServer::Ready() {
  Parts& p = *parts_;
  if (!p.coordinator_started->ended()) return false;
  STROM_RETURN_IF_ERROR(p.coordinator_started->status().WithContext("coordinator"));
  if (!p.tablet_started) p.tablet.Start(p.tablet_started.emplace().Callback());
  if (!p.tablet_started->ended()) return false;
  STROM_RETURN_IF_ERROR(p.tablet_started->status().WithContext("tablet server"));
  return p.ClusterServes();
}

std::map<std::string, std::string> DevServer::Endpoints() const {
  const Parts& p = *parts_;
  const std::string bootstrap = p.coordinator.EndpointOf(kFlussListener)->ToString();
  return {
      {"FLUSS_BOOTSTRAP", bootstrap},
      {"STROM_SERVER", bootstrap},  // What our own command reads.
      {"STROM_TABLET", p.tablet.EndpointOf(kFlussListener)->ToString()},
      {"STROM_GRPC", p.coordinator.EndpointOf(kGrpcListener)->ToString()},
      {"STROM_HTTP", HostPort{p.http->host(), p.http->port()}.ToString()},
      {"PID", std::to_string(getpid())},
  };
}

Status DevServer::Stop() {
  Parts& p = *parts_;
  Status status;
  if (p.tablet_started) {
    p.tablet_started->Wait();
    Ending stopped;
    p.tablet.Stop(kDrain, stopped.Callback());
    status = stopped.Wait();
  }
  Ending stopped;
  p.coordinator.Stop(kDrain, [done = stopped.Callback()]() mutable { done(Status::Ok()); });
  stopped.Wait();
  p.http.reset();
  return status;
}

}  // namespace strom::cli
