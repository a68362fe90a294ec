#include "pipeline/worker/staged_job.h"

#include <utility>

#include "common/runtime/thread_pool.h"

namespace strom::worker {

StagedJob::StagedJob(const pipeline::JobContext& context, Make first, Make second)
    : context_(context), first_(std::move(first)), second_(std::move(second)) {}

Status StagedJob::Run() {
  pipeline::StopSignal both;
  const pipeline::StopSignal::Listener outer(context_.stop, [&both] { both.Request(); });
  pipeline::ProgressReport hidden;  // What people see is how the second fares.
  const pipeline::JobContext inner{.connection = context_.connection,
                                   .clock = context_.clock,
                                   .random = context_.random,
                                   .turns = context_.turns,
                                   .fence = context_.fence,
                                   .stop = both,
                                   .report = hidden};
  const auto run = [](const Make& make, const pipeline::JobContext& context) -> Status {
    STROM_ASSIGN_OR_RETURN(const std::unique_ptr<pipeline::Job> job, make(context));
    return job->Run();
  };
  Status first;
  Status second;
  {
    runtime::ThreadPool pool({.name = "strom-job-stage", .threads = 1});
    runtime::Notification ended;
    pool.Post([&] {
      first = run(first_, inner);
      both.Request();
      ended.Notify();
    });
    second = run(second_, {.connection = context_.connection,
                           .clock = context_.clock,
                           .random = context_.random,
                           .turns = context_.turns,
                           .fence = context_.fence,
                           .stop = both,
                           .report = context_.report});
    both.Request();
    ended.Wait();
  }
  if (context_.stop.requested()) return Status::Ok();
  // Who was stopped by the other's end says kOperationNotAttempted, if anything.
  const bool first_is_cause = !first.ok() && first.code() != ErrorCode::kOperationNotAttempted;
  return first_is_cause ? first : second;
}

}  // namespace strom::worker
