#include "tests/sim/cluster/copy_watch.h"

#include <algorithm>
#include <utility>

#include "tests/sim/logs/replica_logs.h"

namespace strom::sim {
namespace {

constexpr MonoDuration kPause = Seconds(1);

}  // namespace

// Tables with several replicas are `durable` or `replicated`: two copies in either case.
CopyWatch::CopyWatch(SimWorld& world, SimCluster& cluster, const SimConfig& config,
                     std::vector<TableBucket> buckets, History* history)
    : world_(world),
      cluster_(cluster),
      copies_min_(static_cast<size_t>(std::min(config.replication_factor, 2))),
      buckets_(std::move(buckets)),
      history_(history) {}

CopyWatch::~CopyWatch() { world_.scheduler.Cancel(timer_); }

void CopyWatch::LookLater() {
  timer_ = world_.scheduler.PostAt(world_.scheduler.now() + kPause, [this] {
    Look();
    LookLater();
  });
}

void CopyWatch::TakeAnswers() {
  const auto take = [this](const std::optional<TableBucket>& bucket, LogOffset end) {
    LogOffset& known = acknowledged_[*bucket];
    known = std::max(known, end);
  };
  for (const AppendOp& op : history_->appends) {
    if (op.outcome == Outcome::kOk && op.offset) take(op.bucket, op.offset->Next());
  }
  for (const UpsertOp& op : history_->upserts) {
    if (op.outcome == Outcome::kOk && op.log_end_offset) take(op.bucket, *op.log_end_offset);
  }
}

void CopyWatch::Look() {
  TakeAnswers();
  for (const TableBucket& bucket : buckets_) {
    CopiesSeen seen{.bucket = bucket,
                    .at = world_.scheduler.now(),
                    .acknowledged = acknowledged_[bucket],
                    .ends = {},
                    .copies_min = copies_min_};
    for (int i = 0; i < cluster_.tablet_count(); ++i) {
      const auto end = ReadLogEnd(cluster_.tablet(i).disk(), kDataDirectory, bucket);
      if (end) seen.ends[SimCluster::IdOf(i)] = *end;
    }
    history_->copies.push_back(std::move(seen));
  }
}

}  // namespace strom::sim
