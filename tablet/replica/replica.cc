// The roles of a replica: who gives them, and how they begin and end.
#include "tablet/replica/replica.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "tablet/replica/log_directories.h"
#include "tablet/replica/rows_mark.h"

namespace strom::tablet {

namespace {

std::unique_ptr<KeptRows> RowsOf(const Replica::World& world, const SnapshotOptions& snapshots,
                                 const BucketSpec& spec, runtime::Strand& strand, LogTablet& log,
                                 std::optional<StoredRows> left, std::function<void()> followed) {
  if (!spec.has_primary_key()) return nullptr;
  // After a fall, the log may have lost what was in the rows.
  if (left && left->offset > log.log_end_offset()) left.reset();
  return std::make_unique<KeptRows>(
      KeptRows::World{world.blocking, world.clock, world.duties},
      KeptRows::Options{.has_snapshots = snapshots.objects != nullptr,
                        .followed = std::move(followed)},
      RowsOpener({world.files, world.stores, snapshots.objects, world.recent_rows},
                 KvDirectory(log.directory()),
                 remote::KvSnapshotPaths(spec.path, spec.bucket), spec.kv_table),
      strand, log, std::move(left));
}

std::unique_ptr<SnapshotTaker> TakerOf(const Replica::World& world,
                                       const SnapshotOptions& snapshots, const BucketSpec& spec,
                                       runtime::Strand& strand, const LogTablet& log) {
  if (!spec.has_primary_key() || !snapshots.objects) return nullptr;
  return std::make_unique<SnapshotTaker>(
      SnapshotTaker::World{strand, world.blocking, world.clock, world.stores, world.files,
                           world.duties},
      snapshots, remote::KvSnapshotPaths(spec.path, spec.bucket),
      CheckpointDirectory(log.directory()));
}

// What is in the rows was committed.
LogOffset KnownCommitted(const LogTablet& log, LogOffset high_watermark,
                         const std::optional<StoredRows>& left) {
  if (left && left->offset <= log.log_end_offset()) {
    high_watermark = std::max(high_watermark, left->offset);
  }
  return std::clamp(high_watermark, log.log_start_offset(), log.log_end_offset());
}

}  // namespace

Replica::Replica(World world, Options options, BucketSpec spec, std::unique_ptr<LogTablet> log,
                 LogOffset high_watermark, std::optional<StoredRows> left)
    : world_(world),
      options_(options),
      spec_(std::move(spec)),
      log_(std::move(log)),
      strand_(world_.executor),
      rows_(RowsOf(world_, options_.snapshots, spec_, strand_, *log_, left,
                   [this] { OnRowsMended(); })),
      taker_(TakerOf(world_, options_.snapshots, spec_, strand_, *log_)),
      high_watermark_(KnownCommitted(*log_, high_watermark, left).value()),
      given_promises_(options_.promises_forgotten),
      commit_(world_.blocking, strand_, *log_) {}

Status Replica::CheckEpochs(const Leadership& next) const {
  if (!leadership_ || Mutated(Mutant::kOlderLeadershipTaken)) return Status::Ok();
  if (next.coordinator_epoch < leadership_->coordinator_epoch) {
    return Error(ErrorCode::kInvalidCoordinator, "{}: coordinator epoch {}, known is {}", bucket(),
                 next.coordinator_epoch, leadership_->coordinator_epoch);
  }
  if (next.leader_epoch < leadership_->leader_epoch) {
    return Error(ErrorCode::kFencedLeaderEpoch, "{}: leader epoch {}, known is {}", bucket(),
                 next.leader_epoch, leadership_->leader_epoch);
  }
  if (next.bucket_epoch < leadership_->bucket_epoch) {
    return Error(ErrorCode::kInvalidUpdateVersion, "{}: bucket epoch {}, known is {}", bucket(),
                 next.bucket_epoch, leadership_->bucket_epoch);
  }
  return Status::Ok();
}

Status Replica::CheckRole(const Leadership& next) const {
  if (std::ranges::find(next.replicas, options_.self) == next.replicas.end()) {
    return Error(ErrorCode::kUnknownTableOrBucket, "{}: server {} is none of its {} replicas",
                 bucket(), options_.self, next.replicas.size());
  }
  if (next.leader == options_.self &&
      std::ranges::find(next.isr, options_.self) == next.isr.end()) {
    return Error(ErrorCode::kIneligibleReplica,
                 "{}: server {} is to lead, but is none of the {} members of its ISR", bucket(),
                 options_.self, next.isr.size());
  }
  // The same epoch would then stand for two logs, which nobody could tell apart.
  if (next.leader == options_.self && next.replicas.size() > 1 &&
      next.leader_epoch <= log_->former_epoch()) {
    return Error(
        ErrorCode::kFencedLeaderEpoch,
        "{}: server {} was started anew since leader epoch {}, and others may have more of "
        "it than its log [{}, {})",
        bucket(), options_.self, log_->former_epoch(), log_->log_start_offset(),
        log_->log_end_offset());
  }
  return Status::Ok();
}

void Replica::Become(Leadership leadership, absl::AnyInvocable<void(Status)> done) {
  strand_.Dispatch([self = shared_from_this(), leadership = std::move(leadership),
                    done = std::move(done)]() mutable {
    if (self->stopped_) {
      return done(Error(ErrorCode::kNotLeaderOrFollower, "{} is being stopped", self->bucket()));
    }
    Status allowed = self->CheckNotFailed();
    if (allowed.ok()) allowed = self->CheckEpochs(leadership);
    if (allowed.ok()) allowed = self->CheckRole(leadership);
    if (self->failed_) self->world_.duties.ReportFailed(self->bucket(), allowed);
    if (!allowed.ok()) return done(std::move(allowed));
    const News news = self->Take(std::move(leadership));
    if (self->leadership_->leader == self->options_.self) {
      self->Lead(news, std::move(done));
    } else {
      self->Follow(news, std::move(done));
    }
  });
}

Replica::News Replica::Take(Leadership next) {
  News news = News::kLeader;
  if (leadership_ && leadership_->leader_epoch == next.leader_epoch) {
    news = leadership_->bucket_epoch == next.bucket_epoch ? News::kNone : News::kIsr;
  }
  leadership_ = std::move(next);
  leader_epoch_.store(leadership_->leader_epoch.value(), std::memory_order_release);
  told_by_.store(leadership_->coordinator_epoch.value(), std::memory_order_release);
  terms_ = TermsOf(spec_.properties.durability, leadership_->replicas.size(), options_.durability);
  return news;
}

void Replica::Lead(News news, absl::AnyInvocable<void(Status)> done) {
  Withhold(leads() ? news : News::kLeader);
  if (news == News::kLeader || !leads()) {
    if (Status s = BeginToLead(); !s.ok()) return done(std::move(s));
  } else if (news == News::kIsr) {
    isr_->OnCommitted(CommittedIsr(), world_.clock.Now());
  }
  if (spec_.has_primary_key()) isr_->LetJoinFrom(MonoTime(withheld_until_.load()));
  CountPromises();
  if (spec_.has_primary_key() && !kv_.Get()) {
    OpenRows(std::move(done));
  } else {
    done(Serve());
    TakeSnapshots();
  }
  Settle();
}

Status Replica::BeginToLead() {
  const bool led = leads();
  if (!led) {
    world_.duties.Unfollow(bucket());
    shown_before_.store(log_->log_end_offset().value(), std::memory_order_release);
  }
  const bool notes = !Mutated(Mutant::kLeaderEpochNotNoted);
  if (Status s = notes ? log_->StartEpoch(leadership_->leader_epoch) : Status::Ok(); !s.ok()) {
    STROM_LOG(kError, "{} ({}): does not lead at leader epoch {}: {}", bucket(), spec_.path,
              leadership_->leader_epoch, s.ToString());
    EndLeading();
    return s;
  }
  isr_.emplace(IsrTracker::Options{.leader = options_.self,
                                   .epoch_start = log_->log_end_offset(),
                                   .lag_max = options_.lag_max},
               CommittedIsr(), high_watermark(), world_.clock.Now());
  held_promises_ = {};
  return Status::Ok();
}

Status Replica::Serve() {
  isr_->OnLeaderLog(log_->log_end_offset(), OwnPosition());
  STROM_RETURN_IF_ERROR(AdvanceHighWatermark());
  if (!serving_.exchange(true, std::memory_order_acq_rel)) {
    STROM_LOG(kInfo, "{} ({}): leading at leader epoch {}, log [{}, {}), high watermark {}",
              bucket(), spec_.path, leadership_->leader_epoch, log_->log_start_offset(),
              log_->log_end_offset(), high_watermark());
  }
  return Status::Ok();
}

void Replica::EndLeading() {
  if (taker_) taker_->StopLeading();
  serving_.store(false, std::memory_order_release);
  isr_.reset();
  promised_until_.store(0, std::memory_order_release);
  strand_.Cancel(std::exchange(alarm_, runtime::kNoTimer));
  alarm_at_ = MonoTime::Infinite();
  FailWrites(writes_.TakeAll(), CheckServing());
  Wake(committed_waiters_.TakeAll());
  Wake(appended_waiters_.TakeAll());
}

void Replica::Follow(News news, absl::AnyInvocable<void(Status)> done) {
  EndLeading();
  if (news == News::kLeader) {
    STROM_LOG(kInfo, "{} ({}): server {} leads at leader epoch {}, log [{}, {})", bucket(),
              spec_.path, leadership_->leader, leadership_->leader_epoch, log_->log_start_offset(),
              log_->log_end_offset());
    BeginToFollow();
  }
  EndReads([done = std::move(done)]() mutable { done(Status::Ok()); });
  KeepRows();
}

void Replica::BeginToFollow() {
  if (leadership_->leader == kNoServer) return world_.duties.Unfollow(bucket());
  if (Mutated(Mutant::kTruncateByHighWatermark) && !log_->TruncateTo(high_watermark()).ok()) return;
  const auto self = shared_from_this();
  if (OwnPosition() == log_->log_end_offset()) {
    return world_.duties.Follow(self, leadership_->leader, leadership_->leader_epoch);
  }
  // The first fetch already says what it holds.
  world_.duties.Unfollow(bucket());
  commit_.Sync(self, [self, epoch = leadership_->leader_epoch](const Status& synced) {
    if (!synced.ok()) return self->Fail();
    if (!self->CheckFollowing(epoch).ok()) return;
    self->world_.duties.Follow(self, self->leadership_->leader, epoch);
  });
}

void Replica::Stop(std::optional<LeaderEpoch> leader_epoch, absl::AnyInvocable<void(Status)> done) {
  strand_.Post([self = shared_from_this(), leader_epoch, done = std::move(done)]() mutable {
    if (leader_epoch && self->leadership_ && *leader_epoch < self->leadership_->leader_epoch) {
      return done(Error(ErrorCode::kFencedLeaderEpoch, "{}: stop at leader epoch {}, known is {}",
                        self->bucket(), *leader_epoch, self->leadership_->leader_epoch));
    }
    self->stopped_ = true;
    self->world_.duties.Unfollow(self->bucket());
    self->EndLeading();
    self->EndReads([self, done = std::move(done)]() mutable {
      self->strand_.Dispatch([self, done = std::move(done)]() mutable {
        self->StopRows([self, done = std::move(done)]() mutable {
          self->commit_.AwaitIdle([done = std::move(done)]() mutable { done(Status::Ok()); });
        });
      });
    });
  });
}

Status Replica::CheckNotFailed() const {
  if (!failed_) return Status::Ok();
  return Error(ErrorCode::kLogStorage, "{}: out of service since a sync of its log failed: {}",
               bucket(), commit_.failure().ToString());
}

void Replica::Fail() {
  if (std::exchange(failed_, true)) return;
  STROM_LOG(kError,
            "{} ({}): out of service until the server starts anew, its log cannot be synced: {}",
            bucket(), spec_.path, commit_.failure().ToString());
  world_.duties.Unfollow(bucket());
  EndLeading();  // The rows stay open until Stop: nobody gets at them any more.
  StopRows([] {});
  world_.duties.ReportFailed(bucket(), CheckNotFailed());
}

Status Replica::CheckServing() const {
  if (is_leader()) return Status::Ok();
  return Error(ErrorCode::kNotLeaderOrFollower, "server {} does not lead {} of {}", options_.self,
               bucket(), spec_.path);
}

void Replica::Sync(absl::AnyInvocable<void(Status)> done) {
  strand_.Post([self = shared_from_this(), done = std::move(done)]() mutable {
    self->commit_.Sync(self, [self, done = std::move(done)](const Status& synced) mutable {
      if (synced.ok()) return done(Status::Ok());
      self->Fail();
      done(self->CheckNotFailed());
    });
  });
}

Status Replica::Close() {
  Result<std::optional<StoredRows>> rows = std::optional<StoredRows>();
  if (rows_) rows = rows_->Close();
  STROM_RETURN_IF_ERROR(CheckNotFailed());
  STROM_RETURN_IF_ERROR(log_->Close());
  Status left = rows.status();
  if (left.ok() && *rows) {
    left = LeaveRowsMark(world_.files, KvDirectory(log_->directory()), **rows);
  }
  if (!left.ok()) {
    STROM_LOG(kWarn, "{} ({}): its rows will be made anew: {}", bucket(), spec_.path,
              left.ToString());
  }
  return Status::Ok();
}

void Replica::Abandon() {
  if (!rows_) return;
  const Status closed = rows_->Close().status();
  if (!closed.ok()) STROM_LOG(kWarn, "{}: {}", bucket(), closed.ToString());
}

void Replica::Maintain(int64_t retention_size_bytes) {
  strand_.Post([self = shared_from_this(), retention_size_bytes] {
    if (self->stopped_ || self->failed_) return;
    self->log_->ExpireWriters();
    const Result<size_t> gone =
        self->log_->DeleteOldSegments({.ttl_ms = self->spec_.properties.log_local_ttl_ms.value_or(
                                           self->spec_.properties.log_ttl_ms),
                                       .size_max_bytes = retention_size_bytes,
                                       .keep_from = self->NeededFrom()});
    if (!gone.ok()) STROM_LOG(kWarn, "{}", gone.status().ToString());
  });
}

}  // namespace strom::tablet
