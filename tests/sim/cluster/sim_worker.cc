#include "tests/sim/cluster/sim_worker.h"

#include <utility>

#include "pipeline/core/stop_signal.h"

namespace strom::sim {

// Its threads end first, where they are; then what they used.
struct SimWorker::Process {
  explicit Process(SimWorker& worker)
      : connection(client::Connection::Create(
                       {.bootstrap_servers = worker.addresses_,
                        .request_timeout = worker.config_.request_timeout},
                       {worker.host_.executor(), worker.host_.clock(), worker.host_.random(),
                        worker.host_.network()})
                       .value()),
        jobs(worker.host_.name(), worker.source_, worker.sink_),
        threads(std::make_unique<SimThreads>(worker.waits_, worker.host_.executor())),
        host(*connection, *threads, worker.host_.clock(), worker.host_.random(), jobs,
             {.name = worker.host_.name(),
              .incarnation = std::to_string(worker.host_.random().Next()),
              .address = "",
              .kinds = {JobKind::kCdc, JobKind::kLayer, JobKind::kSink},
              .slots = 8,
              .at_once = 2,
              .retry_max = Seconds(2)}) {}
  ~Process() { threads.reset(); }

  const std::unique_ptr<client::Connection> connection;
  ModelJobs jobs;
  std::unique_ptr<SimThreads> threads;
  hosting::JobHost host;
  pipeline::StopSignal stop;
};

SimWorker::SimWorker(SimWorld& world, SimWaits& waits, const SimConfig& config, int number,
                     std::vector<std::string> addresses, ModelSource& source, ModelSink& sink)
    : waits_(waits),
      config_(config),
      addresses_(std::move(addresses)),
      source_(source),
      sink_(sink),
      host_(world, fmt::format("worker-{}", number), world.scheduler.random().Next()) {}

SimWorker::~SimWorker() { Kill(); }

void SimWorker::Start() {
  if (host_.running()) return;
  host_.Boot();
  process_ = std::make_unique<Process>(*this);
  process_->threads->Post([process = process_.get()] { process->host.Run(process->stop); });
}

void SimWorker::Kill() {
  if (!host_.running()) return;
  host_.Kill();
  process_.reset();
  host_.AfterKill(/*power_failed=*/false);
}

}  // namespace strom::sim
