// Jobs, the workers that host them, and the epochs under which these write.
#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "common/metadata/job_json.h"
#include "coordinator/server/term.h"

namespace strom::coordinator {

using NodeTexts = std::map<std::string, std::string>;

// The first event of a term. A job that cannot be read is left out and stays in the store; the
// epochs of groups are needed, every one.
void Term::LoadJobs(runtime::Task finished) {
  metadata::ReadChildren(*store_, catalog_.paths().Jobs(),
                         [this, finished = std::move(finished)](Result<NodeTexts> nodes) mutable {
                           if (!nodes.ok())
                             return Lose(nodes.status().WithContext("cannot load jobs"));
                           for (const auto& [name, text] : *nodes) {
                             Result<JobRecord> job = metadata::JobRecordFromJson(text);
                             if (job.ok()) {
                               jobs_.Load(*std::move(job));
                             } else {
                               STROM_LOG(kError, "job node {}: {}", name, job.status().ToString());
                             }
                           }
                           LoadJobGroups(std::move(finished));
                         });
}

void Term::LoadJobGroups(runtime::Task finished) {
  metadata::ReadChildren(*store_, catalog_.paths().JobGroups(),
                         [this, finished = std::move(finished)](Result<NodeTexts> nodes) mutable {
                           if (!nodes.ok())
                             return Lose(nodes.status().WithContext("cannot load groups of jobs"));
                           for (const auto& [name, text] : *nodes) {
                             Result<JobGroupRecord> group = metadata::JobGroupRecordFromJson(text);
                             if (!group.ok())
                               return Lose(group.status().WithContext("node " + name));
                             jobs_.Load(*std::move(group));
                           }
                           LoadDirectories(std::move(finished));
                         });
}

void Term::BeginJobs() {
  jobs_.Start(NowMs());
  TellJobEpochs();
  WatchLeases();
}

void Term::TellJobEpochs() {
  auto epochs = std::make_shared<const JobEpochs>(jobs_.Epochs());
  if (*epochs == *job_epochs_) return;
  ++job_version_;
  for (const auto& [group, epoch] : *epochs) {
    const auto before = job_epochs_->find(group);
    if (before == job_epochs_->end() || before->second != epoch) {
      job_epoch_versions_[group] = job_version_;
    }
  }
  job_epochs_ = std::move(epochs);
  for (auto& [id, server] : servers_) {
    server.notifier->SetJobEpochs(job_version_, job_epochs_);
    server.notifier->Send();
  }
}

bool Term::KnowJobEpoch(const std::string& group) const {
  const auto version = job_epoch_versions_.find(group);
  if (version == job_epoch_versions_.end()) return false;
  if (Mutated(Mutant::kJobHandedBeforeTold)) return true;
  return std::ranges::all_of(servers_, [&](const auto& entry) {
    const std::optional<uint64_t> known = entry.second.notifier->known_job_version();
    return known && *known >= version->second;
  });
}

void Term::StoreJobs(JobEffects effects, runtime::Task done) {
  if (effects.empty()) return done();
  std::map<std::string, std::optional<std::string>> nodes;
  const metadata::ZkPaths& paths = catalog_.paths();
  for (const auto& [name, job] : effects.jobs) {
    auto& data = nodes[paths.Job(name)];
    if (job) data = metadata::ToJson(*job);
    STROM_LOG(kInfo, "job {}: {}", name, job ? JobGoalName(job->goal) : "gone");
  }
  for (const auto& [name, group] : effects.groups) {
    nodes[paths.JobGroup(name)] = metadata::ToJson(group);
    STROM_LOG(kInfo, "jobs of group {}: epoch {}, worker {}", name, group.fence.epoch,
              group.worker.empty() ? "none" : group.worker);
  }
  catalog_.SetNodes(std::move(nodes),
                    [this, done = std::move(done)](Result<std::monostate> stored) mutable {
                      if (!stored.ok()) {
                        return Lose(stored.status().WithContext("cannot store jobs"));
                      }
                      if (lost_) return;
                      TellJobEpochs();
                      done();
                    });
}

void Term::ChangeJobs(absl::AnyInvocable<Result<JobEffects>()> change, MonoTime deadline,
                      Answer answer) {
  Enqueue(
      [this, change = std::move(change)](Answer answer, runtime::Task finished) mutable {
        Result<JobEffects> effects = change();
        if (!effects.ok()) {
          std::move(answer)(effects.status());
          return finished();
        }
        StoreJobs(*std::move(effects),
                  [this, answer = std::move(answer), finished = std::move(finished)]() mutable {
                    waits_.Check();
                    std::move(answer)(Status::Ok());
                    finished();
                  });
      },
      deadline, std::move(answer));
}

void Term::RegisterJob(JobDefinition job, MonoTime deadline, Answer answer) {
  ChangeJobs([this, job = std::move(job)] { return jobs_.Register(job, world_.clock.WallNow()); },
             deadline, std::move(answer));
}

void Term::SetJobGoal(std::string name, JobGoal goal, MonoTime deadline, Answer answer) {
  ChangeJobs([this, name = std::move(name), goal] { return jobs_.SetGoal(name, goal); }, deadline,
             std::move(answer));
}

void Term::ListJobs(std::optional<std::string> name, std::shared_ptr<std::vector<JobInfo>> jobs,
                    MonoTime deadline, Answer answer) {
  Enqueue(
      [this, name = std::move(name), jobs = std::move(jobs)](Answer answer,
                                                             runtime::Task finished) mutable {
        *jobs = jobs_.List(name);
        std::move(answer)(name && jobs->empty()
                              ? Error(ErrorCode::kJobNotExist, "job {} does not exist", *name)
                              : Status::Ok());
        finished();
      },
      deadline, std::move(answer));
}

void Term::Heartbeat(WorkerReport report, std::shared_ptr<WorkerOrders> orders, MonoTime deadline,
                     Answer answer) {
  jobs_.Touch(report, NowMs());  // However long the event waits for its turn.
  auto shared = std::make_shared<const WorkerReport>(std::move(report));
  ChangeJobs(
      [this, shared] {
        Result<JobEffects> effects = jobs_.OnHeartbeat(*shared, NowMs());
        WatchLeases();
        return effects;
      },
      deadline,
      Answer([this, shared, orders = std::move(orders), deadline,
              answer = std::move(answer)](Status status) mutable {
        if (!status.ok()) return std::move(answer)(std::move(status));
        AnswerHeartbeat(shared->worker, std::move(orders), deadline, std::move(answer));
      }));
}

void Term::AnswerHeartbeat(const std::string& worker, std::shared_ptr<WorkerOrders> orders,
                           MonoTime deadline, Answer answer) {
  const auto is_told = [this](const std::string& group) { return KnowJobEpoch(group); };
  waits_.Add([this, worker, is_told] { return !jobs_.AwaitsTelling(worker, is_told); },
             std::min(deadline, world_.clock.Now() + options_.jobs.heartbeat_interval),
             [this, worker, is_told, orders = std::move(orders),
              answer = std::move(answer)](bool /*in_time*/) mutable {
               if (lost_) {
                 return std::move(answer)(
                     Error(ErrorCode::kNotCoordinatorLeader, "this coordinator stopped leading"));
               }
               orders->assignments = jobs_.HandOut(worker, is_told);
               orders->heartbeat_interval_ms = options_.jobs.heartbeat_interval.millis();
               orders->lease_ms = options_.jobs.lease.millis();
               std::move(answer)(Status::Ok());
             });
}

// One wait at a time, for the lease that ends first.
void Term::WatchLeases() {
  const std::optional<int64_t> expiry = jobs_.NextExpiry();
  if (!expiry || std::exchange(watching_leases_, true)) return;
  waits_.Add([] { return false; }, MonoTime((*expiry + 1) * 1'000'000),
             [this](bool /*in_time*/) {
               watching_leases_ = false;
               if (lost_) return;
               AddEvent([this](runtime::Task finished) {
                 StoreJobs(jobs_.OnTime(NowMs()), [this, finished = std::move(finished)]() mutable {
                   WatchLeases();
                   waits_.Check();
                   finished();
                 });
               });
             });
}

}  // namespace strom::coordinator
