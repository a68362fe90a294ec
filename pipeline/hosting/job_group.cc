#include "pipeline/hosting/job_group.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"

namespace strom::hosting {

JobHost::Group::Group(World world, JobAssignment assignment, std::function<void()> changed)
    : world_(world), assignment_(std::move(assignment)), changed_(std::move(changed)) {
  for (const AssignedJob& job : assignment_.jobs) Set(job.definition.name, {});
}

void JobHost::Group::Set(const std::string& job, const Outcome& outcome) {
  const runtime::WaitLock lock(mutex_);
  outcomes_[job] = outcome;
}

void JobHost::Group::SetAll(JobGoal goal, const Outcome& outcome) {
  for (const AssignedJob& job : assignment_.jobs) {
    if (job.goal == goal) Set(job.definition.name, outcome);
  }
  changed_();
}

GroupReport JobHost::Group::Report() const {
  const pipeline::JobProgress progress = progress_.Get();
  GroupReport report{.fence = assignment_.fence, .jobs = {}};
  const runtime::WaitLock lock(mutex_);
  for (const auto& [name, outcome] : outcomes_) {
    JobReport job{.job = name, .phase = outcome.phase, .error = outcome.error};
    // Before its first row is written a job is not running yet, whatever its thread does.
    if (job.phase == JobPhase::kStarting && progress.phase == "running") {
      job.phase = JobPhase::kRunning;
    }
    job.text = progress.phase;
    if (!progress.detail.empty()) job.text += job.text.empty() ? "" : ": ";
    job.text += progress.detail;
    job.counters = {{"rows_in", progress.rows_in},
                    {"rows_out", progress.rows_out},
                    {"batches", progress.batches},
                    {"cpu_ms", progress.cpu_ms}};
    if (progress.snapshot_rows > 0 || progress.snapshot_rows_total > 0) {
      job.counters["snapshot_rows"] = progress.snapshot_rows;
      job.counters["snapshot_rows_total"] = progress.snapshot_rows_total;
    }
    if (progress.newest_ms > 0) {
      job.counters["newest_ms"] = progress.newest_ms;
      job.lag_ms = progress.lag_ms;
    }
    if (const auto failed = progress.failed.find(name); failed != progress.failed.end()) {
      job.phase = JobPhase::kFailed;
      job.error = failed->second;
    }
    report.jobs.push_back(std::move(job));
  }
  return report;
}

bool JobHost::Group::CleanUp(const pipeline::JobContext& context) {
  bool clean = true;
  const bool last = std::all_of(assignment_.jobs.begin(), assignment_.jobs.end(),
                                [](const AssignedJob& job) { return job.goal == JobGoal::kDrop; });
  for (const AssignedJob& job : assignment_.jobs) {
    if (job.goal != JobGoal::kDrop) continue;
    const Status status = world_.factory.CleanUp(job.definition, last, context);
    if (status.ok()) {
      Set(job.definition.name, {JobPhase::kCleanedUp, ""});
    } else {
      STROM_LOG(kWarn, "job {}: cleaning up: {}", job.definition.name, status.ToString());
      Set(job.definition.name, {JobPhase::kFailed, status.ToString()});
      clean = false;
    }
  }
  changed_();
  return clean;
}

Status JobHost::Group::RunOnce(const std::vector<JobDefinition>& jobs,
                               const pipeline::JobContext& context) {
  progress_.Update([](pipeline::JobProgress& p) {
    p = {.phase = "starting", .cpu_before = runtime::ThreadCpuTime()};
  });
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<pipeline::Job> job,
                         world_.factory.Make(jobs, context));
  SetAll(JobGoal::kRun, {JobPhase::kStarting, ""});
  return job->Run();
}

void JobHost::Group::Run() {
  const pipeline::JobContext context{.connection = world_.connection,
                                     .clock = world_.clock,
                                     .random = world_.random,
                                     .turns = world_.turns,
                                     .fence = assignment_.fence,
                                     .stop = stop_,
                                     .report = progress_};
  std::vector<JobDefinition> jobs;
  for (const AssignedJob& job : assignment_.jobs) {
    if (job.goal == JobGoal::kRun) jobs.push_back(job.definition);
  }
  MonoDuration pause = world_.retry_min;
  bool clean = false;
  while (!stop_.requested()) {
    // Dropped jobs go first: what they left is in the same database that the others need.
    clean = clean || CleanUp(context);
    if (clean && !jobs.empty()) {
      const MonoTime began = world_.clock.Now();
      const Status status = RunOnce(jobs, context);
      if (stop_.requested()) break;
      STROM_LOG(kError, "group {} epoch {}: {}", assignment_.fence.group, assignment_.fence.epoch,
                status.ToString());
      SetAll(JobGoal::kRun, {JobPhase::kFailed, status.ToString()});
      if (status.code() == ErrorCode::kFencedJobEpoch) break;  // Another worker has it.
      if (world_.clock.Now() - began > world_.retry_max) pause = world_.retry_min;
    }
    if (clean && jobs.empty()) break;
    (void)stop_.WaitFor(pause);
    pause = std::min(pause * 2, world_.retry_max);
  }
  SetAll(JobGoal::kRun, {JobPhase::kStopped, ""});
  SetAll(JobGoal::kStop, {JobPhase::kStopped, ""});
  ended_.Notify();
  changed_();
}

}  // namespace strom::hosting
