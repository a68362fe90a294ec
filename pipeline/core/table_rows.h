#pragma once

#include <map>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>

#include "client/include/strom/connection.h"
#include "common/types/table_descriptor.h"
#include "pipeline/core/change.h"
#include "pipeline/core/stop_signal.h"

namespace strom::pipeline {

// One table that a job reads, and which columns of it.
struct FeedSource {
  TableInfo table;
  std::vector<std::string> columns;  // Empty: all.
};

// For each bucket of a table, where its log goes on.
using LogPositions = std::map<BucketId, LogOffset>;

// Gives the rows of a primary-key table, as inserts, in pieces, and says behind which changes of
// each bucket they are. Stops at the first error of `visit`.
// Errors: kOperationNotAttempted after a stop; those of TableReader.
Result<LogPositions> ReadRows(client::Connection& connection, const FeedSource& source,
                              const StopSignal& stop, absl::FunctionRef<Status(Delta)> visit);

// Gives the rows that the table had at `positions` (of a bucket that is missing: before its first
// change): its rows of now, and then what takes back the changes since, net, removals first.
// So only what changed since then is held in memory, one image a key. Errors: also
// kLogOffsetOutOfRange if those changes are no longer in the log, or if a position is ahead of the
// rows: a new leader may for a moment know less to be committed than the one before.
Status ReadRowsAt(client::Connection& connection, const FeedSource& source,
                  const LogPositions& positions, const StopSignal& stop,
                  absl::FunctionRef<Status(Delta)> visit);

}  // namespace strom::pipeline
