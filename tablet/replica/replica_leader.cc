// What a leader does with its followers: their fetches, the ISR, the high watermark.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "common/record/log_batch.h"
#include "tablet/replica/replica.h"

namespace strom::tablet {

IsrTracker::Committed Replica::CommittedIsr() const {
  return {.replicas = leadership_->replicas, .isr = leadership_->isr, .isr_min = terms_.isr_min};
}

LogOffset Replica::OwnPosition() const {
  const LogOffset end = log_->log_end_offset();
  const bool counts_synced = terms_.counts_synced() && !Mutated(Mutant::kUnsyncedCounts);
  return counts_synced ? std::min(log_->recovery_point(), end) : end;
}

void Replica::Settle() {
  if (!leads()) return;
  isr_->OnLeaderLog(log_->log_end_offset(), OwnPosition());
  const Status advanced = AdvanceHighWatermark();
  SyncOwnLog();
  ProposeIsr();

  std::vector<WriteWaiters::Taken> committed;
  if (!withholds()) committed = writes_.TakeUpTo(high_watermark());
  std::vector<WriteWaiters::Taken> failed;
  if (!advanced.ok()) {
    STROM_LOG(kError, "{} ({}): not committed: {}", bucket(), spec_.path, advanced.ToString());
    failed = writes_.TakeUpTo(isr_->high_watermark());
  }
  SetAlarm();
  // All is settled: from here on others are called.
  for (WriteWaiters::Taken& write : committed) write.done(std::move(write.info));
  FailWrites(std::move(failed), advanced);
  Wake(appended_waiters_.TakeBelow(log_->log_end_offset()));
  Wake(committed_waiters_.TakeBelow(high_watermark()));
}

Status Replica::AdvanceHighWatermark() {
  const LogOffset committed = isr_->high_watermark();
  if (committed <= high_watermark()) return Status::Ok();
  STROM_CHECK(committed <= log_->log_end_offset())
      << bucket() << ": committed up to " << committed << ", log end " << log_->log_end_offset();
  if (spec_.has_primary_key()) {
    const auto kv = kv_.Get();
    if (!kv) return Status::Ok();  // The rows are being opened.
    const bool late = Mutated(Mutant::kFlushAfterAck);
    STROM_RETURN_IF_ERROR(kv->FlushTo(late ? high_watermark() : committed));
  }
  high_watermark_.store(committed.value(), std::memory_order_release);
  return Status::Ok();
}

// What is appended meanwhile comes with the next one, which Settle begins.
void Replica::SyncOwnLog() {
  if (syncing_own_ || OwnPosition() == log_->log_end_offset()) return;
  syncing_own_ = true;
  const auto self = shared_from_this();
  commit_.Sync(self, [self](const Status& synced) {
    self->syncing_own_ = false;
    if (!synced.ok()) return self->Fail();
    self->Settle();
  });
}

std::optional<EpochEnd> Replica::DivergenceOf(const FollowerPosition& position) const {
  const LeaderEpoch last = position.last_epoch.value_or(kNoEpoch);
  const EpochEnd end = log_->EndOfEpoch(last);
  if (end.epoch == last && end.end_offset >= position.log_end_offset) return std::nullopt;
  const bool longer = position.log_end_offset > log_->log_end_offset();
  if (Mutated(Mutant::kDivergenceByLength) && !longer) return std::nullopt;
  return end;
}

Result<FollowerRead> Replica::ReadOnStrand(const FollowerPosition& position, size_t size_max,
                                           bool at_least_one) {
  if (!leads() || position.leader_epoch > leadership_->leader_epoch) {
    return Error(ErrorCode::kNotLeaderOrFollower,
                 "server {} does not lead {} of {} at leader epoch {}", options_.self, bucket(),
                 spec_.path, position.leader_epoch);
  }
  if (position.leader_epoch < leadership_->leader_epoch) {
    return Error(ErrorCode::kFencedLeaderEpoch,
                 "{}: server {} follows under leader epoch {}, known is {}", bucket(),
                 position.follower, position.leader_epoch, leadership_->leader_epoch);
  }
  FollowerRead read{.records = {},
                    .high_watermark = high_watermark(),
                    .log_start_offset = log_->log_start_offset(),
                    .epochs = {},
                    .diverging = DivergenceOf(position)};
  if (spec_.has_primary_key()) read.sent_at = world_.clock.Now();
  if (read.diverging) return read;  // What it holds is not this log: it does not count.

  const LogOffset from = position.log_end_offset;
  STROM_RETURN_IF_ERROR(isr_->OnFollowerFetch(position.follower, from, world_.clock.Now()));
  if (position.promised_at) {
    held_promises_.OnPromise(position.follower, *position.promised_at);
    CountPromises();
  }
  Settle();
  read.high_watermark = high_watermark();
  if (from < read.log_start_offset) return read;  // It begins anew there.
  STROM_ASSIGN_OR_RETURN(read.records,
                         log_->Read(from, size_max, at_least_one, log_->log_end_offset()));
  if (read.records.empty()) return read;
  STROM_ASSIGN_OR_RETURN(const auto batches, record::SplitBatches(read.records));
  read.epochs = log_->EpochsCovering(from, batches.back().next_offset());
  return read;
}

void Replica::ReadForFollower(FollowerPosition position, size_t size_max, bool at_least_one,
                              absl::AnyInvocable<void(Result<FollowerRead>)> done) {
  auto read = [self = shared_from_this(), position, size_max, at_least_one,
               done = std::move(done)]() mutable {
    done(self->ReadOnStrand(position, size_max, at_least_one));
  };
  // With rows, what it commits is written to their store: not on this thread.
  if (spec_.has_primary_key()) return strand_.Post(std::move(read));
  strand_.Dispatch(std::move(read));
}

void Replica::ProposeIsr() {
  auto isr = isr_->Propose(world_.clock.Now());
  if (!isr) return;
  CountPromises();  // Before anybody hears of it.
  ReplicaDuties::IsrProposal proposal{.bucket = bucket(),
                                      .coordinator_epoch = leadership_->coordinator_epoch,
                                      .leader_epoch = leadership_->leader_epoch,
                                      .bucket_epoch = leadership_->bucket_epoch,
                                      .isr = *std::move(isr)};
  STROM_LOG(kInfo, "{} ({}): proposing the ISR {} in place of {}", bucket(), spec_.path,
            fmt::join(proposal.isr, " "), fmt::join(isr_->isr(), " "));
  world_.duties.ProposeIsr(
      proposal, [weak = weak_from_this(), proposal](Result<Leadership> answer) mutable {
        const auto self = weak.lock();
        if (!self) return;
        self->strand_.Post(
            [self, proposal = std::move(proposal), answer = std::move(answer)]() mutable {
              self->OnIsrAnswer(proposal, std::move(answer));
            });
      });
}

void Replica::OnIsrAnswer(const ReplicaDuties::IsrProposal& proposal, Result<Leadership> answer) {
  if (!leads() || leadership_->leader_epoch != proposal.leader_epoch ||
      leadership_->bucket_epoch != proposal.bucket_epoch) {
    return;  // It is over: a newer leadership told what became of it.
  }
  const MonoTime now = world_.clock.Now();
  if (answer.ok()) answer->replicas = leadership_->replicas;  // It says nothing of the assignment.
  const bool taken_over = answer.ok() && CheckEpochs(*answer).ok() && CheckRole(*answer).ok() &&
                          answer->leader == options_.self &&
                          answer->leader_epoch == proposal.leader_epoch &&
                          answer->bucket_epoch > proposal.bucket_epoch;
  if (taken_over) {
    Take(*std::move(answer));
    isr_->OnCommitted(CommittedIsr(), now);
  } else {
    STROM_LOG(kWarn, "{} ({}): the ISR {} is not taken over: {}", bucket(), spec_.path,
              fmt::join(proposal.isr, " "),
              answer.ok() ? "the answer is another leadership" : answer.status().ToString());
    const bool refused = answer.status().code() == ErrorCode::kIneligibleReplica;
    refused ? isr_->OnRefused(now) : isr_->OnDoubt(now);
  }
  CountPromises();
  Settle();
}

// One timer, for whatever comes first: a write's deadline, a look at the ISR, or the end of what is
// withheld.
void Replica::SetAlarm() {
  MonoTime when = std::min(writes_.next_deadline(), isr_->next_check(world_.clock.Now()));
  if (writes_.size() > 0 && withholds()) when = std::min(when, MonoTime(withheld_until_.load()));
  if (when >= alarm_at_) return;
  strand_.Cancel(alarm_);
  alarm_at_ = when;
  alarm_ = strand_.PostAt(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnAlarm();
  });
}

void Replica::OnAlarm() {
  alarm_ = runtime::kNoTimer;
  alarm_at_ = MonoTime::Infinite();
  auto expired = writes_.TakeExpired(world_.clock.Now());
  const Status status = Error(ErrorCode::kRequestTimeOut,
                              "{} of {}: written, but not committed in time", bucket(), spec_.path);
  FailWrites(std::move(expired), status);
  Settle();
}

}  // namespace strom::tablet
