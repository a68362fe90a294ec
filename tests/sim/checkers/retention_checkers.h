#pragma once

#include "tests/sim/checkers/history.h"

// Checks of what retention takes: pure functions.
namespace strom::sim {

// What was promised to whoever writes.
struct RetentionLimits {
  int64_t ttl_ms = -1;          // Younger records stay, whatever their size; <= 0: age takes none.
  int64_t log_bytes_max = -1;   // Of one log: as much stays; <= 0: size takes none.
  size_t snapshots_retained = 1;  // So many can stand for what went of a changelog.
  bool clocks_jump = false;     // Then the servers' own time says how old records are.
};

// S16: nothing goes that is younger than the limit, unless the log is too large, nothing that is
// not committed, nothing of a changelog that the completed snapshots of that moment do not all
// hold, each of which can be restored; at the end one of them and the rest of the changelog still
// have every row. Who reads is only told that an offset is gone if it is.
Violations CheckRetention(const History& history, const FinalState& end,
                          const RetentionLimits& limits);

}  // namespace strom::sim
