#include "pipeline/cdc/job_target.h"

#include <algorithm>
#include <utility>

#include "common/row/compacted_row.h"

namespace strom::cdc {
namespace {

// Whether values are missing because they are large and did not change.
bool LeavesOut(const SourceEvent& event) {
  return std::find(event.unchanged.begin(), event.unchanged.end(), true) != event.unchanged.end();
}

}  // namespace

Status CheckNulls(const CdcTable& table, const Row& row) {
  const Schema& target = table.target.descriptor.schema;
  for (size_t i = 0; i < row.size(); ++i) {
    if (!row[i].is_null()) continue;
    const size_t at = table.columns.empty() ? i : *target.Find(table.columns[i]);
    if (target.columns()[at].type.nullable()) continue;
    return Error(ErrorCode::kCorruptRecord, "table {}: column {} is NULL, but NOT NULL in {}",
                 table.source->ToString(), table.source->schema.columns()[i].name,
                 table.target.path);
  }
  return Status::Ok();
}

Result<std::unique_ptr<CdcTarget>> CdcTarget::Open(const pipeline::JobContext& context,
                                                   const CdcTable& table) {
  std::unique_ptr<CdcTarget> target(new CdcTarget(context, table));
  client::UpsertWriterOptions options;
  options.columns = table.columns;
  options.writing.fence = context.fence;
  STROM_ASSIGN_OR_RETURN(target->writer_,
                         context.connection.NewPlannedWriter(table.target, std::move(options)));
  STROM_ASSIGN_OR_RETURN(target->lookup_,
                         context.connection.NewLookup(table.target, {.columns = table.columns}));
  return target;
}

Row CdcTarget::KeyValues(const Row& row) const {
  Row key;
  for (const size_t column : table_.source->schema.primary_key_indexes()) {
    key.push_back(row[column]);
  }
  return key;
}

Result<std::string> CdcTarget::KeyOf(const Row& row) const {
  const Schema& schema = table_.source->schema;
  Bytes key;
  for (const size_t column : schema.primary_key_indexes()) {
    const Column& declared = schema.columns()[column];
    if (row[column].is_null()) {
      return Error(ErrorCode::kCorruptRecord, "table {}: column {} of the primary key is NULL",
                   table_.source->ToString(), declared.name);
    }
    STROM_RETURN_IF_ERROR(AppendCompactedValue(key, row[column], declared.type));
  }
  return key;
}

Status CdcTarget::Put(bool upsert, Row row) {
  if (upsert) STROM_RETURN_IF_ERROR(CheckNulls(table_, row));
  STROM_ASSIGN_OR_RETURN(std::string key, KeyOf(row));
  STROM_ASSIGN_OR_RETURN(const BucketId bucket, writer_->BucketOf(row));
  std::vector<client::PlannedChange>& changes = batches_[bucket].changes;
  newest_.insert_or_assign(std::move(key), Place{bucket, changes.size()});
  changes.push_back({upsert, std::move(row)});
  return Status::Ok();
}

bool CdcTarget::Moves(const SourceEvent& event) const {
  return event.old_row && KeyValues(*event.old_row) != KeyValues(event.row);
}

bool CdcTarget::TakesFromOldKey(const SourceEvent& event) const {
  return event.kind == EventKind::kUpdate && LeavesOut(event) && !event.old_row_full &&
         Moves(event);
}

Result<bool> CdcTarget::FillUnchanged(SourceEvent& event) {
  if (!LeavesOut(event)) return true;
  const Row& key_row = event.old_row ? *event.old_row : event.row;
  std::optional<Row> before;
  if (event.old_row && event.old_row_full) {
    before = event.old_row;
  } else {
    STROM_ASSIGN_OR_RETURN(const std::string key, KeyOf(key_row));
    if (const auto at = newest_.find(key); at != newest_.end()) {
      const client::PlannedChange& newest =
          batches_.at(at->second.bucket).changes[at->second.change];
      if (newest.upsert) before = newest.row;
    } else {
      STROM_ASSIGN_OR_RETURN(before, lookup_->Get(KeyValues(key_row)).Get());
    }
  }
  if (!before) return false;
  for (size_t i = 0; i < event.unchanged.size(); ++i) {
    if (event.unchanged[i]) event.row[i] = (*before)[i];
  }
  return true;
}

Status CdcTarget::Update(SourceEvent event, bool again) {
  const bool moves = Moves(event);
  const bool first = TakesFromOldKey(event);
  STROM_ASSIGN_OR_RETURN(const bool filled, FillUnchanged(event));
  STROM_ASSIGN_OR_RETURN(const BucketId bucket, writer_->BucketOf(event.row));
  if (!filled) {
    // Before the plan the row was there: what took it away since is the plan's own batch. Then the
    // row it was moved to is there.
    bool written = again;
    if (again && moves) {
      STROM_ASSIGN_OR_RETURN(const std::optional<Row> moved,
                             lookup_->Get(KeyValues(event.row)).Get());
      written = moved.has_value();
    }
    if (!written) {
      const auto left_out = std::find(event.unchanged.begin(), event.unchanged.end(), true);
      return Error(ErrorCode::kExternalSystem,
                   "table {}: an update left column {} out because it is large and did not change, "
                   "and table {} does not have the row; set REPLICA IDENTITY FULL",
                   table_.source->ToString(),
                   table_.source->schema.columns()[static_cast<size_t>(
                                                       left_out - event.unchanged.begin())]
                       .name,
                   table_.target.path);
    }
    written_.insert(bucket);
    if (!moves) return Status::Ok();
    STROM_ASSIGN_OR_RETURN(const BucketId old_bucket, writer_->BucketOf(*event.old_row));
    written_.insert(old_bucket);
    return Status::Ok();
  }
  if (first) first_ = bucket;
  if (moves) STROM_RETURN_IF_ERROR(Put(false, *std::move(event.old_row)));
  return Put(true, std::move(event.row));
}

Status CdcTarget::Add(SourceEvent event, bool again) {
  switch (event.kind) {
    case EventKind::kInsert:
      return Put(true, std::move(event.row));
    case EventKind::kUpdate:
      return Update(std::move(event), again);
    case EventKind::kDelete:
      STROM_CHECK(event.old_row.has_value()) << "a delete without its key";
      return Put(false, *std::move(event.old_row));
    case EventKind::kTruncate:
    case EventKind::kCommit:
      break;
  }
  return Status::Ok();
}

Status CdcTarget::Write(const BatchPlan& plan) {
  for (auto& [bucket, batch] : batches_) batch.sequence = plan.SequenceOf(id(), bucket);
  for (const BucketId bucket : written_) batches_.erase(bucket);
  if (first_) {
    const auto first = batches_.find(*first_);
    if (first != batches_.end()) {
      STROM_RETURN_IF_ERROR(writer_->Write(plan.writer, {{first->first, first->second}}));
      batches_.erase(first);
    }
  }
  if (batches_.empty()) return Status::Ok();
  return writer_->Write(plan.writer, batches_);
}

void CdcTarget::Clear() {
  batches_.clear();
  newest_.clear();
  first_.reset();
  written_.clear();
}

Status CdcTarget::Empty() {
  client::UpsertWriterOptions options;
  options.writing.fence = context_.fence;
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<client::UpsertWriter> writer,
                         context_.connection.NewUpsertWriter(table_.target, options));
  STROM_RETURN_IF_ERROR(writer->Barrier().Get());  // What an earlier run wrote is there first.
  const client::TableReaderOptions keys{.columns = table_.target.descriptor.schema.primary_key()};
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<client::TableReader> reader,
                         context_.connection.NewTableReader(table_.target, keys));
  while (true) {
    STROM_ASSIGN_OR_RETURN(const std::vector<client::TableRow> rows, reader->Next().Get());
    if (rows.empty()) break;
    for (const client::TableRow& row : rows) STROM_RETURN_IF_ERROR(writer->DeleteKey(row.row));
  }
  return writer->Flush().Get();
}

}  // namespace strom::cdc
