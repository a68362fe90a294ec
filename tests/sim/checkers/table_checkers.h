#pragma once

#include "tests/sim/checkers/history.h"

// Checks of primary-key tables: pure functions. The order of the changes of a key is that of the
// changelog, the leader's log at the end.
namespace strom::sim {

// S10: what lookups find at the end is what the changelog makes of nothing.
Violations CheckRowsAreFold(const FinalState& end);

// S11: each change fits the row before it: -U and +U are a pair, -U and -D carry the row that was
// there, +I none is there.
Violations CheckChangelog(const FinalState& end);

// S14: each completed snapshot can be restored, when it comes to be completed and at the end, and
// is what the changelog below its offset, which is committed, makes of nothing.
Violations CheckSnapshots(const FinalState& end);

// S12: the operations of each key could have happened one after the other, each at a moment between
// its call and its answer, in the changelog's order, and every lookup sees the newest value of its
// moment. Values are unique, which makes this linear work; a delete (or the missing row it leaves)
// is recognised by the row being gone, since several deletes look alike. A write that the table's
// merge engine refused was behind one that it refuses it for; a lookup by prefix is one of each key.
Violations CheckLookups(const History& history, const FinalState& end);

}  // namespace strom::sim
