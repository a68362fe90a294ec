#include "tests/sim/cluster/copy_watch.h"

#include <algorithm>
#include <utility>

namespace strom::sim {
namespace {

constexpr MonoDuration kPause = Seconds(1);
// Wrong members are most likely just after a change. Then every answer is worth a look; else one
// now and then, since looking takes most of the time that a seed takes.
constexpr MonoDuration kLooksCloselyFor = Seconds(1);
constexpr MonoDuration kLooksEvery = Millis(300);

}  // namespace

// Tables with several replicas are `durable` or `replicated`: two copies in either case.
CopyWatch::CopyWatch(SimWorld& world, SimCluster& cluster, const SimConfig& config,
                     History* history)
    : world_(world),
      cluster_(cluster),
      copies_min_(static_cast<size_t>(std::min(config.replication_factor, 2))),
      view_(config.syncs_before_ack ? DiskLogs::View::kSynced : DiskLogs::View::kWritten),
      history_(history) {}

CopyWatch::~CopyWatch() { world_.scheduler.Cancel(timer_); }

void CopyWatch::Start(std::vector<TableBucket> buckets) {
  buckets_ = std::move(buckets);
  LookLater();
}

void CopyWatch::LookLater() {
  timer_ = world_.scheduler.PostAt(world_.scheduler.now() + kPause, [this] {
    LookAtCopies();
    LookLater();
  });
}

void CopyWatch::OnTold(const TableBucket& bucket, LogOffset end) {
  Watched& watched = watched_[bucket];
  if (end <= watched.told) return;
  watched.told = end;
  const MonoTime now = world_.scheduler.now();
  if (now < watched.changed_at + kLooksCloselyFor || now >= watched.looked_at + kLooksEvery) {
    LookAtMembers(bucket, watched);
  }
}

void CopyWatch::OnLeadership(const TableBucket& bucket, const metadata::LeaderAndIsr& leadership) {
  Watched& watched = watched_[bucket];
  watched.isr = leadership.isr;
  watched.changed_at = world_.scheduler.now();
  LookAtMembers(bucket, watched);
}

void CopyWatch::LookAtMembers(const TableBucket& bucket, Watched& watched) {
  watched.looked_at = world_.scheduler.now();
  MembersSeen seen{.bucket = bucket,
                   .at = world_.scheduler.now(),
                   .told = watched.told,
                   .isr = watched.isr,
                   .ends = {}};
  for (const ServerId member : watched.isr) {
    const auto end = cluster_.LogsOf(member).EndOf(bucket, view_);
    if (end) seen.ends[member] = *end;
  }
  history_->members.push_back(std::move(seen));
}

void CopyWatch::LookAtCopies() {
  for (const TableBucket& bucket : buckets_) {
    CopiesSeen seen{.bucket = bucket,
                    .at = world_.scheduler.now(),
                    .acknowledged = watched_[bucket].told,
                    .ends = {},
                    .copies_min = copies_min_};
    for (int i = 0; i < cluster_.tablet_count(); ++i) {
      DiskLogs& logs = cluster_.logs(i);
      // None is the least.
      const auto end = std::max(logs.EndOf(bucket), logs.EndOfSetAside(bucket));
      if (end) seen.ends[SimCluster::IdOf(i)] = *end;
    }
    history_->copies.push_back(std::move(seen));
  }
}

}  // namespace strom::sim
