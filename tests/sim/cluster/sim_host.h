#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/rpc/network.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_meta_service.h"
#include "tests/sim/world/sim_network.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::sim {

// What all hosts share. Outlives them.
struct SimWorld {
  explicit SimWorld(uint64_t seed, SimNetwork::Options wiring, SimMetaService::Options metadata)
      : scheduler(seed), wires(scheduler, wiring), meta(scheduler, clock, metadata) {}

  SimScheduler scheduler;
  SimClock clock{scheduler};
  SimNetwork wires;
  SimMetaService meta;
};

// One machine: a disk, a clock, a name on the network, and the pools of the one process on it, if
// one runs. What a process is given of it outlives the process.
class SimHost {
 public:
  SimHost(SimWorld& world, std::string name, uint64_t seed);

  const std::string& name() const { return name_; }
  bool running() const { return executor_ != nullptr; }
  // How many processes ran before this one.
  int process() const { return process_; }

  // A process begins.
  void Boot();
  // Its end, in two steps: nothing of it runs any more, and others hear of it; then, when what it
  // ran is destroyed, what its files become: with the power gone, each unsynced write meets its
  // fate.
  void Kill();
  void AfterKill(bool power_failed);

  // The process stands still, and tells the metadata service nothing; or goes on.
  void SetPaused(bool paused);
  bool paused() const { return paused_; }
  void SetSlowDisk(MonoDuration delay_max) { blocking_->SetDelay(delay_max); }

  SimExecutor& executor() { return *executor_; }
  runtime::Executor& blocking() { return *blocking_; }
  SimClock& clock() { return clock_; }
  runtime::Random& random() { return random_; }
  rpc::Network& network() { return *network_; }
  metadata::MetaStoreFactory& sessions() { return *sessions_; }
  SimDisk& disk() { return disk_; }
  MemoryStoreFactory& stores() { return stores_; }

 private:
  SimWorld& world_;
  const std::string name_;
  SimRandom random_;
  SimClock clock_;
  SimDisk disk_;
  MemoryStoreFactory stores_{disk_};
  const std::unique_ptr<metadata::MetaStoreFactory> sessions_;
  // Of dead processes too: what is left of them still names their pools.
  std::vector<std::unique_ptr<SimExecutor>> pools_;
  SimExecutor* executor_ = nullptr;
  SimExecutor* blocking_ = nullptr;
  std::unique_ptr<rpc::Network> network_;
  int process_ = -1;
  bool paused_ = false;
};

}  // namespace strom::sim
