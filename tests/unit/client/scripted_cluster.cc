#include "tests/unit/client/scripted_cluster.h"

#include <algorithm>
#include <utility>

#include "common/convert/error.h"
#include "common/convert/path.h"
#include "common/record/log_batch.h"
#include "common/record/log_projection.h"
#include "common/types/json_codec.h"

namespace strom::client {
namespace {

// The next entry of a script; kOk if it has ended.
ErrorCode Next(std::deque<ErrorCode>& script) {
  if (script.empty()) return ErrorCode::kOk;
  const ErrorCode code = script.front();
  script.pop_front();
  return code;
}

Status Scripted(ErrorCode code) { return Status(code, "as scripted"); }

}  // namespace

Result<LogOffset> ScriptedLog::Append(Bytes batch) {
  STROM_ASSIGN_OR_RETURN(const auto parsed, record::SplitProducedBatches(batch));
  const record::LogBatchHeader header = parsed.front().header();
  if (header.writer_id != kNoWriter) {
    auto& last = writers[header.writer_id];
    for (const auto& [sequence, offset] : last) {
      if (sequence != header.batch_sequence) continue;
      ++duplicates;
      return offset;
    }
    const int32_t expected = last.empty() ? 0 : last.back().first.value() + 1;
    if (header.batch_sequence.value() != expected) {
      return Error(ErrorCode::kOutOfOrderSequence, "sequence {}, {} is next", header.batch_sequence,
                   expected);
    }
    last.emplace_back(header.batch_sequence, end);
    if (last.size() > 5) last.pop_front();
  }
  const LogOffset base = end;
  end = record::AssignOffsets(std::span<char>(batch.data(), batch.size()), end, 1700000000000);
  batches.push_back(std::move(batch));
  return base;
}

Result<std::vector<BytesView>> ScriptedLog::Read(LogOffset from, size_t bytes_max) const {
  if (from < start || from > end) {
    return Error(ErrorCode::kLogOffsetOutOfRange, "offset {}, the log has {} to {}", from, start,
                 end);
  }
  std::vector<BytesView> read;
  size_t bytes = 0;
  for (const Bytes& batch : batches) {
    const auto view = record::LogBatchView::ParseFront(batch);
    if (view.ok() && view->next_offset() <= from) continue;  // Damaged ones are sent.
    bytes += batch.size();
    if (!read.empty() && bytes > bytes_max) break;
    read.push_back(batch);
  }
  return read;
}

void ScriptedCluster::FailHeld() {
  absl::MutexLock lock(&mutex_);
  const Status gone = Error(ErrorCode::kNetwork, "the test is over");
  for (auto& end : held_) end(gone);
  for (auto& [id, poll] : long_polls_) std::move(poll.respond).Fail(gone);
  held_.clear();
  long_polls_.clear();
}

template <class Req, class Resp>
void ScriptedCluster::Handle(int server, const rpc::Method<Req, Resp>& method,
                             void (ScriptedCluster::*handler)(int, rpc::Ref<Req>,
                                                              rpc::Responder<Resp>)) {
  servers_[static_cast<size_t>(server)].dispatcher->Handle(
      method, rpc::Handler<Req, Resp>([this, server, handler](const rpc::RequestContext&,
                                                              rpc::Ref<Req> request,
                                                              rpc::Responder<Resp> respond) {
        absl::MutexLock lock(&mutex_);
        (this->*handler)(server, std::move(request), std::move(respond));
      }));
}

const rpc::Dispatcher& ScriptedCluster::AddServer() {
  const int server = static_cast<int>(servers_.size());
  servers_.push_back({std::make_unique<rpc::Dispatcher>(), {}});
  rpc::Dispatcher& dispatcher = *servers_.back().dispatcher;
  dispatcher.Handle(rpc::kApiVersions,
                    rpc::Handler<pb::ApiVersionsRequest, pb::ApiVersionsResponse>(
                        [this, &dispatcher](const rpc::RequestContext& ctx, auto, auto respond) {
                          pb::ApiVersionsResponse response;
                          rpc::FillApiVersions(dispatcher, ctx.listener().audience, &response);
                          auto& versions = *response.mutable_api_versions();
                          for (int i = 0; !serves_scan_kv && i < versions.size(); ++i) {
                            if (versions[i].api_key() != rpc::kScanKv.api_key) continue;
                            versions.DeleteSubrange(i, 1);
                            break;
                          }
                          std::move(respond).Ok(response);
                        }));
  Handle(server, rpc::kMetadata, &ScriptedCluster::Metadata);
  Handle(server, rpc::kCreateTable, &ScriptedCluster::CreateTable);
  Handle(server, rpc::kDropTable, &ScriptedCluster::DropTable);
  Handle(server, rpc::kGetTableInfo, &ScriptedCluster::GetTableInfo);
  Handle(server, rpc::kGetTableSchema, &ScriptedCluster::GetTableSchema);
  Handle(server, rpc::kListTables, &ScriptedCluster::ListTables);
  Handle(server, rpc::kTableExists, &ScriptedCluster::TableExists);
  Handle(server, rpc::kCreateDatabase, &ScriptedCluster::CreateDatabase);
  Handle(server, rpc::kDropDatabase, &ScriptedCluster::DropDatabase);
  Handle(server, rpc::kListDatabases, &ScriptedCluster::ListDatabases);
  Handle(server, rpc::kDatabaseExists, &ScriptedCluster::DatabaseExists);
  Handle(server, rpc::kGetDatabaseInfo, &ScriptedCluster::GetDatabaseInfo);
  Handle(server, rpc::kInitWriter, &ScriptedCluster::InitWriter);
  Handle(server, rpc::kProduceLog, &ScriptedCluster::ProduceLog);
  Handle(server, rpc::kPutKv, &ScriptedCluster::PutKv);
  Handle(server, rpc::kLookup, &ScriptedCluster::Lookup);
  Handle(server, rpc::kPrefixLookup, &ScriptedCluster::PrefixLookup);
  Handle(server, rpc::kLimitScan, &ScriptedCluster::LimitScan);
  Handle(server, rpc::kScanKv, &ScriptedCluster::ScanKv);
  Handle(server, rpc::kFetchLog, &ScriptedCluster::FetchLog);
  Handle(server, rpc::kListOffsets, &ScriptedCluster::ListOffsets);
  return dispatcher;
}

void ScriptedCluster::SetAddress(int server, const rpc::Endpoint& endpoint) {
  servers_[static_cast<size_t>(server)].endpoint = endpoint;
}

ScriptedTable& ScriptedCluster::AddTable(const TablePath& path, TableDescriptor descriptor) {
  if (!descriptor.distribution) descriptor.distribution = TableDistribution{{}, 1};
  const int32_t buckets = descriptor.bucket_count().value_or(1);
  descriptor.distribution->bucket_count = buckets;
  auto table = std::make_unique<ScriptedTable>(ScriptedTable{
      .info = {path, TableId(++last_table_id_), SchemaId(1), descriptor, 1, 1, std::nullopt},
      .schemas = {{SchemaId(1), descriptor.schema}},
      .leaders = {},
      .logs = {},
      .kvs = {}});
  for (int32_t i = 0; i < buckets; ++i) {
    table->leaders[BucketId(i)] = i % static_cast<int>(servers_.size());
    table->logs[BucketId(i)];
    if (descriptor.has_primary_key()) table->kvs[BucketId(i)];
  }
  return *(tables_[path] = std::move(table));
}

void ScriptedCluster::MoveLeader(const TablePath& path, BucketId bucket,
                                 std::optional<int> server) {
  absl::MutexLock lock(&mutex_);
  table(path).leaders.at(bucket) = server;
  WakeLongPolls();
}

size_t ScriptedCluster::RecordCount(const TablePath& path, BucketId bucket) {
  size_t count = 0;
  for (const Bytes& batch : table(path).logs.at(bucket).batches) {
    count += static_cast<size_t>(record::LogBatchView::ParseFront(batch).value().record_count());
  }
  return count;
}

ScriptedTable* ScriptedCluster::Find(const pb::PbTablePath& path) {
  const auto found = tables_.find({path.database_name(), path.table_name()});
  return found == tables_.end() ? nullptr : found->second.get();
}

ScriptedTable* ScriptedCluster::Find(int64_t id) {
  for (auto& [path, table] : tables_) {
    if (table->info.id == TableId(id)) return table.get();
  }
  return nullptr;
}

// -- Metadata and admin

void ScriptedCluster::Metadata(int, rpc::Ref<pb::MetadataRequest> request,
                               rpc::Responder<pb::MetadataResponse> respond) {
  ++metadata_count;
  pb::MetadataResponse response;
  for (size_t i = 0; i < servers_.size(); ++i) {
    if (gone.contains(static_cast<int>(i))) continue;
    pb::PbServerNode& node = *response.add_tablet_servers();
    node.set_node_id(static_cast<int32_t>(i));
    node.set_host(servers_[i].endpoint.host);
    node.set_port(servers_[i].endpoint.port);
    if (i == 0) *response.mutable_coordinator_server() = node;
  }
  for (const pb::PbTablePath& path : request->table_path()) {
    const ScriptedTable* const table = Find(path);
    if (!table) return std::move(respond).Fail(Error(ErrorCode::kTableNotExist, "no such table"));
    pb::PbTableMetadata& entry = *response.add_table_metadata();
    *entry.mutable_table_path() = path;
    entry.set_table_id(table->info.id.value());
    entry.set_schema_id(table->info.schema_id.value());
    entry.set_table_json(ToJson(table->info.descriptor));
    entry.set_created_time(1);
    entry.set_modified_time(1);
    for (const auto& [bucket, leader] : table->leaders) {
      pb::PbBucketMetadata& b = *entry.add_bucket_metadata();
      b.set_bucket_id(bucket.value());
      if (leader) b.set_leader_id(*leader);
    }
  }
  std::move(respond).Ok(response);
}

void ScriptedCluster::CreateTable(int, rpc::Ref<pb::CreateTableRequest> request,
                                  rpc::Responder<pb::CreateTableResponse> respond) {
  if (const ErrorCode code = Next(admin_script); code != ErrorCode::kOk) {
    return std::move(respond).Fail(Scripted(code));
  }
  if (Find(request->table_path())) {
    if (request->ignore_if_exists()) return std::move(respond).Ok({});
    return std::move(respond).Fail(Error(ErrorCode::kTableAlreadyExist, "it is there"));
  }
  Result<TablePath> path = convert::NewTablePathFromPb(request->table_path());
  Result<TableDescriptor> descriptor = TableDescriptorFromJson(request->table_json());
  if (!path.ok()) return std::move(respond).Fail(path.status());
  if (!descriptor.ok()) return std::move(respond).Fail(descriptor.status());
  AddTable(*path, *std::move(descriptor));
  std::move(respond).Ok({});
}

void ScriptedCluster::DropTable(int, rpc::Ref<pb::DropTableRequest> request,
                                rpc::Responder<pb::DropTableResponse> respond) {
  const bool dropped = tables_.erase({request->table_path().database_name(),
                                      request->table_path().table_name()}) > 0;
  if (!dropped && !request->ignore_if_not_exists()) {
    return std::move(respond).Fail(Error(ErrorCode::kTableNotExist, "no such table"));
  }
  std::move(respond).Ok({});
}

void ScriptedCluster::GetTableInfo(int, rpc::Ref<pb::GetTableInfoRequest> request,
                                   rpc::Responder<pb::GetTableInfoResponse> respond) {
  if (const ErrorCode code = Next(admin_script); code != ErrorCode::kOk) {
    return std::move(respond).Fail(Scripted(code));
  }
  const ScriptedTable* const table = Find(request->table_path());
  if (!table) return std::move(respond).Fail(Error(ErrorCode::kTableNotExist, "no such table"));
  pb::GetTableInfoResponse response;
  response.set_table_id(table->info.id.value());
  response.set_schema_id(table->info.schema_id.value());
  response.set_table_json(ToJson(table->info.descriptor));
  response.set_created_time(table->info.created_ms);
  response.set_modified_time(table->info.modified_ms);
  std::move(respond).Ok(response);
}

void ScriptedCluster::GetTableSchema(int, rpc::Ref<pb::GetTableSchemaRequest> request,
                                     rpc::Responder<pb::GetTableSchemaResponse> respond) {
  const ScriptedTable* const table = Find(request->table_path());
  if (!table) return std::move(respond).Fail(Error(ErrorCode::kTableNotExist, "no such table"));
  const SchemaId id = request->has_schema_id()
                          ? SchemaId(static_cast<int16_t>(request->schema_id()))
                          : table->schemas.rbegin()->first;
  const auto schema = table->schemas.find(id);
  if (schema == table->schemas.end()) {
    return std::move(respond).Fail(Error(ErrorCode::kSchemaNotExist, "no schema {}", id));
  }
  pb::GetTableSchemaResponse response;
  response.set_schema_id(id.value());
  response.set_schema_json(ToJson(schema->second));
  std::move(respond).Ok(response);
}

void ScriptedCluster::ListTables(int, rpc::Ref<pb::ListTablesRequest> request,
                                 rpc::Responder<pb::ListTablesResponse> respond) {
  pb::ListTablesResponse response;
  for (auto it = tables_.rbegin(); it != tables_.rend(); ++it) {
    if (it->first.database == request->database_name()) response.add_table_name(it->first.table);
  }
  std::move(respond).Ok(response);
}

void ScriptedCluster::TableExists(int, rpc::Ref<pb::TableExistsRequest> request,
                                  rpc::Responder<pb::TableExistsResponse> respond) {
  pb::TableExistsResponse response;
  response.set_exists(Find(request->table_path()) != nullptr);
  std::move(respond).Ok(response);
}

void ScriptedCluster::CreateDatabase(int, rpc::Ref<pb::CreateDatabaseRequest> request,
                                     rpc::Responder<pb::CreateDatabaseResponse> respond) {
  const bool created = databases_.insert(request->database_name()).second;
  if (!created && !request->ignore_if_exists()) {
    return std::move(respond).Fail(Error(ErrorCode::kDatabaseAlreadyExist, "it is there"));
  }
  std::move(respond).Ok({});
}

void ScriptedCluster::DropDatabase(int, rpc::Ref<pb::DropDatabaseRequest> request,
                                   rpc::Responder<pb::DropDatabaseResponse> respond) {
  const bool has_tables = std::any_of(tables_.begin(), tables_.end(), [&](const auto& table) {
    return table.first.database == request->database_name();
  });
  if (has_tables && !request->cascade()) {
    return std::move(respond).Fail(Error(ErrorCode::kDatabaseNotEmpty, "it has tables"));
  }
  if (databases_.erase(request->database_name()) == 0 && !request->ignore_if_not_exists()) {
    return std::move(respond).Fail(Error(ErrorCode::kDatabaseNotExist, "no such database"));
  }
  std::erase_if(
      tables_, [&](const auto& table) { return table.first.database == request->database_name(); });
  std::move(respond).Ok({});
}

void ScriptedCluster::ListDatabases(int, rpc::Ref<pb::ListDatabasesRequest>,
                                    rpc::Responder<pb::ListDatabasesResponse> respond) {
  pb::ListDatabasesResponse response;
  for (auto it = databases_.rbegin(); it != databases_.rend(); ++it) {
    response.add_database_name(*it);
  }
  std::move(respond).Ok(response);
}

void ScriptedCluster::DatabaseExists(int, rpc::Ref<pb::DatabaseExistsRequest> request,
                                     rpc::Responder<pb::DatabaseExistsResponse> respond) {
  pb::DatabaseExistsResponse response;
  response.set_exists(databases_.contains(request->database_name()));
  std::move(respond).Ok(response);
}

void ScriptedCluster::GetDatabaseInfo(int, rpc::Ref<pb::GetDatabaseInfoRequest> request,
                                      rpc::Responder<pb::GetDatabaseInfoResponse> respond) {
  if (!databases_.contains(request->database_name())) {
    return std::move(respond).Fail(Error(ErrorCode::kDatabaseNotExist, "no such database"));
  }
  pb::GetDatabaseInfoResponse response;
  response.set_database_json(ToJson(DatabaseDescriptor{.comment = "a comment"}));
  response.set_created_time(5);
  response.set_modified_time(6);
  std::move(respond).Ok(response);
}

// -- Writing

void ScriptedCluster::InitWriter(int, rpc::Ref<pb::InitWriterRequest>,
                                 rpc::Responder<pb::InitWriterResponse> respond) {
  ++init_writer_count;
  if (const ErrorCode code = Next(init_writer_script); code != ErrorCode::kOk) {
    return std::move(respond).Fail(Scripted(code));
  }
  last_writer = last_writer.Next();
  pb::InitWriterResponse response;
  response.set_writer_id(last_writer.value());
  std::move(respond).Ok(response);
}

void ScriptedCluster::ProduceLog(int server, rpc::Ref<pb::ProduceLogRequest> request,
                                 rpc::Responder<pb::ProduceLogResponse> respond) {
  pb::ProduceLogResponse response;
  ScriptedTable* const table = Find(request->table_id());
  for (const pb::PbProduceLogReqForBucket& entry : request->buckets_req()) {
    pb::PbProduceLogRespForBucket& answer = *response.add_buckets_resp();
    answer.set_bucket_id(entry.bucket_id());
    const Result<LogOffset> offset = Produce(server, table, entry);
    if (offset.ok()) answer.set_base_offset(offset->value());
    convert::SetError(offset.status(), &answer);
  }
  Answer(hold_produce, std::move(respond), std::move(response));
  WakeLongPolls();
}

Result<LogOffset> ScriptedCluster::Produce(int server, ScriptedTable* table,
                                           const pb::PbProduceLogReqForBucket& entry) {
  const BucketId bucket(entry.bucket_id());
  STROM_ASSIGN_OR_RETURN(const auto batch, record::LogBatchView::ParseFront(entry.records()));
  seen.push_back({server, bucket, batch.header().writer_id, batch.header().batch_sequence,
                  batch.record_count()});
  return WriteAsScripted(server, table, bucket,
                         [&] { return table->logs.at(bucket).Append(entry.records()); });
}

Result<LogOffset> ScriptedCluster::WriteAsScripted(int server, ScriptedTable* table,
                                                   BucketId bucket,
                                                   absl::AnyInvocable<Result<LogOffset>()> append) {
  STROM_RETURN_IF_ERROR(CheckLeader(server, table, bucket));
  if (std::deque<Refusal>& script = produce_script[bucket]; !script.empty()) {
    const Refusal refusal = script.front();
    script.pop_front();
    if (refusal.append_first) STROM_RETURN_IF_ERROR(append().status());
    if (refusal.code != ErrorCode::kOk) return Scripted(refusal.code);
  }
  return append();
}

Status ScriptedCluster::CheckLeader(int server, const ScriptedTable* table, BucketId bucket) const {
  if (!table || !table->leaders.contains(bucket)) {
    return Error(ErrorCode::kUnknownTableOrBucket, "no such table or bucket");
  }
  if (table->leaders.at(bucket) != server) {
    return Error(ErrorCode::kNotLeaderOrFollower, "server {} does not lead", server);
  }
  return Status::Ok();
}

void ScriptedCluster::Release(size_t count) {
  absl::MutexLock lock(&mutex_);
  for (; count > 0 && !held_.empty(); --count) {
    held_.front()(Status::Ok());
    held_.pop_front();
  }
}

// -- Reading

void ScriptedCluster::FetchLog(int server, rpc::Ref<pb::FetchLogRequest> request,
                               rpc::Responder<pb::FetchLogResponse> respond) {
  ++fetch_count;
  fetches_under_way_max = std::max(fetches_under_way_max, ++fetches_under_way);
  last_fetch = *request;
  pb::FetchLogResponse response;
  if (Fetch(server, *request, &response)) {
    --fetches_under_way;
    return std::move(respond).Ok(response);
  }
  const uint64_t id = ++last_long_poll_;
  long_polls_.emplace(id, LongPoll{server, request, std::move(respond)});
  executor_.PostAt(clock_.Now() + Millis(request->max_wait_ms()), [this, id] {
    absl::MutexLock lock(&mutex_);
    EndLongPoll(id);
  });
}

void ScriptedCluster::EndLongPoll(uint64_t id) {
  const auto poll = long_polls_.find(id);
  if (poll == long_polls_.end()) return;
  pb::FetchLogResponse response;
  Fetch(poll->second.server, *poll->second.request, &response);
  --fetches_under_way;
  std::move(poll->second.respond).Ok(response);
  long_polls_.erase(poll);
}

bool ScriptedCluster::Fetch(int server, const pb::FetchLogRequest& request,
                            pb::FetchLogResponse* response) {
  bool any = false;
  for (const pb::PbFetchLogReqForTable& table_request : request.tables_req()) {
    pb::PbFetchLogRespForTable& table_response = *response->add_tables_resp();
    table_response.set_table_id(table_request.table_id());
    ScriptedTable* const table = Find(table_request.table_id());
    for (const pb::PbFetchLogReqForBucket& asked : table_request.buckets_req()) {
      pb::PbFetchLogRespForBucket& entry = *table_response.add_buckets_resp();
      entry.set_bucket_id(asked.bucket_id());
      const Status status = FetchBucket(server, table, table_request, asked, &entry);
      convert::SetError(status, &entry);
      any |= !status.ok() || !entry.records().empty() || entry.has_filtered_end_offset();
    }
  }
  return any;
}

Status ScriptedCluster::FetchBucket(int server, ScriptedTable* table,
                                    const pb::PbFetchLogReqForTable& request,
                                    const pb::PbFetchLogReqForBucket& asked,
                                    pb::PbFetchLogRespForBucket* entry) {
  const BucketId bucket(asked.bucket_id());
  STROM_RETURN_IF_ERROR(CheckLeader(server, table, bucket));
  if (const ErrorCode code = Next(fetch_script[bucket]); code != ErrorCode::kOk) {
    return Scripted(code);
  }
  const ScriptedLog& log = table->logs.at(bucket);
  STROM_ASSIGN_OR_RETURN(
      const std::vector<BytesView> batches,
      log.Read(LogOffset(asked.fetch_offset()), static_cast<size_t>(asked.max_fetch_bytes())));
  entry->set_high_watermark(log.end.value());
  entry->set_log_start_offset(0);
  Bytes& records = *entry->mutable_records();
  for (const BytesView bytes : batches) {
    if (!request.projection_pushdown_enabled()) {
      records.append(bytes);
      continue;
    }
    STROM_ASSIGN_OR_RETURN(const auto batch, record::LogBatchView::ParseFront(bytes));
    const Schema& schema = table->schemas.at(batch.header().schema_id);
    std::vector<DataType> types;
    for (const Column& column : schema.columns()) types.push_back(column.type);
    std::vector<int32_t> columns;
    for (const int32_t column : request.projected_fields()) {
      if (column < static_cast<int32_t>(types.size())) columns.push_back(column);
    }
    STROM_ASSIGN_OR_RETURN(
        const auto projection,
        record::LogProjection::Create(record::RecordSchema(LogFormat::kArrow, types), columns));
    STROM_RETURN_IF_ERROR(projection.AppendProjected(batch, records));
  }
  return Status::Ok();
}

void ScriptedCluster::WakeLongPolls() {
  for (auto it = long_polls_.begin(); it != long_polls_.end();) {
    const auto here = it++;
    pb::FetchLogResponse response;
    if (!Fetch(here->second.server, *here->second.request, &response)) continue;
    --fetches_under_way;
    std::move(here->second.respond).Ok(response);
    long_polls_.erase(here);
  }
}

void ScriptedCluster::ListOffsets(int server, rpc::Ref<pb::ListOffsetsRequest> request,
                                  rpc::Responder<pb::ListOffsetsResponse> respond) {
  ++list_offsets_count;
  pb::ListOffsetsResponse response;
  ScriptedTable* const table = Find(request->table_id());
  for (const int32_t bucket : request->bucket_id()) {
    pb::PbListOffsetsRespForBucket& entry = *response.add_buckets_resp();
    entry.set_bucket_id(bucket);
    if (!table || !table->logs.contains(BucketId(bucket))) {
      convert::SetError(Error(ErrorCode::kUnknownTableOrBucket, "no such bucket"), &entry);
    } else if (table->leaders.at(BucketId(bucket)) != server) {
      convert::SetError(Error(ErrorCode::kNotLeaderOrFollower, "not here"), &entry);
    } else {
      const ScriptedLog& log = table->logs.at(BucketId(bucket));
      LogOffset offset = request->offset_type() == 0 ? log.start : log.end;
      if (request->offset_type() == 2 && request->starttimestamp() <= 1700000000000) {
        offset = log.start;
      }
      entry.set_offset(offset.value());
    }
  }
  std::move(respond).Ok(response);
}

}  // namespace strom::client
