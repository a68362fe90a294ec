// How a follower takes what its leader gives it.
#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "tablet/replica/replica.h"

namespace strom::tablet {

FollowerPosition Replica::position() const {
  return {.follower = options_.self,
          .leader_epoch = LeaderEpoch(leader_epoch_.load(std::memory_order_acquire)),
          .log_end_offset = log_->log_end_offset(),
          .last_epoch = log_->last_epoch()};
}

Status Replica::CheckFollowing(LeaderEpoch under) const {
  STROM_RETURN_IF_ERROR(CheckNotFailed());
  if (!stopped_ && leadership_ && leadership_->leader != options_.self &&
      leadership_->leader_epoch == under) {
    return Status::Ok();
  }
  return Error(ErrorCode::kNotLeaderOrFollower,
               "server {} does not follow {} under leader epoch {}", options_.self, bucket(),
               under);
}

void Replica::TakeFromLeader(LeaderEpoch under, FollowerRead read,
                             absl::AnyInvocable<void(Result<FollowerPosition>)> done) {
  strand_.Dispatch(
      [self = shared_from_this(), under, read = std::move(read), done = std::move(done)]() mutable {
        if (Status s = self->CheckFollowing(under); !s.ok()) return done(std::move(s));
        const std::optional<MonoTime> sent_at = read.sent_at;
        if (sent_at) self->given_promises_.Promise(under, self->world_.clock.Now());
        const auto go_on = [self, sent_at] {
          FollowerPosition next = self->position();
          next.promised_at = sent_at;
          return next;
        };
        Status taken = self->TakeOnStrand(std::move(read));
        if (self->OwnPosition() == self->log_->log_end_offset() ||
            Mutated(Mutant::kFollowerCountsUnsynced)) {
          return taken.ok() ? done(go_on()) : done(std::move(taken));
        }
        // Also after an error, which may have left some batches: wherever it goes on, that is
        // synced.
        self->commit_.Sync(self, [self, under, go_on, taken = std::move(taken),
                                  done = std::move(done)](const Status& synced) mutable {
          if (!synced.ok()) self->Fail();
          if (taken.ok()) taken = self->CheckFollowing(under);
          taken.ok() ? done(go_on()) : done(std::move(taken));
        });
      });
}

Status Replica::TakeOnStrand(FollowerRead read) {
  if (read.diverging) return CutTo(*read.diverging, read.log_start_offset);
  if (read.log_start_offset > log_->log_end_offset()) {
    STROM_LOG(kWarn, "{} ({}): log [{}, {}) begins anew at {}, where its leader's does", bucket(),
              spec_.path, log_->log_start_offset(), log_->log_end_offset(), read.log_start_offset);
    if (rows_) rows_->OnRestart();
    STROM_RETURN_IF_ERROR(log_->RestartAt(read.log_start_offset));
    // Only what is committed is ever removed from a log's beginning.
    high_watermark_.store(read.log_start_offset.value(), std::memory_order_release);
    KeepRows();
    return Status::Ok();
  }
  if (!read.records.empty()) {
    STROM_RETURN_IF_ERROR(log_->AppendAsFollower(std::move(read.records), read.epochs).status());
  }
  const LogOffset end = log_->log_end_offset();
  const LogOffset known =
      Mutated(Mutant::kFollowerTrustsLogEnd) ? end : std::min(read.high_watermark, end);
  if (known <= high_watermark()) return Status::Ok();
  high_watermark_.store(known.value(), std::memory_order_release);
  KeepRows();
  return Status::Ok();
}

Status Replica::CutTo(const EpochEnd& leaders, LogOffset leaders_start) {
  const LogOffset start = log_->log_start_offset(), end = log_->log_end_offset();
  const EpochEnd own = log_->EndOfEpoch(leaders.epoch);
  const LogOffset to = std::min(own.end_offset, leaders.end_offset);
  if (to >= end) {
    return Error(ErrorCode::kLogOffsetOutOfRange,
                 "{}: its log, which ends at {}, is said to leave the leader's at {}", bucket(),
                 end, to);
  }
  STROM_LOG(kInfo, "{} ({}): log [{}, {}) is cut at {}: the leader's epoch {} ends at {}", bucket(),
            spec_.path, start, end, to, leaders.epoch, leaders.end_offset);
  // Below the leader's start in one step: a log that was only cut would end, for a while, below
  // what is committed.
  const bool anew = to < std::max(start, leaders_start);
  if (rows_) anew ? rows_->OnRestart() : rows_->OnCut(to);
  STROM_RETURN_IF_ERROR(anew ? log_->RestartAt(leaders_start) : log_->TruncateTo(to));
  if (anew && high_watermark() < leaders_start) {
    high_watermark_.store(leaders_start.value(), std::memory_order_release);
  }
  if (const LogOffset left = log_->log_end_offset(); left < high_watermark()) {
    STROM_LOG(kError, "{} ({}): what is committed, up to {}, is not in its leader's log; cut at {}",
              bucket(), spec_.path, high_watermark(), left);
    high_watermark_.store(left.value(), std::memory_order_release);
  }
  KeepRows();
  return Status::Ok();
}

}  // namespace strom::tablet
