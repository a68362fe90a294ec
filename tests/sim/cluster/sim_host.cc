#include "tests/sim/cluster/sim_host.h"

#include <utility>

#include "common/base/check.h"

namespace strom::sim {

SimHost::SimHost(SimWorld& world, std::string name, uint64_t seed)
    : world_(world),
      name_(std::move(name)),
      random_(seed),
      clock_(world.scheduler),
      disk_({.seed = random_.Next(), .trace = &world.scheduler.trace()}),
      sessions_(world.meta.AddHost(name_)) {}

void SimHost::Boot() {
  STROM_CHECK(!running()) << name_;
  ++process_;
  for (SimExecutor** pool : {&executor_, &blocking_}) {
    pools_.push_back(std::make_unique<SimExecutor>(world_.scheduler));
    *pool = pools_.back().get();
  }
  network_ = world_.wires.AddHost(name_, *executor_, clock_);
}

void SimHost::Kill() {
  STROM_CHECK(running()) << name_;
  world_.meta.Crash(name_);
  SetPaused(false);
  executor_->Shutdown();
  blocking_->Shutdown();
  world_.wires.CrashHost(name_);
  executor_ = nullptr;
  blocking_ = nullptr;
}

void SimHost::AfterKill(bool power_failed) {
  network_.reset();
  if (power_failed) {
    disk_.PowerFail(random_.Next());
  } else {
    disk_.CrashProcess();
  }
  stores_.Crash();
}

void SimHost::SetPaused(bool paused) {
  if (paused_ == paused) return;
  paused_ = paused;
  executor_->SetPaused(paused);
  blocking_->SetPaused(paused);
  world_.meta.SetHeartbeats(name_, !paused);
}

}  // namespace strom::sim
