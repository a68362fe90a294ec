#pragma once

#include "common/base/result.h"
#include "common/types/job.h"
#include "proto/pb.h"
#include "proto/strom.pb.h"

namespace strom::convert {

// Jobs on the wire. Reading is total; what is read has been checked as CheckJobDefinition does, and
// reports are cut off at kJobTextSizeMax and kJobCountersMax.
// Errors: kInvalidConfig; kCorruptMessage for a number that names no kind, goal, phase or state.

inline constexpr size_t kJobTextSizeMax = 4096;  // Of an error or a text in a report.
inline constexpr int kJobCountersMax = 100;      // Of one report.

Result<JobDefinition> FromPb(const pb::PbJobDefinition& job);
pb::PbJobDefinition ToPb(const JobDefinition& job);

Result<JobFence> FromPb(const pb::PbJobFence& fence);
pb::PbJobFence ToPb(const JobFence& fence);

Result<JobInfo> FromPb(const pb::PbJobInfo& info);
pb::PbJobInfo ToPb(const JobInfo& info);

Result<WorkerReport> FromPb(const pb::WorkerHeartbeatRequest& request);
pb::WorkerHeartbeatRequest ToPb(const WorkerReport& report);

Result<WorkerOrders> FromPb(const pb::WorkerHeartbeatResponse& response);
pb::WorkerHeartbeatResponse ToPb(const WorkerOrders& orders);

// The fence of a write (PutKvRequest, ProduceLogRequest); none if it has none.
// Errors: kCorruptMessage if one of its two fields is missing.
template <class Write>
Result<std::optional<JobFence>> FenceOf(const Write& write) {
  if (!write.has_job_group() && !write.has_job_epoch()) return std::optional<JobFence>();
  pb::PbJobFence fence;
  fence.set_job_group(write.job_group());
  fence.set_epoch(write.has_job_group() && write.has_job_epoch() ? write.job_epoch() : -1);
  STROM_ASSIGN_OR_RETURN(JobFence read, FromPb(fence));
  return std::optional<JobFence>(std::move(read));
}

}  // namespace strom::convert
