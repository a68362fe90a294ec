#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "tablet/server/bucket_lookup.h"

namespace strom::tablet {

// Serves ProduceLog: appends to the buckets of one log table.
//
// Each bucket is answered exactly once, with its own error if it has one. The whole request fails
// only for what holds for all of it: the table may not be written, or `acks` is no number of acks;
// Rust clients repeat a whole request for ever. Same rules as Fluss: fluss-wire-protocol.md,
// sections 5.5 and 5.6. Any thread; outlives the dispatcher's listeners, as do its arguments.
class ProduceService {
 public:
  ProduceService(const BucketLookup& buckets, JobFences& fences, const rpc::Authorizer& authorizer)
      : buckets_(buckets), fences_(fences), authorizer_(authorizer) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void ProduceLog(const rpc::RequestContext& ctx, rpc::Ref<pb::ProduceLogRequest> request,
                  rpc::Responder<pb::ProduceLogResponse> respond);

  const BucketLookup& buckets_;
  JobFences& fences_;
  const rpc::Authorizer& authorizer_;
};

}  // namespace strom::tablet
