#include "pipeline/worker/worker_program.h"

#include <utility>

#include <unistd.h>

#include "common/config/options.h"
#include "common/daemon/config_file.h"
#include "common/daemon/http_page.h"
#include "common/metrics/metrics.h"

namespace strom::worker {
namespace {

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find(',', from), text.size());
    if (end > from) parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

// The worker with its page, as the thread of main sees it.
class WorkerProcess final : public daemon::Service {
 public:
  static Result<std::unique_ptr<daemon::Service>> Start(const config::Config& config) {
    STROM_ASSIGN_OR_RETURN(WorkerOptions options, WorkerOptionsOf(config));
    auto process = std::make_unique<WorkerProcess>();
    STROM_ASSIGN_OR_RETURN(process->worker_, WorkerService::Start(std::move(options)));
    WorkerService* const worker = process->worker_.get();
    const auto count = [worker](bool failed) {
      double jobs = 0;
      for (const GroupReport& group : worker->Reports()) {
        for (const JobReport& job : group.jobs) {
          jobs += !failed || job.phase == JobPhase::kFailed ? 1 : 0;
        }
      }
      return jobs;
    };
    process->registry_.AddCallback("worker_job_count", "jobs this worker hosts", {},
                                   [count] { return count(false); });
    process->registry_.AddCallback("worker_failed_job_count",
                                   "jobs that failed and are tried again", {},
                                   [count] { return count(true); });
    STROM_ASSIGN_OR_RETURN(
        process->page_, daemon::StartHttpPage(config, process->registry_, [worker] {
          const Result<bool> ready = worker->Ready();
          return std::vector{daemon::Health("worker", ready.ok() && *ready,
                                            "no coordinator has taken its heartbeat yet")};
        }));
    return std::unique_ptr<daemon::Service>(std::move(process));
  }

  Result<bool> Ready() override { return worker_->Ready(); }
  Status Stop() override {
    page_.reset();
    return worker_->Stop();
  }

 private:
  metrics::Registry registry_;
  std::unique_ptr<WorkerService> worker_;
  std::unique_ptr<http::HttpServer> page_;
};

Result<std::vector<std::string>> Check(const config::Config& config) {
  STROM_RETURN_IF_ERROR(WorkerOptionsOf(config).status());
  return daemon::IgnoredOptionWarnings(config);
}

}  // namespace

Result<WorkerOptions> WorkerOptionsOf(const config::Config& config) {
  WorkerOptions options;
  options.bootstrap_servers = Split(config.Get(config::kBootstrapServers));
  options.name = config.Get(config::kWorkerName);
  if (options.name.empty()) options.name = "worker-" + HostName();
  options.address = config.Get(config::kHttpListen);
  options.slots = static_cast<int>(config.Get(config::kWorkerSlots));
  STROM_ASSIGN_OR_RETURN(options.kinds, ParseKinds(config.Get(config::kWorkerKinds)));
  return options;
}

std::vector<std::string> KindArgument(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments[0].starts_with("-")) return arguments;
  const std::string kinds = arguments[0] == "all" ? "cdc,layer,sink" : arguments[0];
  arguments[0] = "-Dstrom.worker.kinds=" + kinds;
  return arguments;
}

daemon::Program WorkerProgram() {
  return {.name = "strom-worker",
          .help = "Hosts jobs of a Strom cluster: change capture, SQL layers, sinks",
          .example = {"strom-worker all --config deploy/worker.yaml",
                      "strom-worker cdc -D bootstrap.servers=strom1:9125"},
          .start = WorkerProcess::Start,
          .check = Check};
}

}  // namespace strom::worker
