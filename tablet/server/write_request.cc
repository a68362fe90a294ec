#include "tablet/server/write_request.h"

#include <algorithm>

namespace strom::tablet {

std::vector<TableBucket> BucketsOf(const std::vector<BucketWrite>& writes) {
  std::vector<TableBucket> buckets;
  for (const BucketWrite& write : writes) buckets.push_back(write.bucket);
  return buckets;
}

Result<Acks> AcksOf(int32_t acks) {
  if (acks >= -1 && acks <= 1) return static_cast<Acks>(acks);
  return Error(ErrorCode::kInvalidRequiredAcks, "acks is {}, must be -1, 0 or 1", acks);
}

MonoTime DeadlineOf(const rpc::RequestContext& ctx, int32_t timeout_ms) {
  return std::min(ctx.deadline, ctx.received_at + Millis(std::max(timeout_ms, 0)));
}

Status WriteErrorForClient(Status status) {
  if (status.code() != ErrorCode::kStorage && status.code() != ErrorCode::kDiskWriteLocked) {
    return status;
  }
  return Status(ErrorCode::kLogStorage, std::string(status.message()));
}

}  // namespace strom::tablet
