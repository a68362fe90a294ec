#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/main/sim_options.h"

namespace strom::sim {

// What a seed left, as it travels from the process that ran it.
struct SeedReport {
  uint64_t seed = 0;
  uint64_t trace_hash = 0;
  int64_t cpu_ms = 0;
  uint64_t acknowledged = 0;
  uint64_t unknown = 0;
  uint64_t lookups = 0;
  uint64_t records_read = 0;
  uint64_t segments_trimmed = 0;
  uint64_t readers_behind = 0;
  uint64_t tables_changed = 0;
  uint64_t source_transactions = 0;
  uint64_t sink_transactions = 0;
  int64_t virtual_ms = 0;
  int64_t quiet_ms = 0;
  std::vector<int> faults;  // By kind.
  std::vector<std::string> violations;
};

std::string EncodeReport(const SeedReport& report);  // One line.
SeedReport DecodeReport(const std::string& line);    // Ours (checked).

// Runs one seed here.
SeedReport RunSeed(const SimConfig& config, bool trace);

// Seeds that a child process runs one after the other.
struct SeedLane {
  std::deque<uint64_t> seeds;
  Mutant mutant = Mutant::kNone;
  bool ends_at_violation = false;  // The first seed with one is the last.
};

// Runs lanes, `options.jobs` at a time. `on_end` is told of each as it ends; reports come in the
// order of its seeds. A process that dies (a failed check) ends nobody else: that is a violation of
// its seed.
void RunLanes(std::vector<SeedLane> lanes, const SimOptions& options,
              const std::function<void(size_t lane, std::vector<SeedReport>)>& on_end);

// Runs seeds in child processes, side by side. In no order.
std::vector<SeedReport> RunSeeds(const std::vector<uint64_t>& seeds, const SimOptions& options);

}  // namespace strom::sim
