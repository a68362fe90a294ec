#include "tablet/kv/changelog_replay.h"

#include <algorithm>

#include "common/record/log_record_reader.h"

namespace strom::tablet {
namespace {

using record::ChangeType;
using Visitor = absl::FunctionRef<Status(PreWriteBuffer::Change)>;

constexpr size_t kReadSize = size_t{4} << 20;

Result<PreWriteBuffer::Change> ChangeOf(const KvTable& table, const KvSchema& schema,
                                        record::LogRecord record) {
  const Row row = table.ToNewest(schema, std::move(record.row));
  PreWriteBuffer::Change change{.key = {}, .value = {}, .offset = record.offset};
  STROM_ASSIGN_OR_RETURN(change.key, table.EncodeKey(row));
  if (record.change_type == ChangeType::kDelete) {
    change.row_count_delta = -1;
  } else {
    STROM_ASSIGN_OR_RETURN(change.value, table.EncodeStored(row));
    change.row_count_delta = record.change_type == ChangeType::kInsert ? 1 : 0;
  }
  return change;
}

Status ReplayBatch(const record::LogBatchView& batch, const KvTable& table, LogOffset from,
                   LogOffset to, Visitor visit) {
  STROM_RETURN_IF_ERROR(batch.CheckCrc());
  if (batch.append_only()) {
    return Error(ErrorCode::kCorruptRecord, "the batch is append-only, not a changelog");
  }
  STROM_ASSIGN_OR_RETURN(const KvSchema* const schema, table.FindSchema(batch.header().schema_id));
  STROM_ASSIGN_OR_RETURN(auto reader, record::LogRecordReader::Open(batch, schema->log, from));
  while (true) {
    STROM_ASSIGN_OR_RETURN(auto record, reader.Next());
    if (!record || record->offset >= to) return Status::Ok();
    if (record->change_type == ChangeType::kUpdateBefore) continue;
    if (record->change_type == ChangeType::kAppendOnly) {
      return Error(ErrorCode::kCorruptRecord, "record {} has change type {}", record->offset,
                   record->change_type);
    }
    STROM_ASSIGN_OR_RETURN(auto change, ChangeOf(table, *schema, *std::move(record)));
    STROM_RETURN_IF_ERROR(visit(std::move(change)));
  }
}

}  // namespace

Result<LogOffset> ReplayPart(const LogTablet& log, const KvTable& table, LogOffset from,
                             LogOffset to, Visitor visit) {
  LogOffset next = from;  // Everything below was visited.
  STROM_ASSIGN_OR_RETURN(const Bytes bytes, log.Read(next, kReadSize, true, log.log_end_offset()));
  STROM_ASSIGN_OR_RETURN(const auto batches, record::SplitBatches(bytes));
  if (batches.empty()) {
    return Error(ErrorCode::kCorruptRecord, "{}: no batch at offset {}, the log ends at {}",
                 log.bucket(), next, log.log_end_offset());
  }
  for (const record::LogBatchView& batch : batches) {
    if (next >= to) break;
    if (batch.base_offset() > next || batch.next_offset() <= next) {
      return Error(ErrorCode::kCorruptRecord, "{}: changelog batch [{}, {}) where {} is next",
                   log.bucket(), batch.base_offset(), batch.next_offset(), next);
    }
    STROM_RETURN_IF_ERROR(ReplayBatch(batch, table, next, to, visit)
                              .WithContext(fmt::format("{}: changelog batch at offset {}",
                                                       log.bucket(), batch.base_offset())));
    next = batch.next_offset();
  }
  return std::min(next, to);
}

Status ReplayChangelog(const LogTablet& log, const KvTable& table, LogOffset from, LogOffset to,
                       Visitor visit) {
  while (from < to) {
    STROM_ASSIGN_OR_RETURN(from, ReplayPart(log, table, from, to, visit));
  }
  return Status::Ok();
}

}  // namespace strom::tablet
