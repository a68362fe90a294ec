// Faults that are aimed: at who leads, and at the moment when that changes.
#include "tests/sim/cluster/fault_injector.h"

namespace strom::sim {

SimHost* FaultInjector::LeaderOf(size_t bucket) {
  const std::vector<ServerId> leaders = who_leads_.buckets();
  if (bucket >= leaders.size() || leaders[bucket] == kNoServer) return nullptr;
  SimHost& host = cluster_.TabletOf(leaders[bucket]);
  return host.running() ? &host : nullptr;
}

SimHost* FaultInjector::AnyLeader() {
  const size_t count = who_leads_.buckets().size();
  return count == 0 ? nullptr : LeaderOf(random_.Uniform(count));
}

// The leader of a bucket changes twice. Of what coordinators say of the first time some comes late:
// behind what they said, over newer connections, of the second.
void FaultInjector::MakeNoticesLate() {
  const size_t count = who_leads_.buckets().size();
  if (count == 0) return;
  const size_t bucket = random_.Uniform(count);
  for (int i = 0; i < cluster_.coordinator_count(); ++i) {
    for (int k = 0; k < cluster_.tablet_count(); ++k) {
      world_.wires.DelayRequests(cluster_.coordinator(i).name(), cluster_.tablet(k).name(),
                                 Seconds(8));
    }
  }
  const auto depose = [this, bucket] {
    SimHost* const leader = LeaderOf(bucket);
    if (peace_ || leader == nullptr) return;
    note_(fmt::format("late-notices: the session of {} expires", leader->name()));
    world_.meta.Expire(leader->name());
  };
  depose();
  world_.scheduler.PostAt(world_.scheduler.now() + config_.notice_timeout + UpTo(Seconds(1)),
                          depose);
}

// It knows what is committed by the new ISR, clients hear of that, and followers do not.
void FaultInjector::OnIsrChange(ServerId leader) {
  if (!std::exchange(dies_at_change_, false) || peace_ || leader == kNoServer) return;
  const int i = leader.value() - SimCluster::IdOf(0).value();
  SimHost& host = cluster_.tablet(i);
  if (!host.running()) return;
  note_(fmt::format("die-at-change: {}", host.name()));
  const auto set = [this, &host](bool mute) {
    for (int k = 0; k < cluster_.tablet_count(); ++k) {
      const std::string& other = cluster_.tablet(k).name();
      if (other != host.name()) world_.wires.SetCut(host.name(), other, mute);
    }
  };
  set(true);
  UndoLater(Millis(400), [this, i, set] {
    cluster_.KillTablet(i, /*power_failed=*/false);
    set(false);
    if (peace_) return cluster_.StartTablet(i);
    UndoLater(Seconds(8), [this, i] { cluster_.StartTablet(i); });
  });
}

// Nobody tells it that another one leads: it is not registered any more. Right behind that the
// coordinator is started anew, under the same address, and knows less of it than the one before;
// of what that one wrote last, something may still be under way.
void FaultInjector::DeposeUnregistered(SimHost& host) {
  const int coordinator = who_leads_.coordinator();
  const bool hangs = coordinator >= 0 && random_.Chance(0.5);
  if (hangs) world_.meta.DelayChanges(cluster_.coordinator(coordinator).name(), 1);
  world_.meta.SetReachable(host.name(), false);
  world_.meta.Expire(host.name());
  BreakSomeClients(host);
  UndoAfter(Seconds(3) + UpTo(Seconds(5)),
            [this, &host] { world_.meta.SetReachable(host.name(), true); });
  if (coordinator < 0) return;
  UndoLater(Millis(hangs ? 150 : 600), [this, coordinator] { RestartCoordinator(coordinator); });
}

void FaultInjector::RestartCoordinator(int i) {
  SimHost& host = cluster_.coordinator(i);
  if (!host.running()) return;
  note_(fmt::format("{} is started anew", host.name()));
  cluster_.KillCoordinator(i);
  world_.meta.DelayChanges(host.name(), 0);
  cluster_.StartCoordinator(i);
}

}  // namespace strom::sim
