// What a replica does with the rows of a primary-key table.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "tablet/replica/replica.h"

namespace strom::tablet {

// Nobody appends meanwhile, and retention leaves the log alone. What followers say meanwhile moves
// the high watermark once there are rows.
void Replica::OpenRows(absl::AnyInvocable<void(Status)> done) {
  isr_->OnLeaderLog(log_->log_end_offset(), OwnPosition());
  const LogOffset committed = std::max(high_watermark(), isr_->high_watermark());
  const auto self = shared_from_this();
  rows_->Lead(self, committed,
              [self, done = std::move(done)](Result<std::shared_ptr<KvTablet>> opened) mutable {
                self->OnRowsOpened(std::move(opened), std::move(done));
              });
}

void Replica::OnRowsOpened(Result<std::shared_ptr<KvTablet>> opened,
                           absl::AnyInvocable<void(Status)> done) {
  Status status = opened.status();
  if (status.ok()) {
    kv_.Set(*std::move(opened));
    OnRowsMended();
    // A sync may have failed meanwhile.
    status = CheckNotFailed();
    if (status.ok()) status = Serve();
  } else {
    rows_failed_ = true;
    world_.duties.ReportFailed(bucket(), status);  // So that another one leads.
  }
  if (!status.ok()) {
    STROM_LOG(kError, "{} ({}): its rows do not open: {}", bucket(), spec_.path, status.ToString());
  }
  done(std::move(status));
  TakeSnapshots();
  Settle();
}

void Replica::TakeSnapshots() {
  if (!taker_ || !is_leader()) return;
  taker_->Lead(
      shared_from_this(), rows_->tablet(),
      {.coordinator = leadership_->coordinator_epoch, .leader = leadership_->leader_epoch});
}

void Replica::OnRowsMended() {
  if (std::exchange(rows_failed_, false)) world_.duties.ReportMended(bucket());
}

void Replica::KeepRows() {
  if (!rows_ || leads()) return;
  rows_->Follow(shared_from_this(), high_watermark());
}

void Replica::StopRows(absl::AnyInvocable<void()> idle) {
  if (!rows_) return idle();
  if (!taker_) return rows_->Stop(std::move(idle));
  // It may be bringing the store to the disk.
  taker_->Stop([this, idle = std::move(idle)]() mutable { rows_->Stop(std::move(idle)); });
}

void Replica::EndReads(absl::AnyInvocable<void()> ended) {
  for (const auto& weak : std::exchange(scans_, {})) {
    if (const auto scan = weak.lock()) scan->End();
  }
  if (rows_) rows_->StopLeading();
  kv_.Close(std::move(ended));
}

Status Replica::CheckHasRows() const {
  STROM_RETURN_IF_ERROR(CheckServing());
  if (spec_.has_primary_key()) return Status::Ok();
  return Error(ErrorCode::kNonPrimaryKeyTable, "table {} of {} has no primary key", spec_.path,
               bucket());
}

Result<AppendInfo> Replica::PutOnStrand(const record::KvBatchView& batch, const PutOptions& put,
                                        const WriteOptions& options) {
  // Kept until the append is done: see JobFences.
  STROM_ASSIGN_OR_RETURN(const JobFences::Pass pass, options.admission.Enter());
  STROM_RETURN_IF_ERROR(CheckServing());
  STROM_RETURN_IF_ERROR(CheckInSync(options.acks));
  return kv_.Get()->Put(batch, put);
}

void Replica::PutKv(Bytes batch, PutOptions put, WriteOptions options,
                    absl::AnyInvocable<void(Result<AppendInfo>)> done) {
  // On the calling thread, before anything queues.
  if (Status s = CheckHasRows(); !s.ok()) return done(std::move(s));
  const auto bytes = std::make_shared<const Bytes>(std::move(batch));  // What the view points into.
  auto view = record::KvBatchView::Parse(*bytes);
  if (!view.ok()) return done(view.status().WithContext(spec_.path.ToString()));
  // Reads the store: not on this thread.
  strand_.Post([self = shared_from_this(), bytes, view = *std::move(view), put = std::move(put),
                options = std::move(options), done = std::move(done)]() mutable {
    self->Answer(self->PutOnStrand(view, put, options), options, std::move(done));
  });
}

// Under the same leader epoch what is left to wait can only have become less.
void Replica::Withhold(News news) {
  MonoTime until = world_.clock.Now() + leadership_->withhold;
  if (leadership_->replicas.size() > 1) {
    const LeaderEpoch ended = leadership_->ended_since.value_or(leadership_->leader_epoch);
    until = std::max(until, given_promises_.FreeAt(ended));
  }
  if (Mutated(Mutant::kNothingWithheld)) until = world_.clock.Now();
  const MonoTime known(withheld_until_.load(std::memory_order_acquire));
  withheld_until_.store((news == News::kLeader ? until : std::min(known, until)).nanos(),
                        std::memory_order_release);
}

void Replica::CountPromises() {
  if (!spec_.has_primary_key()) return;
  promised_until_.store(held_promises_.Until(isr_->Electable()).nanos(), std::memory_order_release);
}

Status Replica::CheckShows() const {
  STROM_RETURN_IF_ERROR(CheckServing());
  STROM_RETURN_IF_ERROR(CheckCaughtUp());
  if (withholds()) {
    return Error(ErrorCode::kLeaderNotAvailable,
                 "{} of {}: a leader before may still show rows, so its new one does not yet",
                 bucket(), spec_.path);
  }
  const MonoTime promised_until(promised_until_.load(std::memory_order_acquire));
  if (world_.clock.Now() < promised_until) return Status::Ok();
  const CoordinatorEpoch told_by(told_by_.load(std::memory_order_acquire));
  Status lease = world_.duties.CheckLease(told_by);
  if (lease.ok() || Mutated(Mutant::kNoLease)) return Status::Ok();
  return lease.WithContext(fmt::format("{} of {}", bucket(), spec_.path));
}

Result<std::shared_ptr<const KvTablet>> Replica::Rows() const {
  STROM_RETURN_IF_ERROR(CheckHasRows());
  STROM_RETURN_IF_ERROR(CheckShows());
  std::shared_ptr<const KvTablet> rows = kv_.Get();
  if (rows) return rows;
  return Error(ErrorCode::kNotLeaderOrFollower, "{} of {} is being closed", bucket(), spec_.path);
}

Result<std::shared_ptr<BucketScan>> Replica::OpenScanOnStrand(std::optional<int64_t> row_limit) {
  const auto kv = kv_.Get();
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<KvScan> rows, kv->OpenScan(row_limit));
  auto scan = std::make_shared<BucketScan>(kv, std::move(rows));
  std::erase_if(scans_, [](const auto& weak) { return weak.expired(); });
  scans_.push_back(scan);
  return scan;
}

void Replica::OpenScan(std::optional<int64_t> row_limit,
                       absl::AnyInvocable<void(Result<std::shared_ptr<BucketScan>>)> done) {
  strand_.Post([self = shared_from_this(), row_limit, done = std::move(done)]() mutable {
    if (Status allowed = self->CheckHasRows(); !allowed.ok()) return done(std::move(allowed));
    auto scan = self->OpenScanOnStrand(row_limit);
    // All that is read of it is as it was when it was opened.
    if (Status shows = self->CheckShows(); !shows.ok()) return done(std::move(shows));
    done(std::move(scan));
  });
}

void Replica::OnNeededFrom(LogOffset offset) {
  int64_t known = needed_from_.load(std::memory_order_acquire);
  while (known < offset.value() &&
         !needed_from_.compare_exchange_weak(known, offset.value(), std::memory_order_acq_rel)) {
  }
}

LogOffset Replica::NeededFrom() const {
  if (!rows_ || Mutated(Mutant::kChangelogTrimmedToCommitted)) return high_watermark();
  const LogOffset from(needed_from_.load(std::memory_order_acquire));
  return std::min({high_watermark(), from, rows_->held().value_or(from)});
}

}  // namespace strom::tablet
