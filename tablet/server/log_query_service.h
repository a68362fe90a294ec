#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "tablet/server/bucket_lookup.h"

namespace strom::tablet {

// Serves the questions about the buckets of log tables that are answered at once: ListOffsets,
// LimitScan, GetTableStats. Same rules as Fluss: fluss-wire-protocol.md, sections 5.8 and 5.9.
// Any thread; outlives the dispatcher's listeners, as do its arguments.
class LogQueryService {
 public:
  // A limit scan that needs more than `scan_size_max` bytes of records is refused.
  LogQueryService(const BucketLookup& buckets, const rpc::Authorizer& authorizer,
                  size_t scan_size_max)
      : buckets_(buckets), authorizer_(authorizer), scan_size_max_(scan_size_max) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void ListOffsets(const rpc::RequestContext& ctx, rpc::Ref<pb::ListOffsetsRequest> request,
                   rpc::Responder<pb::ListOffsetsResponse> respond);
  // Every error is the whole request's: Java takes one inside the answer for an empty bucket.
  void LimitScan(const rpc::RequestContext& ctx, rpc::Ref<pb::LimitScanRequest> request,
                 rpc::Responder<pb::LimitScanResponse> respond);
  void GetTableStats(const rpc::RequestContext& ctx, rpc::Ref<pb::GetTableStatsRequest> request,
                     rpc::Responder<pb::GetTableStatsResponse> respond);

  Result<Bytes> ReadLast(const pb::LimitScanRequest& request) const;

  const BucketLookup& buckets_;
  const rpc::Authorizer& authorizer_;
  const size_t scan_size_max_;
};

}  // namespace strom::tablet
