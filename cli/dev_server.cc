#include "cli/dev_server.h"

#include <optional>

#include <unistd.h>

#include "cli/dev_server_options.h"
#include "common/config/options.h"
#include "common/daemon/ending.h"
#include "common/daemon/http_page.h"
#include "common/daemon/listeners.h"
#include "pipeline/worker/worker_program.h"

namespace strom::cli {

using daemon::Ending;

// In the order in which they are made; what comes later uses what stands before.
struct DevServer::Parts {
  Parts(std::unique_ptr<RealPlatform> p, const DevOptions& options, const DevDirectory& directory)
      : platform(std::move(p)),
        network(world().network, world().executor, world().clock, LocalNetworkOptions(options)),
        objects(ObjectsOf(options, world().files)),
        coordinator(world().executor, world().clock, world().random, network, world().sessions,
                    authorizer, CoordinatorOptions(options, objects.get(), world().blocking)),
        tablet_options(TabletOptions(options, directory)),
        tablet(world().executor, world().blocking, world().clock, world().random, world().files,
               world().stores, network, world().sessions, authorizer, registry, tablet_options) {}

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
    return {daemon::Health("coordinator", view->coordinator.has_value(), "it does not lead"),
            daemon::Health("tablet-server", view->tablet_servers.contains(tablet_options.id),
                           "the coordinator does not see it")};
  }

  std::unique_ptr<RealPlatform> platform;
  rpc::LocalNetwork network;
  const std::unique_ptr<remote::ObjectStore> objects;  // nullptr without remote.data.dir.
  rpc::AllowAll authorizer;
  metrics::Registry registry;
  coordinator::CoordinatorServer coordinator;
  const tablet::TabletServer::Options tablet_options;
  tablet::TabletServer tablet;
  std::unique_ptr<http::HttpServer> http;
  std::optional<Ending> coordinator_started;
  std::optional<Ending> tablet_started;
  std::optional<worker::WorkerOptions> worker_options;  // None: no worker.
  std::unique_ptr<worker::WorkerService> worker;
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
  if (options.config.Get(config::kWorkerSlots) > 0) {
    STROM_ASSIGN_OR_RETURN(parts->worker_options, worker::WorkerOptionsOf(options.config));
    // One process: what it hosted before it ended comes back to it, whatever the machine is called.
    parts->worker_options->name = "dev";
  }
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
  if (!p.ClusterServes()) return false;
  if (!p.worker_options) return true;
  if (!p.worker) {
    p.worker_options->bootstrap_servers = {
        p.coordinator.EndpointOf(daemon::kGrpcListener)->ToString()};
    STROM_ASSIGN_OR_RETURN(p.worker, worker::WorkerService::Start(
                                         *p.worker_options, {p.world().executor, p.world().clock,
                                                             p.world().random, p.network}));
  }
  return p.worker->Ready();
}

std::map<std::string, std::string> DevServer::Endpoints() const {
  const Parts& p = *parts_;
  const std::string bootstrap = p.coordinator.EndpointOf(daemon::kFlussListener)->ToString();
  return {
      {"FLUSS_BOOTSTRAP", bootstrap},
      {"STROM_SERVER", bootstrap},  // What our own command reads.
      {"STROM_TABLET", p.tablet.EndpointOf(daemon::kFlussListener)->ToString()},
      {"STROM_GRPC", p.coordinator.EndpointOf(daemon::kGrpcListener)->ToString()},
      {"STROM_HTTP", HostPort{p.http->host(), p.http->port()}.ToString()},
      {"PID", std::to_string(getpid())},
  };
}

Status DevServer::Stop() {
  Parts& p = *parts_;
  Status status;
  if (p.worker) status = p.worker->Stop();
  if (p.tablet_started) {
    p.tablet_started->Wait();
    Ending stopped;
    p.tablet.Stop(daemon::kDrain, stopped.Callback());
    const Status saved = stopped.Wait();
    if (status.ok()) status = saved;
  }
  Ending stopped;
  p.coordinator.Stop(daemon::kDrain, [done = stopped.Callback()]() mutable { done(Status::Ok()); });
  stopped.Wait();
  p.http.reset();
  return status;
}

}  // namespace strom::cli
