#pragma once

#include <map>
#include <optional>

#include "common/record/record_schema.h"
#include "tests/sim/checkers/history.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::sim {

// The log of a bucket as it lies on a server's disk, in segment files; none if there is none. What
// a process keeps in memory does not count. A torn end is left out and named in `damage`.
std::optional<ReplicaLog> ReadReplicaLog(SimDisk& disk, const TableBucket& bucket,
                                         const record::RecordSchema& schema);

// The same without records, and only where it ends: quick.
std::optional<LogOffset> ReadLogEnd(SimDisk& disk, const TableBucket& bucket);

}  // namespace strom::sim
