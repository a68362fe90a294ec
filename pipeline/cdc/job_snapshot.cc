#include "pipeline/cdc/job_snapshot.h"

#include <memory>
#include <string>
#include <vector>

#include <absl/container/flat_hash_set.h>

#include "common/base/logging.h"
#include "common/row/compacted_row.h"
#include "pipeline/cdc/job_target.h"

namespace strom::cdc {
namespace {

constexpr size_t kRowsPerPiece = 2000;

// Writes what differs between a source's rows and its target's.
class Copy {
 public:
  Copy(const pipeline::JobContext& context, const CdcTable& table)
      : context_(context), table_(table) {}

  Status Open() {
    client::UpsertWriterOptions options;
    options.columns = table_.columns;
    options.writing.fence = context_.fence;
    STROM_ASSIGN_OR_RETURN(writer_,
                           context_.connection.NewUpsertWriter(table_.target, std::move(options)));
    STROM_RETURN_IF_ERROR(writer_->Barrier().Get());  // What an earlier run wrote is there first.
    STROM_ASSIGN_OR_RETURN(const std::unique_ptr<client::TableReader> reader, ReadKeys());
    STROM_ASSIGN_OR_RETURN(const std::vector<client::TableRow> first, reader->Next().Get());
    if (first.empty()) return Status::Ok();
    STROM_ASSIGN_OR_RETURN(
        lookup_, context_.connection.NewLookup(table_.target, {.columns = table_.columns}));
    return Status::Ok();
  }

  Status Add(const std::vector<Row>& rows) {
    for (const Row& row : rows) STROM_RETURN_IF_ERROR(CheckNulls(table_, row));
    if (!lookup_) {
      for (const Row& row : rows) STROM_RETURN_IF_ERROR(writer_->Upsert(row));
      return Status::Ok();
    }
    std::vector<client::Future<std::optional<Row>>> found;
    found.reserve(rows.size());
    for (const Row& row : rows) {
      Row key;
      for (const size_t column : table_.source->schema.primary_key_indexes()) {
        key.push_back(row[column]);
      }
      found.push_back(lookup_->Get(key));
      STROM_ASSIGN_OR_RETURN(std::string encoded, Encode(key));
      seen_.insert(std::move(encoded));
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      STROM_ASSIGN_OR_RETURN(const std::optional<Row> there, found[i].Get());
      if (there != rows[i]) STROM_RETURN_IF_ERROR(writer_->Upsert(rows[i]));
    }
    return Status::Ok();
  }

  Status Finish() {
    if (lookup_) {
      STROM_ASSIGN_OR_RETURN(const std::unique_ptr<client::TableReader> reader, ReadKeys());
      while (true) {
        STROM_ASSIGN_OR_RETURN(const std::vector<client::TableRow> rows, reader->Next().Get());
        if (rows.empty()) break;
        for (const client::TableRow& row : rows) {
          STROM_ASSIGN_OR_RETURN(const std::string key, Encode(row.row));
          if (!seen_.contains(key)) STROM_RETURN_IF_ERROR(Delete(row.row));
        }
      }
    }
    return writer_->Flush().Get();
  }

 private:
  // In the order of the source's key, which is what `seen_` and lookups have.
  Result<std::unique_ptr<client::TableReader>> ReadKeys() {
    return context_.connection.NewTableReader(
        table_.target, {.columns = table_.target.descriptor.schema.primary_key()});
  }

  Result<std::string> Encode(const Row& key) const {
    Bytes bytes;
    const Schema& schema = table_.target.descriptor.schema;
    for (size_t i = 0; i < key.size(); ++i) {
      const Column& column = schema.columns()[schema.primary_key_indexes()[i]];
      STROM_RETURN_IF_ERROR(AppendCompactedValue(bytes, key[i], column.type));
    }
    return bytes;
  }

  Status Delete(const Row& key) { return writer_->DeleteKey(key); }

  const pipeline::JobContext& context_;
  const CdcTable& table_;
  std::unique_ptr<client::UpsertWriter> writer_;
  std::unique_ptr<client::Lookup> lookup_;  // Null: the target was empty.
  absl::flat_hash_set<std::string> seen_;
};

}  // namespace

Result<Lsn> CopyTable(const pipeline::JobContext& context, const CdcSpec& spec,
                      const CdcTable& table) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<TableRows> snapshot,
                         spec.source->ReadTable(table.source, context.clock));
  STROM_LOG(kInfo, "table {}: copying about {} rows, as of {}", table.source->ToString(),
            snapshot->estimated_rows(), snapshot->consistent_point().ToString());
  context.report.Update([&](pipeline::JobProgress& p) {
    p.phase = "snapshot";
    p.detail = table.source->ToString();
    p.snapshot_rows = 0;
    p.snapshot_rows_total = snapshot->estimated_rows();
  });
  Copy copy(context, table);
  STROM_RETURN_IF_ERROR(copy.Open());
  int64_t total = 0;
  while (true) {
    if (context.stop.requested()) {
      return Error(ErrorCode::kOperationNotAttempted, "the copy of table {} was stopped",
                   table.source->ToString());
    }
    STROM_ASSIGN_OR_RETURN(const std::vector<Row> rows, snapshot->Next(kRowsPerPiece));
    if (rows.empty()) break;
    STROM_RETURN_IF_ERROR(copy.Add(rows));
    total += static_cast<int64_t>(rows.size());
    context.report.Update([&](pipeline::JobProgress& p) { p.snapshot_rows = total; });
  }
  STROM_RETURN_IF_ERROR(copy.Finish());
  STROM_LOG(kInfo, "table {}: {} rows copied", table.source->ToString(), total);
  return snapshot->consistent_point();
}

}  // namespace strom::cdc
