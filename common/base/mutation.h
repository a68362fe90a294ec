#pragma once

namespace strom {

// A known bug, each at one place of the production code, that the simulation switches on to show
// that its checkers find it: `./run mutants`; what each one is: tests/sim/main/mutants.cc.
//
// The one exception to "nothing is global". In product binaries nobody calls SwitchOn (tidy_test),
// no environment variable or setting is read, and a place costs one load and a branch that is never
// taken; none is in a loop over rows.
enum class Mutant {
  kNone,
  // Replication: tablet/replica.
  kAckBeforeCommit,
  kHighWatermarkFromLogEnd,
  kNoIsrMin,
  kPendingShrinkCounts,
  kIsrCountsBeforeAgreed,
  kIsrJoinedBehind,
  kOlderLeadershipTaken,
  kDivergenceByLength,
  kTruncateByHighWatermark,
  kFollowerTrustsLogEnd,
  kLeaderEpochNotNoted,
  kUnsyncedCounts,
  kFollowerCountsUnsynced,
  kReadsToLogEnd,
  // Rows: tablet/replica, tablet/kv, tablet/server.
  kFlushAfterAck,
  kRowsMissBuffer,
  kFailedPutStays,
  kPartialForgetsBuffered,
  kVersionsUnchecked,
  kPrefixMissesRecent,
  kNewLeaderShowsAtOnce,
  kNoLease,
  kLeaseOfAnyCoordinator,
  kLeaseFromAnswer,
  kNothingWithheld,
  // Logs: tablet/log.
  kSyncErrorIgnored,
  kWritersNotRestored,
  kNoDuplicateCheck,
  kCutKeepsWriters,
  kCutKeepsRecoveryPoint,
  kTornTailKept,
  kTornBatchTaken,
  kFollowerEpochsNotKept,
  // What retention takes: tablet/log, tablet/replica, tablet/kv, common/remote.
  kAgeOfSegmentBefore,
  kChangelogTrimmedToCommitted,
  kChangelogTrimmedByNewest,
  kSnapshotNotVerified,
  // The coordinator and its metadata.
  kElectOutsideIsr,
  kLeaderEpochNotRaised,
  kIsrEpochsUnchecked,
  kLeaseWithoutContact,
  kDeposedLeaseForgotten,
  kMetadataUnguarded,
  // Clients.
  kTimeOutTakenForAck,
  // Jobs: tablet/replica, coordinator/state, pipeline.
  kJobFenceUnchecked,
  kJobEpochNotRaised,
  kPlanForgotten,
  kPlanNotDoneAgain,
  kConfirmBeforeDurable,
  kSinkPositionApart,
  kSinkStartsAnew,
};

namespace internal {
inline constinit Mutant active_mutant = Mutant::kNone;
}  // namespace internal

inline bool Mutated(Mutant mutant) { return internal::active_mutant == mutant; }

// For tests, before anything else runs in the process.
inline void SwitchOn(Mutant mutant) { internal::active_mutant = mutant; }

}  // namespace strom
