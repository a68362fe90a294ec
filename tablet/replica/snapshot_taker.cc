#include "tablet/replica/snapshot_taker.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"

namespace strom::tablet {
namespace {

// Snapshots of one leader epoch; the epoch is above.
constexpr int kNumberBits = 20;

// With these answers the coordinator says that it never will complete the snapshot.
bool IsRefusal(const Status& status) {
  switch (status.code()) {
    case ErrorCode::kFencedLeaderEpoch:
    case ErrorCode::kInvalidUpdateVersion:
    case ErrorCode::kUnknownTableOrBucket:
      return true;
    default:
      return false;
  }
}

}  // namespace

SnapshotTaker::SnapshotTaker(World world, const SnapshotOptions& options,
                             remote::KvSnapshotPaths paths, std::string checkpoint)
    : world_(world),
      options_(options),
      paths_(std::move(paths)),
      checkpoint_(std::move(checkpoint)),
      objects_(options_.objects),
      writer_(objects_, world_.files, *options_.random, paths_),
      pruner_(objects_, paths_) {}

void SnapshotTaker::Lead(const Owner& owner, std::shared_ptr<KvTablet> rows, Epochs epochs) {
  if (stopped_) return;
  const bool goes_on = rows_ == rows && epochs_.leader == epochs.leader;
  rows_ = std::move(rows);
  epochs_ = epochs;
  if (goes_on) return;
  ++leadership_;
  learnt_ = false;
  base_.reset();
  // Not all buckets of a server at once.
  const auto spread = static_cast<uint64_t>(std::max<int64_t>(options_.interval.nanos(), 1));
  const uint64_t hash = std::hash<std::string>()(paths_.folder());
  Schedule(owner, MonoDuration::FromNanos(static_cast<int64_t>(hash % spread)));
}

void SnapshotTaker::StopLeading() {
  if (!rows_) return;
  ++leadership_;
  rows_ = nullptr;
  world_.strand.Cancel(std::exchange(timer_, runtime::kNoTimer));
}

void SnapshotTaker::Stop(absl::AnyInvocable<void()> idle) {
  stopped_ = true;
  StopLeading();
  objects_.Stop();
  if (working_ && options_.turns->Withdraw(turn_)) working_ = false;
  if (working_) return idle_.push_back(std::move(idle));
  attempt_ = nullptr;  // Nobody is waited for.
  idle();
}

void SnapshotTaker::Schedule(const Owner& owner, MonoDuration delay) {
  world_.strand.Cancel(std::exchange(timer_, runtime::kNoTimer));
  timer_ = world_.strand.PostAt(world_.clock.Now() + delay, [this, weak = std::weak_ptr(owner)] {
    const Owner self = weak.lock();
    if (!self) return;
    timer_ = runtime::kNoTimer;
    if (stopped_ || !rows_) return;
    Schedule(self, options_.interval);
    if (!attempt_) Begin(self);
  });
}

void SnapshotTaker::Do(const AttemptPtr& attempt, absl::AnyInvocable<Status()> work,
                       absl::AnyInvocable<void(const Status&)> then) {
  working_ = true;
  // It runs inside a call of the turns, which hold it until then: it must not hold them.
  turn_ = options_.turns->Take([this, turns = options_.turns.get(), weak = attempt->owner,
                                work = std::move(work), then = std::move(then)]() mutable {
    Owner owner = weak.lock();
    if (!owner) return turns->GiveBack();
    world_.blocking.Post(
        [this, owner = std::move(owner), work = std::move(work), then = std::move(then)]() mutable {
          Status status = work();
          options_.turns->GiveBack();
          world_.strand.Post(
              [this, owner, status = std::move(status), then = std::move(then)]() mutable {
                working_ = false;
                then(status);
              });
        });
  });
}

template <class T>
absl::AnyInvocable<void(T)> SnapshotTaker::Then(const AttemptPtr& attempt,
                                                absl::AnyInvocable<void(const T&)> then) {
  return [this, attempt, then = std::move(then)](T answer) mutable {
    const Owner owner = attempt->owner.lock();
    if (!owner) return;
    world_.strand.Post(
        [this, owner, attempt, then = std::move(then), answer = std::move(answer)]() mutable {
          if (attempt_ == attempt) then(answer);
        });
  };
}

void SnapshotTaker::Begin(const Owner& owner) {
  if (learnt_ && rows_->flushed_offset() <= last_offset_) return;  // It would be the same again.
  attempt_ = std::make_shared<Attempt>();
  attempt_->owner = owner;
  attempt_->leadership = leadership_;
  attempt_->epochs = epochs_;
  learnt_ ? Flush(attempt_) : Learn(attempt_);
}

void SnapshotTaker::Learn(const AttemptPtr& attempt) {
  world_.duties.FindSnapshots(
      paths_.bucket(),
      Then<Result<Completed>>(attempt, [this, attempt](const Result<Completed>& completed) {
        if (!completed.ok()) return End(attempt, completed.status());
        OnLearnt(attempt, *completed);
      }));
}

void SnapshotTaker::OnLearnt(const AttemptPtr& attempt, const Completed& completed) {
  if (IsOver(*attempt)) return End(attempt, Status::Ok());
  last_id_ = std::max(last_id_, (int64_t{attempt->epochs.leader.value()} << kNumberBits) - 1);
  last_offset_ = LogOffset(0);
  if (!completed.empty()) {
    last_id_ = std::max(last_id_, completed.back().id.value());
    last_offset_ = completed.back().log_offset;
  }
  if (rows_->flushed_offset() <= last_offset_) return End(attempt, Status::Ok());
  Flush(attempt);
}

void SnapshotTaker::Flush(const AttemptPtr& attempt) {
  Do(
      attempt, [this, rows = rows_, find_last = !learnt_] { return PrepareDisk(*rows, find_last); },
      [this, attempt](const Status& ready) {
        if (!ready.ok() || IsOver(*attempt)) return End(attempt, ready);
        learnt_ = true;
        MakeCheckpoint(attempt);
      });
}

// Numbers of this epoch that an earlier process of this server took are not used again: it may have
// come as far as to have one committed.
Status SnapshotTaker::PrepareDisk(KvTablet& rows, bool find_last) {
  STROM_RETURN_IF_ERROR(world_.stores.Destroy(checkpoint_));
  STROM_RETURN_IF_ERROR(world_.files.RemoveRecursively(checkpoint_));
  STROM_RETURN_IF_ERROR(rows.Sync().status());
  if (!find_last) return Status::Ok();
  STROM_ASSIGN_OR_RETURN(const auto objects, objects_.List(paths_.folder()));
  const int64_t epoch = (last_id_ + 1) >> kNumberBits;
  for (const remote::ListedObject& object : objects) {
    const auto id = paths_.SnapshotOf(object.key);
    // What a later leader has, this one does not come after.
    if (id && id->value() >> kNumberBits <= epoch) last_id_ = std::max(last_id_, id->value());
  }
  return Status::Ok();
}

void SnapshotTaker::MakeCheckpoint(const AttemptPtr& attempt) {
  attempt->id = KvSnapshotId(++last_id_);
  Result<RowsCheckpoint> made = rows_->MakeCheckpoint(checkpoint_);
  if (!made.ok()) return End(attempt, made.status());
  attempt->source = {.id = attempt->id,
                     .directory = checkpoint_,
                     .files = std::move(made->files),
                     .log_offset = made->log_offset,
                     .row_count = made->row_count};
  Upload(attempt);
}

void SnapshotTaker::Upload(const AttemptPtr& attempt) {
  Do(
      attempt,
      [this, attempt, base = base_] {
        attempt->stored = writer_.Write(attempt->source, base ? &*base : nullptr);
        const Status removed = world_.files.RemoveRecursively(checkpoint_);
        if (!removed.ok()) STROM_LOG(kWarn, "{}: {}", paths_.bucket(), removed.ToString());
        return attempt->stored.status();
      },
      [this, attempt](const Status& stored) {
        if (!stored.ok()) {
          base_.reset();  // Maybe it is to blame.
          return End(attempt, stored);
        }
        if (!IsOver(*attempt)) return Commit(attempt);
        Discard(attempt, Error(ErrorCode::kNotLeaderOrFollower, "it came too late"));
      });
}

void SnapshotTaker::Commit(const AttemptPtr& attempt) {
  in_doubt_.insert(attempt->id);
  world_.duties.CommitSnapshot({.metadata = attempt->stored->metadata,
                                .coordinator_epoch = attempt->epochs.coordinator,
                                .leader_epoch = attempt->epochs.leader},
                               Then<Status>(attempt, [this, attempt](const Status& status) {
                                 if (status.ok()) return Complete(attempt);
                                 if (!IsRefusal(status)) return Ask(attempt, status);
                                 in_doubt_.erase(attempt->id);
                                 Discard(attempt, status);
                               }));
}

// If the metadata do not have it, it may still come to be completed, until a later one is.
void SnapshotTaker::Ask(const AttemptPtr& attempt, const Status& why) {
  world_.duties.FindSnapshots(
      paths_.bucket(),
      Then<Result<Completed>>(attempt, [this, attempt, why](const Result<Completed>& completed) {
        const bool there = completed.ok() && std::ranges::any_of(*completed, [&](const auto& one) {
                             return one.id == attempt->id;
                           });
        if (there) return Complete(attempt);
        base_.reset();
        End(attempt, why.WithContext("it is not known what became of it"));
      }));
}

void SnapshotTaker::Complete(const AttemptPtr& attempt) {
  in_doubt_.erase(attempt->id);
  STROM_LOG(kInfo, "{}: snapshot {} holds the rows up to offset {}, {} bytes, {} of them new",
            paths_.bucket(), attempt->id, attempt->source.log_offset,
            attempt->stored->metadata.size_bytes(),
            attempt->stored->metadata.incremental_size_bytes);
  if (IsOver(*attempt)) return End(attempt, Status::Ok());
  last_offset_ = attempt->source.log_offset;
  base_ = *attempt->stored;
  Prune(attempt);
}

void SnapshotTaker::Discard(const AttemptPtr& attempt, const Status& why) {
  Do(
      attempt, [this, id = attempt->id] { return pruner_.Discard(id); },
      [this, attempt, why](const Status& discarded) {
        if (!discarded.ok()) STROM_LOG(kWarn, "{}: {}", paths_.bucket(), discarded.ToString());
        End(attempt, why);
      });
}

// After the completed one, nothing older that is not completed by now ever will be.
void SnapshotTaker::Prune(const AttemptPtr& attempt) {
  std::erase_if(in_doubt_, [&](KvSnapshotId id) { return id < attempt->id; });
  world_.duties.FindSnapshots(
      paths_.bucket(),
      Then<Result<Completed>>(attempt, [this, attempt](const Result<Completed>& completed) {
        if (!completed.ok()) return End(attempt, completed.status());
        std::set<KvSnapshotId> ids;
        for (const auto& snapshot : *completed) ids.insert(snapshot.id);
        Do(
            attempt, [this, ids, doubts = in_doubt_] { return pruner_.Prune(ids, doubts); },
            [this, attempt](const Status& pruned) { End(attempt, pruned); });
      }));
}

void SnapshotTaker::End(const AttemptPtr& attempt, const Status& status) {
  STROM_CHECK(attempt_ == attempt) << paths_.bucket() << ": not under way";
  if (!status.ok()) {
    STROM_LOG(kWarn, "{}: snapshot {}: {}", paths_.bucket(), attempt->id, status.ToString());
  }
  attempt_ = nullptr;
  for (auto& idle : std::exchange(idle_, {})) idle();
}

}  // namespace strom::tablet
