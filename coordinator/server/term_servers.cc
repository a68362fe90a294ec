// Tablet servers that come, go, and answer.
#include <utility>

#include "common/base/logging.h"
#include "coordinator/server/term.h"

namespace strom::coordinator {

// Several changes may be one event: it looks at the newest.
void Term::OnServers(LiveServers servers) {
  const bool event_waits = newest_servers_.has_value();
  newest_servers_ = std::move(servers);
  if (event_waits) return;
  AddEvent([this](runtime::Task finished) { ChangeServers(std::move(finished)); });
}

void Term::ChangeServers(runtime::Task finished) {
  const LiveServers newest = std::move(*std::exchange(newest_servers_, std::nullopt));
  std::set<ServerId> lost;
  std::set<ServerId> joined;
  for (const auto& [id, server] : servers_) {
    const auto it = newest.find(id);
    // Another registration is another life of the server: it has forgotten what it was told.
    if (it == newest.end() || it->second != server.life) lost.insert(id);
  }
  for (const auto& [id, life] : newest) {
    if (!servers_.contains(id) || lost.contains(id)) joined.insert(id);
  }
  if (lost.empty() && joined.empty()) return finished();
  for (const ServerId id : lost) {
    if (!joined.contains(id)) STROM_LOG(kWarn, "tablet server {} is gone", id);
    servers_.erase(id);
  }
  for (const ServerId id : joined) AddServer(newest.at(id));
  Apply(state_.ChangeServers(lost, joined), [this, finished = std::move(finished)]() mutable {
    waits_.Check();  // A server that is gone is not waited for.
    finished();
  });
}

void Term::AddServer(const LiveServer& server) {
  const HostPort& address = server.info.listeners.find(options_.internal_listener)->second;
  STROM_LOG(kInfo, "tablet server {} is here, at {}", server.info.id, address.ToString());
  auto notifier = std::make_shared<ServerNotifier>(
      ServerNotifier::World{world_.strand, world_.clock, world_.network}, server.info.id,
      rpc::Endpoint{.host = address.host, .port = address.port}, epoch_, options_.notifier,
      static_cast<ServerNotifier::Observer&>(*this));
  notifier->SetJobEpochs(job_version_, job_epochs_);
  servers_.insert_or_assign(server.info.id, Server{server, std::move(notifier)});
}

void Term::OnRoleTaken(ServerId server, const TableBucket& bucket, LeaderEpoch epoch) {
  if (state_.OnLeaderServes(bucket, server, epoch)) refusals_.erase(bucket);
}

void Term::OnRoleRefused(ServerId server, const TableBucket& bucket, const Status& why) {
  const BucketState* state = state_.Find(bucket);
  if (!state || !state->leadership || state->leadership->leader != server) return;
  refusals_[bucket] = {server, why};
}

void Term::OnReplicaRemoved(ServerId server, const TableBucket& bucket) {
  if (state_.OnRemoved(bucket, server)) FinishRemoval(bucket.table);
}

void Term::OnProgress() { waits_.Check(); }

void Term::OnDeposed(const Status& why) { Lose(why); }

}  // namespace strom::coordinator
