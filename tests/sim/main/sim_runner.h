#pragma once

#include <cstdint>
#include <map>
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
  int64_t virtual_ms = 0;
  int64_t quiet_ms = 0;
  std::vector<int> faults;  // By kind.
  std::vector<std::string> violations;
};

std::string EncodeReport(const SeedReport& report);  // One line.
SeedReport DecodeReport(const std::string& line);    // Ours (checked).

// Runs one seed here.
SeedReport RunSeed(const SimConfig& config, bool trace);

// Runs seeds in child processes, so that one that dies (a failed check) ends nobody else: it is a
// violation of its seed. In the order they end.
std::vector<SeedReport> RunSeeds(const std::vector<uint64_t>& seeds, const SimOptions& options);

}  // namespace strom::sim
