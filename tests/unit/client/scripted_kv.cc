// The primary-key tables of a ScriptedCluster.
#include <algorithm>
#include <utility>

#include "common/convert/error.h"
#include "common/record/kv_batch.h"
#include "common/record/log_batch.h"
#include "common/record/log_batch_builder.h"
#include "common/record/value_batch.h"
#include "common/row/row_codec.h"
#include "common/row/stored_value.h"
#include "common/types/table_properties.h"
#include "tests/unit/client/scripted_cluster.h"

namespace strom::client {
namespace {

Status NextOf(std::deque<ErrorCode>& script) {
  if (script.empty()) return Status::Ok();
  const ErrorCode code = script.front();
  script.pop_front();
  return code == ErrorCode::kOk ? Status::Ok() : Status(code, "as scripted");
}

// Takes the target columns of `from`, all if there are none named.
Row Merge(std::optional<Row> old, const Row& from, const std::vector<int32_t>& targets) {
  if (targets.empty()) return from;
  Row merged = old ? *std::move(old) : Row(from.size());
  for (const int32_t target : targets) {
    merged[static_cast<size_t>(target)] = from[static_cast<size_t>(target)];
  }
  return merged;
}

// What a delete leaves of `old`; none: nothing.
std::optional<Row> Without(Row old, const Schema& schema, const std::vector<int32_t>& targets) {
  bool keeps = false;
  for (size_t i = 0; i < old.size(); ++i) {
    const auto& key = schema.primary_key_indexes();
    if (std::find(key.begin(), key.end(), i) != key.end()) continue;
    if (std::find(targets.begin(), targets.end(), static_cast<int32_t>(i)) != targets.end()) {
      old[i] = Value::Null();
    }
    keeps |= !old[i].is_null();
  }
  if (targets.empty() || !keeps) return std::nullopt;
  return old;
}

}  // namespace

Result<LogOffset> ScriptedKv::Put(const ScriptedTable& table, BytesView batch,
                                  const std::vector<int32_t>& target_columns, ScriptedLog& log) {
  STROM_ASSIGN_OR_RETURN(const auto puts, record::KvBatchView::Parse(batch));
  STROM_ASSIGN_OR_RETURN(const auto properties,
                         TableProperties::Parse(table.info.descriptor.properties));
  const Schema& schema = table.info.descriptor.schema;
  const RowFormat format = ToRowFormat(properties.kv_format);
  std::vector<DataType> types;
  for (const Column& column : schema.columns()) types.push_back(column.type);
  record::LogBatchBuilder changes(record::RecordSchema(properties.log_format, types),
                                  {.schema_id = table.info.schema_id, .append_only = false});
  std::map<Bytes, Bytes> next = rows;
  for (const record::KvRecord& put : puts.records()) {
    std::optional<Row> old;
    if (const auto found = next.find(Bytes(put.key)); found != next.end()) {
      STROM_ASSIGN_OR_RETURN(const StoredValue stored, ParseStoredValue(found->second));
      STROM_ASSIGN_OR_RETURN(old, DecodeRow(format, stored.row, types));
    }
    std::optional<Row> row;
    if (put.row) {
      STROM_ASSIGN_OR_RETURN(const Row given, DecodeRow(format, *put.row, types));
      row = Merge(old, given, target_columns);
    } else if (old) {
      row = Without(*old, schema, target_columns);
    }
    using record::ChangeType;
    if (old) {
      STROM_RETURN_IF_ERROR(
          changes.Append(row ? ChangeType::kUpdateBefore : ChangeType::kDelete, *old));
    }
    next.erase(Bytes(put.key));
    if (!row) continue;
    STROM_RETURN_IF_ERROR(
        changes.Append(old ? ChangeType::kUpdateAfter : ChangeType::kInsert, *row));
    Bytes& stored = next[Bytes(put.key)];
    AppendStoredValueHeader(stored, puts.schema_id());
    STROM_RETURN_IF_ERROR(AppendRow(format, stored, *row, types));
  }
  STROM_ASSIGN_OR_RETURN(Bytes changelog, changes.Build(puts.writer_id(), puts.batch_sequence()));
  const int duplicates = log.duplicates;
  STROM_ASSIGN_OR_RETURN(const LogOffset base, log.Append(std::move(changelog)));
  if (log.duplicates == duplicates) rows = std::move(next);
  for (const Bytes& bytes : log.batches) {
    STROM_ASSIGN_OR_RETURN(const auto change, record::LogBatchView::ParseFront(bytes));
    if (change.base_offset() == base) return change.next_offset();
  }
  return Error(ErrorCode::kUnknownServerError, "the changelog has no offset {}", base);
}

void ScriptedCluster::PutKv(int server, rpc::Ref<pb::PutKvRequest> request,
                            rpc::Responder<pb::PutKvResponse> respond) {
  pb::PutKvResponse response;
  ScriptedTable* const table = Find(request->table_id());
  target_columns.assign(request->target_columns().begin(), request->target_columns().end());
  for (const pb::PbPutKvReqForBucket& entry : request->buckets_req()) {
    pb::PbPutKvRespForBucket& answer = *response.add_buckets_resp();
    answer.set_bucket_id(entry.bucket_id());
    const Result<LogOffset> end = Put(server, table, entry);
    if (end.ok()) answer.set_log_end_offset(end->value());
    if (kv_pressure > 0) answer.set_pressure(kv_pressure);
    convert::SetError(end.status(), &answer);
  }
  Answer(hold_produce, std::move(respond), std::move(response));
  WakeLongPolls();
}

Result<LogOffset> ScriptedCluster::Put(int server, ScriptedTable* table,
                                       const pb::PbPutKvReqForBucket& entry) {
  const BucketId bucket(entry.bucket_id());
  STROM_ASSIGN_OR_RETURN(const auto batch, record::KvBatchView::Parse(entry.records()));
  seen.push_back({server, bucket, batch.writer_id(), batch.batch_sequence(), batch.record_count()});
  return WriteAsScripted(server, table, bucket, [&] {
    return table->kvs.at(bucket).Put(*table, entry.records(), target_columns,
                                     table->logs.at(bucket));
  });
}

void ScriptedCluster::Lookup(int server, rpc::Ref<pb::LookupRequest> request,
                             rpc::Responder<pb::LookupResponse> respond) {
  pb::LookupResponse response;
  ScriptedTable* const table = Find(request->table_id());
  for (const pb::PbLookupReqForBucket& entry : request->buckets_req()) {
    const BucketId bucket(entry.bucket_id());
    lookups.push_back({server, bucket, entry.keys_size()});
    pb::PbLookupRespForBucket& answer = *response.add_buckets_resp();
    answer.set_bucket_id(entry.bucket_id());
    Status status = CheckLeader(server, table, bucket);
    if (status.ok()) status = NextOf(lookup_script[bucket]);
    convert::SetError(status, &answer);
    for (int i = 0; status.ok() && i < entry.keys_size(); ++i) {
      const auto& rows = table->kvs.at(bucket).rows;
      const auto found = rows.find(entry.keys(i));
      pb::PbValue& value = *answer.add_values();
      if (found != rows.end()) value.set_values(found->second);
    }
  }
  if (distort_lookup) distort_lookup(response);
  Answer(hold_lookups, std::move(respond), std::move(response));
}

void ScriptedCluster::PrefixLookup(int server, rpc::Ref<pb::PrefixLookupRequest> request,
                                   rpc::Responder<pb::PrefixLookupResponse> respond) {
  pb::PrefixLookupResponse response;
  ScriptedTable* const table = Find(request->table_id());
  for (const pb::PbPrefixLookupReqForBucket& entry : request->buckets_req()) {
    const BucketId bucket(entry.bucket_id());
    lookups.push_back({server, bucket, entry.keys_size()});
    pb::PbPrefixLookupRespForBucket& answer = *response.add_buckets_resp();
    answer.set_bucket_id(entry.bucket_id());
    Status status = CheckLeader(server, table, bucket);
    if (status.ok()) status = NextOf(lookup_script[bucket]);
    convert::SetError(status, &answer);
    for (int i = 0; status.ok() && i < entry.keys_size(); ++i) {
      pb::PbValueList& list = *answer.add_value_lists();
      for (const auto& [key, value] : table->kvs.at(bucket).rows) {
        if (key.starts_with(entry.keys(i))) list.add_values(value);
      }
    }
  }
  Answer(hold_lookups, std::move(respond), std::move(response));
}

void ScriptedCluster::LimitScan(int server, rpc::Ref<pb::LimitScanRequest> request,
                                rpc::Responder<pb::LimitScanResponse> respond) {
  const ScriptedTable* const table = Find(request->table_id());
  const BucketId bucket(request->bucket_id());
  Status status = CheckLeader(server, table, bucket);
  if (status.ok()) status = NextOf(scan_script[bucket]);
  if (!status.ok()) return std::move(respond).Fail(status);
  record::ValueBatchBuilder values;
  for (const auto& [key, value] : table->kvs.at(bucket).rows) {
    if (values.record_count() == request->limit()) break;
    values.Append(value);
  }
  pb::LimitScanResponse response;
  response.set_is_log_table(false);
  response.set_records(std::move(values).Build());
  std::move(respond).Ok(response);
}

void ScriptedCluster::ScanKv(int server, rpc::Ref<pb::ScanKvRequest> request,
                             rpc::Responder<pb::ScanKvResponse> respond) {
  pb::ScanKvResponse response;
  const Status status = ScanPiece(server, *request, &response);
  if (!status.ok() && request->has_scanner_id()) scans_.erase(request->scanner_id());
  convert::SetError(status, &response);
  std::move(respond).Ok(response);
}

Status ScriptedCluster::ScanPiece(int server, const pb::ScanKvRequest& request,
                                  pb::ScanKvResponse* response) {
  if (request.close_scanner()) {
    scans_.erase(request.scanner_id());
    response->set_has_more_results(false);
    return Status::Ok();
  }
  ++scan_count;
  Bytes id = request.scanner_id();
  if (request.has_bucket_scan_req() == request.has_scanner_id() ||
      request.batch_size_bytes() <= 0) {
    return Error(ErrorCode::kInvalidScanRequest, "one of both, and a size");
  }
  if (request.has_bucket_scan_req()) {
    const BucketId bucket(request.bucket_scan_req().bucket_id());
    ScriptedTable* const table = Find(request.bucket_scan_req().table_id());
    STROM_RETURN_IF_ERROR(CheckLeader(server, table, bucket));
    id = "scan " + std::to_string(++last_scan_);
    Scan& scan = scans_[id];
    scan.table = table;
    scan.bucket = bucket;
    for (const auto& [key, value] : table->kvs.at(bucket).rows) scan.values.push_back(value);
    response->set_log_offset(table->logs.at(bucket).end.value());
  } else if (!scans_.contains(id)) {
    return Error(ErrorCode::kUnknownScannerId, "no scan '{}'", id);
  } else if (request.call_seq_id() != scans_.at(id).next_call++) {
    return Error(ErrorCode::kInvalidScanRequest, "call {}", request.call_seq_id());
  }
  Scan& scan = scans_.at(id);
  Status status = CheckLeader(server, scan.table, scan.bucket);
  if (status.ok()) status = NextOf(scan_script[scan.bucket]);
  if (!status.ok()) {
    scans_.erase(id);
    return status;
  }
  record::ValueBatchBuilder values;
  for (bool first = true; !scan.values.empty(); first = false) {
    const size_t size = values.size() + scan.values.front().size();
    if (!first && size > static_cast<size_t>(request.batch_size_bytes())) break;
    values.Append(scan.values.front());
    scan.values.pop_front();
  }
  response->set_has_more_results(!scan.values.empty());
  if (values.record_count() > 0) {
    response->set_scanner_id(id);
    response->set_records(std::move(values).Build());
  }
  if (scan.values.empty()) scans_.erase(id);
  return Status::Ok();
}

}  // namespace strom::client
