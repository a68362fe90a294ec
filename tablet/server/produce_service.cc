#include "tablet/server/produce_service.h"

#include <utility>
#include <vector>

#include "common/convert/error.h"
#include "common/convert/job.h"
#include "proto/log.pb.h"
#include "tablet/server/join.h"
#include "tablet/server/write_request.h"

namespace strom::tablet {

void ProduceService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kProduceLog, *this, &ProduceService::ProduceLog);
}

void ProduceService::ProduceLog(const rpc::RequestContext& ctx,
                                rpc::Ref<pb::ProduceLogRequest> request,
                                rpc::Responder<pb::ProduceLogResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kWrite, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  const Result<Acks> acks = AcksOf(request->acks());
  if (!acks.ok()) return std::move(respond).Fail(acks.status());
  Result<std::optional<JobFence>> fence = convert::FenceOf(*request);
  if (!fence.ok()) return std::move(respond).Fail(fence.status());
  const WriteOptions options{.acks = *acks,
                             .deadline = DeadlineOf(ctx, request->timeout_ms()),
                             .admission = JobAdmission(fences_, *std::move(fence))};

  std::vector<BucketWrite> writes = TakeWrites(request);
  const auto join = Join<Result<AppendInfo>>::Of(
      writes.size(), [buckets = BucketsOf(writes), respond = std::move(respond)](
                         std::vector<Result<AppendInfo>> results) mutable {
        pb::ProduceLogResponse response;
        for (size_t i = 0; i < results.size(); ++i) {
          pb::PbProduceLogRespForBucket& entry = *response.add_buckets_resp();
          convert::SetBucket(buckets[i], &entry);
          convert::SetError(WriteErrorForClient(results[i].status()), &entry);
          if (results[i].ok()) entry.set_base_offset(results[i]->base_offset.value());
        }
        std::move(respond).Ok(response);
      });
  for (size_t i = 0; i < writes.size(); ++i) {
    const auto replica = buckets_.Find(writes[i].bucket);
    if (!replica.ok()) {
      join->Set(i, replica.status());
      continue;
    }
    (*replica)->Append(std::move(writes[i].records), options,
                       [join, i](Result<AppendInfo> info) { join->Set(i, std::move(info)); });
  }
}

}  // namespace strom::tablet
