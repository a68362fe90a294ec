#include "pipeline/core/table_rows.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "common/row/compacted_row.h"
#include "pipeline/core/change_types.h"

namespace strom::pipeline {
namespace {

constexpr size_t kRowsPerPiece = 10'000;
constexpr MonoDuration kPollTimeout = Seconds(1);  // Then the stop is looked at.

Status Stopped(const TablePath& path) {
  return Error(ErrorCode::kOperationNotAttempted, "the reading of table {} was stopped", path);
}

// Rows that come and go, encoded, on balance.
class Balance {
 public:
  explicit Balance(const std::vector<Column>& columns) {
    for (const Column& column : columns) types_.push_back(column.type);
  }

  Status Add(const Row& row, int64_t count) {
    STROM_ASSIGN_OR_RETURN(Bytes encoded, EncodeCompactedRow(row, types_));
    const auto at = counts_.try_emplace(std::move(encoded), 0).first;
    at->second += count;
    if (at->second == 0) counts_.erase(at);
    return Status::Ok();
  }

  // Removals first, in pieces.
  Status Give(absl::FunctionRef<Status(Delta)> visit) const {
    Delta piece;
    for (const bool insert : {false, true}) {
      for (const auto& [encoded, count] : counts_) {
        if ((count > 0) != insert) continue;
        STROM_ASSIGN_OR_RETURN(const Row row, DecodeCompactedRow(encoded, types_));
        piece.insert(piece.end(), static_cast<size_t>(std::abs(count)), {insert, row});
        if (piece.size() < kRowsPerPiece) continue;
        STROM_RETURN_IF_ERROR(visit(std::exchange(piece, {})));
      }
    }
    return piece.empty() ? Status::Ok() : visit(std::move(piece));
  }

 private:
  std::vector<DataType> types_;
  absl::flat_hash_map<Bytes, int64_t> counts_;
};

}  // namespace

Result<LogPositions> ReadRows(client::Connection& connection, const FeedSource& source,
                              const StopSignal& stop, absl::FunctionRef<Status(Delta)> visit) {
  const TablePath& path = source.table.path;
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<client::TableReader> reader,
                         connection.NewTableReader(source.table, {.columns = source.columns}));
  while (true) {
    if (stop.requested()) return Stopped(path);
    STROM_ASSIGN_OR_RETURN(std::vector<client::TableRow> rows, reader->Next().Get());
    if (rows.empty()) break;
    Delta inserts;
    inserts.reserve(rows.size());
    for (client::TableRow& row : rows) inserts.push_back({true, std::move(row.row)});
    STROM_RETURN_IF_ERROR(visit(std::move(inserts)));
  }
  LogPositions next;
  for (int32_t i = 0; i < *source.table.descriptor.bucket_count(); ++i) {
    const std::optional<LogOffset> offset = reader->LogOffsetOf(BucketId(i));
    if (!offset) {
      return Error(ErrorCode::kUnsupportedVersion,
                   "table {}: the server does not say where the changelog of bucket {} goes on",
                   path, i);
    }
    next[BucketId(i)] = *offset;
  }
  return next;
}

Status ReadRowsAt(client::Connection& connection, const FeedSource& source,
                  const LogPositions& positions, const StopSignal& stop,
                  absl::FunctionRef<Status(Delta)> visit) {
  STROM_ASSIGN_OR_RETURN(const LogPositions now, ReadRows(connection, source, stop, visit));
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<client::LogScanner> scanner,
                         connection.NewLogScanner(source.table, {.columns = source.columns}));
  bool behind = false;
  for (const auto& [bucket, read] : now) {
    const auto at = positions.find(bucket);
    const LogOffset wanted = at == positions.end() ? LogOffset(0) : at->second;
    if (wanted > read) {
      return Error(ErrorCode::kLogOffsetOutOfRange,
                   "table {}: the rows of bucket {} are those at offset {}, before {}",
                   source.table.path, bucket.value(), read.value(), wanted.value());
    }
    if (wanted == read) continue;
    behind = true;
    STROM_RETURN_IF_ERROR(scanner->Subscribe(bucket, client::OffsetSpec::At(wanted), read));
  }
  Balance balance(scanner->columns());
  while (behind && !scanner->finished()) {
    if (stop.requested()) return Stopped(source.table.path);
    STROM_ASSIGN_OR_RETURN(const std::vector<client::LogRecord> records,
                           scanner->Poll(kPollTimeout));
    for (const client::LogRecord& record : records) {
      STROM_RETURN_IF_ERROR(balance.Add(record.row, IsInsert(record.change_type) ? -1 : 1));
    }
  }
  return balance.Give(visit);
}

}  // namespace strom::pipeline
