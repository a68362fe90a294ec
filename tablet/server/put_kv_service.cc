#include "tablet/server/put_kv_service.h"

#include <utility>
#include <vector>

#include "common/convert/error.h"
#include "common/convert/job.h"
#include "proto/kv.pb.h"
#include "tablet/server/join.h"
#include "tablet/server/write_request.h"

namespace strom::tablet {
namespace {

constexpr int16_t kKnowsBackpressure = 2;  // The first version whose clients do.

Status ForClient(Status status, int16_t api_version) {
  if (status.code() == ErrorCode::kStorageBackpressure && api_version < kKnowsBackpressure) {
    return Status(ErrorCode::kKvStorage, std::string(status.message()));
  }
  return WriteErrorForClient(std::move(status));
}

// A number that is neither mode is the default one.
PutOptions OptionsOf(const pb::PutKvRequest& request) {
  PutOptions options;
  if (request.target_columns_size() > 0) {
    options.target_columns.emplace(request.target_columns().begin(),
                                   request.target_columns().end());
  }
  if (request.agg_mode() == static_cast<int32_t>(MergeMode::kOverwrite)) {
    options.mode = MergeMode::kOverwrite;
  }
  return options;
}

pb::PutKvResponse MakeAnswer(const std::vector<TableBucket>& buckets,
                             std::vector<Result<AppendInfo>> results, int16_t api_version) {
  pb::PutKvResponse response;
  for (size_t i = 0; i < results.size(); ++i) {
    pb::PbPutKvRespForBucket& entry = *response.add_buckets_resp();
    convert::SetBucket(buckets[i], &entry);
    convert::SetError(ForClient(results[i].status(), api_version), &entry);
    if (results[i].ok()) entry.set_log_end_offset(results[i]->next_offset.value());
  }
  return response;
}

}  // namespace

void PutKvService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kPutKv, *this, &PutKvService::PutKv);
}

void PutKvService::PutKv(const rpc::RequestContext& ctx, rpc::Ref<pb::PutKvRequest> request,
                         rpc::Responder<pb::PutKvResponse> respond) {
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
      writes.size(),
      [buckets = BucketsOf(writes), version = ctx.api_version,
       respond = std::move(respond)](std::vector<Result<AppendInfo>> results) mutable {
        std::move(respond).Ok(MakeAnswer(buckets, std::move(results), version));
      });
  for (size_t i = 0; i < writes.size(); ++i) {
    const auto replica = buckets_.FindKv(writes[i].bucket, ctx.api_version);
    if (!replica.ok()) {
      join->Set(i, replica.status());
      continue;
    }
    (*replica)->PutKv(std::move(writes[i].records), OptionsOf(*request), options,
                      [join, i](Result<AppendInfo> info) { join->Set(i, std::move(info)); });
  }
}

}  // namespace strom::tablet
