#include "coordinator/state/job_registry.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/mutation.h"

namespace strom::coordinator {
namespace {

constexpr size_t kRetiredMax = 16;  // Incarnations of one worker that are remembered.

}  // namespace

void JobRegistry::Load(JobRecord job) {
  JobEffects loaded;
  Add(job.definition.name, job, loaded);
}

void JobRegistry::Load(JobGroupRecord group) {
  Group& known = groups_[group.fence.group];
  known.record = std::move(group);
}

void JobRegistry::Start(int64_t now_ms) {
  for (auto& [name, group] : groups_) {
    if (group.record.worker.empty()) continue;
    const auto [worker, is_new] = workers_.try_emplace(group.record.worker);
    if (!is_new && worker->second.incarnation != group.record.incarnation) {
      group.record.worker.clear();  // One of the two is gone; whoever gets it has a new epoch.
      group.record.incarnation.clear();
      continue;
    }
    worker->second.incarnation = group.record.incarnation;
    worker->second.heard_ms = now_ms;
    worker->second.groups.insert(name);
  }
}

// -- Changes.

void JobRegistry::Add(const std::string& name, const JobRecord& record, JobEffects& effects) {
  const JobDefinition& job = record.definition;
  targets_[job.target] = name;
  Group& group = groups_[job.group];
  group.record.fence.group = job.group;
  group.jobs.insert(name);
  jobs_[name].record = record;
  effects.jobs[name] = record;
}

void JobRegistry::Remove(const std::string& name, JobEffects& effects) {
  const auto job = jobs_.find(name);
  const JobDefinition& definition = job->second.record.definition;
  Group& group = GroupOf(definition.group);
  targets_.erase(definition.target);
  group.jobs.erase(name);
  jobs_.erase(job);
  effects.jobs[name] = std::nullopt;
  if (group.jobs.empty() && !group.record.worker.empty()) Release(group, effects);
}

void JobRegistry::RaiseEpoch(Group& group, JobEffects& effects) {
  const bool first = group.record.fence.epoch == 0;
  if (first || !Mutated(Mutant::kJobEpochNotRaised)) ++group.record.fence.epoch;
  group.handed = false;
  // Who had it last cannot have it back under this epoch.
  if (group.record.worker.empty()) group.record.incarnation.clear();
  for (const std::string& name : group.jobs) jobs_.at(name).report.reset();
  effects.groups[group.record.fence.group] = group.record;
}

void JobRegistry::Give(Group& group, const std::string& worker, JobEffects& effects) {
  group.record.worker = worker;
  group.record.incarnation = workers_.at(worker).incarnation;
  workers_.at(worker).groups.insert(group.record.fence.group);
  effects.groups[group.record.fence.group] = group.record;
}

void JobRegistry::Release(Group& group, JobEffects& effects) {
  const auto worker = workers_.find(group.record.worker);
  if (worker != workers_.end()) worker->second.groups.erase(group.record.fence.group);
  group.record.worker.clear();
  group.record.incarnation.clear();
  group.handed = false;
  for (const std::string& name : group.jobs) jobs_.at(name).report.reset();
  effects.groups[group.record.fence.group] = group.record;
}

void JobRegistry::Lose(const std::string& worker, JobEffects& effects) {
  const std::set<std::string> groups = workers_.at(worker).groups;
  for (const std::string& name : groups) {
    Group& group = GroupOf(name);
    // Under its name in the store as under its name here: nobody else got the group.
    STROM_CHECK(group.record.worker == worker) << name << " is of " << group.record.worker;
    const std::string incarnation = group.record.incarnation;
    Release(group, effects);
    // Remembered, so that it can have the group back under the same epoch; no worker means that
    // nobody has it.
    group.record.incarnation = incarnation;
    effects.groups[name].incarnation.clear();
  }
}

JobKind JobRegistry::KindOf(const Group& group) const {
  return jobs_.at(*group.jobs.begin()).record.definition.kind;
}

bool JobRegistry::WantsWorker(const Group& group) const {
  return std::ranges::any_of(group.jobs, [this](const std::string& name) {
    return jobs_.at(name).record.goal != JobGoal::kStop;
  });
}

bool JobRegistry::CanHost(const Worker& worker, const Group& group) const {
  return worker.reported && worker.kinds.contains(KindOf(group)) &&
         worker.groups.size() < static_cast<size_t>(worker.slots);
}

void JobRegistry::Assign(JobEffects& effects) {
  for (auto& [name, group] : groups_) {
    if (!group.record.worker.empty() || group.jobs.empty()) continue;
    if (KindOf(group) != JobKind::kCdc) {
      // Nobody has to clean up. Who had it before may live, and writes no more.
      bool dropped = false;
      for (const std::string& job : std::set<std::string>(group.jobs)) {
        if (jobs_.at(job).record.goal != JobGoal::kDrop) continue;
        Remove(job, effects);
        dropped = true;
      }
      if (dropped) RaiseEpoch(group, effects);
      if (group.jobs.empty()) continue;
    }
    if (!WantsWorker(group)) continue;
    const std::string* best = nullptr;
    for (const auto& [candidate, worker] : workers_) {
      if (!CanHost(worker, group)) continue;
      if (!best || worker.groups.size() < workers_.at(*best).groups.size()) best = &candidate;
    }
    if (!best) continue;
    RaiseEpoch(group, effects);
    Give(group, *best, effects);
  }
}

// -- Events.

Result<JobEffects> JobRegistry::Register(JobDefinition job, int64_t wall_ms) {
  const auto known = jobs_.find(job.name);
  if (known != jobs_.end() && known->second.record.goal == JobGoal::kDrop) {
    return Error(ErrorCode::kJobAlreadyExist, "job {} is still being dropped", job.name);
  }
  if (known != jobs_.end() && known->second.record.definition == job) return JobEffects();
  const auto writer = targets_.find(job.target);
  if (writer != targets_.end() && writer->second != job.name) {
    return Error(ErrorCode::kJobAlreadyExist,
                 "job {} cannot write {}: job {} writes it already; its INSERTs would have to be "
                 "part of that job",
                 job.name, job.target, writer->second);
  }
  if (const auto group = groups_.find(job.group); group != groups_.end()) {
    for (const std::string& other : group->second.jobs) {
      const JobKind kind = jobs_.at(other).record.definition.kind;
      if (other == job.name || kind == job.kind) continue;
      return Error(ErrorCode::kInvalidConfig, "{} job {} cannot be in group {} with {} job {}",
                   JobKindName(job.kind), job.name, job.group, JobKindName(kind), other);
    }
  }
  JobEffects effects;
  JobRecord record{.definition = std::move(job), .goal = JobGoal::kRun, .registered_ms = wall_ms};
  const JobDefinition& next = record.definition;
  if (known == jobs_.end()) {
    if (jobs_.size() >= options_.jobs_max) {
      return Error(ErrorCode::kOperationNotAttempted, "there are {} jobs already", jobs_.size());
    }
    Add(next.name, record, effects);
  } else {
    const JobRecord before = known->second.record;
    record.goal = before.goal;
    record.registered_ms = before.registered_ms;
    const std::string old_group = before.definition.group;
    targets_.erase(before.definition.target);
    if (old_group != next.group) GroupOf(old_group).jobs.erase(next.name);
    Add(next.name, record, effects);
    known->second.report.reset();
    known->second.last_error.clear();
    // Whoever runs the job as it was writes no more.
    Group& left = GroupOf(old_group);
    RaiseEpoch(left, effects);
    if (left.jobs.empty() && !left.record.worker.empty()) Release(left, effects);
    Group& group = GroupOf(next.group);
    const auto worker = workers_.find(group.record.worker);
    if (worker != workers_.end() && worker->second.reported &&
        !worker->second.kinds.contains(next.kind)) {
      Release(group, effects);
    }
  }
  Assign(effects);
  return effects;
}

Result<JobEffects> JobRegistry::SetGoal(const std::string& name, JobGoal goal) {
  const auto job = jobs_.find(name);
  if (job == jobs_.end()) return Error(ErrorCode::kJobNotExist, "job {} does not exist", name);
  JobRecord& record = job->second.record;
  if (record.goal == goal) return JobEffects();
  if (record.goal == JobGoal::kDrop) {
    return Error(ErrorCode::kJobAlreadyExist, "job {} is being dropped", name);
  }
  JobEffects effects;
  record.goal = goal;
  effects.jobs[name] = record;
  Assign(effects);
  return effects;
}

void JobRegistry::Touch(const WorkerReport& report, int64_t now_ms) {
  const auto worker = workers_.find(report.worker);
  if (worker == workers_.end() || worker->second.incarnation != report.incarnation) return;
  worker->second.heard_ms = std::max(worker->second.heard_ms, now_ms);
}

Result<JobEffects> JobRegistry::OnHeartbeat(const WorkerReport& report, int64_t now_ms) {
  if (report.slots < 1) {
    return Error(ErrorCode::kInvalidConfig, "worker {} has {} slots", report.worker, report.slots);
  }
  const auto known = workers_.find(report.worker);
  if (known == workers_.end() && workers_.size() >= options_.workers_max) {
    return Error(ErrorCode::kOperationNotAttempted, "there are {} workers already",
                 workers_.size());
  }
  if (known != workers_.end() &&
      std::ranges::find(known->second.retired, report.incarnation) != known->second.retired.end()) {
    return Error(ErrorCode::kFencedJobEpoch,
                 "worker {}: another process took this name meanwhile, incarnation {}",
                 report.worker, known->second.incarnation);
  }
  JobEffects effects;
  if (known != workers_.end() && known->second.incarnation != report.incarnation) {
    Lose(report.worker, effects);
    auto& retired = known->second.retired;
    retired.push_back(known->second.incarnation);
    if (retired.size() > kRetiredMax) retired.pop_front();
  }
  Worker& worker = workers_[report.worker];
  worker.incarnation = report.incarnation;
  worker.address = report.address;
  worker.kinds = report.kinds;
  worker.slots = report.slots;
  worker.heard_ms = std::max(worker.heard_ms, now_ms);
  worker.reported = true;
  for (const GroupReport& group : report.groups) TakeReport(report.worker, group, effects);
  // Lost workers first, so that what they had is given away in the same event.
  JobEffects later = OnTime(now_ms);
  for (auto& [name, job] : later.jobs) effects.jobs[name] = std::move(job);
  for (auto& [name, group] : later.groups) effects.groups[name] = std::move(group);
  return effects;
}

void JobRegistry::TakeReport(const std::string& name, const GroupReport& report,
                             JobEffects& effects) {
  const auto found = groups_.find(report.fence.group);
  if (found == groups_.end() || found->second.record.fence.epoch != report.fence.epoch) return;
  Group& group = found->second;
  const Worker& worker = workers_.at(name);
  if (group.record.worker.empty() && group.record.incarnation == worker.incarnation &&
      !group.jobs.empty() && CanHost(worker, group)) {
    Give(group, name, effects);  // It had it, was not heard for a while, and is back.
  }
  if (group.record.worker != name || group.record.incarnation != worker.incarnation) return;
  group.handed = true;
  for (const JobReport& one : report.jobs) {
    if (!group.jobs.contains(one.job)) continue;
    Job& job = jobs_.at(one.job);
    if (one.phase == JobPhase::kCleanedUp && job.record.goal == JobGoal::kDrop) {
      Remove(one.job, effects);
      continue;
    }
    if (!one.error.empty()) job.last_error = one.error;
    job.report = one;
  }
}

JobEffects JobRegistry::OnTime(int64_t now_ms) {
  JobEffects effects;
  for (auto it = workers_.begin(); it != workers_.end();) {
    if (now_ms - it->second.heard_ms < options_.lease_ms) {
      ++it;
      continue;
    }
    Lose(it->first, effects);
    it = workers_.erase(it);
  }
  Assign(effects);
  return effects;
}

// -- Questions.

std::optional<int64_t> JobRegistry::NextExpiry() const {
  std::optional<int64_t> next;
  for (const auto& [name, worker] : workers_) {
    const int64_t expiry = worker.heard_ms + options_.lease_ms;
    if (!next || expiry < *next) next = expiry;
  }
  return next;
}

bool JobRegistry::AwaitsTelling(const std::string& worker, const IsTold& is_told) const {
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return false;
  return std::ranges::any_of(found->second.groups, [&](const std::string& name) {
    return !groups_.at(name).handed && !is_told(name);
  });
}

std::vector<JobAssignment> JobRegistry::HandOut(const std::string& worker, const IsTold& is_told) {
  std::vector<JobAssignment> assignments;
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return assignments;
  for (const std::string& name : found->second.groups) {
    Group& group = GroupOf(name);
    if (!group.handed && !is_told(name)) continue;
    group.handed = true;
    JobAssignment& assignment = assignments.emplace_back();
    assignment.fence = group.record.fence;
    for (const std::string& job : group.jobs) {
      const JobRecord& record = jobs_.at(job).record;
      assignment.jobs.push_back({.definition = record.definition, .goal = record.goal});
    }
  }
  return assignments;
}

JobState JobRegistry::StateOf(const Job& job, const Group& group) const {
  const bool has_worker = !group.record.worker.empty();
  const std::optional<JobPhase> phase =
      job.report ? std::optional<JobPhase>(job.report->phase) : std::nullopt;
  switch (job.record.goal) {
    case JobGoal::kDrop:
      return JobState::kDropping;
    case JobGoal::kStop:
      if (!has_worker || phase == JobPhase::kStopped || phase == JobPhase::kFinished) {
        return JobState::kStopped;
      }
      // A worker that was not told of the group yet runs nothing of it.
      return phase || group.handed ? JobState::kStopping : JobState::kStopped;
    case JobGoal::kRun:
      break;
  }
  if (!has_worker) return JobState::kWaiting;
  switch (phase.value_or(JobPhase::kStarting)) {
    case JobPhase::kRunning:
      return JobState::kRunning;
    case JobPhase::kFailed:
      return JobState::kFailed;
    case JobPhase::kFinished:
      return JobState::kFinished;
    case JobPhase::kStarting:
    case JobPhase::kStopped:    // It was stopped, and will hear that it shall run.
    case JobPhase::kCleanedUp:  // Nobody asked for it.
      return JobState::kStarting;
  }
  STROM_UNREACHABLE();
}

std::vector<JobInfo> JobRegistry::List(const std::optional<std::string>& name) const {
  std::vector<JobInfo> infos;
  for (const auto& [job_name, job] : jobs_) {
    if (name && job_name != *name) continue;
    const Group& group = groups_.at(job.record.definition.group);
    JobInfo& info = infos.emplace_back();
    info.definition = job.record.definition;
    info.goal = job.record.goal;
    info.state = StateOf(job, group);
    info.epoch = group.record.fence.epoch;
    info.worker = group.record.worker;
    if (const auto worker = workers_.find(info.worker); worker != workers_.end()) {
      info.worker_address = worker->second.address;
    }
    info.last_error = job.last_error;
    if (job.report) {
      info.text = job.report->text;
      info.counters = job.report->counters;
      info.lag_ms = job.report->lag_ms;
    }
    info.registered_ms = job.record.registered_ms;
  }
  return infos;
}

std::map<std::string, int64_t> JobRegistry::Epochs() const {
  std::map<std::string, int64_t> epochs;
  for (const auto& [name, group] : groups_) {
    if (group.record.fence.epoch > 0) epochs[name] = group.record.fence.epoch;
  }
  return epochs;
}

}  // namespace strom::coordinator
