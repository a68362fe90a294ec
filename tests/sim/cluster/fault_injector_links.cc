// Faults of the links between hosts.
#include <algorithm>

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

// What promises are for: it has had no lease for a while when its session ends, and somebody who
// may have followed it until then leads; some clients turn to that one sooner than others.
void FaultInjector::CutOff(SimHost& host) {
  std::vector<std::string> cut;
  for (int i = 0; i < cluster_.coordinator_count(); ++i) {
    cut.push_back(cluster_.coordinator(i).name());
  }
  for (const std::string& other : Hosts()) {
    const bool decided = std::ranges::find(cut, other) != cut.end() || other == host.name();
    if (!decided && random_.Chance(0.4)) cut.push_back(other);
  }
  const auto set = [this, &host, cut](bool off) {
    for (const std::string& other : cut) SetCutBetween(host.name(), other, off);
    world_.meta.SetReachable(host.name(), !off);
  };
  note_(fmt::format("{} without {} and the metadata service", host.name(), fmt::join(cut, " ")));
  set(true);
  UndoAfter(Millis(1500) + UpTo(Seconds(4)), [set] { set(false); });
  world_.scheduler.PostAt(world_.scheduler.now() + Millis(1500), [this, &host] {
    if (peace_ || !host.running()) return;
    world_.meta.Expire(host.name());
    BreakSomeClients(host);
  });
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
// neither; or so that each side may think that it leads, for longer than sessions live.
void FaultInjector::Part() {
  if (parted_) return;  // The end of one would be the end of the other.
  const bool each_leads = cluster_.coordinator_count() > 1 && random_.Chance(0.7);
  const std::vector<std::string> far = each_leads ? LeadersAside() : SomeHosts();
  const MonoDuration lasts =
      each_leads ? config_.session_timeout + Seconds(2) + UpTo(Seconds(3)) : UpTo(Seconds(8));
  std::vector<std::string> near;
  for (const std::string& name : Hosts()) {
    if (std::ranges::find(far, name) == far.end()) near.push_back(name);
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

std::vector<std::string> FaultInjector::SomeHosts() {
  std::vector<std::string> some;
  for (const std::string& name : Hosts()) {
    if (random_.Chance(0.5)) some.push_back(name);
  }
  return some;
}

// The coordinator that leads, a tablet server that leads, and some clients.
std::vector<std::string> FaultInjector::LeadersAside() {
  const int coordinator = who_leads_.coordinator();
  SimHost* const leader = AnyLeader();
  if (coordinator < 0 || leader == nullptr) return {};
  std::vector<std::string> aside = {cluster_.coordinator(coordinator).name(), leader->name()};
  for (const std::string& name : clients_) {
    if (random_.Chance(0.5)) aside.push_back(name);
  }
  // When the others may have new leaders.
  world_.scheduler.PostAt(world_.scheduler.now() + config_.session_timeout,
                          [this, leader] { BreakSomeClients(*leader); });
  return aside;
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
    BreakSomeClients(host);
  });
}

// One after the other: who is early finds the same leader again, who is late its successor.
void FaultInjector::BreakSomeClients(const SimHost& host) {
  for (const std::string& client : clients_) {
    if (random_.Chance(0.5)) continue;
    world_.scheduler.PostAt(
        world_.scheduler.now() + UpTo(Millis(400)),
        [this, host = host.name(), client] {
          if (!peace_) world_.wires.BreakConnections(host, client);
        });
  }
}

}  // namespace strom::sim
