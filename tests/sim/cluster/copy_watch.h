#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tests/sim/checkers/history.h"
#include "tests/sim/cluster/sim_cluster.h"

namespace strom::sim {

// Looks at the disks while a cluster runs, who holds what clients were told is in the logs: again
// and again how many servers do (CopiesSeen), and, when the ISR changes and when clients are told
// more, whether its members do (MembersSeen). Its tasks are the world's own; they end with it.
class CopyWatch {
 public:
  // `history` gets what is seen.
  CopyWatch(SimWorld& world, SimCluster& cluster, const SimConfig& config, History* history);
  ~CopyWatch();

  void Start(std::vector<TableBucket> buckets);

  // A client was told that the log is committed below `end`.
  void OnTold(const TableBucket& bucket, LogOffset end);
  // The coordinator has committed it.
  void OnLeadership(const TableBucket& bucket, const metadata::LeaderAndIsr& leadership);

 private:
  struct Watched {
    LogOffset told;
    std::vector<ServerId> isr;
    MonoTime changed_at;  // The ISR.
    MonoTime looked_at;   // At its members.
  };

  void LookLater();
  void LookAtCopies();
  void LookAtMembers(const TableBucket& bucket, Watched& watched);

  SimWorld& world_;
  SimCluster& cluster_;
  const size_t copies_min_;
  const DiskLogs::View view_;  // In which members must have what clients were told.
  History* const history_;
  std::vector<TableBucket> buckets_;
  std::map<TableBucket, Watched> watched_;
  runtime::TimerId timer_ = runtime::kNoTimer;
};

}  // namespace strom::sim
