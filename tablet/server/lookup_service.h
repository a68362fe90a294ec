#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/runtime/executor.h"
#include "tablet/server/bucket_lookup.h"

namespace strom::tablet {

// Serves Lookup and PrefixLookup: rows of primary-key tables by their keys. Only committed rows.
//
// Every bucket of the request is answered in its place, with one entry for each of its keys or an
// error of its own. Same rules as Fluss: fluss-wire-protocol.md, section 5.8. Any thread; outlives
// the dispatcher's listeners, as do its arguments.
class LookupService {
 public:
  // Reads on `blocking`. An answer holds at most `size_max` bytes of rows; the bucket that has more
  // is refused.
  LookupService(const BucketLookup& buckets, runtime::Executor& blocking,
                const rpc::Authorizer& authorizer, size_t size_max)
      : buckets_(buckets), blocking_(blocking), authorizer_(authorizer), size_max_(size_max) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void Lookup(const rpc::RequestContext& ctx, rpc::Ref<pb::LookupRequest> request,
              rpc::Responder<pb::LookupResponse> respond);
  void PrefixLookup(const rpc::RequestContext& ctx, rpc::Ref<pb::PrefixLookupRequest> request,
                    rpc::Responder<pb::PrefixLookupResponse> respond);

  const BucketLookup& buckets_;
  runtime::Executor& blocking_;
  const rpc::Authorizer& authorizer_;
  const size_t size_max_;
};

}  // namespace strom::tablet
