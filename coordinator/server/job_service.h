#pragma once

#include <memory>
#include <string>

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "coordinator/server/candidate.h"

namespace strom::coordinator {

// The calls about jobs, which only the leading coordinator answers (others say
// kNotCoordinatorLeader): of people and scripts, who register, list, stop, start and drop them, and
// of workers, who say that they live and are told what to host.
//
// Handlers run on transport threads: they read and check the request and hand it to the term on its
// strand. Outlives the dispatcher's listeners, as `authorizer` does.
class JobService {
 public:
  JobService(std::shared_ptr<runtime::Strand> strand, std::shared_ptr<Candidate> candidate,
             const rpc::Authorizer& authorizer)
      : strand_(std::move(strand)), candidate_(std::move(candidate)), authorizer_(authorizer) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  template <class T>
  using Responder = rpc::Responder<T>;
  using Context = rpc::RequestContext;

  void RegisterJob(const Context& ctx, rpc::Ref<pb::RegisterJobRequest> request,
                   Responder<pb::RegisterJobResponse> respond);
  void ListJobs(const Context& ctx, rpc::Ref<pb::ListJobsRequest> request,
                Responder<pb::ListJobsResponse> respond);
  void DropJob(const Context& ctx, rpc::Ref<pb::DropJobRequest> request,
               Responder<pb::DropJobResponse> respond);
  void StopJob(const Context& ctx, rpc::Ref<pb::StopJobRequest> request,
               Responder<pb::StopJobResponse> respond);
  void StartJob(const Context& ctx, rpc::Ref<pb::StartJobRequest> request,
                Responder<pb::StartJobResponse> respond);
  void Heartbeat(const Context& ctx, rpc::Ref<pb::WorkerHeartbeatRequest> request,
                 Responder<pb::WorkerHeartbeatResponse> respond);

  template <class Request, class Response>
  void SetGoal(const Context& ctx, const Request& request, JobGoal goal,
               Responder<Response> respond);
  Status MayChange(const Context& ctx) const;
  // Runs `command` on the strand with the leading term and the duty to answer, if `check` is OK;
  // `make` makes the response once the answer is OK.
  template <class Response, class Command, class Make>
  void Submit(Status check, Responder<Response> respond, Command command, Make make);

  const std::shared_ptr<runtime::Strand> strand_;
  const std::shared_ptr<Candidate> candidate_;
  const rpc::Authorizer& authorizer_;
};

}  // namespace strom::coordinator
