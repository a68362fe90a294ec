#include "coordinator/state/cluster_state.h"

#include <utility>

#include "common/base/check.h"

namespace strom::coordinator {

void Effects::Add(Effects later) {
  for (auto& [bucket, leadership] : later.write) write[bucket] = std::move(leadership);
  for (auto& [server, id] : later.directories) directories[server] = std::move(id);
  for (auto& [server, leaderships] : later.notify) {
    for (auto& [bucket, leadership] : leaderships) notify[server][bucket] = std::move(leadership);
  }
  for (const auto& [server, buckets] : later.deposed) {
    for (const auto& [bucket, deposal] : buckets) deposed[server][bucket] = deposal;
  }
  for (auto& [server, removals] : later.remove) {
    for (const auto& [bucket, epoch] : removals) remove[server][bucket] = epoch;
  }
}

void ClusterState::LoadTable(TableInfo info, ReplicaLists replicas) {
  Insert(std::move(info), std::move(replicas));
}

void ClusterState::LoadLeadership(const TableBucket& bucket, Leadership leadership) {
  const auto it = buckets_.find(bucket);
  if (it == buckets_.end()) return;
  const LeaderEpoch last = leadership.leader_epoch;
  it->second.known_since = leadership.leader == kNoServer ? last.Next() : last;
  it->second.leadership = std::move(leadership);
}

Effects ClusterState::AddTable(TableInfo info, ReplicaLists replicas) {
  const TableId id = info.id;
  Insert(std::move(info), std::move(replicas));
  Effects effects;
  for (const auto& [bucket, state] : BucketsOf(id)) {
    Elect(bucket, ElectFirst(state->replicas, able_), effects);
  }
  NotifyWritten(effects);
  return effects;
}

Effects ClusterState::RemoveReplicas(TableId id, const ReplicaLists& replicas) {
  STROM_CHECK(!tables_.contains(id)) << "table " << id << " exists";
  // Whatever epoch the servers know: nobody leads its buckets in a later one.
  constexpr LeaderEpoch kLast(INT32_MAX);
  Effects effects;
  for (const auto& [number, servers] : replicas) {
    const TableBucket bucket{.table = id, .partition = std::nullopt, .bucket = number};
    for (const ServerId server : servers) {
      AddRemoval(bucket, server, kLast);
      if (live_.contains(server)) effects.remove[server][bucket] = kLast;
    }
  }
  return effects;
}

Effects ClusterState::RemoveTable(TableId id) {
  const auto table = tables_.find(id);
  STROM_CHECK(table != tables_.end()) << "table " << id << " is not there";
  Effects effects;
  for (const auto& [bucket, state] : BucketsOf(id)) {
    const LeaderEpoch epoch = state->leadership ? state->leadership->leader_epoch : LeaderEpoch();
    for (const ServerId server : state->replicas) {
      AddRemoval(bucket, server, epoch);
      if (live_.contains(server)) effects.remove[server][bucket] = epoch;
      hosted_[server].buckets.erase(bucket);
    }
    if (!state->replicas.empty()) --hosted_[state->replicas.front()].preferred;
  }
  buckets_.erase(buckets_.lower_bound({.table = id}), buckets_.lower_bound({.table = id.Next()}));
  ids_.erase(table->second.path);
  tables_.erase(table);
  return effects;
}

bool ClusterState::OnLeaderServes(const TableBucket& bucket, ServerId server, LeaderEpoch epoch) {
  const auto it = buckets_.find(bucket);
  if (it == buckets_.end() || !it->second.leadership) return false;
  const Leadership& leadership = *it->second.leadership;
  if (leadership.leader != server || leadership.leader_epoch != epoch || it->second.serves()) {
    return false;
  }
  it->second.served = epoch;
  return true;
}

bool ClusterState::OnRemoved(const TableBucket& bucket, ServerId server) {
  const auto it = removals_.find(server);
  if (it == removals_.end() || it->second.erase(bucket) == 0) return false;
  if (it->second.empty()) removals_.erase(it);
  if (--removals_left_.at(bucket.table) > 0) return false;
  removals_left_.erase(bucket.table);
  return true;
}

const TableInfo* ClusterState::Find(const TablePath& path) const {
  const auto it = ids_.find(path);
  return it == ids_.end() ? nullptr : &tables_.at(it->second);
}

const TableInfo* ClusterState::Find(TableId id) const {
  const auto it = tables_.find(id);
  return it == tables_.end() ? nullptr : &it->second;
}

std::vector<TablePath> ClusterState::TablesIn(const std::string& database) const {
  std::vector<TablePath> paths;
  for (auto it = ids_.lower_bound({database, ""}); it != ids_.end(); ++it) {
    if (it->first.database != database) break;
    paths.push_back(it->first);
  }
  return paths;
}

const BucketState* ClusterState::Find(const TableBucket& bucket) const {
  const auto it = buckets_.find(bucket);
  return it == buckets_.end() ? nullptr : &it->second;
}

std::vector<std::pair<TableBucket, const BucketState*>> ClusterState::BucketsOf(TableId id) const {
  std::vector<std::pair<TableBucket, const BucketState*>> found;
  for (auto it = FirstBucket(id); it != buckets_.end() && it->first.table == id; ++it) {
    found.emplace_back(it->first, &it->second);
  }
  return found;
}

size_t ClusterState::CountUnserved(TableId id) const {
  size_t unserved = 0;
  for (auto it = FirstBucket(id); it != buckets_.end() && it->first.table == id; ++it) {
    if (!it->second.serves()) ++unserved;
  }
  return unserved;
}

ReplicaTotals ClusterState::Count() const {
  ReplicaTotals totals;
  for (const auto& [bucket, state] : buckets_) {
    ++totals.buckets;
    totals.replicas += static_cast<int64_t>(state.replicas.size());
    if (!state.leadership || state.leadership->isr.size() < state.replicas.size()) ++totals.shrunk;
    if (!state.leadership) continue;
    if (!state.leadership->awaited_directory.empty()) ++totals.bereft;
    if (state.leadership->leader == kNoServer) continue;
    ++totals.led;
    totals.in_sync += static_cast<int64_t>(state.leadership->isr.size());
  }
  return totals;
}

std::vector<TableBucket> ClusterState::LedBy(ServerId server) const {
  std::vector<TableBucket> led;
  const auto it = hosted_.find(server);
  if (it == hosted_.end()) return led;
  for (const TableBucket& bucket : it->second.buckets) {
    const auto& leadership = buckets_.at(bucket).leadership;
    if (leadership && leadership->leader == server) led.push_back(bucket);
  }
  return led;
}

std::vector<ServerLoad> ClusterState::Loads() const {
  std::vector<ServerLoad> loads;
  for (const ServerId server : able_) {
    const auto it = hosted_.find(server);
    loads.push_back(it == hosted_.end()
                        ? ServerLoad{server}
                        : ServerLoad{server, static_cast<int64_t>(it->second.buckets.size()),
                                     it->second.preferred});
  }
  return loads;
}

void ClusterState::Insert(TableInfo info, ReplicaLists replicas) {
  const TableId id = info.id;
  const bool new_path = ids_.emplace(info.path, id).second;
  const bool new_id = tables_.emplace(id, std::move(info)).second;
  STROM_CHECK(new_path && new_id) << "table " << id << " is there already";
  for (auto& [number, list] : replicas) {
    const TableBucket bucket{.table = id, .partition = std::nullopt, .bucket = number};
    for (const ServerId server : list) hosted_[server].buckets.insert(bucket);
    if (!list.empty()) ++hosted_[list.front()].preferred;
    buckets_[bucket].replicas = std::move(list);
  }
}

void ClusterState::AddRemoval(const TableBucket& bucket, ServerId server, LeaderEpoch epoch) {
  if (removals_[server].emplace(bucket, epoch).second) ++removals_left_[bucket.table];
}

std::map<TableBucket, BucketState>::const_iterator ClusterState::FirstBucket(TableId id) const {
  return buckets_.lower_bound({.table = id});
}

void ClusterState::Elect(const TableBucket& bucket, std::optional<Leadership> next,
                         Effects& effects) {
  if (!next) return;
  auto& leadership = buckets_.at(bucket).leadership;
  if (leadership && leadership->leader != kNoServer && leadership->leader != next->leader &&
      tables_.at(bucket.table).descriptor.has_primary_key()) {
    effects.deposed[leadership->leader][bucket] = {leadership->leader_epoch, next->bucket_epoch};
  }
  effects.write[bucket] = *next;
  leadership = std::move(next);
}

void ClusterState::NotifyWritten(Effects& effects) const {
  for (const auto& [bucket, leadership] : effects.write) {
    for (const ServerId server : buckets_.at(bucket).replicas) {
      if (live_.contains(server)) effects.notify[server][bucket] = leadership;
    }
  }
}

void ClusterState::NotifyAll(ServerId server, Effects& effects) const {
  if (const auto it = hosted_.find(server); it != hosted_.end()) {
    for (const TableBucket& bucket : it->second.buckets) {
      const auto& leadership = buckets_.at(bucket).leadership;
      if (leadership) effects.notify[server][bucket] = *leadership;
    }
  }
  if (const auto it = removals_.find(server); it != removals_.end()) {
    effects.remove[server] = it->second;
  }
}

}  // namespace strom::coordinator
