#pragma once

#include <functional>
#include <string>

#include "common/record/record_schema.h"
#include "tests/sim/checkers/history.h"
#include "tests/sim/cluster/sim_cluster.h"
#include "tests/sim/cluster/snapshot_watch.h"

namespace strom::sim {

// Sees what retention takes of the logs of a cluster, at the moment it goes and as it was. So the
// checkers have every log from its first record on, and can tell whether it was right to go.
class TrimWatch {
 public:
  // `schema_of`: of the tables that are watched; null for others. `history` gets what is seen. The
  // cluster's disks call this until it is destroyed.
  TrimWatch(SimWorld& world, SimCluster& cluster, const SimConfig& config,
            SnapshotWatch& snapshots,
            std::function<const record::RecordSchema*(TableId)> schema_of, History* history);
  ~TrimWatch();

 private:
  void OnRemove(int tablet, const std::string& path, const DiskTree::Place& place);

  SimWorld& world_;
  SimCluster& cluster_;
  const bool counts_bytes_;  // It takes time, and matters only where a log can be too large.
  SnapshotWatch& snapshots_;
  const std::function<const record::RecordSchema*(TableId)> schema_of_;
  History* const history_;
};

}  // namespace strom::sim
