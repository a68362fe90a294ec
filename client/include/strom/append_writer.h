#pragma once

#include <memory>

#include <absl/functional/any_invocable.h>

#include "client/include/strom/future.h"
#include "client/include/strom/writer_options.h"
#include "common/types/table_bucket.h"
#include "common/types/value.h"

namespace strom::client {

using AppendWriterOptions = WriterOptions;

// Where a row is in the log.
struct AppendResult {
  TableBucket bucket;
  LogOffset offset;  // Or kUnknownOffset.
};

// Called once: on one of the client's threads, or on the one that closes the writer. Must not
// block.
using AppendCallback = absl::AnyInvocable<void(Result<AppendResult>)>;

class LogTarget;
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
  AppendWriter(std::shared_ptr<const LogTarget> target, std::shared_ptr<WriterCore> core);
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
  Status Write(const Row& row, AppendCallback done, bool may_wait);

  const std::shared_ptr<const LogTarget> target_;
  const std::shared_ptr<WriterCore> core_;
};

}  // namespace strom::client
