// Random lives of jobs, workers and coordinators, against what must hold whatever happens.
#include <algorithm>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/check.h"
#include "coordinator/state/job_registry.h"
#include "tests/unit/coordinator/state/job_samples.h"

namespace strom::coordinator {
namespace {

constexpr int64_t kLease = 5000;

// A worker process as it should be: it runs what it was told last, and nothing else.
struct Process {
  WorkerReport identity;
  std::vector<JobAssignment> runs;
  bool alive = true;

  WorkerReport Report() const {
    WorkerReport report = identity;
    for (const JobAssignment& one : runs) {
      GroupReport& group = report.groups.emplace_back();
      group.fence = one.fence;
      for (const AssignedJob& job : one.jobs) {
        const JobPhase phase = job.goal == JobGoal::kRun    ? JobPhase::kRunning
                               : job.goal == JobGoal::kStop ? JobPhase::kStopped
                                                            : JobPhase::kCleanedUp;
        group.jobs.push_back({.job = job.definition.name, .phase = phase});
      }
    }
    return report;
  }
};

class World {
 public:
  explicit World(uint32_t seed) : dice_(seed) {
    for (int i = 0; i < 4; ++i) StartWorker(i);
  }

  void Step() {
    now_ += Roll(1500);
    switch (Roll(10)) {
      case 0:
        return Register();
      case 1:
        return SetGoal();
      case 2:
        return Kill();
      case 3:
        return Restart();
      case 4:
        return Store(registry_->OnTime(now_));
      default:
        return Beat(processes_[Roll(processes_.size())]);
    }
  }

  // Everybody lives and beats: what shall run runs, what shall go has gone.
  void Settle() {
    for (int i = 0; i < 4; ++i) StartWorker(i);
    for (int round = 0; round < 12; ++round) {
      now_ += 1000;
      for (Process& process : processes_) {
        if (process.alive) Beat(process);
      }
    }
    for (const JobInfo& job : registry_->List(std::nullopt)) {
      INFO(job.definition.name);
      CHECK(job.state == (job.goal == JobGoal::kRun ? JobState::kRunning : JobState::kStopped));
    }
  }

 private:
  size_t Roll(size_t below) { return dice_() % below; }

  void StartWorker(int number) {
    const std::string name = "w" + std::to_string(number);
    const std::set<JobKind> kinds = number % 2 == 0
                                        ? std::set{JobKind::kCdc, JobKind::kSink, JobKind::kLayer}
                                        : std::set{JobKind::kLayer, JobKind::kCdc};
    for (Process& process : processes_) {
      if (process.identity.worker == name) process.alive = false;
    }
    processes_.push_back(
        {.identity = Worker(name, kinds, std::to_string(++incarnations_)), .runs = {}});
  }

  void Register() {
    const std::string name(1, static_cast<char>('a' + Roll(6)));
    JobDefinition job =
        Roll(2) == 0 ? LayerJob(name) : CdcJob(name, "db" + std::to_string(Roll(2)));
    job.target = std::string(1, static_cast<char>('a' + Roll(6)));
    job.script += std::to_string(Roll(3));
    const Result<JobEffects> effects = registry_->Register(job, now_);
    if (effects.ok()) Store(*effects);
  }

  void SetGoal() {
    const std::string name(1, static_cast<char>('a' + Roll(6)));
    const Result<JobEffects> effects = registry_->SetGoal(name, static_cast<JobGoal>(Roll(3)));
    if (effects.ok()) Store(*effects);
  }

  // Its name is taken by another process; the old one may go on for a while all the same.
  void Kill() { StartWorker(static_cast<int>(Roll(4))); }

  // Another coordinator begins with what was stored.
  void Restart() {
    registry_ = std::make_unique<JobRegistry>(kOptions);
    for (const auto& [name, job] : jobs_) registry_->Load(job);
    for (const auto& [name, group] : groups_) registry_->Load(group);
    registry_->Start(now_);
  }

  void Beat(Process& process) {
    if (!process.alive && Roll(3) != 0) return;
    Result<JobEffects> effects = registry_->OnHeartbeat(process.Report(), now_);
    if (!effects.ok()) return;  // Its name was taken.
    Store(*effects);
    const std::string worker = process.identity.worker;
    process.runs = registry_->HandOut(worker, [this](const auto&) { return Roll(4) != 0; });
    CHECK(process.runs.size() <= static_cast<size_t>(process.identity.slots));
    for (const JobAssignment& one : process.runs) {
      // One epoch of a group is in one process only, ever.
      const auto owner = owners_.emplace(std::pair(one.fence.group, one.fence.epoch),
                                         process.identity.incarnation);
      CHECK(owner.first->second == process.identity.incarnation);
      for (const AssignedJob& job : one.jobs) {
        CHECK(process.identity.kinds.contains(job.definition.kind));
        CHECK(job.definition.group == one.fence.group);
      }
    }
  }

  void Store(const JobEffects& effects) {
    for (const auto& [name, job] : effects.jobs) {
      job ? void(jobs_[name] = *job) : void(jobs_.erase(name));
    }
    for (const auto& [name, group] : effects.groups) {
      CHECK(group.fence.epoch >= groups_[name].fence.epoch);
      groups_[name] = group;
    }
    std::set<std::string> targets;
    for (const auto& [name, job] : jobs_) CHECK(targets.insert(job.definition.target).second);
    for (const auto& [name, epoch] : registry_->Epochs()) CHECK(groups_[name].fence.epoch == epoch);
  }

  static constexpr JobRegistry::Options kOptions{.lease_ms = kLease};
  std::mt19937 dice_;
  int64_t now_ = 0;
  int incarnations_ = 0;
  std::unique_ptr<JobRegistry> registry_ = std::make_unique<JobRegistry>(kOptions);
  std::vector<Process> processes_;
  std::map<std::string, JobRecord> jobs_;  // As stored.
  std::map<std::string, JobGroupRecord> groups_;
  std::map<std::pair<std::string, int64_t>, std::string> owners_;
};

}  // namespace

TEST_CASE("no two processes ever get a group under one epoch, and peace brings all jobs to run",
          "[coordinator]") {
  const auto seed = static_cast<uint32_t>(GENERATE(range(1, 60)));
  INFO("seed " << seed);
  World world(seed);
  for (int i = 0; i < 300; ++i) world.Step();
  world.Settle();
}

}  // namespace strom::coordinator
