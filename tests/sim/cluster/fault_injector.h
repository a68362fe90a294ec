#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/cluster/sim_cluster.h"
#include "tests/sim/cluster/sim_config.h"
#include "tests/sim/cluster/sim_pipeline.h"

namespace strom::sim {

// Who leads what just now, as the metadata service has it.
struct WhoLeads {
  // The leaders of the buckets that clients look rows up in, or of all that they write if there are
  // none; kNoServer among them, always in the same order.
  std::function<std::vector<ServerId>()> buckets;
  // Which of the coordinators; -1: none.
  std::function<int()> coordinator;
};

// Makes the faults of a configuration happen, one after the other at random times, each for a
// while, several at a time. See README.md for the budget. Its tasks are the world's own.
class FaultInjector {
 public:
  // `pipeline`: null if there is none. `clients`: names of hosts whose links may be cut, too.
  FaultInjector(SimWorld& world, SimCluster& cluster, SimPipeline* pipeline,
                const SimConfig& config, std::vector<std::string> clients, WhoLeads who_leads,
                std::function<void(const std::string&)> note);

  void Start() { NextLater(); }
  // Ends all of them and begins no other: peace.
  void HealAll();

  // A bucket has the same leader as before, and another ISR.
  void OnIsrChange(ServerId leader);

  const std::map<Fault, int>& counts() const { return counts_; }

 private:
  using Undo = std::function<void()>;

  void NextLater();
  void Inject(Fault fault);
  void InjectInto(Fault fault, SimHost& host);
  // False: there is nothing it could hit.
  bool InjectIntoPipeline(Fault fault);
  // While its disk is busy, so that not all it wrote is synced.
  void FailPower(std::vector<int> tablets);
  std::vector<std::string> Servers() const;  // Their names.
  std::vector<std::string> Hosts() const;    // And those of clients.

  // On links: fault_injector_links.cc.
  void Cut(bool both);
  void Isolate(SimHost& host);
  void CutOff(SimHost& host);
  void BreakSomeClients(const SimHost& host);
  void Part();
  std::vector<std::string> SomeHosts();
  std::vector<std::string> LeadersAside();
  void Slow(SimHost& host);
  void DeposeUnheard(SimHost& host);
  void SetCutBetween(const std::string& a, const std::string& b, bool cut);

  // On who leads, and when that changes: fault_injector_aimed.cc.
  void MakeNoticesLate();
  void DeposeUnregistered(SimHost& host);
  void RestartCoordinator(int i);
  // That leads the bucket with this number, and runs; null if there is none.
  SimHost* LeaderOf(size_t bucket);
  SimHost* AnyLeader();

  // Undoes it within `max`, or then; or at HealAll.
  void UndoLater(MonoDuration max, Undo undo) { UndoAfter(UpTo(max), std::move(undo)); }
  void UndoAfter(MonoDuration time, Undo undo);
  MonoDuration UpTo(MonoDuration max);
  // A process of the cluster that runs; null if there is none.
  SimHost* AnyServer(bool tablets_only);

  SimWorld& world_;
  SimCluster& cluster_;
  SimPipeline* const pipeline_;
  const SimConfig& config_;
  const std::vector<std::string> clients_;
  const WhoLeads who_leads_;
  const std::function<void(const std::string&)> note_;
  SimRandom random_;
  std::map<Fault, int> counts_;
  std::map<uint64_t, Undo> undos_;  // Of faults that last.
  uint64_t next_undo_ = 1;
  bool parted_ = false;
  bool dies_at_change_ = false;  // The leader of the next bucket whose ISR changes.
  bool peace_ = false;
};

}  // namespace strom::sim
