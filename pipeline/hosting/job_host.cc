#include "pipeline/hosting/job_host.h"

#include <utility>

#include "common/base/logging.h"
#include "pipeline/hosting/job_group.h"
#include "pipeline/hosting/places.h"

namespace strom::hosting {

JobHost::JobHost(client::Connection& connection, runtime::Executor& threads,
                 const runtime::Clock& clock, runtime::Random& random, JobFactory& factory,
                 Options options)
    : connection_(connection),
      threads_(threads),
      clock_(clock),
      random_(random),
      factory_(factory),
      options_(std::move(options)),
      wake_(std::make_shared<pipeline::WakeQueue<char>>()),
      turns_(clock, {.at_once = options_.at_once}) {}

JobHost::~JobHost() = default;

std::vector<GroupReport> JobHost::Reports() const {
  std::vector<GroupReport> reports;
  const runtime::WaitLock lock(mutex_);
  for (const auto& [name, group] : groups_) reports.push_back(group->Report());
  return reports;
}

WorkerReport JobHost::Report() const {
  return {.worker = options_.name,
          .incarnation = options_.incarnation,
          .address = options_.address,
          .kinds = options_.kinds,
          .slots = options_.slots,
          .groups = Reports()};
}

void JobHost::Run(pipeline::StopSignal& stop) {
  const pipeline::StopSignal::Listener listener(stop, [this] { wake_->Put(0); });
  while (!stop.requested()) {
    Heartbeat();
    (void)wake_->Take(clock_.Now() + heartbeat_interval_);
    while (wake_->Take(MonoTime())) {
    }
  }
  std::map<std::string, std::shared_ptr<Group>> groups;
  {
    const runtime::WaitLock lock(mutex_);
    groups = groups_;
  }
  for (const auto& [name, group] : groups) group->Stop();
  for (const auto& [name, group] : groups) group->AwaitEnd();
}

void JobHost::Heartbeat() {
  const Result<WorkerOrders> orders = connection_.jobs().Heartbeat(Report()).Get();
  if (!orders.ok()) {
    // Groups go on: what they write is refused once another worker has them.
    STROM_LOG(kWarn, "the coordinator does not take the heartbeat: {}", orders.status().ToString());
    return;
  }
  registered_ = true;
  heartbeat_interval_ = Millis(orders->heartbeat_interval_ms);
  Obey(*orders);
}

void JobHost::Obey(const WorkerOrders& orders) {
  std::map<std::string, const JobAssignment*> wanted;
  std::vector<JobDefinition> jobs;
  for (const JobAssignment& assignment : orders.assignments) {
    wanted[assignment.fence.group] = &assignment;
    for (const AssignedJob& job : assignment.jobs) jobs.push_back(job.definition);
  }
  turns_.SetPlaces(PlacesOf(jobs));
  const runtime::WaitLock lock(mutex_);
  for (auto it = groups_.begin(); it != groups_.end();) {
    const std::shared_ptr<Group>& group = it->second;
    const auto order = wanted.find(it->first);
    const bool as_wanted = order != wanted.end() && group->assignment() == *order->second;
    if (!as_wanted) group->Stop();
    if (!as_wanted && group->ended()) {
      it = groups_.erase(it);
    } else {
      ++it;
    }
  }
  for (const auto& [name, assignment] : wanted) {
    if (groups_.contains(name)) continue;
    STROM_LOG(kInfo, "group {} epoch {}: {} jobs begin", name, assignment->fence.epoch,
              assignment->jobs.size());
    const auto group =
        std::make_shared<Group>(Group::World{connection_, clock_, random_, turns_, factory_,
                                             options_.retry_min, options_.retry_max},
                                *assignment, [wake = wake_] { wake->Put(0); });
    groups_.emplace(name, group);
    threads_.Post([group] { group->Run(); });
  }
}

}  // namespace strom::hosting
