#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>

#include "client/include/strom/future.h"
#include "client/include/strom/log_record.h"
#include "client/include/strom/offset_spec.h"
#include "client/include/strom/record_rows.h"
#include "common/runtime/time.h"
#include "common/types/schema.h"
#include "common/types/table_path.h"

namespace strom::client {

struct LogScannerOptions {
  // Names of the columns wanted, in the order wanted; empty: all. Tablet servers send no others if
  // the table's log format is ARROW.
  std::vector<std::string> columns;
  size_t poll_records_max = 10000;
  // Of one answer of a server, and of one bucket in it; more comes only if one batch is larger.
  size_t fetch_bytes_max = size_t{16} << 20;
  size_t bucket_fetch_bytes_max = size_t{1} << 20;
  size_t buffer_bytes_max = size_t{32}
                            << 20;        // Fetched and not polled: beyond it, no fetch is sent.
  MonoDuration fetch_wait = Millis(500);  // A server without news answers after this.
  bool check_crc = true;                  // Of whole batches; projected ones have none.
};

class ScanReader;

// Reads the log of a table: subscribed buckets, from an offset on, each in order.
//
// One thread at a time. Fetches run ahead of Poll, one per server. Only records that all in-sync
// replicas have are seen. When a leader moves, reading goes on at the new one.
class LogScanner {
 public:
  // Use Connection::NewLogScanner.
  explicit LogScanner(std::shared_ptr<ScanReader> reader);
  ~LogScanner();
  LogScanner(const LogScanner&) = delete;
  LogScanner& operator=(const LogScanner&) = delete;

  // The columns of the rows.
  const std::vector<Column>& columns() const;

  // Reads `bucket` from `start`, up to `stop` (exclusive) if there is one. Anew if it is
  // subscribed. Errors: kUnknownTableOrBucket if the table has no such bucket; kLogOffsetOutOfRange
  // for an offset below 0.
  Status Subscribe(BucketId bucket, OffsetSpec start, std::optional<LogOffset> stop = std::nullopt);
  Status SubscribeAll(OffsetSpec start);
  void Unsubscribe(BucketId bucket);

  // Records, at most poll_records_max; waits up to `timeout` for the first. None if the time
  // passes, or if finished(). An error ends the reading of its bucket, is given once, after the
  // records before it, and names the bucket; the others can be read on. Errors:
  // kLogOffsetOutOfRange (the offset is no longer, or not yet, in the log), kCorruptRecord,
  // kTableNotExist, kAuthorization, kUnsupportedVersion for data that is in remote storage only.
  Result<std::vector<LogRecord>> Poll(MonoDuration timeout);

  // The same without waiting. One poll at a time; nothing else is called until it is ready.
  Future<std::vector<LogRecord>> PollAsync(MonoDuration timeout);

  // The same for who takes many, and wants no row of its own for each.
  Future<std::vector<RecordRows>> PollRowsAsync(MonoDuration timeout);

  // Offset of the next record Poll gives; none before the start offset is known.
  std::optional<LogOffset> Position(BucketId bucket) const;

  // Every subscribed bucket has a stop, and was read up to it.
  bool finished() const;

 private:
  const std::shared_ptr<ScanReader> reader_;
};

class Connection;

// Reads all records that are in a table's log now, in no order between buckets, and calls `visit`
// with each. Waits. Stops at the first error, also one of `visit`.
// Errors: those of Connection::NewLogScanner, Admin::ListOffsets and LogScanner::Poll;
// kRequestTimeOut if a bucket gives nothing for `stall_timeout`.
Status ScanToEnd(Connection& connection, const TablePath& path, const LogScannerOptions& options,
                 absl::FunctionRef<Status(LogRecord)> visit,
                 MonoDuration stall_timeout = Seconds(120));

}  // namespace strom::client
