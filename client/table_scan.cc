#include "client/table_scan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "client/keyed_table.h"
#include "client/read_errors.h"
#include "common/convert/error.h"
#include "common/rpc/methods.h"
#include "proto/kv.pb.h"

namespace strom::client {

Result<std::shared_ptr<TableScan>> TableScan::Make(std::shared_ptr<Cluster> cluster,
                                                   const TableInfo& table,
                                                   const TableReaderOptions& options) {
  if (options.answer_bytes_max == 0 || options.answer_bytes_max > INT32_MAX) {
    return Error(ErrorCode::kInvalidConfig, "answers of at most {} bytes, 1 to {} are possible",
                 options.answer_bytes_max, INT32_MAX);
  }
  STROM_RETURN_IF_ERROR(KeyedTable::Make(table).status());  // It is a table of that kind.
  STROM_ASSIGN_OR_RETURN(std::shared_ptr<ValueReader> values,
                         ValueReader::Make(cluster, table, options.columns));
  return std::make_shared<TableScan>(std::move(cluster), table, std::move(values), options);
}

TableScan::TableScan(std::shared_ptr<Cluster> cluster, TableInfo table,
                     std::shared_ptr<ValueReader> values, const TableReaderOptions& options)
    : cluster_(std::move(cluster)),
      table_(std::move(table)),
      values_(std::move(values)),
      options_(options),
      strand_(cluster_->executor()) {}

Future<std::vector<TableRow>> TableScan::Next() {
  Promise<std::vector<TableRow>> promise;
  Future<std::vector<TableRow>> future = promise.future();
  strand_.Dispatch([self = shared_from_this(), promise = std::move(promise)]() mutable {
    STROM_CHECK(!self->promise_) << "one call at a time";
    self->promise_.emplace(std::move(promise));
    if (self->error_.ok()) return self->Step();
    self->EndWith(self->error_);
  });
  return future;
}

std::optional<LogOffset> TableScan::LogOffsetOf(BucketId bucket) const {
  const auto found = log_offsets_.find(bucket);
  return found == log_offsets_.end() ? std::nullopt : std::optional(found->second);
}

void TableScan::BeginBucket(BucketId bucket) {
  bucket_ = bucket;
  session_.reset();
  begin_by_.reset();
  failures_ = 0;
}

// Asks for more of the current bucket.
void TableScan::Step() {
  if (bucket_.value() >= *table_.descriptor.bucket_count()) {
    Promise<std::vector<TableRow>> promise = *std::exchange(promise_, std::nullopt);
    return promise.Set(std::vector<TableRow>());
  }
  if (session_) return AskScan(session_->server);
  if (!begin_by_) begin_by_ = cluster_->Deadline();
  const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
  const TableLocation* const location = metadata->Find(table_.path);
  if (location && location->id != table_.id) {
    return EndWith(Error(ErrorCode::kTableNotExist,
                         "the table was dropped and created anew: its id is {}, was {}",
                         location->id, table_.id));
  }
  const ServerNode* const leader = metadata->LeaderOf(table_.path, bucket_);
  if (!leader) return OnError(Error(ErrorCode::kLeaderNotAvailable, "no leader is known"));
  if (whole_buckets_) {
    AskWhole(*leader);
  } else {
    AskScan(*leader);
  }
}

void TableScan::AskScan(const ServerNode& server) {
  pb::ScanKvRequest request;
  request.set_batch_size_bytes(static_cast<int32_t>(options_.answer_bytes_max));
  if (session_) {
    request.set_scanner_id(session_->id);
    request.set_call_seq_id(session_->next_call++);
  } else {
    request.mutable_bucket_scan_req()->set_table_id(table_.id.value());
    request.mutable_bucket_scan_req()->set_bucket_id(bucket_.value());
    request.set_call_seq_id(0);
  }
  cluster_->Call<pb::ScanKvRequest, pb::ScanKvResponse>(
      server, Lane::kReads, rpc::kScanKv, request, session_ ? cluster_->Deadline() : *begin_by_,
      [self = shared_from_this(), server](const Result<pb::ScanKvResponse>& response) {
        self->strand_.Dispatch([self, server, response] { self->OnScan(server, response); });
      });
}

void TableScan::OnScan(const ServerNode& server, const Result<pb::ScanKvResponse>& response) {
  if (!session_ && response.status().code() == ErrorCode::kUnsupportedVersion) {
    whole_buckets_ = true;
    return Step();
  }
  const Result<Piece> piece =
      response.ok() ? PieceOf(server, *response) : Result<Piece>(response.status());
  if (!piece.ok()) return OnError(piece.status());
  if (closed_) CloseSession();
  OnPiece(*piece);
}

Result<TableScan::Piece> TableScan::PieceOf(const ServerNode& server,
                                            const pb::ScanKvResponse& response) {
  STROM_RETURN_IF_ERROR(convert::ErrorOf(response));
  if (!session_ && response.has_log_offset()) {
    log_offsets_.insert_or_assign(bucket_, LogOffset(response.log_offset()));
  }
  if (response.has_more_results() && !session_) {
    if (response.scanner_id().empty()) {
      return Error(ErrorCode::kCorruptMessage, "the scan has more results, but no id");
    }
    session_ = Session{server, response.scanner_id()};
  } else if (!response.has_more_results()) {
    session_.reset();  // The server closed it.
  }
  return Piece{std::make_shared<const Bytes>(response.records()), !response.has_more_results()};
}

void TableScan::AskWhole(const ServerNode& server) {
  pb::LimitScanRequest request;
  request.set_table_id(table_.id.value());
  request.set_bucket_id(bucket_.value());
  request.set_limit(INT32_MAX);
  cluster_->Call<pb::LimitScanRequest, pb::LimitScanResponse>(
      server, Lane::kReads, rpc::kLimitScan, request, *begin_by_,
      [self = shared_from_this()](const Result<pb::LimitScanResponse>& response) {
        self->strand_.Dispatch([self, response] { self->OnWhole(response); });
      });
}

void TableScan::OnWhole(const Result<pb::LimitScanResponse>& response) {
  Status status = response.status();
  if (status.ok()) status = convert::ErrorOf(*response);
  if (!status.ok()) return OnError(status);
  OnPiece({std::make_shared<const Bytes>(response->records()), true});
}

void TableScan::OnPiece(const Piece& piece) {
  std::vector<record::ValueRecord> values;
  if (!piece.records->empty()) {
    Result<std::vector<record::ValueRecord>> parsed = record::ParseValueBatch(*piece.records);
    if (!parsed.ok()) return EndWith(parsed.status());
    values = *std::move(parsed);
  }
  std::set<SchemaId> schemas;
  for (const record::ValueRecord& value : values) schemas.insert(value.schema_id);
  values_->Learn(std::move(schemas), [self = shared_from_this(), piece,
                                      values = std::move(values)](const Status& learnt) {
    self->strand_.Dispatch(
        [self, piece, values, learnt] { self->GiveRows(values, learnt, piece.last); });
  });
}

void TableScan::GiveRows(const std::vector<record::ValueRecord>& values, const Status& learnt,
                         bool last) {
  if (!learnt.ok()) return EndWith(learnt);
  std::vector<TableRow> rows;
  rows.reserve(values.size());
  for (const record::ValueRecord& value : values) {
    Result<Row> row = values_->Read(value);
    if (!row.ok()) return EndWith(row.status());
    rows.push_back({bucket_, *std::move(row)});
  }
  if (last) BeginBucket(bucket_.Next());
  if (rows.empty()) return Step();
  Promise<std::vector<TableRow>> promise = *std::exchange(promise_, std::nullopt);
  promise.Set(std::move(rows));
}

// A failure of the cluster: the bucket is begun again, if it has not begun.
void TableScan::OnError(const Status& status) {
  const ErrorCode code = status.code();
  const MonoTime next = cluster_->Now() + cluster_->Pause(++failures_);
  const bool may_pass = ReadMayPass(code) || code == ErrorCode::kTooManyScanners;
  if (session_ || !may_pass || next >= *begin_by_ || closed_ || cluster_->closed()) {
    return EndWith(status);
  }
  strand_.PostAt(next, [self = shared_from_this()] {
    self->cluster_->Refresh(self->table_.path, [self](const Status& refreshed) {
      self->strand_.Post([self, refreshed] { self->OnRefreshed(refreshed); });
    });
  });
}

void TableScan::OnRefreshed(const Status& status) {
  if (status.code() == ErrorCode::kTableNotExist || status.code() == ErrorCode::kAuthorization) {
    return EndWith(status);
  }
  Step();
}

void TableScan::EndWith(const Status& status) {
  if (error_.ok()) {
    error_ = status.WithContext(fmt::format("table {} bucket {}", table_.path, bucket_));
    CloseSession();
  }
  Promise<std::vector<TableRow>> promise = *std::exchange(promise_, std::nullopt);
  promise.Set(error_);
}

void TableScan::Close() {
  strand_.Dispatch([self = shared_from_this()] {
    self->closed_ = true;
    if (!self->promise_) self->CloseSession();  // Else the answer under way does.
  });
}

void TableScan::CloseSession() {
  const std::optional<Session> session = std::exchange(session_, std::nullopt);
  if (!session) return;
  pb::ScanKvRequest request;
  request.set_scanner_id(session->id);
  request.set_call_seq_id(session->next_call);
  request.set_batch_size_bytes(1);
  request.set_close_scanner(true);
  // Without an answer the server forgets the scan after a while by itself.
  cluster_->Call<pb::ScanKvRequest, pb::ScanKvResponse>(session->server, Lane::kReads, rpc::kScanKv,
                                                        request, cluster_->Deadline(),
                                                        [](const Result<pb::ScanKvResponse>&) {});
}

}  // namespace strom::client
