#pragma once

#include "tests/sim/checkers/history.h"

// Checks of what primary-key tables make of writes: pure functions. The order of the changes of a
// key is that of the changelog, the leader's log at the end.
namespace strom::sim {

// S10: the changelog holds nothing that the table's merge engine does not do: with first-row no
// change of a row that is there, with versions none to a smaller one, with either no delete.
Violations CheckEngines(const FinalState& end);

// S13: each change sets the columns that its write has, to what the write has, and no others; a
// delete of some columns takes the row with it only if nothing else is left of it. Lookups show
// rows as the changelog has them. Of tables whose writes say what they do to other columns.
Violations CheckColumns(const History& history, const FinalState& end);

}  // namespace strom::sim
