#include "client/include/strom/jobs.h"

#include <utility>

#include "client/promise.h"
#include "client/retrying_call.h"
#include "common/convert/job.h"
#include "common/rpc/methods.h"

namespace strom::client {
namespace {

// One call to the leading coordinator: `read` makes the outcome of the answer.
template <class T, class Req, class Resp, class Read>
Future<T> Ask(const std::shared_ptr<Cluster>& cluster, Repeat repeat,
              const rpc::Method<Req, Resp>& method, const Req& request, std::string what,
              Read read) {
  Promise<T> promise;
  Future<T> future = promise.future();
  CallWithRetries<Req, Resp>(cluster, Target::kCoordinator, repeat, method, request,
                             [promise = std::move(promise), what = std::move(what),
                              read = std::move(read)](Result<Resp> response) mutable {
                               if (!response.ok()) {
                                 return promise.Set(response.status().WithContext(what));
                               }
                               promise.Set(read(*response));
                             });
  return future;
}

template <class Req, class Resp>
Future<void> Change(const std::shared_ptr<Cluster>& cluster, const rpc::Method<Req, Resp>& method,
                    const Req& request, std::string what) {
  return Ask<void>(cluster, Repeat::kAlways, method, request, std::move(what),
                   [](const Resp&) { return Status::Ok(); });
}

Result<std::vector<JobInfo>> InfosFromPb(const pb::ListJobsResponse& response) {
  std::vector<JobInfo> infos;
  for (const pb::PbJobInfo& entry : response.jobs()) {
    STROM_ASSIGN_OR_RETURN(JobInfo info, convert::FromPb(entry));
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

Jobs::Jobs(std::shared_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}
Jobs::~Jobs() = default;

Future<void> Jobs::Register(const JobDefinition& job) {
  const std::string what = "register job " + job.name;
  if (Status s = CheckJobDefinition(job); !s.ok()) return Ready<void>(s.WithContext(what));
  pb::RegisterJobRequest request;
  *request.mutable_job() = convert::ToPb(job);
  return Change(cluster_, rpc::kRegisterJob, request, what);
}

Future<std::vector<JobInfo>> Jobs::List(std::optional<std::string> name) {
  pb::ListJobsRequest request;
  if (name) request.set_name(*name);
  return Ask<std::vector<JobInfo>>(cluster_, Repeat::kAlways, rpc::kListJobs, request,
                                   name ? "job " + *name : "list jobs", InfosFromPb);
}

// Repeated after it was applied, it may find nothing any more: that is an error nobody expects, so
// it is made again only if it surely was not.
Future<void> Jobs::Drop(const std::string& name) {
  pb::DropJobRequest request;
  request.set_name(name);
  return Ask<void>(cluster_, Repeat::kIfNotApplied, rpc::kDropJob, request, "drop job " + name,
                   [](const pb::DropJobResponse&) { return Status::Ok(); });
}

Future<void> Jobs::Stop(const std::string& name) {
  pb::StopJobRequest request;
  request.set_name(name);
  return Change(cluster_, rpc::kStopJob, request, "stop job " + name);
}

Future<void> Jobs::Start(const std::string& name) {
  pb::StartJobRequest request;
  request.set_name(name);
  return Change(cluster_, rpc::kStartJob, request, "start job " + name);
}

Future<WorkerOrders> Jobs::Heartbeat(const WorkerReport& report) {
  return Ask<WorkerOrders>(cluster_, Repeat::kAlways, rpc::kWorkerHeartbeat, convert::ToPb(report),
                           "heartbeat of worker " + report.worker,
                           [](const pb::WorkerHeartbeatResponse& r) { return convert::FromPb(r); });
}

}  // namespace strom::client
