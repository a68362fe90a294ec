#pragma once

#include <memory>

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "coordinator/server/candidate.h"

namespace strom::coordinator {

// What tablet servers ask of the leading coordinator, on its internal listeners (others say
// kNotCoordinatorLeader): other ISRs for what they lead, to be done without, that replicas of
// theirs which failed are, and leases to show rows.
//
// A server that is about to stop asks with ControlledShutdown and serves on until it has the
// answer, which names what it still leads, because nobody else can.
//
// Handlers run on transport threads: they read the request and hand it to the term on its strand.
// Outlives the dispatcher's listeners, as `authorizer` does.
class ReplicaService {
 public:
  ReplicaService(std::shared_ptr<runtime::Strand> strand, std::shared_ptr<Candidate> candidate,
                 const rpc::Authorizer& authorizer)
      : strand_(std::move(strand)), candidate_(std::move(candidate)), authorizer_(authorizer) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void AdjustIsr(const rpc::RequestContext& ctx, rpc::Ref<pb::AdjustIsrRequest> request,
                 rpc::Responder<pb::AdjustIsrResponse> respond);
  void ControlledShutdown(const rpc::RequestContext& ctx,
                          rpc::Ref<pb::ControlledShutdownRequest> request,
                          rpc::Responder<pb::ControlledShutdownResponse> respond);
  void ReportFailedReplicas(const rpc::RequestContext& ctx,
                            rpc::Ref<pb::ReportFailedReplicasRequest> request,
                            rpc::Responder<pb::ReportFailedReplicasResponse> respond);

  void RenewLease(const rpc::RequestContext& ctx, rpc::Ref<pb::RenewLeaseRequest> request,
                  rpc::Responder<pb::RenewLeaseResponse> respond);

  // Runs `command` on the strand with the leading term and the duty to answer, if the caller may
  // ask; `make` makes the response once the answer is OK.
  template <class Response, class Command, class Make>
  void Submit(const rpc::RequestContext& ctx, rpc::Responder<Response> respond, Command command,
              Make make);

  const std::shared_ptr<runtime::Strand> strand_;
  const std::shared_ptr<Candidate> candidate_;
  const rpc::Authorizer& authorizer_;
};

}  // namespace strom::coordinator
