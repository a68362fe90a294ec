#pragma once

#include "common/metadata/zk_json.h"
#include "common/remote/object_store.h"
#include "tests/sim/checkers/history.h"
#include "tests/sim/cluster/sim_clients.h"

namespace strom::sim {

// What a completed snapshot of a bucket gives on a machine that has nothing: restored by production
// code onto an empty disk, opened, and read whole.
FinalSnapshot RestoreSnapshot(const remote::ObjectStore& objects, const SimTable& table,
                              const TableBucket& bucket, const metadata::KvSnapshotHandle& handle);

}  // namespace strom::sim
