#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <absl/functional/function_ref.h>

#include "client/include/strom/connection.h"
#include "common/runtime/time.h"
#include "pipeline/core/change_table.h"
#include "pipeline/core/stop_signal.h"
#include "pipeline/core/table_rows.h"
#include "pipeline/core/wake_queue.h"

namespace strom::pipeline {

// Where a bucket of a source is read on.
struct BucketPosition {
  BucketId bucket;
  LogOffset next;

  friend bool operator==(const BucketPosition&, const BucketPosition&) = default;
};

// What changed in one source.
struct FeedBatch {
  size_t source = 0;  // Its place in the list given to Open.
  ChangeTable rows;
  std::vector<BucketPosition> positions;  // Behind these rows, of the buckets they came from.
  WallMillis newest_ms = 0;               // When a leader took the newest of them.
};

// Reads the tables of a job: what is in them, then every change, each bucket in order.
//
// Used by the job's thread. Fetches run ahead of it; nothing polls: Await sleeps until a leader has
// something new.
class SourceFeeds {
 public:
  // `connection` and `stop` outlive it. Errors: as Connection::NewLogScanner.
  static Result<std::unique_ptr<SourceFeeds>> Open(client::Connection& connection,
                                                   std::vector<FeedSource> sources,
                                                   StopSignal& stop);
  ~SourceFeeds();

  // Gives the rows of all primary-key sources, in pieces, and subscribes every source to what comes
  // after them. To be called first, once. `visit` gets inserts only. Stops at its first error.
  // Errors: kOperationNotAttempted after a stop; kInvalidTable for a log table whose beginning is
  // not there any more; those of TableReader.
  Status ReadSnapshots(absl::FunctionRef<Status(FeedBatch)> visit);

  // Instead of ReadSnapshots: reads the logs of all sources from `positions` (one list a source, in
  // its place), and from the beginning where there is none. Errors: kInvalidTable as above.
  Status ReadFrom(const std::vector<std::vector<BucketPosition>>& positions);

  // The same, but gives first what the primary-key sources held at these positions, in pieces:
  // inserts, and removals of rows given before. Errors: also those of pipeline::ReadRowsAt.
  Status ReadRowsAt(const std::vector<std::vector<BucketPosition>>& positions,
                    absl::FunctionRef<Status(FeedBatch)> visit);

  // The rows of a primary-key source behind everything that Take has given. Between two calls of
  // it. Errors: those of pipeline::ReadRowsAt.
  Status ReadAgain(size_t source, absl::FunctionRef<Status(Delta)> visit);

  // Waits for changes until `deadline`. False: it passed first, or a stop was asked for.
  bool Await(MonoTime deadline);

  // Takes all changes that have been fetched, up to `rows_max` or a bit more: a job that waited for
  // its turn gets what came meanwhile as one batch. Empty: there are none, Wake was called, or a
  // stop was asked for. Errors: those of LogScanner::Poll.
  Result<std::vector<FeedBatch>> Take(size_t rows_max);

  // Makes a waiting Await return. Any thread.
  void Wake();

 private:
  struct Source;
  struct Arrival {
    size_t source = 0;
    bool wake_only = false;
    Result<std::vector<client::RecordRows>> records = std::vector<client::RecordRows>();
  };

  SourceFeeds(client::Connection& connection, StopSignal& stop);
  Status ReadSnapshot(size_t index, absl::FunctionRef<Status(FeedBatch)> visit);
  Status SubscribeFromStart(size_t index);
  Status Subscribe(size_t index, BucketId bucket, LogOffset next);
  void StartPolling();
  void PollAgain(size_t index, MonoDuration timeout);
  // Takes an arrival into `batches`, one for each piece of a log; how many rows it has.
  Result<size_t> Accept(Arrival arrival, std::vector<FeedBatch>& batches);

  client::Connection& connection_;
  StopSignal& stop_;
  std::vector<std::unique_ptr<Source>> sources_;
  // Shared with continuations of polls, which may outlive this.
  const std::shared_ptr<WakeQueue<Arrival>> arrivals_;
  std::unique_ptr<StopSignal::Listener> stop_listener_;
};

}  // namespace strom::pipeline
