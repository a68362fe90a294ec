#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "pipeline/hosting/job_host.h"

namespace strom::hosting {

// The jobs of one group under one epoch, from their start to their end; on one thread. The host
// looks at it and asks it to stop.
class JobHost::Group {
 public:
  struct World {
    client::Connection& connection;
    const runtime::Clock& clock;
    runtime::Random& random;
    pipeline::Turns& turns;
    JobFactory& factory;
    MonoDuration retry_min;
    MonoDuration retry_max;
  };

  // `changed` is called when a report has changed that should not wait for the next heartbeat.
  Group(World world, JobAssignment assignment, std::function<void()> changed);

  // Runs until it is stopped, or there is nothing more to do. After that it touches nothing of its
  // world any more.
  void Run();
  void Stop() { stop_.Request(); }
  void AwaitEnd() const { ended_.Wait(); }

  const JobAssignment& assignment() const { return assignment_; }
  bool ended() const { return ended_.HasBeenNotified(); }
  GroupReport Report() const;

 private:
  struct Outcome {
    JobPhase phase = JobPhase::kStarting;
    std::string error;
  };

  // Cleans up after dropped jobs; true once nothing of them is left.
  bool CleanUp(const pipeline::JobContext& context);
  Status RunOnce(const std::vector<JobDefinition>& jobs, const pipeline::JobContext& context);
  void SetAll(JobGoal goal, const Outcome& outcome);
  void Set(const std::string& job, const Outcome& outcome);

  const World world_;
  const JobAssignment assignment_;
  const std::function<void()> changed_;
  pipeline::StopSignal stop_;
  pipeline::ProgressReport progress_;
  runtime::Notification ended_;
  mutable runtime::WaitMutex mutex_;
  std::map<std::string, Outcome> outcomes_ ABSL_GUARDED_BY(mutex_);  // By job.
};

}  // namespace strom::hosting
