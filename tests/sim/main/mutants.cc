#include "tests/sim/main/mutants.h"

#include <algorithm>
#include <vector>

#include "common/base/nearest_name.h"

namespace strom::sim {
namespace {

// Not among them: rows that are read under a lease which is checked before the read alone. Whoever
// looks up had asked before, when what is there was the newest; nobody can tell the difference.
// Nor is anything about the promises of an ISR: a seed in hundreds finds one that is not kept, the
// tests of tablet/replica (replica_promises_test.cc) at once.
constexpr MutantInfo kMutants[] = {
    {Mutant::kAckBeforeCommit, "ack-before-commit", "tablet/replica/replica_write.cc",
     "a write is answered once the leader has it"},
    {Mutant::kHighWatermarkFromLogEnd, "high-watermark-from-log-end",
     "tablet/replica/isr_tracker.cc", "followers do not count for the high watermark"},
    {Mutant::kNoIsrMin, "no-isr-min", "tablet/replica/durability_rule.cc",
     "an ISR of the leader alone commits"},
    {Mutant::kPendingShrinkCounts, "pending-shrink-counts", "tablet/replica/isr_tracker.cc",
     "who is to leave the ISR is not waited for"},
    {Mutant::kIsrCountsBeforeAgreed, "isr-counts-before-agreed", "tablet/replica/isr_tracker.cc",
     "a proposed ISR counts as the committed one"},
    {Mutant::kIsrJoinedBehind, "isr-joined-behind", "tablet/replica/isr_tracker.cc",
     "followers join the ISR before they have all of the epochs before"},
    {Mutant::kOlderLeadershipTaken, "older-leadership-taken", "tablet/replica/replica.cc",
     "notifications with older epochs are taken"},
    {Mutant::kDivergenceByLength, "divergence-by-length", "tablet/replica/replica_leader.cc",
     "followers with another history are told only if theirs is longer"},
    {Mutant::kTruncateByHighWatermark, "truncate-by-high-watermark", "tablet/replica/replica.cc",
     "a new follower cuts its log at its high watermark"},
    {Mutant::kFollowerTrustsLogEnd, "follower-trusts-log-end", "tablet/replica/replica_follower.cc",
     "a follower takes all it holds for committed"},
    {Mutant::kLeaderEpochNotNoted, "leader-epoch-not-noted", "tablet/replica/replica.cc",
     "a new leader appends under the epoch before"},
    {Mutant::kUnsyncedCounts, "unsynced-counts", "tablet/replica/replica_leader.cc",
     "in durable, positions count before the sync"},
    {Mutant::kFollowerCountsUnsynced, "follower-counts-unsynced",
     "tablet/replica/replica_follower.cc",
     "in durable, a follower says what it holds before the sync"},
    {Mutant::kReadsToLogEnd, "reads-to-log-end", "tablet/replica/replica_read.cc",
     "clients read above the high watermark"},
    {Mutant::kFlushAfterAck, "flush-after-ack", "tablet/replica/replica_leader.cc",
     "upserts are answered before they are in the rows"},
    {Mutant::kRowsMissBuffer, "rows-miss-buffer", "tablet/kv/kv_tablet.cc",
     "rebuilding forgets what is not committed yet"},
    {Mutant::kFailedPutStays, "failed-put-stays", "tablet/kv/kv_tablet_put.cc",
     "what a repeated or failed put buffered stays"},
    {Mutant::kPartialForgetsBuffered, "partial-forgets-buffered", "tablet/kv/kv_tablet_put.cc",
     "partial updates make other columns NULL while something is not committed"},
    {Mutant::kVersionsUnchecked, "versions-unchecked", "tablet/kv/row_merger.cc",
     "the versioned engine takes older rows, too"},
    {Mutant::kPrefixMissesRecent, "prefix-misses-recent", "tablet/kv/kv_tablet.cc",
     "lookups by prefix see what is in the store, not what was committed last"},
    {Mutant::kNewLeaderShowsAtOnce, "new-leader-shows-at-once", "tablet/replica/replica_read.cc",
     "a new leader shows rows before it knows what was committed"},
    {Mutant::kNoLease, "no-lease", "tablet/replica/replica_kv.cc",
     "rows are shown without a lease"},
    {Mutant::kLeaseOfAnyCoordinator, "lease-of-any-coordinator", "tablet/replica/read_lease.cc",
     "a lease covers what other coordinators told, too"},
    {Mutant::kLeaseFromAnswer, "lease-from-answer", "tablet/server/lease_keeper.cc",
     "a lease counts from its answer, not its request"},
    {Mutant::kNothingWithheld, "nothing-withheld", "tablet/replica/replica_kv.cc",
     "a new leader waits for nothing that the old one may still show"},
    {Mutant::kSyncErrorIgnored, "sync-error-ignored", "tablet/log/log_tablet.cc",
     "a failed sync counts as done"},
    {Mutant::kWritersNotRestored, "writers-not-restored", "tablet/log/log_tablet_load.cc",
     "a restarted log has forgotten its writers"},
    {Mutant::kNoDuplicateCheck, "no-duplicate-check", "tablet/log/writer_state.cc",
     "a repeated batch is appended again"},
    {Mutant::kCutKeepsWriters, "cut-keeps-writers", "tablet/log/log_tablet_cut.cc",
     "batches that were cut still count as written"},
    {Mutant::kCutKeepsRecoveryPoint, "cut-keeps-recovery-point", "tablet/log/log_tablet_cut.cc",
     "after a cut, what follows counts as synced"},
    {Mutant::kTornTailKept, "torn-tail-kept", "tablet/log/log_segment.cc",
     "a torn tail is not cut when a log is opened"},
    {Mutant::kTornBatchTaken, "torn-batch-taken", "tablet/log/log_segment.cc",
     "recovery does not check what it finds"},
    {Mutant::kFollowerEpochsNotKept, "follower-epochs-not-kept", "tablet/log/log_tablet_follow.cc",
     "followers forget the epochs of what they copy"},
    {Mutant::kAgeOfSegmentBefore, "age-of-segment-before", "tablet/log/log_tablet_cut.cc",
     "a segment goes once the one before it is old enough"},
    {Mutant::kChangelogTrimmedToCommitted, "changelog-trimmed-to-committed",
     "tablet/replica/replica_kv.cc", "a changelog is trimmed without snapshots that hold it"},
    {Mutant::kChangelogTrimmedByNewest, "changelog-trimmed-by-newest",
     "common/remote/kv_snapshot_retention.cc",
     "a changelog is trimmed by the newest snapshot, not the oldest that is kept"},
    {Mutant::kSnapshotNotVerified, "snapshot-not-verified", "tablet/kv/snapshot_writer.cc",
     "what was put is not compared with what is read back"},
    {Mutant::kElectOutsideIsr, "elect-outside-isr", "coordinator/state/election.cc",
     "replicas outside of the ISR may lead"},
    {Mutant::kLeaderEpochNotRaised, "leader-epoch-not-raised", "coordinator/state/election.cc",
     "another leader leads under the same epoch"},
    {Mutant::kIsrEpochsUnchecked, "isr-epochs-unchecked", "coordinator/state/cluster_state_isr.cc",
     "ISRs of former leaders are taken"},
    {Mutant::kLeaseWithoutContact, "lease-without-contact", "coordinator/server/term_leases.cc",
     "a coordinator grants leases while another one may lead"},
    {Mutant::kDeposedLeaseForgotten, "deposed-lease-forgotten", "coordinator/state/lease_book.cc",
     "the leases of deposed leaders are forgotten"},
    {Mutant::kMetadataUnguarded, "metadata-unguarded", "common/metadata/catalog_writer.cc",
     "metadata is written whoever leads"},
    {Mutant::kTimeOutTakenForAck, "time-out-taken-for-ack", "client/bucket_queue.cc",
     "the client takes a time-out for an acknowledgement"},
    {Mutant::kJobFenceUnchecked, "job-fence-unchecked", "tablet/replica/job_fences.cc",
     "writes of jobs under older epochs are taken"},
    {Mutant::kJobEpochNotRaised, "job-epoch-not-raised", "coordinator/state/job_registry.cc",
     "another worker gets jobs under the same epoch"},
    {Mutant::kPlanForgotten, "plan-forgotten", "pipeline/cdc/job_cdc.cc",
     "batches are sent without their plan being stored"},
    {Mutant::kPlanNotDoneAgain, "plan-not-done-again", "pipeline/cdc/job_cdc.cc",
     "a new run takes the newest plan for written"},
    {Mutant::kConfirmBeforeDurable, "confirm-before-durable", "pipeline/cdc/job_cdc.cc",
     "the source's slot is confirmed before the batches are sent"},
    {Mutant::kSinkPositionApart, "sink-position-apart", "pipeline/sink/sink_job.cc",
     "a sink's rows and its position are two transactions"},
    {Mutant::kSinkStartsAnew, "sink-starts-anew", "pipeline/sink/sink_job.cc",
     "a sink begins at the changelog's beginning each time"},
};

}  // namespace

std::span<const MutantInfo> Mutants() { return kMutants; }

Result<MutantInfo> MutantNamed(std::string_view name) {
  const auto found = std::ranges::find(kMutants, name, &MutantInfo::name);
  if (found != std::end(kMutants)) return *found;
  std::vector<std::string_view> names;
  for (const MutantInfo& mutant : kMutants) names.push_back(mutant.name);
  const std::string_view nearest = NearestName(name, names);
  return Error(ErrorCode::kInvalidConfig, "there is no mutant '{}'{}{}", name,
               nearest.empty() ? "" : "; did you mean ", nearest);
}

}  // namespace strom::sim
