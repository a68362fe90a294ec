#pragma once

#include <memory>

#include "common/metrics/metrics.h"
#include "tablet/server/follower_fetcher.h"
#include "tablet/server/isr_proposer.h"

namespace strom::tablet {

// What this server does with others for its replicas: fetches what they follow, has the coordinator
// take over the ISRs they propose. Made before the ReplicaManager, stopped before it stops, and
// outlives it.
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

  // Fetches nothing any more and forgets proposals; later calls do nothing. `stopped` runs once, on
  // any thread, when no replica has a fetched answer to take. At most one call.
  void Stop(runtime::Task stopped);

 private:
  FollowerFetcher fetcher_;
  const std::shared_ptr<IsrProposer> proposer_;
};

}  // namespace strom::tablet
