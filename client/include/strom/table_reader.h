#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>

#include "client/include/strom/future.h"
#include "common/types/ids.h"
#include "common/types/schema.h"
#include "common/types/table_path.h"
#include "common/types/value.h"

namespace strom::client {

struct TableReaderOptions {
  // Names of the columns wanted, in the order wanted; empty: all.
  std::vector<std::string> columns;
  size_t answer_bytes_max = size_t{4} << 20;  // Of one answer of a server that can answer in parts.
};

// A row of a primary-key table as it is now.
struct TableRow {
  BucketId bucket;
  Row row;  // One value for each column that was asked for, in that order.
};

class TableScan;

// Reads all rows of a primary-key table, one bucket after the other; each as it was at one moment,
// when its first rows were asked for. One thread at a time.
//
// From servers that have no full scans (ScanKv), a bucket comes in one answer (LimitScan), and must
// fit into memory.
class TableReader {
 public:
  // Use Connection::NewTableReader.
  explicit TableReader(std::shared_ptr<TableScan> scan);
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  // The columns of the rows.
  const std::vector<Column>& columns() const;

  // More rows, of one bucket; none at the end of the table. One call at a time; nothing else is
  // called until it is ready. An error ends the reading and names the bucket; later calls give it
  // again. A bucket is begun again after errors that may pass, for request_timeout, but not once
  // rows of it were given: it would be another moment's. Errors: kTableNotExist,
  // kUnknownTableOrBucket, kNotLeaderOrFollower and kNetwork if the leader goes while its bucket is
  // read, kScannerExpired, kTooManyScanners, kAuthorization, kCorruptRecord, kCorruptMessage.
  Future<std::vector<TableRow>> Next();

  // Where the changelog goes on from what was read of `bucket`: a scanner that starts there sees
  // every later change, none that is in the rows. None before its first rows, or if the server
  // does not say (LimitScan).
  std::optional<LogOffset> LogOffsetOf(BucketId bucket) const;

 private:
  const std::shared_ptr<TableScan> scan_;
};

class Connection;

// Calls `visit` with all rows of a primary-key table: see TableReader. Waits. Stops at the first
// error, also one of `visit`. Errors: those of Connection::NewTableReader and TableReader::Next.
Status ReadTable(Connection& connection, const TablePath& path, const TableReaderOptions& options,
                 absl::FunctionRef<Status(TableRow)> visit);

}  // namespace strom::client
