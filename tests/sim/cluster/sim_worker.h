#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/include/strom/connection.h"
#include "pipeline/hosting/job_host.h"
#include "tests/sim/cluster/sim_config.h"
#include "tests/sim/cluster/sim_host.h"
#include "tests/sim/jobs/model_jobs.h"
#include "tests/sim/world/sim_threads.h"

namespace strom::sim {

// A worker: the production job host with a production client, on a machine of its own, whose jobs
// run on threads of the simulated world.
class SimWorker {
 public:
  // What it takes outlives it.
  SimWorker(SimWorld& world, SimWaits& waits, const SimConfig& config, int number,
            std::vector<std::string> addresses, ModelSource& source, ModelSink& sink);
  ~SimWorker();

  SimHost& host() { return host_; }
  // The process begins; nothing if it runs.
  void Start();
  // kill -9.
  void Kill();

 private:
  // What the process is made of.
  struct Process;

  SimWaits& waits_;
  const SimConfig& config_;
  const std::vector<std::string> addresses_;
  ModelSource& source_;
  ModelSink& sink_;
  SimHost host_;
  std::unique_ptr<Process> process_;
};

}  // namespace strom::sim
