#include "tablet/replica/kept_rows.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"

namespace strom::tablet {
namespace {

constexpr MonoDuration kAskFor = Seconds(10);

}  // namespace

KeptRows::KeptRows(World world, Options options, RowsOpener opener, runtime::Strand& strand,
                   LogTablet& log, std::optional<StoredRows> left)
    : world_(world),
      options_(std::move(options)),
      opener_(std::move(opener)),
      strand_(strand),
      log_(log),
      left_(std::move(left)),
      reached_(left_ ? left_->offset : LogOffset(0)),
      delay_(options_.retry_min) {
  if (left_) held_ = left_->offset;
}

std::optional<LogOffset> KeptRows::held() const {
  return tablet_ ? tablet_->flushed_offset() : held_;
}

void KeptRows::Follow(const Owner& owner, LogOffset committed) {
  STROM_CHECK(!leads_) << log_.bucket() << " leads";
  committed_ = committed;
  Continue(owner);
}

void KeptRows::Lead(const Owner& owner, LogOffset committed, Opened done) {
  STROM_CHECK(!opened_) << log_.bucket() << ": rows are being opened";
  leads_ = true;
  lead_from_ = committed;
  opened_ = std::move(done);
  strand_.Cancel(std::exchange(timer_, runtime::kNoTimer));
  Continue(owner);
}

void KeptRows::StopLeading() {
  STROM_CHECK(!opened_) << log_.bucket() << ": rows are being opened";
  if (!std::exchange(leads_, false)) return;
  if (tablet_) tablet_->StopLeading();
}

void KeptRows::OnCut(LogOffset offset) {
  if (offset >= reached_) return;
  STROM_LOG(kError, "{}: its rows, up to {}, are made anew: the log is cut at {}", log_.bucket(),
            reached_, offset);
  Drop();
}

void KeptRows::OnRestart() {
  if (reached_ > LogOffset(0)) Drop();
}

void KeptRows::Drop() {
  STROM_CHECK(!leads_) << log_.bucket() << " leads";
  void_ = working_;
  left_.reset();
  held_.reset();
  if (tablet_) dropped_ = std::exchange(tablet_, nullptr);
  committed_ = LogOffset(0);
  reached_ = LogOffset(0);
}

void KeptRows::Stop(absl::AnyInvocable<void()> idle) {
  stopped_ = true;
  strand_.Cancel(std::exchange(timer_, runtime::kNoTimer));
  if (asked_ && !asked_->leads) {
    strand_.Cancel(std::exchange(ask_timer_, runtime::kNoTimer));
    asked_ = nullptr;
    working_ = false;
  }
  if (!working_) return idle();
  idle_.push_back(std::move(idle));
}

Result<std::optional<StoredRows>> KeptRows::Close() {
  STROM_CHECK(stopped_ && !working_) << log_.bucket() << ": rows are in use";
  dropped_.reset();
  const auto tablet = std::exchange(tablet_, nullptr);
  if (!tablet) return left_;
  STROM_ASSIGN_OR_RETURN(const StoredRows rows, tablet->Sync());
  return std::optional(rows);
}

void KeptRows::Continue(const Owner& owner) {
  if (working_) return;
  if (lead_from_) return Begin(owner, *std::exchange(lead_from_, std::nullopt), true);
  if (stopped_ || leads_ || timer_ != runtime::kNoTimer) return;
  if (broken_) return Wait(owner, delay_);
  if (committed_ > held().value_or(LogOffset(0))) Wait(owner, options_.pause);
}

void KeptRows::Wait(const Owner& owner, MonoDuration pause) {
  timer_ = strand_.PostAt(world_.clock.Now() + pause, [this, weak = std::weak_ptr(owner)] {
    const Owner self = weak.lock();
    if (!self) return;
    timer_ = runtime::kNoTimer;
    if (!working_ && !stopped_ && !leads_) Begin(self, committed_, false);
  });
}

void KeptRows::Begin(const Owner& owner, LogOffset committed, bool leads) {
  working_ = true;
  reached_ = std::max(reached_, committed);
  held_ = held();
  const auto work = std::make_shared<Work>(Work{.leads = leads,
                                                .committed = committed,
                                                .anew = !tablet_ && !left_,
                                                .left = std::exchange(left_, std::nullopt),
                                                .tablet = std::exchange(tablet_, nullptr)});
  if (work->anew && options_.has_snapshots) return Ask(owner, work);
  Post(owner, work);
}

void KeptRows::Ask(const Owner& owner, const WorkPtr& work) {
  asked_ = work;
  using Answer = Result<std::vector<remote::CompletedKvSnapshot>>;
  ask_timer_ =
      strand_.PostAt(world_.clock.Now() + kAskFor, [this, weak = std::weak_ptr(owner), work] {
        const Owner self = weak.lock();
        if (!self || asked_ != work) return;
        ask_timer_ = runtime::kNoTimer;
        OnAnswer(self, work, Error(ErrorCode::kRequestTimeOut, "no answer of the metadata store"));
      });
  world_.duties.FindSnapshots(log_.bucket(),
                              [this, weak = std::weak_ptr(owner), work](Answer answer) {
                                const Owner self = weak.lock();
                                if (!self) return;
                                strand_.Post([this, self, work, answer = std::move(answer)] {
                                  if (asked_ == work) OnAnswer(self, work, answer);
                                });
                              });
}

void KeptRows::OnAnswer(const Owner& owner, const WorkPtr& work,
                        const Result<std::vector<remote::CompletedKvSnapshot>>& completed) {
  asked_ = nullptr;
  strand_.Cancel(std::exchange(ask_timer_, runtime::kNoTimer));
  if (completed.ok()) {
    for (const auto& snapshot : *completed) work->snapshots.push_back(snapshot.id);
    std::ranges::reverse(work->snapshots);
  } else if (log_.log_start_offset() > LogOffset(0)) {
    work->status = completed.status().WithContext(
        fmt::format("{}: its changelog begins at {}, and its snapshots are not known",
                    log_.bucket(), log_.log_start_offset()));
    return OnDone(owner, *work);
  }
  Post(owner, work);
}

void KeptRows::Post(const Owner& owner, const WorkPtr& work) {
  work->dropped = std::exchange(dropped_, nullptr);
  world_.blocking.Post([this, owner, work] {
    work->dropped.reset();
    work->status = Bring(*work);
    if (!work->status.ok()) work->tablet.reset();
    strand_.Post([this, owner, work] { OnDone(owner, *work); });
  });
}

// A snapshot holds only what is committed, though who opens it may not know yet that so much is: a
// log that goes that far goes on behind it. If a follower's does not (it will be cut before the
// snapshot's end), the rows are made anew then.
Status KeptRows::Bring(Work& work) const {
  if (!work.tablet) {
    STROM_ASSIGN_OR_RETURN(work.tablet, opener_.Open(log_, work.left, std::move(work.snapshots),
                                                     log_.log_end_offset()));
  }
  return work.leads ? work.tablet->Lead(work.committed) : work.tablet->ApplySome(work.committed);
}

void KeptRows::OnDone(const Owner& owner, Work& work) {
  if (work.leads && !work.status.ok() && !work.anew && !stopped_) {
    STROM_LOG(kWarn, "{}: its rows are made anew: {}", log_.bucket(), work.status.ToString());
    held_.reset();
    return Begin(owner, work.committed, true);
  }
  working_ = false;
  const bool opened_again = std::exchange(broken_, !work.status.ok()) && !broken_;
  if (std::exchange(void_, false)) {
    dropped_ = std::move(work.tablet);
  } else {
    tablet_ = std::move(work.tablet);
    held_.reset();
    if (tablet_) {
      held_ = tablet_->flushed_offset();
      reached_ = std::max(reached_, *held_);
    }
  }
  if (work.leads) {
    auto opened = std::exchange(opened_, nullptr);
    work.status.ok() ? opened(tablet_) : opened(work.status);
  } else {
    OnFollowed(owner, work.status);
    if (opened_again) options_.followed();
  }
  if (working_) return;
  for (auto& idle : std::exchange(idle_, {})) idle();
}

void KeptRows::OnFollowed(const Owner& owner, const Status& status) {
  if (status.ok()) {
    delay_ = options_.retry_min;
    const bool more = tablet_ && tablet_->flushed_offset() < std::min(reached_, committed_);
    if (!more || leads_ || stopped_) return Continue(owner);
    return Begin(owner, committed_, false);  // It lags behind: without a pause.
  }
  STROM_LOG(kError, "{}: its rows do not follow: {}", log_.bucket(), status.ToString());
  if (!leads_ && !stopped_) Wait(owner, delay_);
  delay_ = std::min(delay_ * 2, options_.retry_max);
  Continue(owner);
}

}  // namespace strom::tablet
