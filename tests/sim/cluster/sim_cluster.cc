#include "tests/sim/cluster/sim_cluster.h"

#include <tuple>
#include <utility>

namespace strom::sim {
namespace {

constexpr uint16_t kClientPort = 9125;

// Those of a server: its name, whom it serves, its port.
template <class ListenerOptions>
std::vector<ListenerOptions> ListenersOf(const std::string& host) {
  std::vector<ListenerOptions> listeners;
  for (const auto& [name, audience, port] :
       {std::tuple("INTERNAL", rpc::Audience::kServers, uint16_t{9124}),
        std::tuple("STROM", rpc::Audience::kStromClients, kClientPort)}) {
    listeners.push_back({.listen = {.endpoint = {.host = host, .port = port},
                                    .listener = {.name = name, .audience = audience},
                                    .authenticator = nullptr},
                         .advertised = {}});
  }
  return listeners;
}

}  // namespace

SimCluster::SimCluster(SimWorld& world, const SimConfig& config,
                       std::function<void(const std::string&)> note)
    : world_(world), config_(config), note_(std::move(note)), objects_(config.seed * 3 + 4) {
  SimRandom seeds = world.scheduler.random().Fork();
  for (int i = 0; i < config.coordinators; ++i) {
    coordinators_.push_back(
        std::make_unique<Coordinator>(world, fmt::format("coordinator-{}", i + 1), seeds.Next()));
  }
  for (int i = 0; i < config.tablets; ++i) {
    tablets_.push_back(
        std::make_unique<Tablet>(world, fmt::format("tablet-{}", i + 1), seeds.Next()));
  }
}

SimCluster::~SimCluster() {
  for (int i = 0; i < coordinator_count(); ++i) KillCoordinator(i);
  for (int i = 0; i < tablet_count(); ++i) KillTablet(i, /*power_failed=*/false);
}

std::vector<std::string> SimCluster::Addresses() const {
  std::vector<std::string> addresses;
  for (const auto& coordinator : coordinators_) {
    addresses.push_back(fmt::format("{}:{}", coordinator->host.name(), kClientPort));
  }
  for (const auto& tablet : tablets_) {
    addresses.push_back(fmt::format("{}:{}", tablet->host.name(), kClientPort));
  }
  return addresses;
}

void SimCluster::RestartLater(SimHost& host, std::function<void()> restart, const Status& why) {
  note_(fmt::format("{} gives up: {}", host.name(), why.ToString()));
  world_.scheduler.PostAt(world_.scheduler.now() + Seconds(1),
                          [&host, restart = std::move(restart), process = host.process()] {
                            if (host.running() && host.process() == process) restart();
                          });
}

void SimCluster::StartCoordinator(int i) {
  Coordinator& coordinator = *coordinators_.at(i);
  SimHost& host = coordinator.host;
  if (host.running()) return;
  host.Boot();
  coordinator::CoordinatorServer::Options options;
  options.listeners = ListenersOf<coordinator::CoordinatorServer::ListenerOptions>(host.name());
  options.create_table_wait = Seconds(5);
  options.jobs = {.lease = config_.job_lease,
                  .heartbeat_interval = Millis(config_.job_lease.millis() / 5)};
  options.kv_snapshots_retained = config_.snapshots_retained;
  options.notifier = {
      .call_timeout = config_.notice_timeout, .retry_min = Millis(100), .retry_max = Seconds(1)};
  coordinator.server = std::make_unique<coordinator::CoordinatorServer>(
      host.executor(), host.clock(), host.random(), host.network(), host.sessions(), allow_all_,
      std::move(options));
  coordinator.server->Start([this, i, &host](Status status) {
    if (status.ok()) return note_(fmt::format("{} leads", host.name()));
    RestartLater(
        host,
        [this, i] {
          KillCoordinator(i);
          StartCoordinator(i);
        },
        status);
  });
}

void SimCluster::StartTablet(int i) {
  Tablet& tablet = *tablets_.at(i);
  SimHost& host = tablet.host;
  if (host.running()) return;
  host.Boot();
  tablet::TabletServer::Options options;
  options.id = IdOf(i);
  options.data_dir = kDataDirectory;
  options.listeners = ListenersOf<tablet::TabletServer::ListenerOptions>(host.name());
  options.replicas.log.segment.size_max_bytes = config_.segment_size_bytes;
  options.replicas.log.segment.index_interval_bytes = config_.index_interval_bytes;
  options.replicas.lag_max = config_.lag_max;
  options.fetch_size_max = config_.fetch_bytes_max;
  options.replicas.recovery_checkpoint_interval = Seconds(7);
  if (config_.snapshot_interval > MonoDuration()) {
    options.objects = &objects_;
    options.replicas.snapshots.interval = config_.snapshot_interval;
  }
  if (config_.trims()) {
    options.replicas.retention_check_interval = config_.retention_check_interval;
    if (config_.log_bytes_max > 0) options.replicas.retention_size_bytes = config_.log_bytes_max;
  }
  options.register_pause = Millis(500);
  options.register_timeout = Seconds(20);
  tablet.server = std::make_unique<tablet::TabletServer>(
      host.executor(), host.blocking(), host.clock(), host.random(), host.disk(), host.stores(),
      host.network(), host.sessions(), allow_all_, tablet.metrics, std::move(options));
  tablet.server->Start([this, i, &host](Status status) {
    if (status.ok()) return note_(fmt::format("{} serves", host.name()));
    RestartLater(
        host,
        [this, i] {
          KillTablet(i, /*power_failed=*/false);
          StartTablet(i);
        },
        status);
  });
}

void SimCluster::KillCoordinator(int i) {
  Coordinator& coordinator = *coordinators_.at(i);
  if (!coordinator.host.running()) return;
  coordinator.host.Kill();
  coordinator.server.reset();
  coordinator.host.AfterKill(/*power_failed=*/false);
}

void SimCluster::KillTablet(int i, bool power_failed) {
  Tablet& tablet = *tablets_.at(i);
  if (!tablet.host.running()) return;
  tablet.host.Kill();
  tablet.server.reset();
  tablet.host.AfterKill(power_failed);
}

void SimCluster::StopTablet(int i) {
  Tablet& tablet = *tablets_.at(i);
  SimHost& host = tablet.host;
  tablet.server->Stop(Seconds(5), [this, i, &host](const Status& status) {
    note_(fmt::format("{} has stopped: {}", host.name(), status.ToString()));
    world_.scheduler.PostAt(world_.scheduler.now(), [this, i, &host, process = host.process()] {
      if (host.running() && host.process() == process) KillTablet(i, /*power_failed=*/false);
    });
  });
}

}  // namespace strom::sim
