#pragma once

#include <span>
#include <vector>

#include "tests/sim/checkers/history.h"

// Logs as they would be if retention took nothing.
namespace strom::sim {

// What retention has taken of the log of `bucket`, from whichever replicas: one log, in order. Its
// `damage` names an offset at which two of them had different batches.
ReplicaLog JoinTrimmed(std::span<const TrimmedSegment> trimmed, const TableBucket& bucket);

// Where a log begins; `trimmed` ends there at the latest if all it has is gone.
LogOffset StartOf(const ReplicaLog& log, const ReplicaLog& trimmed);

// The log of the bucket from its first record on: what was taken, and behind it its leader's.
std::vector<LoggedRecord> WholeLog(const FinalBucket& bucket);

}  // namespace strom::sim
