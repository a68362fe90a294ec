#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/runtime/executor.h"
#include "tablet/server/bucket_lookup.h"

namespace strom::tablet {

// Serves the questions about buckets that nobody waits for: ListOffsets, LimitScan, GetTableStats.
// Same rules as Fluss: fluss-wire-protocol.md, sections 5.8 and 5.9. Any thread; outlives the
// dispatcher's listeners, as do its arguments.
class LogQueryService {
 public:
  // A limit scan that needs more than `scan_size_max` bytes of records or rows is refused. Scans
  // read on `blocking`: much of what they want may be on the disk only.
  LogQueryService(const BucketLookup& buckets, runtime::Executor& blocking,
                  const rpc::Authorizer& authorizer, size_t scan_size_max)
      : buckets_(buckets),
        blocking_(blocking),
        authorizer_(authorizer),
        scan_size_max_(scan_size_max) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void ListOffsets(const rpc::RequestContext& ctx, rpc::Ref<pb::ListOffsetsRequest> request,
                   rpc::Responder<pb::ListOffsetsResponse> respond);
  // Every error is the whole request's: Java takes one inside the answer for an empty bucket.
  void LimitScan(const rpc::RequestContext& ctx, rpc::Ref<pb::LimitScanRequest> request,
                 rpc::Responder<pb::LimitScanResponse> respond);
  void GetTableStats(const rpc::RequestContext& ctx, rpc::Ref<pb::GetTableStatsRequest> request,
                     rpc::Responder<pb::GetTableStatsResponse> respond);

  const BucketLookup& buckets_;
  runtime::Executor& blocking_;
  const rpc::Authorizer& authorizer_;
  const size_t scan_size_max_;
};

}  // namespace strom::tablet
