// Snapshots of primary-key buckets: which there are, and what their changelogs are needed for.
#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/remote/kv_snapshot_retention.h"
#include "coordinator/server/term.h"

namespace strom::coordinator {

using metadata::KvSnapshotHandle;

void Term::CommitKvSnapshot(KvSnapshotCommit commit, MonoTime deadline, Answer answer) {
  Enqueue(
      [this, commit = std::move(commit)](Answer answer, runtime::Task finished) mutable {
        if (Status s = CheckCommit(commit); !s.ok()) {
          std::move(answer)(std::move(s));
          return finished();
        }
        const TableBucket bucket = commit.bucket;
        catalog_.ListKvSnapshots(
            bucket,
            [this, commit = std::move(commit), answer = std::move(answer),
             finished = std::move(finished)](Result<std::vector<KvSnapshotHandle>> known) mutable {
              if (!known.ok()) {
                std::move(answer)(known.status());
                return finished();
              }
              StoreSnapshot(std::move(commit), *std::move(known), std::move(answer),
                            std::move(finished));
            });
      },
      deadline, std::move(answer));
}

// A coordinator epoch before this one's is fine: the leader need not have heard of this one yet.
Status Term::CheckCommit(const KvSnapshotCommit& commit) const {
  const BucketState* const state = state_.Find(commit.bucket);
  if (!state || !state->leadership) {
    return Error(ErrorCode::kUnknownTableOrBucket, "{} is not known here, or never had a leader",
                 commit.bucket);
  }
  const LeaderEpoch current = state->leadership->leader_epoch;
  if (commit.leader_epoch < current) {
    return Error(ErrorCode::kFencedLeaderEpoch,
                 "{}: snapshot {} was begun at leader epoch {}, now it is {}", commit.bucket,
                 commit.snapshot.id, commit.leader_epoch, current);
  }
  if (commit.coordinator_epoch > epoch_ || commit.leader_epoch > current) {
    return Error(ErrorCode::kInvalidCoordinator,
                 "{}: snapshot {} was begun at coordinator epoch {}, leader epoch {}; this "
                 "coordinator has {} and {}",
                 commit.bucket, commit.snapshot.id, commit.coordinator_epoch, commit.leader_epoch,
                 epoch_, current);
  }
  return Status::Ok();
}

void Term::StoreSnapshot(KvSnapshotCommit commit, std::vector<KvSnapshotHandle> known,
                         Answer answer, runtime::Task finished) {
  const TableBucket bucket = commit.bucket;
  const bool repeated = std::ranges::find(known, commit.snapshot) != known.end();
  if (!repeated && !known.empty() && known.back().id >= commit.snapshot.id) {
    std::move(answer)(Error(ErrorCode::kInvalidUpdateVersion,
                            "{}: snapshot {} comes after snapshot {}, which is completed", bucket,
                            commit.snapshot.id, known.back().id));
    return finished();
  }
  std::vector<remote::CompletedKvSnapshot> completed;
  for (const KvSnapshotHandle& handle : known) completed.push_back({handle.id, handle.log_offset});
  if (!repeated) completed.push_back({commit.snapshot.id, commit.snapshot.log_offset});
  const remote::KvRetention plan =
      remote::PlanKvRetention(std::move(completed), {}, options_.kv_snapshots_retained);
  auto stored = [this, bucket, needed_from = plan.changelog_needed_from, answer = std::move(answer),
                 finished = std::move(finished)](Result<std::monostate> written) mutable {
    if (!written.ok()) {
      return Lose(written.status().WithContext(
          fmt::format("cannot store a snapshot of {}", bucket.ToString())));
    }
    if (lost_) return;
    TellNeededFrom(bucket, needed_from);
    std::move(answer)(Status::Ok());
    finished();
  };
  if (repeated) return stored(std::monostate());
  std::vector<KvSnapshotId> dropped;
  for (const auto& snapshot : plan.dropped) dropped.push_back(snapshot.id);
  catalog_.SetKvSnapshots(bucket, std::move(commit.snapshot), std::move(dropped),
                          std::move(stored));
}

void Term::TellNeededFrom(const TableBucket& bucket, LogOffset offset) {
  const BucketState* const state = state_.Find(bucket);
  if (!state || offset == LogOffset(0)) return;
  for (const ServerId replica : state->replicas) {
    const auto server = servers_.find(replica);
    if (server == servers_.end()) continue;
    server->second.notifier->NotifyNeededFrom(bucket, offset);
    server->second.notifier->Send();
  }
}

}  // namespace strom::coordinator
