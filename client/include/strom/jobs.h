#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/include/strom/future.h"
#include "common/types/job.h"

namespace strom::client {

class Cluster;

// The continuous jobs of a Strom cluster: what people do with them, and the heartbeat of workers.
// Part of a Connection; thread-safe; nothing here waits.
//
// Served by Strom's own listeners only (kUnsupportedVersion on those for Fluss's clients). Calls go
// to the leading coordinator. All but Drop are made again after an unknown outcome: they say what
// shall be. Each error names the call and its job. Errors, beside those of the server: kNetwork,
// kRequestTimeOut, kNotCoordinatorLeader, kCorruptMessage.
class Jobs {
 public:
  explicit Jobs(std::shared_ptr<Cluster> cluster);
  ~Jobs();

  // Registers a job, or gives the job of this name another definition; the same again is fine.
  // Errors: kJobAlreadyExist naming the other job, if there is one with this target;
  // kInvalidConfig.
  Future<void> Register(const JobDefinition& job);

  // All jobs, by name; or the one of this name. Errors: kJobNotExist.
  Future<std::vector<JobInfo>> List(std::optional<std::string> name = std::nullopt);

  // Stops the job; its worker cleans up, then it is gone. Ready once that is decided, not when it
  // is done. What it wrote stays. Errors: kJobNotExist.
  Future<void> Drop(const std::string& name);
  // Errors: kJobNotExist, kJobAlreadyExist if it is being dropped.
  Future<void> Stop(const std::string& name);
  Future<void> Start(const std::string& name);

  // Says that a worker lives and what it runs; gives all that it shall host. Tried again for the
  // request timeout of the connection: a worker has its own eye on its lease. Errors:
  // kFencedJobEpoch if another process has taken the worker's name.
  Future<WorkerOrders> Heartbeat(const WorkerReport& report);

 private:
  const std::shared_ptr<Cluster> cluster_;
};

}  // namespace strom::client
