#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/metrics/metrics.h"
#include "coordinator/server/coordinator_server.h"
#include "tablet/server/tablet_server.h"
#include "tests/sim/cluster/disk_logs.h"
#include "tests/sim/cluster/sim_config.h"
#include "tests/sim/cluster/sim_host.h"
#include "tests/sim/world/sim_object_store.h"

namespace strom::sim {

// Where a tablet server keeps its data, on the disk of its host.
inline constexpr const char* kDataDirectory = "/data";

// A cluster made of the production servers, each on a host of its own. A server that fails to start
// is started again a while later, as by a supervisor. One thread; the scheduler runs it.
class SimCluster {
 public:
  // `note` is told in words what happens to servers.
  SimCluster(SimWorld& world, const SimConfig& config,
             std::function<void(const std::string&)> note);
  // Kills what runs.
  ~SimCluster();

  int coordinator_count() const { return static_cast<int>(coordinators_.size()); }
  int tablet_count() const { return static_cast<int>(tablets_.size()); }
  SimHost& coordinator(int i) { return coordinators_.at(i)->host; }
  SimHost& tablet(int i) { return tablets_.at(i)->host; }
  SimObjectStore& objects() { return objects_; }  // Of all servers.
  bool IsCoordinator(const SimHost& host) const {
    return std::ranges::any_of(coordinators_, [&](const auto& c) { return &c->host == &host; });
  }
  static ServerId IdOf(int tablet) { return ServerId(tablet + 1); }
  SimHost& TabletOf(ServerId id) { return tablet(id.value() - 1); }
  // What is on the disk of one, whether its process runs or not.
  DiskLogs& logs(int tablet) { return tablets_.at(tablet)->logs; }
  DiskLogs& LogsOf(ServerId id) { return logs(id.value() - 1); }
  // "host:port" of every server's listener for clients.
  std::vector<std::string> Addresses() const;

  void StartCoordinator(int i);
  void StartTablet(int i);
  void KillCoordinator(int i);
  void KillTablet(int i, bool power_failed);
  // The orderly stop, as on SIGTERM: until its process has ended, its host runs. Started before.
  void StopTablet(int i);

 private:
  struct Coordinator {
    Coordinator(SimWorld& world, std::string name, uint64_t seed)
        : host(world, std::move(name), seed) {}
    SimHost host;
    std::unique_ptr<coordinator::CoordinatorServer> server;
  };
  struct Tablet {
    Tablet(SimWorld& world, std::string name, uint64_t seed)
        : host(world, std::move(name), seed), logs(host.disk()) {}
    SimHost host;
    DiskLogs logs;
    metrics::Registry metrics;
    std::unique_ptr<tablet::TabletServer> server;
  };

  // After a while, unless the process is another one by then.
  void RestartLater(SimHost& host, std::function<void()> restart, const Status& why);

  SimWorld& world_;
  const SimConfig config_;
  const std::function<void(const std::string&)> note_;
  rpc::AllowAll allow_all_;
  SimObjectStore objects_;
  std::vector<std::unique_ptr<Coordinator>> coordinators_;
  std::vector<std::unique_ptr<Tablet>> tablets_;
};

}  // namespace strom::sim
