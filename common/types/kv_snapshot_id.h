#pragma once

#include "common/types/ids.h"

namespace strom {

// Number of a KV snapshot, from 0, unique and growing within its bucket.
using KvSnapshotId = StrongId<struct KvSnapshotIdTag, int64_t>;

}  // namespace strom
