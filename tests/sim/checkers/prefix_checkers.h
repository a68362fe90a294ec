#pragma once

#include "tests/sim/checkers/history.h"

// Checks of lookups by prefix: pure functions.
namespace strom::sim {

// S15: what a lookup by prefix found is the group's part of all rows at one offset of the
// changelog: the lookups of a group could have happened one after the other, each at a moment
// between its call and its answer, with every write in it that was acknowledged before, and none
// that had not begun. At the end it is exactly the group's part of what lookups of each key find.
Violations CheckPrefixLookups(const History& history, const FinalState& end);

}  // namespace strom::sim
