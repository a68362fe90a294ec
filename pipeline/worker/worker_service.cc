#include "pipeline/worker/worker_service.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"
#include "pipeline/hosting/job_host.h"
#include "pipeline/worker/pipeline_jobs.h"

namespace strom::worker {
namespace {

constexpr MonoDuration kConnectPause = Millis(500);
// Who computes in bulk gives way to who only passes on: the servers in the same process, clients,
// the databases beside it.
constexpr int kJobNiceness = 5;

}  // namespace

Result<std::set<JobKind>> ParseKinds(const std::string& text) {
  std::set<JobKind> kinds;
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find(',', from), text.size());
    const std::string name = text.substr(from, end - from);
    const std::optional<JobKind> kind = JobKindFromName(name);
    if (!kind) {
      return Error(ErrorCode::kInvalidConfig, "\"{}\" is no kind of job: cdc, layer or sink", name);
    }
    kinds.insert(*kind);
    from = end + 1;
  }
  return kinds;
}

struct WorkerService::Parts {
  Parts(WorkerOptions worker_options, std::optional<client::Environment> given)
      : options(std::move(worker_options)),
        environment(given),
        clock(given ? given->clock : own_clock),
        random(given ? given->random : own_random) {}

  // Waits for an answer of the cluster unless the environment is given: then JobHost does.
  Result<std::unique_ptr<client::Connection>> Connect() const {
    const client::ConnectionOptions connection{.bootstrap_servers = options.bootstrap_servers,
                                               .carrier = client::Carrier::kGrpc,
                                               .request_timeout = Seconds(10)};
    return environment ? client::Connection::Create(connection, *environment)
                       : client::Connection::Open(connection);
  }

  // On the worker's thread.
  void Work() {
    while (!stop.requested()) {
      Result<std::unique_ptr<client::Connection>> opened = Connect();
      if (opened.ok()) {
        connection = *std::move(opened);
        break;
      }
      STROM_LOG(kWarn, "the cluster does not answer yet: {}", opened.status().ToString());
      if (stop.WaitFor(kConnectPause)) return;
    }
    if (stop.requested()) return;
    runtime::ThreadPool threads({.name = "strom-job",
                                 .threads = options.slots,
                                 .queue_limit = SIZE_MAX,
                                 .niceness = kJobNiceness});
    {
      const runtime::WaitLock lock(mutex);
      host = std::make_unique<hosting::JobHost>(
          *connection, threads, clock, random, *jobs,
          hosting::JobHost::Options{.name = options.name,
                                    .incarnation = std::to_string(random.Next()),
                                    .address = options.address,
                                    .kinds = options.kinds,
                                    .slots = options.slots});
    }
    host->Run(stop);
    const runtime::WaitLock lock(mutex);
    host.reset();
    connection.reset();
  }

  const WorkerOptions options;
  const std::optional<client::Environment> environment;  // None: threads and sockets of its own.
  runtime::RealClock own_clock;
  runtime::RealRandom own_random;
  const runtime::Clock& clock;
  runtime::Random& random;
  pipeline::StopSignal stop;
  std::unique_ptr<PipelineJobs> jobs;
  std::unique_ptr<client::Connection> connection;
  mutable runtime::WaitMutex mutex;
  std::unique_ptr<hosting::JobHost> host ABSL_GUARDED_BY(mutex);
  runtime::ThreadPool pool{{.name = "strom-worker", .threads = 1}};
};

WorkerService::WorkerService(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

WorkerService::~WorkerService() { parts_->stop.Request(); }

Result<std::unique_ptr<WorkerService>> WorkerService::Start(WorkerOptions options) {
  return StartIn(std::move(options), std::nullopt);
}

Result<std::unique_ptr<WorkerService>> WorkerService::Start(WorkerOptions options,
                                                            client::Environment environment) {
  return StartIn(std::move(options), environment);
}

Result<std::unique_ptr<WorkerService>> WorkerService::StartIn(
    WorkerOptions options, std::optional<client::Environment> environment) {
  if (options.bootstrap_servers.empty()) {
    return Error(ErrorCode::kInvalidConfig,
                 "bootstrap.servers is not set: the GRPC listeners of the cluster");
  }
  if (options.name.empty()) return Error(ErrorCode::kInvalidConfig, "a worker needs a name");
  if (options.slots < 1 || options.slots > 1000) {
    return Error(ErrorCode::kInvalidConfig, "strom.worker.slots is {}, must be 1 to 1000",
                 options.slots);
  }
  auto parts = std::make_unique<Parts>(std::move(options), environment);
  STROM_ASSIGN_OR_RETURN(parts->jobs, PipelineJobs::Make());
  parts->pool.Post([work = parts.get()] { work->Work(); });
  return std::unique_ptr<WorkerService>(new WorkerService(std::move(parts)));
}

Result<bool> WorkerService::Ready() {
  const runtime::WaitLock lock(parts_->mutex);
  return parts_->host != nullptr && parts_->host->registered();
}

Status WorkerService::Stop() {
  parts_->stop.Request();
  parts_->pool.Shutdown();
  return Status::Ok();
}

std::vector<GroupReport> WorkerService::Reports() const {
  const runtime::WaitLock lock(parts_->mutex);
  return parts_->host ? parts_->host->Reports() : std::vector<GroupReport>();
}

}  // namespace strom::worker
