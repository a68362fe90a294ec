#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "tests/sim/checkers/history.h"
#include "tests/sim/cluster/sim_config.h"

namespace strom::sim {

// What came of one seed.
struct SimResult {
  uint64_t trace_hash = 0;
  Violations violations;  // Empty: all is well.
  std::map<Fault, int> faults;
  size_t acknowledged = 0;  // Appends, upserts and deletes.
  size_t unknown = 0;
  size_t lookups = 0;
  size_t records_read = 0;
  size_t source_transactions = 0;  // Of a pipeline,
  size_t sink_transactions = 0;
  size_t segments_trimmed = 0;  // Of all replicas.
  size_t readers_behind = 0;    // How often one was told so.
  size_t snapshots = 0;  // Completed at the end, each restored and compared.
  size_t tables_changed = 0;  // Created or dropped, as an admin was told.
  MonoDuration virtual_time;
  MonoDuration until_quiet;  // From the end of the faults.
};

// Runs one cluster from its beginning to its end: tables are made, clients write and read while
// faults happen, then there is peace, and within a bound everything must be answered, replicated
// and readable; then all checkers look at what was seen and what is on the disks.
//
// `trace`, if not null, is told what happens, line by line, with the virtual time.
SimResult RunSimulation(const SimConfig& config,
                        std::function<void(const std::string&)> trace = nullptr);

}  // namespace strom::sim
