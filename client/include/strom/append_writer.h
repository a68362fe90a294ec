#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <absl/functional/any_invocable.h>

#include "client/include/strom/future.h"
#include "common/runtime/time.h"
#include "common/types/table_bucket.h"
#include "common/types/table_descriptor.h"
#include "common/types/value.h"

namespace strom::client {

// When a batch counts as written: on all in-sync replicas, in the leader's log, or once it was sent
// (a server answers then too). The numbers are those of the wire.
enum class Acks : int8_t { kAll = -1, kNone = 0, kLeader = 1 };

struct AppendWriterOptions {
  Acks acks = Acks::kAll;
  // A row is in the log once however often its batch had to be sent. Needs kAll.
  bool idempotent = true;
  // Batches of a bucket that wait for their answers, 1 to 5; a writer that is not idempotent has
  // one, to keep the order.
  int in_flight_max = 5;
  size_t batch_bytes_max = size_t{2} << 20;     // Before compression.
  size_t request_bytes_max = size_t{10} << 20;  // A request has one batch of each bucket; also the
                                                // limit of a row.
  size_t buffer_bytes_max = size_t{64}
                            << 20;  // Of rows without an answer: beyond it, Append waits.
  MonoDuration delivery_timeout = Seconds(120);  // From Append to the answer.
};

// Where a row is in the log.
struct AppendResult {
  TableBucket bucket;
  LogOffset offset;  // kUnknownOffset: it is there, but the server did not say where.
};
inline constexpr LogOffset kUnknownOffset{-1};

// Called once: on one of the client's threads, or on the one that closes the writer. Must not
// block.
using AppendCallback = absl::AnyInvocable<void(Result<AppendResult>)>;

class WriterCore;

// Appends rows to a log table. Thread-safe: rows of one thread for one bucket keep their order.
//
// A row with a bucket key goes to the bucket of its key, others to one bucket after the other.
// There is no linger time: a batch leaves as soon as its bucket has fewer than in_flight_max
// requests under way, and grows while it waits. Batches are sent again after errors that may pass,
// in order and under the same sequence, until delivery_timeout.
class AppendWriter {
 public:
  // Use Connection::NewAppendWriter.
  explicit AppendWriter(std::shared_ptr<WriterCore> core);
  // As Close, but does not wait: rows that are not acknowledged fail with kNetwork (they may still
  // be in the log). Not in a callback.
  ~AppendWriter();
  AppendWriter(const AppendWriter&) = delete;
  AppendWriter& operator=(const AppendWriter&) = delete;

  // Takes `row`, one value a column, into a batch. Waits while the buffer is full; so it must not
  // be called in a callback. `done` is told what becomes of the row; a writer without it asks
  // Flush. On error the row was not taken and `done` is not called. Errors: kCorruptRecord if the
  // row does not fit the table, kRecordTooLarge, kOperationNotAttempted if the writer is closed.
  Status Append(const Row& row, AppendCallback done = nullptr);

  // As Append, but never waits. Errors: kStorageBackpressure while the buffer is full.
  Status TryAppend(const Row& row, AppendCallback done = nullptr);

  // Ready when all rows taken before have their answers. The first error of a row since the flush
  // before this one, if any.
  Future<void> Flush();

  // Takes no more rows, then as Flush. Later calls give the same.
  Future<void> Close();

 private:
  const std::shared_ptr<WriterCore> core_;
};

}  // namespace strom::client
