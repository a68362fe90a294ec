#include "tablet/server/replication.h"

#include <utility>

namespace strom::tablet {

Replication::Replication(runtime::Executor& executor, const runtime::Clock& clock,
                         rpc::Network& network, const service::ClusterViewHolder& views,
                         metrics::Registry& metrics, const Options& options)
    : fetcher_(
          {.executor = executor,
           .clock = clock,
           .network = network,
           .views = views,
           .errors = metrics.GetCounter("tabletserver_replica_fetch_errors_total",
                                        "fetches from leaders that failed, calls and buckets")},
          {.self = options.self, .internal_listener = options.internal_listener},
          options.durability),
      proposer_(std::make_shared<IsrProposer>(
          IsrProposer::World{
              .executor = executor, .clock = clock, .network = network, .views = views},
          IsrProposer::Options{.self = options.self,
                               .internal_listener = options.internal_listener})),
      reporter_(std::make_shared<FailureReporter>(
          FailureReporter::World{
              .executor = executor, .clock = clock, .network = network, .views = views},
          FailureReporter::Options{.self = options.self,
                                   .internal_listener = options.internal_listener})),
      lease_(std::make_shared<LeaseKeeper>(
          LeaseKeeper::World{
              .executor = executor, .clock = clock, .network = network, .views = views},
          LeaseKeeper::Options{.self = options.self,
                               .internal_listener = options.internal_listener})) {}

void Replication::Follow(std::shared_ptr<Replica> replica, ServerId leader, LeaderEpoch epoch) {
  proposer_->GiveUpBelow(replica->bucket(), epoch);
  fetcher_.Follow(std::move(replica), leader, epoch);
}

void Replication::Unfollow(const TableBucket& bucket) { fetcher_.Unfollow(bucket); }

void Replication::ProposeIsr(IsrProposal proposal,
                             absl::AnyInvocable<void(Result<Leadership>)> done) {
  proposer_->Propose(std::move(proposal), std::move(done));
}

void Replication::ReportFailed(const TableBucket& bucket) { reporter_->Report(bucket); }

void Replication::OnRegistered(int64_t start_epoch) { reporter_->SetStartEpoch(start_epoch); }

void Replication::Stop(runtime::Task stopped) {
  proposer_->Stop();
  reporter_->Stop();
  lease_->Stop();
  fetcher_.Stop(std::move(stopped));
}

}  // namespace strom::tablet
