#include "tests/prove/workload/leader_watch.h"

#include <utility>

#include <fmt/format.h>

#include "common/metadata/renewing_store.h"
#include "common/metadata/zk/zookeeper.h"

namespace strom::prove {
namespace {

constexpr MonoDuration kPause = Millis(100);

}  // namespace

LeaderWatch::LeaderWatch(ProveWorld& world, std::unique_ptr<metadata::MetaStoreFactory> sessions,
                         std::function<void(sim::LeadershipWrite)> written)
    : world_(world),
      written_(std::move(written)),
      strand_(world.pool),
      sessions_(std::move(sessions)) {}

Result<std::unique_ptr<LeaderWatch>> LeaderWatch::Open(
    ProveWorld& world, const std::string& zookeeper,
    std::function<void(sim::LeadershipWrite)> written) {
  STROM_ASSIGN_OR_RETURN(
      auto sessions,
      metadata::MakeZooKeeperFactory({.connect = zookeeper, .session_timeout = Seconds(10)}));
  std::unique_ptr<LeaderWatch> watch(
      new LeaderWatch(world, std::move(sessions), std::move(written)));
  STROM_ASSIGN_OR_RETURN(watch->store_, metadata::RenewingStore::Connect(
                                            *watch->sessions_, watch->strand_, world.clock, [] {}));
  watch->strand_.Post([self = watch.get()] { self->Look(); });
  return watch;
}

void LeaderWatch::Follow(std::vector<TableBucket> buckets) {
  absl::MutexLock lock(&mutex_);
  buckets_ = std::move(buckets);
  seen_.clear();
}

void LeaderWatch::Look() {
  strand_.PostAt(world_.clock.Now() + kPause, [this] { Look(); });
  if (unanswered_ > 0) return;
  std::vector<TableBucket> buckets;
  {
    absl::MutexLock lock(&mutex_);
    buckets = buckets_;
  }
  unanswered_ = buckets.size();
  const MonoTime now = world_.clock.Now();
  for (const TableBucket& bucket : buckets) {
    store_->Get(paths_.LeaderAndIsr(bucket), nullptr,
                [this, bucket, now](const metadata::MetaResult<metadata::Node>& node) {
                  --unanswered_;
                  OnNode(bucket, now, node);
                });
  }
}

void LeaderWatch::OnNode(const TableBucket& bucket, MonoTime asked,
                         const metadata::MetaResult<metadata::Node>& node) {
  if (!node.ok()) return;
  const auto now = metadata::LeaderAndIsrFromJson(node.value.data);
  STROM_CHECK(now.ok()) << bucket << ": " << node.value.data;
  {
    absl::MutexLock lock(&mutex_);
    const auto [at, is_new] = seen_.insert({bucket, {}});
    at->second.at = asked;
    if (!is_new && at->second.leadership == *now) return;
    at->second.leadership = *now;
  }
  written_({.bucket = bucket, .leadership = *now, .at = asked});
}

std::map<TableBucket, metadata::LeaderAndIsr> LeaderWatch::current() const {
  absl::MutexLock lock(&mutex_);
  std::map<TableBucket, metadata::LeaderAndIsr> leaderships;
  for (const auto& [bucket, seen] : seen_) leaderships[bucket] = seen.leadership;
  return leaderships;
}

std::string LeaderWatch::NotFull(size_t replicas, MonoTime since) const {
  absl::MutexLock lock(&mutex_);
  for (const TableBucket& bucket : buckets_) {
    const auto seen = seen_.find(bucket);
    if (seen == seen_.end() || seen->second.at < since) {
      return fmt::format("ZooKeeper says nothing of {}", bucket);
    }
    const metadata::LeaderAndIsr& now = seen->second.leadership;
    if (now.leader == kNoServer) return fmt::format("{} has no leader", bucket);
    if (now.isr.size() < replicas) {
      return fmt::format("{}: in sync are {}", bucket, fmt::join(now.isr, " "));
    }
  }
  return "";
}

}  // namespace strom::prove
