#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tests/sim/checkers/history.h"
#include "tests/sim/cluster/sim_cluster.h"

namespace strom::sim {

// Looks again and again at the disks, how many of them hold what clients were told is in the logs.
// Its tasks are the world's own; they end with it.
class CopyWatch {
 public:
  // `history` gets what is seen.
  CopyWatch(SimWorld& world, SimCluster& cluster, const SimConfig& config,
            std::vector<TableBucket> buckets, History* history);
  ~CopyWatch();

  void Start() { LookLater(); }

 private:
  void LookLater();
  void Look();
  // Takes from the history what was answered.
  void TakeAnswers();

  SimWorld& world_;
  SimCluster& cluster_;
  const size_t copies_min_;
  const std::vector<TableBucket> buckets_;
  History* const history_;
  std::map<TableBucket, LogOffset> acknowledged_;
  runtime::TimerId timer_ = runtime::kNoTimer;
};

}  // namespace strom::sim
