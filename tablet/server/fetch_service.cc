#include "tablet/server/fetch_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "proto/log.pb.h"
#include "tablet/replica/delayed_fetch.h"

namespace strom::tablet {
namespace {

constexpr MonoDuration kWaitDefault = Millis(100);

// A size or a time of a request; nobody means a negative one.
size_t NotNegative(int32_t value) { return static_cast<size_t>(std::max(value, 0)); }

// Without a number of bytes to wait for, nobody waits.
MonoTime WaitUntil(const pb::FetchLogRequest& request, const rpc::RequestContext& ctx,
                   MonoTime now) {
  if (!request.has_min_bytes() || request.min_bytes() <= 0) return now;
  const MonoDuration wait = request.has_max_wait_ms()
                                ? Millis(static_cast<int64_t>(NotNegative(request.max_wait_ms())))
                                : kWaitDefault;
  return std::min(now + wait, ctx.deadline);
}

void AddTable(const pb::PbFetchLogReqForTable& table, size_t size_max, FetchRequest* fetch) {
  std::optional<std::vector<int32_t>> projection;
  if (table.projection_pushdown_enabled()) {
    projection.emplace(table.projected_fields().begin(), table.projected_fields().end());
  }
  for (const auto& bucket : table.buckets_req()) {
    fetch->buckets.push_back({.bucket = convert::BucketOf(TableId(table.table_id()), bucket),
                              .offset = LogOffset(bucket.fetch_offset()),
                              .size_max = std::min(NotNegative(bucket.max_fetch_bytes()), size_max),
                              .projection = projection});
  }
}

void SetRead(Result<BucketRead> read, pb::PbFetchLogRespForBucket* entry) {
  convert::SetError(read.status(), entry);
  if (!read.ok()) return;
  entry->set_high_watermark(read->high_watermark.value());
  entry->set_log_start_offset(0);                // What clients get, and do not read.
  entry->set_records(std::move(read->records));  // There also if empty: Java needs it.
}

// One entry for each bucket of the request, in its place. `tables`: of each table OK, or why all of
// its buckets were refused; `results`: of the buckets that were not.
pb::FetchLogResponse MakeAnswer(const pb::FetchLogRequest& request,
                                const std::vector<Status>& tables, FetchResults results,
                                const BucketLookup& buckets) {
  pb::FetchLogResponse response;
  auto result = results.begin();
  for (int t = 0; t < request.tables_req_size(); ++t) {
    const auto& asked = request.tables_req(t);
    const Status& allowed = tables[static_cast<size_t>(t)];
    pb::PbFetchLogRespForTable& answer = *response.add_tables_resp();
    answer.set_table_id(asked.table_id());
    for (const auto& bucket : asked.buckets_req()) {
      const TableBucket id = convert::BucketOf(TableId(asked.table_id()), bucket);
      pb::PbFetchLogRespForBucket& entry = *answer.add_buckets_resp();
      convert::SetBucket(id, &entry);
      if (!allowed.ok()) {
        convert::SetError(allowed, &entry);
      } else if (result->status().code() == ErrorCode::kUnknownTableOrBucket) {
        convert::SetError(buckets.Missing(id), &entry);
        ++result;
      } else {
        SetRead(std::move(*result++), &entry);
      }
    }
  }
  return response;
}

}  // namespace

void FetchService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kFetchLog, *this, &FetchService::FetchLog);
}

void FetchService::FetchLog(const rpc::RequestContext& ctx, rpc::Ref<pb::FetchLogRequest> request,
                            rpc::Responder<pb::FetchLogResponse> respond) {
  if (request->follower_server_id() >= 0) {
    return followers_.FetchLog(ctx, std::move(request), std::move(respond));
  }
  const MonoTime now = clock_.Now();
  FetchRequest fetch;
  fetch.size_max = std::min(NotNegative(request->max_bytes()), size_max_);
  fetch.size_min = std::min(NotNegative(request->min_bytes()), fetch.size_max);
  fetch.wait_until = WaitUntil(*request, ctx, now);
  std::vector<Status> tables;
  for (const auto& table : request->tables_req()) {
    tables.push_back(authorizer_.Check(ctx, rpc::Operation::kRead, TableId(table.table_id())));
    if (tables.back().ok()) {
      AddTable(table, fetch.size_max, &fetch);
    } else {
      fetch.wait_until = now;  // The client has to know.
    }
  }
  Fetch(buckets_.replicas(), executor_, clock_, std::move(fetch),
        [&buckets = buckets_, request, tables = std::move(tables),
         respond = std::move(respond)](FetchResults results) mutable {
          std::move(respond).Ok(MakeAnswer(*request, tables, std::move(results), buckets));
        });
}

}  // namespace strom::tablet
