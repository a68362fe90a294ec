#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/include/strom/connection.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/runtime/random.h"
#include "common/types/job.h"
#include "pipeline/core/job.h"
#include "pipeline/core/wake_queue.h"

namespace strom::hosting {

// Makes what a group of jobs runs as. Implemented by worker::PipelineJobs and by the simulation;
// used on the groups' threads.
class JobFactory {
 public:
  virtual ~JobFactory() = default;

  // One piece of work for all of `jobs`, which are of one group.
  virtual Result<std::unique_ptr<pipeline::Job>> Make(const std::vector<JobDefinition>& jobs,
                                                      const pipeline::JobContext& context) = 0;
  // Takes away what `job`, which is dropped and does not run, left outside the cluster. `last`: no
  // other job of its group is left. To be repeated after an error.
  virtual Status CleanUp(const JobDefinition& job, bool last,
                         const pipeline::JobContext& context) = 0;
};

// Hosts the jobs that the coordinator gives this worker: says that it lives and how its jobs fare,
// starts and stops groups as it is told, and runs a job that failed again after a pause.
//
// A group runs on one thread. It is started under a new epoch, or with other jobs, only when the
// run before has ended.
class JobHost {
 public:
  struct Options {
    std::string name;         // Of the worker; the same after a restart.
    std::string incarnation;  // Of this process.
    std::string address;      // For people.
    std::set<JobKind> kinds;
    int slots = 64;  // Groups at most; each takes a thread of `threads`.
    int at_once = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));  // Of them.
    MonoDuration retry_min = Millis(200);
    MonoDuration retry_max = Seconds(15);
  };

  // What it takes outlives it. Tasks of `threads` may wait; it runs options.slots at a time, and
  // drops none.
  JobHost(client::Connection& connection, runtime::Executor& threads, const runtime::Clock& clock,
          runtime::Random& random, JobFactory& factory, Options options);
  ~JobHost();

  // Works until the stop is asked for, then stops all groups and returns.
  void Run(pipeline::StopSignal& stop);

  // Whether a coordinator has taken a heartbeat. Any thread.
  bool registered() const { return registered_; }
  // How the jobs fare, by name; for the metrics page. Any thread.
  std::vector<GroupReport> Reports() const;

 private:
  class Group;

  void Heartbeat();
  void Obey(const WorkerOrders& orders);
  WorkerReport Report() const;

  client::Connection& connection_;
  runtime::Executor& threads_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  JobFactory& factory_;
  const Options options_;

  mutable runtime::WaitMutex mutex_;  // Of the map; groups have their own.
  std::map<std::string, std::shared_ptr<Group>> groups_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> registered_ = false;
  MonoDuration heartbeat_interval_ = Millis(500);
  // Something has changed that the coordinator wants to know. Shared with groups, whose last word
  // it is that they have ended.
  const std::shared_ptr<pipeline::WakeQueue<char>> wake_;
  pipeline::Turns turns_;
};

}  // namespace strom::hosting
