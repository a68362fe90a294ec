#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>

#include <absl/synchronization/mutex.h>

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "proto/log.pb.h"
#include "tablet/replica/follower_fetch.h"

namespace strom::tablet {

// Serves FetchLog to followers: other servers of the cluster, on the internal listener.
//
// A follower has one fetch at a time on a connection: a newer one, which may be without buckets,
// ends the wait of the one before it, so that a bucket that has come since need not wait for that.
// Any thread; outlives the dispatcher's listeners, as do its arguments.
class FollowerService {
 public:
  // An answer holds at most `size_max` bytes of records, and one batch, whatever is asked for.
  FollowerService(const ReplicaManager& replicas, runtime::Executor& executor,
                  const runtime::Clock& clock, const rpc::Authorizer& authorizer, size_t size_max)
      : replicas_(replicas),
        executor_(executor),
        clock_(clock),
        authorizer_(authorizer),
        size_max_(size_max) {}

  // Of a request with follower_server_id >= 0. Errors: kUnsupportedVersion on a listener for
  // clients; those of the authorizer; kCorruptMessage.
  void FetchLog(const rpc::RequestContext& ctx, rpc::Ref<pb::FetchLogRequest> request,
                rpc::Responder<pb::FetchLogResponse> respond);

 private:
  // The newest fetch of each connection that has one. Fetches hold it until they are answered.
  class Newest {
   public:
    uint64_t TakeName() { return next_name_.fetch_add(1, std::memory_order_relaxed); }
    // Ends the wait of the one before. Before the fetch starts.
    void Enter(const rpc::Caller& caller, uint64_t name, std::weak_ptr<FollowerFetch> fetch);
    void Leave(const rpc::Caller& caller, uint64_t name);

   private:
    struct Entry {
      uint64_t name = 0;
      std::weak_ptr<FollowerFetch> fetch;
    };
    std::atomic<uint64_t> next_name_{1};
    absl::Mutex mutex_;
    std::map<const rpc::Caller*, Entry> fetches_ ABSL_GUARDED_BY(mutex_);
  };

  const ReplicaManager& replicas_;
  runtime::Executor& executor_;
  const runtime::Clock& clock_;
  const rpc::Authorizer& authorizer_;
  const size_t size_max_;
  const std::shared_ptr<Newest> newest_ = std::make_shared<Newest>();
};

}  // namespace strom::tablet
