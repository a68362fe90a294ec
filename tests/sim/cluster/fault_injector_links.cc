// Faults of the links between hosts.
#include <fmt/ranges.h>

#include "tests/sim/cluster/fault_injector.h"

namespace strom::sim {

void FaultInjector::SetCutBetween(const std::string& a, const std::string& b, bool cut) {
  world_.wires.SetCut(a, b, cut);
  world_.wires.SetCut(b, a, cut);
}

// Clients reach it and go on to ask it, while others may lead what it led.
void FaultInjector::Isolate(SimHost& host) {
  const auto set = [this, &host](bool isolated) {
    for (const std::string& other : Servers()) {
      if (other != host.name()) SetCutBetween(host.name(), other, isolated);
    }
    world_.meta.SetReachable(host.name(), !isolated);
  };
  set(true);
  UndoLater(Seconds(8), [set] { set(false); });
}

void FaultInjector::Cut(bool both) {
  const std::vector<std::string> names = Hosts();
  const std::string from = names[random_.Uniform(names.size())];
  const std::string to = names[random_.Uniform(names.size())];
  if (from == to) return;
  note_(fmt::format("cut: {} -> {}{}", from, to, both ? " and back" : ""));
  world_.wires.SetCut(from, to, true);
  if (both) world_.wires.SetCut(to, from, true);
  UndoLater(Seconds(8), [this, from, to, both] {
    note_(fmt::format("cut healed: {} -> {}{}", from, to, both ? " and back" : ""));
    world_.wires.SetCut(from, to, false);
    if (both) world_.wires.SetCut(to, from, false);
  });
}

// The metadata service is on the side of `near`: those far from it do not reach it. Who is where is
// drawn host by host, clients too, so that each side may have coordinators, leaders, both or
// neither. Every other time the far side has one coordinator of two and one tablet server, for
// longer than sessions live: each side may think that it leads.
void FaultInjector::Part() {
  if (parted_) return;  // The end of one would be the end of the other.
  std::vector<std::string> near, far;
  const bool each_leads = cluster_.coordinator_count() > 1 && random_.Chance(0.5);
  MonoDuration lasts = UpTo(Seconds(8));
  if (each_leads) {
    lasts = config_.session_timeout + UpTo(Seconds(4));
    const auto coordinator = static_cast<int>(random_.Uniform(2));
    const auto tablet =
        static_cast<int>(random_.Uniform(static_cast<uint64_t>(cluster_.tablet_count())));
    far = {cluster_.coordinator(coordinator).name(), cluster_.tablet(tablet).name()};
    for (const std::string& name : Servers()) {
      if (name != far[0] && name != far[1]) near.push_back(name);
    }
    for (const std::string& name : clients_) (random_.Chance(0.5) ? near : far).push_back(name);
  } else {
    for (const std::string& name : Hosts()) (random_.Chance(0.5) ? near : far).push_back(name);
  }
  if (near.empty() || far.empty()) return;
  const auto set = [this, near, far](bool parted) {
    for (const std::string& name : far) {
      for (const std::string& other : near) SetCutBetween(name, other, parted);
      world_.meta.SetReachable(name, !parted);
    }
  };
  note_(fmt::format("partition: {} without the metadata service", fmt::join(far, " ")));
  set(true);
  parted_ = true;
  UndoAfter(lasts, [this, set] {
    parted_ = false;
    note_("partition healed");
    set(false);
  });
}

void FaultInjector::Slow(SimHost& host) {
  // From hardly to be noticed up to what time-outs take for dead.
  const MonoDuration delay = UpTo(UpTo(Seconds(1)));
  const double loss = 0.3 * static_cast<double>(random_.Uniform(100)) / 100;
  const auto set = [this, &host](MonoDuration delay_max, double lost) {
    for (const std::string& other : Hosts()) {
      if (other == host.name()) continue;
      world_.wires.SetSlow(host.name(), other, delay_max, lost);
      world_.wires.SetSlow(other, host.name(), delay_max, lost);
    }
    world_.meta.SetSlow(host.name(), delay_max);
  };
  note_(fmt::format("{} is slow: {} ms, {:.2f} lost", host.name(), delay.millis(), loss));
  set(delay, loss);
  UndoLater(Seconds(8), [set] { set(MonoDuration(), 0); });
}

// What leases are for. Its session ends at once, and servers do not reach it; the last it heard of
// coordinators may have taken its time. Some clients notice that something is wrong and look for
// its successor, others go on to ask it.
void FaultInjector::DeposeUnheard(SimHost& host) {
  const auto slow = [this, &host](MonoDuration delay_max) {
    for (int i = 0; i < cluster_.coordinator_count(); ++i) {
      world_.wires.SetSlow(cluster_.coordinator(i).name(), host.name(), delay_max, 0);
    }
  };
  if (random_.Chance(0.5)) slow(Millis(900));
  UndoAfter(Seconds(2), [slow] { slow(MonoDuration()); });
  world_.scheduler.PostAt(world_.scheduler.now() + Seconds(1), [this, &host] {
    if (peace_ || !host.running()) return;
    note_(fmt::format("{} is deposed", host.name()));
    Isolate(host);
    world_.meta.Expire(host.name());
    for (const std::string& client : clients_) {
      if (random_.Chance(0.5)) world_.wires.BreakConnections(host.name(), client);
    }
  });
}

}  // namespace strom::sim
