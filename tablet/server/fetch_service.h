#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "tablet/server/bucket_lookup.h"
#include "tablet/server/follower_service.h"

namespace strom::tablet {

// Serves FetchLog to clients: committed batches of any number of buckets, perhaps of some columns
// only, now or once there are any. Followers are FollowerService's.
//
// Every bucket of the request is answered in its place; a bucket's error never fails the others.
// Same rules as Fluss: fluss-wire-protocol.md, section 5.9; its predicates may be ignored, and are.
// Any thread; outlives the dispatcher's listeners, as do its arguments.
class FetchService {
 public:
  // An answer holds at most `size_max` bytes of records, whatever the client asks for.
  FetchService(const BucketLookup& buckets, runtime::Executor& executor,
               const runtime::Clock& clock, const rpc::Authorizer& authorizer, size_t size_max)
      : buckets_(buckets),
        executor_(executor),
        clock_(clock),
        authorizer_(authorizer),
        size_max_(size_max),
        followers_(buckets.replicas(), executor, clock, authorizer, size_max) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void FetchLog(const rpc::RequestContext& ctx, rpc::Ref<pb::FetchLogRequest> request,
                rpc::Responder<pb::FetchLogResponse> respond);

  const BucketLookup& buckets_;
  runtime::Executor& executor_;
  const runtime::Clock& clock_;
  const rpc::Authorizer& authorizer_;
  const size_t size_max_;
  FollowerService followers_;
};

}  // namespace strom::tablet
