#include "tablet/server/follower_service.h"

#include <algorithm>
#include <utility>

#include "tablet/server/follower_wire.h"

namespace strom::tablet {

void FollowerService::Newest::Enter(const rpc::Caller& caller, uint64_t name,
                                    std::weak_ptr<FollowerFetch> fetch) {
  std::shared_ptr<FollowerFetch> before;
  {
    absl::MutexLock lock(&mutex_);
    Entry& entry = fetches_[&caller];
    before = entry.fetch.lock();
    entry = {.name = name, .fetch = std::move(fetch)};
  }
  if (before) before->End();  // It may leave here.
}

void FollowerService::Newest::Leave(const rpc::Caller& caller, uint64_t name) {
  absl::MutexLock lock(&mutex_);
  const auto it = fetches_.find(&caller);
  if (it != fetches_.end() && it->second.name == name) fetches_.erase(it);
}

void FollowerService::FetchLog(const rpc::RequestContext& ctx,
                               rpc::Ref<pb::FetchLogRequest> request,
                               rpc::Responder<pb::FetchLogResponse> respond) {
  if (ctx.listener().audience != rpc::Audience::kServers) {
    return std::move(respond).Fail(
        Error(ErrorCode::kUnsupportedVersion,
              "FetchLog of follower {}: listener {} is for clients, who fetch as -1",
              request->follower_server_id(), ctx.listener().name));
  }
  Status allowed = authorizer_.Check(ctx, rpc::Operation::kAlter, rpc::Resource::Cluster());
  if (!allowed.ok()) return std::move(respond).Fail(std::move(allowed));
  Result<FollowerFetchRequest> fetch = FollowerFetchOf(*request, size_max_);
  if (!fetch.ok()) return std::move(respond).Fail(fetch.status());
  const int32_t wait_ms = fetch->size_min > 0 ? std::max(request->max_wait_ms(), 0) : 0;
  fetch->wait_until = std::min(clock_.Now() + Millis(wait_ms), ctx.deadline);

  const uint64_t name = newest_->TakeName();
  const auto waiting = std::make_shared<FollowerFetch>(
      replicas_, executor_, clock_, *std::move(fetch),
      [newest = newest_, caller = ctx.caller, name, request,
       respond = std::move(respond)](FollowerResults results) mutable {
        newest->Leave(*caller, name);
        std::move(respond).Ok(MakeFollowerAnswer(*request, std::move(results)));
      });
  newest_->Enter(*ctx.caller, name, waiting);
  waiting->Start();
}

}  // namespace strom::tablet
