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
// neither.
void FaultInjector::Part() {
  std::vector<std::string> near, far;
  for (const std::string& name : Hosts()) (random_.Chance(0.5) ? near : far).push_back(name);
  if (near.empty() || far.empty()) return;
  const auto set = [this, near, far](bool parted) {
    for (const std::string& name : far) {
      for (const std::string& other : near) SetCutBetween(name, other, parted);
      world_.meta.SetReachable(name, !parted);
    }
  };
  note_(fmt::format("partition: {} without the metadata service", fmt::join(far, " ")));
  set(true);
  UndoLater(Seconds(8), [this, set] {
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

}  // namespace strom::sim
