#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "tablet/server/bucket_lookup.h"

namespace strom::tablet {

// Serves PutKv: upserts and deletes in the buckets of one primary-key table.
//
// Each bucket is answered exactly once, with its own error if it has one; what holds for the whole
// request is as for ProduceLog. Same rules as Fluss: fluss-wire-protocol.md, sections 5.6 and 5.7.
// Any thread; outlives the dispatcher's listeners, as do its arguments.
class PutKvService {
 public:
  PutKvService(const BucketLookup& buckets, JobFences& fences, const rpc::Authorizer& authorizer)
      : buckets_(buckets), fences_(fences), authorizer_(authorizer) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void PutKv(const rpc::RequestContext& ctx, rpc::Ref<pb::PutKvRequest> request,
             rpc::Responder<pb::PutKvResponse> respond);

  const BucketLookup& buckets_;
  JobFences& fences_;
  const rpc::Authorizer& authorizer_;
};

}  // namespace strom::tablet
