#pragma once

#include "tests/sim/checkers/history.h"

// Checks of logs: pure functions over what clients saw and what is on the disks. The log of a
// bucket is its leader's at the end.
namespace strom::sim {

// S1: every acknowledged append and upsert is in the log, below the high watermark, but upserts
// that the table's merge engine may have refused (when, see CheckLookups).
Violations CheckNothingLost(const History& history, const FinalState& end);

// S1: at every moment as many replicas as must hold what is acknowledged.
Violations CheckCopies(const History& history);

// S2: a client that repeats its writes for ever need never give one up, as it would have to if the
// log had forgotten what it knew of the writer.
Violations CheckNoneGivenUp(const History& history);

// S2: no append and no value of a row is there twice.
Violations CheckNoDuplicates(const FinalState& end);

// S3: acknowledgements, fetches and the log agree what is at an offset.
Violations CheckOneValuePerOffset(const History& history, const FinalState& end);

// S4: in each bucket the numbers of one writer ascend.
Violations CheckWriterOrder(const FinalState& end);

// S5: what a fetch gave is in the log at the end.
Violations CheckCommittedStays(const History& history, const FinalState& end);

// S6: batches lie one behind the other, in files and in what readers were given.
Violations CheckContiguity(const History& history, const FinalState& end);

// S7: fetches see nothing at or above the high watermark they carry, and one that began after
// another one had ended, at the same process of a server, no lower one.
Violations CheckHighWatermarks(const History& history);

// S9: all replicas hold the same bytes below the high watermark.
Violations CheckReplicasIdentical(const FinalState& end);

// S9b: whoever is in the ISR has what clients were told is in the log, and has it synced if writes
// are acknowledged only then. At every moment, so for whoever may be elected next.
Violations CheckIsrHonesty(const History& history);

// S8: one leader for each bucket and leader epoch, epochs ascend with every write, the leader is in
// the ISR.
Violations CheckLeaderships(const History& history);

}  // namespace strom::sim
