// Servers that come, go, want to go, cannot be reached, and change their disks.
#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/check.h"
#include "coordinator/state/cluster_state.h"

namespace strom::coordinator {

void ClusterState::LoadDirectory(ServerId server, std::string id) {
  directories_[server] = std::move(id);
}

bool ClusterState::KnowsDirectory(ServerId server, const std::string& id) const {
  if (id.empty()) return true;
  const auto known = directories_.find(server);
  return known != directories_.end() && known->second == id;
}

Effects ClusterState::TakeDirectories(const std::map<ServerId, std::string>& ids) {
  Effects effects;
  for (const auto& [server, id] : ids) {
    STROM_CHECK(!live_.contains(server)) << "server " << server << " changed its disk alive";
    if (KnowsDirectory(server, id)) continue;
    const auto known = directories_.find(server);
    effects.directories[server] = id;
    if (known != directories_.end()) {
      for (const TableBucket& bucket : hosted_[server].buckets) {
        const auto& leadership = buckets_.at(bucket).leadership;
        if (!leadership) continue;
        std::optional<Leadership> next = AfterDirectoryReturn(*leadership, server, id);
        if (!next) next = AfterDirectoryLoss(*leadership, server, known->second);
        Elect(bucket, std::move(next), effects);
      }
    }
    directories_[server] = id;
  }
  NotifyWritten(effects);
  return effects;
}

Effects ClusterState::Start(std::set<ServerId> live) {
  live_ = std::move(live);
  UpdateAble();
  Effects effects;
  for (auto& [bucket, state] : buckets_) {
    if (!state.leadership) {
      Elect(bucket, ElectFirst(state.replicas, able_), effects);
      continue;
    }
    // Who went away while no coordinator was looking.
    const std::vector<ServerId> isr = state.leadership->isr;
    for (const ServerId member : isr) {
      if (live_.contains(member)) continue;
      Elect(bucket, ElectAfterLoss(state.replicas, *state.leadership, member, able_), effects);
    }
    Elect(bucket, ElectAfterReturn(state.replicas, *state.leadership, able_), effects);
  }
  for (const ServerId server : live_) NotifyAll(server, effects);
  return effects;
}

Effects ClusterState::ChangeServers(const std::set<ServerId>& lost,
                                    const std::set<ServerId>& joined) {
  for (const ServerId server : lost) {
    STROM_CHECK(live_.erase(server) == 1) << "server " << server << " was not live";
    refused_.erase(server);
    stopping_.erase(server);
    for (const TableBucket& bucket : hosted_[server].buckets) {
      buckets_.at(bucket).failed.erase(server);
    }
  }
  UpdateAble();
  Effects effects;
  for (const ServerId server : lost) {
    for (const TableBucket& bucket : hosted_[server].buckets) {
      const BucketState& state = buckets_.at(bucket);
      if (!state.leadership) continue;
      Elect(bucket, ElectAfterLoss(state.replicas, *state.leadership, server, AbleFor(state)),
            effects);
    }
  }
  for (const ServerId server : joined) {
    STROM_CHECK(live_.insert(server).second) << "server " << server << " was live already";
  }
  UpdateAble();
  for (const ServerId server : joined) ElectFor(server, effects);
  NotifyWritten(effects);
  for (const ServerId server : joined) NotifyAll(server, effects);
  return effects;
}

Effects ClusterState::OnRefused(ServerId server) {
  STROM_CHECK(live_.contains(server)) << "server " << server << " is not live";
  Effects effects;
  if (!refused_.insert(server).second) return effects;
  UpdateAble();
  for (const TableBucket& bucket : hosted_[server].buckets) {
    const BucketState& state = buckets_.at(bucket);
    if (!state.leadership) continue;
    Elect(bucket, ElectWithout(state.replicas, *state.leadership, server, AbleFor(state)), effects);
  }
  NotifyWritten(effects);
  return effects;
}

Effects ClusterState::OnReached(ServerId server) {
  Effects effects;
  if (refused_.erase(server) == 0) return effects;
  UpdateAble();
  if (is_able(server)) ElectFor(server, effects);
  NotifyWritten(effects);
  NotifyAll(server, effects);
  return effects;
}

Effects ClusterState::OnStopping(ServerId server) {
  STROM_CHECK(live_.contains(server)) << "server " << server << " is not live";
  stopping_.insert(server);
  UpdateAble();
  Effects effects;
  for (const TableBucket& bucket : hosted_[server].buckets) {
    const BucketState& state = buckets_.at(bucket);
    if (!state.leadership) continue;
    Elect(bucket, ElectWithout(state.replicas, *state.leadership, server, AbleFor(state)), effects);
  }
  NotifyWritten(effects);
  return effects;
}

Effects ClusterState::OnReplicasFailed(ServerId server, const std::vector<TableBucket>& buckets) {
  STROM_CHECK(live_.contains(server)) << "server " << server << " is not live";
  Effects effects;
  for (const TableBucket& bucket : buckets) {
    const auto it = buckets_.find(bucket);
    if (it == buckets_.end() || !hosted_[server].buckets.contains(bucket)) continue;
    BucketState& state = it->second;
    if (!state.failed.insert(server).second || !state.leadership) continue;
    Elect(bucket, ElectAfterLoss(state.replicas, *state.leadership, server, AbleFor(state)),
          effects);
  }
  NotifyWritten(effects);
  return effects;
}

Effects ClusterState::OnEpochsSpent(const std::map<TableBucket, LeaderEpoch>& spent) {
  Effects effects;
  for (const auto& [bucket, epoch] : spent) {
    const auto it = buckets_.find(bucket);
    if (it == buckets_.end() || !it->second.leadership) continue;
    const Leadership& current = *it->second.leadership;
    if (current.leader == kNoServer || current.leader_epoch != epoch) continue;
    Elect(bucket, ElectAnew(current), effects);
  }
  NotifyWritten(effects);
  return effects;
}

void ClusterState::ElectFor(ServerId server, Effects& effects) {
  for (const TableBucket& bucket : hosted_[server].buckets) {
    const BucketState& state = buckets_.at(bucket);
    Elect(bucket,
          state.leadership ? ElectAfterReturn(state.replicas, *state.leadership, AbleFor(state))
                           : ElectFirst(state.replicas, AbleFor(state)),
          effects);
  }
}

void ClusterState::UpdateAble() {
  able_.clear();
  std::ranges::copy_if(live_, std::inserter(able_, able_.end()), [this](ServerId server) {
    return !refused_.contains(server) && !stopping_.contains(server);
  });
}

std::set<ServerId> ClusterState::AbleFor(const BucketState& bucket) const {
  std::set<ServerId> able = able_;
  for (const ServerId server : bucket.failed) able.erase(server);
  return able;
}

}  // namespace strom::coordinator
