#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/include/strom/connection.h"
#include "common/config/config.h"
#include "common/daemon/run.h"
#include "common/metrics/metrics.h"
#include "common/types/job.h"
#include "common/types/server_node.h"

namespace strom::worker {

struct WorkerOptions {
  std::vector<std::string> bootstrap_servers;  // GRPC listeners.
  std::string name;
  std::string address;  // Of its page, for people.
  std::set<JobKind> kinds = {JobKind::kCdc, JobKind::kLayer, JobKind::kSink};
  int slots = 100;
};

// "cdc,layer". Errors: kInvalidConfig naming the kind that is none.
Result<std::set<JobKind>> ParseKinds(const std::string& text);

// A worker: connects to the cluster, trying until it is there, and hosts the jobs it is given. Jobs
// run, and wait, on threads of its own.
//
// ${NAME} in a job's script is filled in from the environment of this process.
class WorkerService final : public daemon::Service {
 public:
  // Begins to connect, over gRPC. Errors: kInvalidConfig; kUnknownServerError if DuckDB does not
  // start.
  static Result<std::unique_ptr<WorkerService>> Start(WorkerOptions options);
  // The same inside a server's process: its connection lives in `environment`, which outlives the
  // worker and takes no thread of its executor to wait.
  static Result<std::unique_ptr<WorkerService>> Start(WorkerOptions options,
                                                      client::Environment environment);
  // After Stop.
  ~WorkerService() override;

  // Once the coordinator has taken its first heartbeat.
  Result<bool> Ready() override;
  // Jobs end at the next moment at which they look; what they have in flight is acknowledged.
  Status Stop() override;

  // How its jobs fare; empty before it is connected. Any thread.
  std::vector<GroupReport> Reports() const;

 private:
  struct Parts;
  static Result<std::unique_ptr<WorkerService>> StartIn(
      WorkerOptions options, std::optional<client::Environment> environment);
  explicit WorkerService(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace strom::worker
