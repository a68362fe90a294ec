#pragma once

#include <set>
#include <vector>

#include "common/types/kv_snapshot_id.h"

namespace strom::remote {

// A snapshot whose commit the coordinator has stored.
struct CompletedKvSnapshot {
  KvSnapshotId id;
  LogOffset log_offset;

  friend auto operator<=>(const CompletedKvSnapshot&, const CompletedKvSnapshot&) = default;
};

struct KvRetention {
  std::vector<CompletedKvSnapshot> kept;     // Oldest first.
  std::vector<CompletedKvSnapshot> dropped;  // Likewise.
  // The changelog below this offset may go: restoring can fall back from one kept snapshot to the
  // next older one and then replay from there. 0 while there are not yet as many as are wanted:
  // then the last resort is the whole changelog.
  LogOffset changelog_needed_from;

  friend bool operator==(const KvRetention&, const KvRetention&) = default;
};

// Which of a bucket's snapshots stay: the newest `retained_count` (`kv.snapshot.num-retained`, at
// least 1), and those in use (leased, say), which do not count. Pure.
KvRetention PlanKvRetention(std::vector<CompletedKvSnapshot> completed,
                            const std::set<KvSnapshotId>& in_use, int retained_count);

}  // namespace strom::remote
