#pragma once

#include <memory>

#include "common/metrics/metrics.h"
#include "tablet/server/failure_reporter.h"
#include "tablet/server/follower_fetcher.h"
#include "tablet/server/isr_proposer.h"
#include "tablet/server/lease_keeper.h"

namespace strom::tablet {

// What this server does with others for its replicas: fetches what they follow, has the coordinator
// take over the ISRs they propose, tells it of those that failed, and keeps the lease under which
// they show rows. Made before the ReplicaManager, stopped before it stops, and outlives it.
class Replication final : public ReplicaDuties {
 public:
  struct Options {
    ServerId self;
    std::string internal_listener;
    DurabilityPolicy durability;
  };

  // What it is given outlives it and what it has under way.
  Replication(runtime::Executor& executor, const runtime::Clock& clock, rpc::Network& network,
              const service::ClusterViewHolder& views, metrics::Registry& metrics,
              const Options& options);

  void Follow(std::shared_ptr<Replica> replica, ServerId leader, LeaderEpoch epoch) override;
  void Unfollow(const TableBucket& bucket) override;
  void ProposeIsr(IsrProposal proposal, absl::AnyInvocable<void(Result<Leadership>)> done) override;
  void ReportFailed(const TableBucket& bucket) override;
  Status CheckLease(CoordinatorEpoch told_by) const override {
    return lease_->lease().Check(told_by);
  }

  // Begins to ask for the lease. At most one call.
  void Start() { lease_->Start(); }

  // The server is in the cluster, with this start epoch.
  void OnRegistered(int64_t start_epoch);

  // Fetches nothing any more, forgets proposals and reports and asks for no lease; later calls do
  // nothing. `stopped` runs once, on any thread, when no replica has a fetched answer to take. At
  // most one call.
  void Stop(runtime::Task stopped);

 private:
  FollowerFetcher fetcher_;
  const std::shared_ptr<IsrProposer> proposer_;
  const std::shared_ptr<FailureReporter> reporter_;
  const std::shared_ptr<LeaseKeeper> lease_;
};

}  // namespace strom::tablet
