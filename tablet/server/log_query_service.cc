#include "tablet/server/log_query_service.h"

#include <set>
#include <utility>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "proto/kv.pb.h"
#include "proto/log.pb.h"

namespace strom::tablet {
namespace {

// Numbers of offset_type.
constexpr int32_t kEarliest = 0;
constexpr int32_t kLatest = 1;
constexpr int32_t kTimestamp = 2;

Result<OffsetQuery> QueryOf(const pb::ListOffsetsRequest& request) {
  switch (request.offset_type()) {
    case kEarliest:
      return OffsetQuery{.kind = OffsetQuery::Kind::kEarliest};
    case kLatest:
      return OffsetQuery{.kind = OffsetQuery::Kind::kLatest};
    case kTimestamp:
      if (!request.has_starttimestamp()) {
        return Error(ErrorCode::kUnknownServerError,
                     "ListOffsets by timestamp without a timestamp");
      }
      return OffsetQuery{.kind = OffsetQuery::Kind::kTimestamp,
                         .timestamp_ms = request.starttimestamp()};
    default:
      return Error(ErrorCode::kUnknownServerError, "ListOffsets: unknown offset type {}",
                   request.offset_type());
  }
}

// The newest records of a log table, the first rows of another one.
Result<pb::LimitScanResponse> Scan(const Replica& replica, int32_t limit, size_t size_max) {
  pb::LimitScanResponse response;
  response.set_is_log_table(!replica.spec().has_primary_key());
  if (response.is_log_table()) {
    STROM_ASSIGN_OR_RETURN(*response.mutable_records(), replica.ReadLast(limit, size_max));
  } else {
    STROM_ASSIGN_OR_RETURN(const auto rows, replica.Rows());
    STROM_ASSIGN_OR_RETURN(*response.mutable_records(), rows->LimitScan(limit, size_max));
    STROM_RETURN_IF_ERROR(replica.CheckShows());
  }
  return response;
}

}  // namespace

void LogQueryService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kListOffsets, *this, &LogQueryService::ListOffsets);
  dispatcher.Handle(rpc::kLimitScan, *this, &LogQueryService::LimitScan);
  dispatcher.Handle(rpc::kGetTableStats, *this, &LogQueryService::GetTableStats);
}

void LogQueryService::ListOffsets(const rpc::RequestContext& ctx,
                                  rpc::Ref<pb::ListOffsetsRequest> request,
                                  rpc::Responder<pb::ListOffsetsResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kDescribe, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  if (request->follower_server_id() >= 0) {
    return std::move(respond).Fail(Error(
        ErrorCode::kUnsupportedVersion, "ListOffsets of follower {}: replication is not served yet",
        request->follower_server_id()));
  }
  const Result<OffsetQuery> query = QueryOf(*request);
  pb::ListOffsetsResponse response;
  std::set<int32_t> answered;
  for (const int32_t id : request->bucket_id()) {
    if (!answered.insert(id).second) continue;
    const TableBucket bucket{.table = table,
                             .partition = request->has_partition_id()
                                              ? std::optional(PartitionId(request->partition_id()))
                                              : std::nullopt,
                             .bucket = BucketId(id)};
    const auto find = [&]() -> Result<LogOffset> {
      STROM_RETURN_IF_ERROR(query.status());
      STROM_ASSIGN_OR_RETURN(const auto replica, buckets_.Find(bucket));
      return replica->FindOffset(*query);
    };
    const Result<LogOffset> offset = find();
    pb::PbListOffsetsRespForBucket& entry = *response.add_buckets_resp();
    entry.set_bucket_id(id);
    convert::SetError(offset.status(), &entry);
    if (offset.ok()) entry.set_offset(offset->value());
  }
  std::move(respond).Ok(response);
}

void LogQueryService::LimitScan(const rpc::RequestContext& ctx,
                                rpc::Ref<pb::LimitScanRequest> request,
                                rpc::Responder<pb::LimitScanResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kRead, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  if (request->limit() < 0) {
    return std::move(respond).Fail(
        Error(ErrorCode::kUnknownServerError, "LimitScan: limit {} is negative", request->limit()));
  }
  const auto replica = buckets_.Find(convert::BucketOf(table, *request));
  if (!replica.ok()) return std::move(respond).Fail(replica.status());
  blocking_.Post([replica = *replica, limit = request->limit(), size_max = scan_size_max_,
                  respond = std::move(respond)]() mutable {
    const auto response = Scan(*replica, limit, size_max);
    if (!response.ok()) return std::move(respond).Fail(response.status());
    std::move(respond).Ok(*response);
  });
}

void LogQueryService::GetTableStats(const rpc::RequestContext& ctx,
                                    rpc::Ref<pb::GetTableStatsRequest> request,
                                    rpc::Responder<pb::GetTableStatsResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kRead, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  pb::GetTableStatsResponse response;
  for (const auto& asked : request->buckets_req()) {
    const TableBucket bucket = convert::BucketOf(table, asked);
    const auto count = [&]() -> Result<int64_t> {
      STROM_ASSIGN_OR_RETURN(const auto replica, buckets_.Find(bucket));
      return replica->CountCommitted();
    };
    const Result<int64_t> rows = count();
    pb::PbTableStatsRespForBucket& entry = *response.add_buckets_resp();
    convert::SetBucket(bucket, &entry);
    convert::SetError(rows.status(), &entry);
    if (rows.ok()) entry.set_row_count(*rows);
  }
  std::move(respond).Ok(response);
}

}  // namespace strom::tablet
