#pragma once

#include <cstdint>

#include "tests/sim/checkers/history.h"

namespace strom::prove {

// What the checkers of the simulation say of a history, counted in the words of the report.
struct Verdict {
  int64_t lost = 0;        // S1, S5: acknowledged or read, and not there.
  int64_t duplicated = 0;  // S2
  int64_t changed = 0;     // S3, S6, S9, S10, S11: two answers to what is, or was, where.
  int64_t stale = 0;       // S12
  int64_t other = 0;       // S4, S7, S8: order, high watermarks, epochs.
  sim::Violations violations;

  bool clean() const { return violations.empty(); }
};

// All checkers, S1 to S12.
Verdict Judge(const sim::History& history, const sim::FinalState& end);

// Counts violations by the invariants that they begin with.
Verdict Count(sim::Violations violations);

}  // namespace strom::prove
