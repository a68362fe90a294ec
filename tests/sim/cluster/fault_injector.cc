#include "tests/sim/cluster/fault_injector.h"

#include <cerrno>
#include <utility>

namespace strom::sim {
namespace {

// Of the faults that are for leaders, this share is sure to hit one.
constexpr double kAimedShare = 0.75;
constexpr MonoDuration kBusyDisk = Millis(200);  // Each access takes up to so long.

}  // namespace

FaultInjector::FaultInjector(SimWorld& world, SimCluster& cluster, SimPipeline* pipeline,
                             const SimConfig& config, std::vector<std::string> clients,
                             WhoLeads who_leads, std::function<void(const std::string&)> note)
    : world_(world),
      cluster_(cluster),
      pipeline_(pipeline),
      config_(config),
      clients_(std::move(clients)),
      who_leads_(std::move(who_leads)),
      note_(std::move(note)),
      random_(world.scheduler.random().Fork()) {}

MonoDuration FaultInjector::UpTo(MonoDuration max) {
  return Millis(1 + static_cast<int64_t>(random_.Uniform(static_cast<uint64_t>(max.millis()))));
}

void FaultInjector::NextLater() {
  if (config_.faults.empty()) return;
  world_.scheduler.PostAt(world_.scheduler.now() + UpTo(config_.fault_pause_max), [this] {
    if (peace_) return;
    if (!config_.one_by_one || undos_.empty()) {
      Inject(config_.faults[random_.Uniform(config_.faults.size())]);
    }
    NextLater();
  });
}

void FaultInjector::UndoAfter(MonoDuration time, Undo undo) {
  const uint64_t id = next_undo_++;
  undos_[id] = std::move(undo);
  world_.scheduler.PostAt(world_.scheduler.now() + time, [this, id] {
    const auto waiting = undos_.extract(id);
    if (!waiting.empty()) waiting.mapped()();
  });
}

void FaultInjector::HealAll() {
  peace_ = true;
  note_("peace");
  for (auto& [id, undo] : std::exchange(undos_, {})) undo();
}

SimHost* FaultInjector::AnyServer(bool tablets_only) {
  std::vector<SimHost*> running;
  for (int i = 0; i < cluster_.tablet_count(); ++i) {
    if (cluster_.tablet(i).running()) running.push_back(&cluster_.tablet(i));
  }
  for (int i = 0; i < cluster_.coordinator_count() && !tablets_only; ++i) {
    if (cluster_.coordinator(i).running()) running.push_back(&cluster_.coordinator(i));
  }
  if (pipeline_ && !tablets_only) {
    for (SimWorker* worker : pipeline_->workers()) {
      if (worker->host().running()) running.push_back(&worker->host());
    }
  }
  return running.empty() ? nullptr : running[random_.Uniform(running.size())];
}

void FaultInjector::Inject(Fault fault) {
  switch (fault) {
    case Fault::kCrashTablet: {
      const int i =
          static_cast<int>(random_.Uniform(static_cast<uint64_t>(cluster_.tablet_count())));
      if (!cluster_.tablet(i).running()) return;
      note_(fmt::format("{}: {}", FaultName(fault), cluster_.tablet(i).name()));
      cluster_.KillTablet(i, /*power_failed=*/false);
      UndoLater(Seconds(8), [this, i] { cluster_.StartTablet(i); });
      break;
    }
    case Fault::kFailSync: {
      const int i =
          static_cast<int>(random_.Uniform(static_cast<uint64_t>(cluster_.tablet_count())));
      if (!cluster_.tablet(i).running()) return;
      note_(fmt::format("{}: {}", FaultName(fault), cluster_.tablet(i).name()));
      cluster_.tablet(i).disk().faults().FailNext(DiskOperation::kSync, "/log-", EIO);
      UndoLater(Seconds(8), [this, i] {
        cluster_.tablet(i).disk().faults().Heal();
        cluster_.KillTablet(i, /*power_failed=*/false);
        cluster_.StartTablet(i);
      });
      break;
    }
    case Fault::kCrashCoordinator: {
      const int i =
          static_cast<int>(random_.Uniform(static_cast<uint64_t>(cluster_.coordinator_count())));
      if (!cluster_.coordinator(i).running()) return;
      note_(fmt::format("{}: {}", FaultName(fault), cluster_.coordinator(i).name()));
      cluster_.KillCoordinator(i);
      UndoLater(Seconds(8), [this, i] { cluster_.StartCoordinator(i); });
      break;
    }
    case Fault::kCutOneWay:
    case Fault::kCutBothWays:
      Cut(fault == Fault::kCutBothWays);
      break;
    case Fault::kPartition:
      Part();
      break;
    case Fault::kPowerFailTablet:
    case Fault::kPowerFailAll: {
      std::vector<int> running;
      for (int i = 0; i < cluster_.tablet_count(); ++i) {
        if (cluster_.tablet(i).running()) running.push_back(i);
      }
      if (running.empty()) return;
      if (fault == Fault::kPowerFailTablet) running = {running[random_.Uniform(running.size())]};
      note_(fmt::format("{} of {} servers from {} on", FaultName(fault), running.size(),
                        running.front() + 1));
      FailPower(std::move(running));
      break;
    }
    case Fault::kLateNotices:
      MakeNoticesLate();
      break;
    case Fault::kDieAtChange:
      dies_at_change_ = true;
      break;
    case Fault::kMetaOutage:
      note_("meta-outage");
      world_.meta.SetAvailable(false);
      UndoLater(Seconds(10), [this] { world_.meta.SetAvailable(true); });
      break;
    case Fault::kCrashWorker:
    case Fault::kIsolateWorker:
    case Fault::kCutDatabase:
    case Fault::kCrashDatabase:
    case Fault::kLoseDatabaseAnswers:
      if (!InjectIntoPipeline(fault)) return;
      break;
    default: {
      const bool of_leaders = fault == Fault::kIsolateTablet || fault == Fault::kDeposeUnheard ||
                              fault == Fault::kCutOffTablet || fault == Fault::kDeposeUnregistered;
      SimHost* host = of_leaders && random_.Chance(kAimedShare) ? AnyLeader() : nullptr;
      if (host == nullptr) host = AnyServer(of_leaders || fault == Fault::kSlowDisk);
      if (host == nullptr) return;
      note_(fmt::format("{}: {}", FaultName(fault), host->name()));
      InjectInto(fault, *host);
      break;
    }
  }
  ++counts_[fault];
}

void FaultInjector::InjectInto(Fault fault, SimHost& host) {
  switch (fault) {
    case Fault::kPauseHost:
      host.SetPaused(true);
      return UndoLater(Seconds(10), [&host] { host.SetPaused(false); });
    case Fault::kSlowDisk:
      host.SetSlowDisk(UpTo(Millis(200)));
      return UndoLater(Seconds(5), [&host] {
        if (host.running()) host.SetSlowDisk(MonoDuration());
      });
    case Fault::kBreakConnections:
      return world_.wires.BreakConnections(host.name());
    case Fault::kLoseRequests:
      return world_.wires.LoseRequests(host.name(), 1 + static_cast<int>(random_.Uniform(3)));
    case Fault::kLoseAnswers:
      return world_.wires.LoseAnswers(host.name(), 1 + static_cast<int>(random_.Uniform(3)));
    case Fault::kExpireSession:
      // A coordinator counts on it that its session lives for a while when it hears nothing.
      if (cluster_.IsCoordinator(host) && !world_.meta.Hears(host.name())) return;
      return world_.meta.Expire(host.name());
    case Fault::kMetaUnreachable:
      world_.meta.SetReachable(host.name(), false);
      return UndoLater(Seconds(10), [this, &host] { world_.meta.SetReachable(host.name(), true); });
    case Fault::kLoseMetaAnswers:
      world_.meta.LoseAnswers(host.name(), 1 + static_cast<int>(random_.Uniform(2)));
      return UndoLater(Seconds(10), [this, &host] { world_.meta.LoseAnswers(host.name(), 0); });
    case Fault::kDelayMetaChanges:
      world_.meta.DelayChanges(host.name(), 1);
      return UndoLater(Seconds(10), [this, &host] { world_.meta.DelayChanges(host.name(), 0); });
    case Fault::kJumpClock:
      return host.clock().JumpWall(static_cast<int64_t>(random_.Uniform(7'200'000)) - 3'600'000);
    case Fault::kIsolateTablet:
      return Isolate(host);
    case Fault::kCutOffTablet:
      return CutOff(host);
    case Fault::kGrayHost:
      return Slow(host);
    case Fault::kDeposeUnheard:
      return DeposeUnheard(host);
    case Fault::kDeposeUnregistered:
      return DeposeUnregistered(host);
    case Fault::kDelayRequests:
      return world_.wires.DelayRequests(host.name(), UpTo(Seconds(8)));
    default:
      STROM_UNREACHABLE() << FaultName(fault) << " is not of one host";
  }
}

bool FaultInjector::InjectIntoPipeline(Fault fault) {
  const std::vector<SimWorker*> workers = pipeline_->workers();
  SimWorker& worker = *workers[random_.Uniform(workers.size())];
  const bool of_source = random_.Chance(0.5);
  ModelServer& database = of_source ? static_cast<ModelServer&>(pipeline_->source())
                                    : static_cast<ModelServer&>(pipeline_->sink());
  const std::string& host = worker.host().name();
  if (fault == Fault::kCrashWorker) {
    if (!worker.host().running()) return false;
    note_(fmt::format("{}: {}", FaultName(fault), host));
    worker.Kill();
    UndoLater(Seconds(8), [&worker] { worker.Start(); });
    return true;
  }
  if (fault == Fault::kIsolateWorker) {
    note_(fmt::format("{}: {}", FaultName(fault), host));
    const auto set = [this, host](bool isolated) {
      for (int i = 0; i < cluster_.coordinator_count(); ++i) {
        world_.wires.SetCut(host, cluster_.coordinator(i).name(), isolated);
        world_.wires.SetCut(cluster_.coordinator(i).name(), host, isolated);
      }
    };
    set(true);
    UndoLater(Seconds(12), [set] { set(false); });
    return true;
  }
  note_(fmt::format("{}: {}", FaultName(fault), database.name()));
  if (fault == Fault::kLoseDatabaseAnswers) {
    database.LoseAnswers(1 + static_cast<int>(random_.Uniform(3)));
  } else if (fault == Fault::kCrashDatabase) {
    of_source ? pipeline_->source().Crash() : pipeline_->sink().Crash();
  } else if (random_.Chance(0.5)) {
    database.SetAway(true);
    UndoLater(Seconds(8), [&database] { database.SetAway(false); });
  } else {
    database.SetCut(host, true);
    UndoLater(Seconds(8), [&database, host] { database.SetCut(host, false); });
  }
  return true;
}

std::vector<std::string> FaultInjector::Servers() const {
  std::vector<std::string> names;
  for (int i = 0; i < cluster_.tablet_count(); ++i) names.push_back(cluster_.tablet(i).name());
  for (int i = 0; i < cluster_.coordinator_count(); ++i) {
    names.push_back(cluster_.coordinator(i).name());
  }
  return names;
}

std::vector<std::string> FaultInjector::Hosts() const {
  std::vector<std::string> names = Servers();
  names.insert(names.end(), clients_.begin(), clients_.end());
  return names;
}

void FaultInjector::FailPower(std::vector<int> tablets) {
  for (const int i : tablets) cluster_.tablet(i).SetSlowDisk(kBusyDisk);
  const auto fail = [this, tablets = std::move(tablets)] {
    for (const int i : tablets) {
      if (!cluster_.tablet(i).running()) continue;  // It comes back by itself.
      cluster_.KillTablet(i, /*power_failed=*/true);
      UndoLater(Seconds(8), [this, i] { cluster_.StartTablet(i); });
    }
  };
  world_.scheduler.PostAt(world_.scheduler.now() + UpTo(kBusyDisk), [this, fail] {
    if (!peace_) fail();
  });
}

}  // namespace strom::sim
