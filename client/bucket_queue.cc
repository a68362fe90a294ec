#include "client/bucket_queue.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/mutation.h"

namespace strom::client {
namespace {

// A failed sending after which the batch may be in the log all the same: the request or its answer
// was lost, or the leader failed it after its own append.
bool LeavesDoubt(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNetwork:
    case ErrorCode::kRequestTimeOut:
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kNotEnoughReplicasAfterAppend:
    case ErrorCode::kLogStorage:
    case ErrorCode::kKvStorage:
    case ErrorCode::kStorage:
    case ErrorCode::kUnknownServerError:
      return true;
    default:
      return false;
  }
}

bool MayPass(ErrorCode code) {
  return IsRetriable(code) || code == ErrorCode::kOperationNotAttempted;
}

BatchSequence After(BatchSequence sequence) {
  return sequence.value() == INT32_MAX ? BatchSequence(0) : sequence.Next();
}

}  // namespace

bool IsIdentityError(ErrorCode code) {
  return code == ErrorCode::kOutOfOrderSequence || code == ErrorCode::kUnknownWriterId;
}

BucketQueue::BucketQueue(Options options) : options_(options) {
  STROM_CHECK(options_.in_flight_max >= 1 && options_.in_flight_max <= 5);
  STROM_CHECK(options_.idempotent || options_.in_flight_max == 1) << "order needs sequences";
}

WriteBatch& BucketQueue::Open(std::shared_ptr<WriteBatch> batch) {
  waiting_.push_back(std::move(batch));
  open_ = true;
  return *waiting_.back();
}

void BucketQueue::DropOpen() {
  waiting_.pop_back();
  open_ = false;
}

bool BucketQueue::HasRoom() const {
  return !waiting_.empty() && !needs_new_id_ && Window() < options_.in_flight_max &&
         std::all_of(sent_.begin(), sent_.end(),
                     [](const auto& batch) { return batch->state == State::kInFlight; });
}

// How many sequences there are from the oldest batch without an end on. Those behind it that ended
// well count too: the server remembers the last ones only, and has to know the oldest.
int64_t BucketQueue::Window() const {
  if (sent_.empty() || !options_.idempotent) return static_cast<int64_t>(sent_.size());
  const int64_t window =
      int64_t{next_sequence_.value()} - int64_t{sent_.front()->identity.sequence.value()};
  return window >= 0 ? window : window + INT32_MAX + 1;
}

// The oldest batch that is to be sent again, if none behind it is in flight: those come first at
// the server, and are refused there once more.
BucketQueue::Batches::const_iterator BucketQueue::NextRetry() const {
  const auto is_retry = [](const auto& batch) { return batch->state == State::kRetry; };
  const auto first = std::find_if(sent_.begin(), sent_.end(), is_retry);
  return std::all_of(first, sent_.end(), is_retry) ? first : sent_.end();
}

bool BucketQueue::WantsWriterId(MonoTime now) const {
  return options_.idempotent && !writer_id_ && HasRoom() && now >= not_before_;
}

void BucketQueue::SetWriterId(WriterId id) {
  STROM_CHECK(!writer_id_ && sent_.empty() && id != last_writer_id_) << id;
  writer_id_ = id;
  last_writer_id_ = id;
  next_sequence_ = BatchSequence(0);
}

void BucketQueue::ForgetWriterId() {
  writer_id_.reset();
  stale_id_ = false;
  needs_new_id_ = false;
}

bool BucketQueue::HasEnded(const WriteBatch& batch) {
  return batch.state == State::kRefused || batch.state == State::kUnknown;
}

bool BucketQueue::CanSend(MonoTime now) const {
  if (now < not_before_) return false;
  if (NextRetry() != sent_.end()) return true;
  return HasRoom() && (writer_id_ || !options_.idempotent);
}

std::shared_ptr<WriteBatch> BucketQueue::TakeNext(MonoTime now) {
  STROM_CHECK(CanSend(now));
  std::shared_ptr<WriteBatch> batch;
  if (const auto retry = NextRetry(); retry != sent_.end()) {
    batch = *retry;
  } else {
    batch = waiting_.front();
    waiting_.pop_front();
    if (waiting_.empty()) open_ = false;
    if (options_.idempotent) {
      batch->identity = {*writer_id_, next_sequence_};
      next_sequence_ = After(next_sequence_);
    }
    sent_.push_back(batch);
  }
  batch->state = State::kInFlight;
  ++in_flight_;
  return batch;
}

void BucketQueue::OnAnswer(WriteBatch& batch, const Result<LogOffset>& base_offset,
                           MonoTime retry_at, std::vector<Ended>* ended) {
  if (batch.state != State::kInFlight) return;  // FailAll was faster.
  --in_flight_;
  const ErrorCode code = base_offset.status().code();
  if (base_offset.ok() || code == ErrorCode::kDuplicateSequence ||
      (code == ErrorCode::kRequestTimeOut && Mutated(Mutant::kTimeOutTakenForAck))) {
    OnSuccess(batch, base_offset.ok() ? *base_offset : kUnknownOffset, ended);
    return Settle(ended);
  }
  ++failures_;
  not_before_ = retry_at;
  batch.last_error = base_offset.status();
  if (LeavesDoubt(code)) batch.may_be_appended = true;
  if (options_.idempotent && IsIdentityError(code)) {
    OnLostIdentity(batch);
  } else if (MayPass(code)) {
    batch.state = State::kRetry;
  } else {
    EndInVain(batch, base_offset.status(), ended);
  }
  Settle(ended);
}

void BucketQueue::OnSuccess(WriteBatch& batch, LogOffset base_offset, std::vector<Ended>* ended) {
  failures_ = 0;
  not_before_ = MonoTime();
  const auto here = std::find_if(sent_.begin(), sent_.end(),
                                 [&batch](const auto& sent) { return sent.get() == &batch; });
  // The log has what is before it, then, whatever we were told.
  for (auto earlier = sent_.begin(); earlier != here; ++earlier) {
    if ((*earlier)->state == State::kRefused) (*earlier)->state = State::kUnknown;
  }
  ended->push_back({*here, base_offset});
  sent_.erase(here);
}

void BucketQueue::OnLostIdentity(WriteBatch& batch) {
  batch.state = State::kRetry;
  // Refused because an earlier one is missing, which comes again.
  if (sent_.front().get() != &batch) return;
  // Under a new identity its rows might get in twice. And maybe only this server lacks what is
  // before it: a former leader, cut off, that has not heard of its successor.
  if (batch.may_be_appended) return;
  stale_id_ = true;  // Those behind it were refused, too.
}

void BucketQueue::EndInVain(WriteBatch& batch, const Status& status, std::vector<Ended>* ended) {
  End(batch, batch.may_be_appended ? State::kUnknown : State::kRefused, status, ended);
}

void BucketQueue::End(WriteBatch& batch, State state, Status status, std::vector<Ended>* ended) {
  batch.state = state;
  const auto here = std::find_if(sent_.begin(), sent_.end(),
                                 [&batch](const auto& sent) { return sent.get() == &batch; });
  ended->push_back({*here, std::move(status)});
  // Without sequences, or at the end of them, it leaves no gap.
  if (!options_.idempotent) sent_.erase(here);
}

// Once nothing is in flight, closes the gap that a batch without success leaves: the batches behind
// it go back to waiting, to be sent under other sequences.
void BucketQueue::Settle(std::vector<Ended>* ended) {
  if (in_flight_ > 0) return;
  const auto gap =
      std::find_if(sent_.begin(), sent_.end(), [](const auto& batch) { return HasEnded(*batch); });
  if (stale_id_) {
    TakeBack(0);
    needs_new_id_ = true;
  } else if (gap != sent_.end()) {
    const size_t position = static_cast<size_t>(gap - sent_.begin());
    const std::shared_ptr<WriteBatch> batch = *gap;
    sent_.erase(gap);
    if (batch->state == State::kRefused) {
      // Those behind it were refused for the gap: its sequence is free for the next one.
      next_sequence_ = batch->identity.sequence;
    } else {
      needs_new_id_ = true;
      EndDoubtful(position, ended);
    }
    TakeBack(position);
  }
  if (needs_new_id_ && sent_.empty()) ForgetWriterId();
}

// Ends the sent batches from position `from` on that may be in the log: their sequences come to
// nothing, and under others they might get in twice.
void BucketQueue::EndDoubtful(size_t from, std::vector<Ended>* ended) {
  for (size_t i = from; i < sent_.size(); ++i) {
    WriteBatch& batch = *sent_[i];
    if (HasEnded(batch) || !batch.may_be_appended) continue;
    batch.state = State::kUnknown;
    ended->push_back({sent_[i], batch.last_error.WithContext(
                                    "may be in the log, and cannot be sent again after the failure "
                                    "of the batch before it")});
  }
}

// The sent batches from position `from` on, none of them in the log, go back to the front of those
// that wait; those that ended, go.
void BucketQueue::TakeBack(size_t from) {
  for (; sent_.size() > from; sent_.pop_back()) {
    const std::shared_ptr<WriteBatch>& batch = sent_.back();
    if (HasEnded(*batch)) continue;
    batch->state = State::kWaiting;
    batch->identity = {};
    batch->may_be_appended = false;
    waiting_.push_front(batch);
  }
}

void BucketQueue::Expire(MonoTime now, std::vector<Ended>* ended) {
  for (const std::shared_ptr<WriteBatch>& batch : Batches(sent_)) {
    if (batch->state != State::kRetry || batch->deadline > now) continue;
    EndInVain(*batch, batch->last_error.WithContext("not delivered in time"), ended);
  }
  Settle(ended);
  while (!waiting_.empty() && waiting_.front()->deadline <= now) {
    const Status& last = waiting_.front()->last_error;
    ended->push_back({waiting_.front(), last.ok()
                                            ? Error(ErrorCode::kRequestTimeOut, "not sent in time")
                                            : last.WithContext("not delivered in time")});
    waiting_.pop_front();
    if (waiting_.empty()) open_ = false;
  }
}

void BucketQueue::FailIdle(const Status& status, std::vector<Ended>* ended) {
  for (const std::shared_ptr<WriteBatch>& batch : Batches(sent_)) {
    if (batch->state == State::kRetry) EndInVain(*batch, status, ended);
  }
  Settle(ended);
  for (std::shared_ptr<WriteBatch>& batch : std::exchange(waiting_, {})) {
    ended->push_back({std::move(batch), status});
  }
  open_ = false;
}

void BucketQueue::FailAll(const Status& status, std::vector<Ended>* ended) {
  for (std::shared_ptr<WriteBatch>& batch : std::exchange(sent_, {})) {
    if (HasEnded(*batch)) continue;
    batch->state = State::kUnknown;
    ended->push_back({std::move(batch), status});
  }
  in_flight_ = 0;
  needs_new_id_ = true;
  Settle(ended);
  FailIdle(status, ended);
}

MonoTime BucketQueue::NextWake(MonoTime now) const {
  MonoTime next = MonoTime::Infinite();
  if (!empty() && not_before_ > now) next = not_before_;
  for (const auto& batch : sent_) {
    if (batch->state == State::kRetry) next = std::min(next, batch->deadline);
  }
  if (!waiting_.empty()) next = std::min(next, waiting_.front()->deadline);
  return next;
}

}  // namespace strom::client
