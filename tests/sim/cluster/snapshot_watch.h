#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/cluster/snapshot_restore.h"
#include "tests/sim/cluster/sim_cluster.h"

namespace strom::sim {

// The completed snapshots of a cluster, by their nodes, each restored as soon as it is there and
// when it is asked for. It looks at the object store as no fault can hide it.
class SnapshotWatch {
 public:
  // `table_of`: null for tables that are none of ours.
  SnapshotWatch(SimWorld& world, SimCluster& cluster,
                std::function<const SimTable*(TableId)> table_of);

  // The node of a snapshot, which is below `bucket`, was written, or is gone.
  void OnNode(const TableBucket& bucket, const std::string& path, const std::string* data);

  // Those of a bucket right now, each restored, not longer ago than that.
  std::vector<FinalSnapshot> Of(const TableBucket& bucket, MonoDuration age_max);
  // All there ever were, each as it was when it came to be completed.
  const std::vector<FinalSnapshot>& completed() const { return completed_; }

 private:
  struct Known {
    metadata::KvSnapshotHandle handle;
    MonoTime restored_at;
    FinalSnapshot restored;
  };

  SimWorld& world_;
  SimCluster& cluster_;
  const std::function<const SimTable*(TableId)> table_of_;
  std::map<TableBucket, std::map<std::string, Known>> known_;  // By the path of their nodes.
  std::vector<FinalSnapshot> completed_;
};

}  // namespace strom::sim
