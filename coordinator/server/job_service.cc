#include "coordinator/server/job_service.h"

#include <utility>

#include "common/convert/job.h"
#include "proto/strom.pb.h"

namespace strom::coordinator {

using rpc::Operation;
using rpc::Resource;

void JobService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kRegisterJob, *this, &JobService::RegisterJob);
  dispatcher.Handle(rpc::kListJobs, *this, &JobService::ListJobs);
  dispatcher.Handle(rpc::kDropJob, *this, &JobService::DropJob);
  dispatcher.Handle(rpc::kStopJob, *this, &JobService::StopJob);
  dispatcher.Handle(rpc::kStartJob, *this, &JobService::StartJob);
  dispatcher.Handle(rpc::kWorkerHeartbeat, *this, &JobService::Heartbeat);
}

Status JobService::MayChange(const Context& ctx) const {
  return authorizer_.Check(ctx, Operation::kAlter, Resource::Cluster());
}

template <class Response, class Command, class Make>
void JobService::Submit(Status check, Responder<Response> respond, Command command, Make make) {
  if (!check.ok()) return std::move(respond).Fail(std::move(check));
  Answer answer([respond = std::move(respond), make = std::move(make)](Status status) mutable {
    if (!status.ok()) return std::move(respond).Fail(std::move(status));
    std::move(respond).Ok(make());
  });
  strand_->Post(
      [candidate = candidate_, answer = std::move(answer), command = std::move(command)]() mutable {
        Term* term = candidate->leading_term();
        if (!term) {
          return std::move(answer)(
              Error(ErrorCode::kNotCoordinatorLeader, "this coordinator does not lead now"));
        }
        command(*term, std::move(answer));
      });
}

void JobService::RegisterJob(const Context& ctx, rpc::Ref<pb::RegisterJobRequest> request,
                             Responder<pb::RegisterJobResponse> respond) {
  Result<JobDefinition> job = convert::FromPb(request->job());
  Status check = job.ok() ? MayChange(ctx) : job.status();
  if (!job.ok()) job = JobDefinition();
  Submit(
      std::move(check), std::move(respond),
      [job = *std::move(job), deadline = ctx.deadline](Term& term, Answer answer) mutable {
        term.RegisterJob(std::move(job), deadline, std::move(answer));
      },
      [] { return pb::RegisterJobResponse(); });
}

void JobService::ListJobs(const Context& ctx, rpc::Ref<pb::ListJobsRequest> request,
                          Responder<pb::ListJobsResponse> respond) {
  auto jobs = std::make_shared<std::vector<JobInfo>>();
  Submit(
      authorizer_.Check(ctx, Operation::kDescribe, Resource::Cluster()), std::move(respond),
      [request, jobs, deadline = ctx.deadline](Term& term, Answer answer) {
        term.ListJobs(request->has_name() ? std::optional(request->name()) : std::nullopt, jobs,
                      deadline, std::move(answer));
      },
      [jobs] {
        pb::ListJobsResponse response;
        for (const JobInfo& info : *jobs) *response.add_jobs() = convert::ToPb(info);
        return response;
      });
}

template <class Request, class Response>
void JobService::SetGoal(const Context& ctx, const Request& request, JobGoal goal,
                         Responder<Response> respond) {
  Submit(
      MayChange(ctx), std::move(respond),
      [name = request.name(), goal, deadline = ctx.deadline](Term& term, Answer answer) {
        term.SetJobGoal(name, goal, deadline, std::move(answer));
      },
      [] { return Response(); });
}

void JobService::DropJob(const Context& ctx, rpc::Ref<pb::DropJobRequest> request,
                         Responder<pb::DropJobResponse> respond) {
  SetGoal(ctx, *request, JobGoal::kDrop, std::move(respond));
}

void JobService::StopJob(const Context& ctx, rpc::Ref<pb::StopJobRequest> request,
                         Responder<pb::StopJobResponse> respond) {
  SetGoal(ctx, *request, JobGoal::kStop, std::move(respond));
}

void JobService::StartJob(const Context& ctx, rpc::Ref<pb::StartJobRequest> request,
                          Responder<pb::StartJobResponse> respond) {
  SetGoal(ctx, *request, JobGoal::kRun, std::move(respond));
}

void JobService::Heartbeat(const Context& ctx, rpc::Ref<pb::WorkerHeartbeatRequest> request,
                           Responder<pb::WorkerHeartbeatResponse> respond) {
  Result<WorkerReport> report = convert::FromPb(*request);
  Status check = report.ok() ? MayChange(ctx) : report.status();
  if (!report.ok()) report = WorkerReport();
  auto orders = std::make_shared<WorkerOrders>();
  Submit(
      std::move(check), std::move(respond),
      [report = *std::move(report), orders, deadline = ctx.deadline](Term& term,
                                                                     Answer answer) mutable {
        term.Heartbeat(std::move(report), std::move(orders), deadline, std::move(answer));
      },
      [orders] { return convert::ToPb(*orders); });
}

}  // namespace strom::coordinator
