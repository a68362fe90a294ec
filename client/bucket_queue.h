#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "client/backoff.h"
#include "client/write_batch.h"
#include "common/base/result.h"

namespace strom::client {

// The sequence check refused the batch: the server has no batch of this writer, or another one than
// ours before this one. Or it leads no more, and does not know it.
bool IsIdentityError(ErrorCode code);

// The batches of one bucket of one writer: which may be sent when, under which sequence, and what
// an answer means for it and for those behind it.
//
// Pure bookkeeping: no I/O, lock or clock of its own; WriterCore calls it under its lock.
//
//   waiting: collected, no sequence   ──TakeNext──▶   sent: sequences without gap, oldest first
//
// Always true, for an idempotent writer: no more than in_flight_max sequences lie between the
// oldest batch that is sent and not ended and the newest, so the server still knows all of them;
// batches are sent in the order of their sequences; a batch is sent under a second sequence only if
// it surely is not in the log under the first one. Hence a row is in the log at most once, and rows
// that are acknowledged are there in order.
class BucketQueue {
 public:
  struct Options {
    int in_flight_max = 5;
    bool idempotent = true;  // Else in_flight_max is 1.
  };

  // A batch that came to its end.
  struct Ended {
    std::shared_ptr<WriteBatch> batch;
    Result<LogOffset> base_offset;
  };

  explicit BucketQueue(Options options);

  // -- Collecting

  // The batch that takes rows; null if there is none.
  WriteBatch* open() { return open_ ? waiting_.back().get() : nullptr; }
  // Begins a batch; the one before takes no more rows.
  WriteBatch& Open(std::shared_ptr<WriteBatch> batch);
  // The open batch, emptied by its owner, goes.
  void DropOpen();

  // -- Sending

  // Whether a batch could be sent now but for the missing writer id.
  bool WantsWriterId(MonoTime now) const;
  // A new writer id, other than the last one. Sequences begin at 0.
  void SetWriterId(WriterId id);
  WriterId last_writer_id() const { return last_writer_id_; }

  bool CanSend(MonoTime now) const;
  // The next batch to send; it is in flight until OnAnswer. Requires CanSend.
  std::shared_ptr<WriteBatch> TakeNext(MonoTime now);
  // Nothing is sent before `until`.
  void Pause(MonoTime until) { not_before_ = until; }

  // -- Ends

  // The answer to a batch in flight; `base_offset` is kUnknownOffset if the server left it out.
  // Batches that ended are added to `ended`; others are to be sent again after `pause`.
  void OnAnswer(WriteBatch& batch, const Result<LogOffset>& base_offset, MonoTime retry_at,
                std::vector<Ended>* ended);
  // Ends the batches whose deadline has passed and that are not in flight.
  void Expire(MonoTime now, std::vector<Ended>* ended);
  // Ends all batches that are not in flight, with `status`; or all.
  void FailIdle(const Status& status, std::vector<Ended>* ended);
  void FailAll(const Status& status, std::vector<Ended>* ended);

  // When there may be something to do that nobody else tells: a retry, a deadline.
  MonoTime NextWake(MonoTime now) const;

  bool empty() const { return waiting_.empty() && sent_.empty(); }
  int failures() const { return failures_; }  // In a row, since the last success.

 private:
  using State = WriteBatch::State;
  using Batches = std::deque<std::shared_ptr<WriteBatch>>;

  bool HasRoom() const;
  int64_t Window() const;
  Batches::const_iterator NextRetry() const;
  void End(WriteBatch& batch, State state, Status status, std::vector<Ended>* ended);
  void EndInVain(WriteBatch& batch, const Status& status, std::vector<Ended>* ended);
  void OnSuccess(WriteBatch& batch, LogOffset base_offset, std::vector<Ended>* ended);
  void OnLostIdentity(WriteBatch& batch);
  void Settle(std::vector<Ended>* ended);
  void EndDoubtful(size_t from, std::vector<Ended>* ended);
  void TakeBack(size_t from);
  void ForgetWriterId();
  static bool HasEnded(const WriteBatch& batch);

  const Options options_;
  Batches waiting_;
  bool open_ = false;  // The last of waiting_ takes rows.
  Batches sent_;       // Until a gap is settled, with those that ended without success.
  int in_flight_ = 0;
  std::optional<WriterId> writer_id_;
  WriterId last_writer_id_ = kNoWriter;
  BatchSequence next_sequence_{0};
  bool stale_id_ = false;      // The server lost our id, and has none of the sent batches.
  bool needs_new_id_ = false;  // Once sent_ is empty.
  MonoTime not_before_;
  int failures_ = 0;
};

}  // namespace strom::client
