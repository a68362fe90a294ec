#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/types/job.h"

namespace strom::coordinator {

// What has to be stored for a change of jobs to be real, and then, for groups whose epoch is new,
// told to all tablet servers.
struct JobEffects {
  std::map<std::string, std::optional<JobRecord>> jobs;  // By name; none: it is gone.
  std::map<std::string, JobGroupRecord> groups;

  bool empty() const { return jobs.empty() && groups.empty(); }
};

// The jobs of the cluster, the workers that live, and who hosts which group of jobs.
//
// Pure bookkeeping: no I/O, no clock; the term of the coordinator owns it and calls it on its
// strand, one event at a time: an event's effects are stored before the next event. Times are
// milliseconds of any clock that does not go back.
//
// A group is given to a live worker of its kind that has a slot free, the one with the fewest
// groups; it stays there until the worker is lost, whose heartbeat is older than the lease or whose
// name another incarnation takes. A group whose jobs are all stopped stays as well.
//
// Always true: a group's epoch never goes back, and rises whenever it goes to a worker (unless the
// very process that had it under this epoch comes back before anybody else got it) and whenever a
// job of it gets another definition; no two jobs have one target; jobs of a group are of one kind.
class JobRegistry {
 public:
  struct Options {
    int64_t lease_ms = 5000;
    size_t jobs_max = 10000;
    size_t workers_max = 1000;
  };

  explicit JobRegistry(Options options) : options_(options) {}

  // -- Before Start: as it was stored.

  void Load(JobRecord job);
  void Load(JobGroupRecord group);
  // The coordinator begins to lead. Workers that have groups are given a lease to be heard of.
  void Start(int64_t now_ms);

  // -- Events.

  // A job that is new, or has another definition than before; the same again changes nothing.
  // `job` has been checked. Errors: kJobAlreadyExist, naming the other one, if another job writes
  // the target, or the job is being dropped; kInvalidConfig if its group is of another kind;
  // kOperationNotAttempted if there are jobs_max already.
  Result<JobEffects> Register(JobDefinition job, int64_t wall_ms);

  // Drop: a cdc job waits until its worker has cleaned up, the others too if they have a worker.
  // Errors: kJobNotExist; kJobAlreadyExist if it is being dropped and the goal is another.
  Result<JobEffects> SetGoal(const std::string& name, JobGoal goal);

  // The worker lives. To be called as soon as a heartbeat arrives, however long its event waits.
  void Touch(const WorkerReport& report, int64_t now_ms);
  // Errors: kFencedJobEpoch for an incarnation whose name another one has taken meanwhile;
  // kInvalidConfig for slots below 1; kOperationNotAttempted if there are workers_max already.
  Result<JobEffects> OnHeartbeat(const WorkerReport& report, int64_t now_ms);

  // Time has passed. Workers whose lease is over are lost.
  JobEffects OnTime(int64_t now_ms);

  // -- Questions.

  // When the next lease is over; none if no worker lives.
  std::optional<int64_t> NextExpiry() const;

  // Whether a group that this worker shall host has not been handed to it under its epoch, and
  // `is_told` does not say that all tablet servers know of it.
  using IsTold = std::function<bool(const std::string& group)>;
  bool AwaitsTelling(const std::string& worker, const IsTold& is_told) const;
  // What to answer a worker: its groups that were handed to it already, or are told.
  std::vector<JobAssignment> HandOut(const std::string& worker, const IsTold& is_told);

  // All, by name; or only the one of this name.
  std::vector<JobInfo> List(const std::optional<std::string>& name) const;
  // The epochs of all groups that ever had a worker.
  std::map<std::string, int64_t> Epochs() const;

 private:
  struct Job {
    JobRecord record;
    std::optional<JobReport> report;  // Of the worker that has it, under its epoch.
    std::string last_error;
  };
  struct Group {
    // Without a worker its incarnation is that of the last one, which may have it back.
    JobGroupRecord record;
    std::set<std::string> jobs;
    bool handed = false;  // Its worker knows that it has it under this epoch.
  };
  struct Worker {
    std::string incarnation;
    std::string address;
    std::set<JobKind> kinds;
    int32_t slots = 0;
    int64_t heard_ms = 0;
    bool reported = false;            // Since Start; else only its name is known.
    std::set<std::string> groups;     // That it has.
    std::deque<std::string> retired;  // The last incarnations that had the name before.
  };

  Group& GroupOf(const std::string& name) { return groups_.at(name); }
  bool WantsWorker(const Group& group) const;
  bool CanHost(const Worker& worker, const Group& group) const;
  JobKind KindOf(const Group& group) const;

  // Each adds what it changed to `effects`.
  void Add(const std::string& name, const JobRecord& record, JobEffects& effects);
  void Remove(const std::string& name, JobEffects& effects);
  void RaiseEpoch(Group& group, JobEffects& effects);
  void Give(Group& group, const std::string& worker, JobEffects& effects);
  void Release(Group& group, JobEffects& effects);
  void Lose(const std::string& worker, JobEffects& effects);
  // Gives groups that want a worker to those that have room, and drops what needs none.
  void Assign(JobEffects& effects);
  void TakeReport(const std::string& worker, const GroupReport& report, JobEffects& effects);
  JobState StateOf(const Job& job, const Group& group) const;

  const Options options_;
  std::map<std::string, Job> jobs_;
  std::map<std::string, std::string> targets_;  // Target to job.
  std::map<std::string, Group> groups_;
  std::map<std::string, Worker> workers_;
};

}  // namespace strom::coordinator
