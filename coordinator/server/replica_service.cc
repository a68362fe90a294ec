#include "coordinator/server/replica_service.h"

#include <utility>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "proto/cluster.pb.h"
#include "proto/strom.pb.h"

namespace strom::coordinator {
namespace {

std::vector<IsrProposal> ProposalsOf(const pb::AdjustIsrRequest& request) {
  std::vector<IsrProposal> proposals;
  for (const auto& table : request.tables_req()) {
    for (const auto& entry : table.buckets_req()) {
      IsrProposal& proposal = proposals.emplace_back();
      proposal.bucket = convert::BucketOf(TableId(table.table_id()), entry);
      proposal.leader = ServerId(request.serverid());
      proposal.coordinator_epoch = CoordinatorEpoch(entry.coordinator_epoch());
      proposal.leader_epoch = LeaderEpoch(entry.leader_epoch());
      proposal.bucket_epoch = BucketEpoch(entry.bucket_epoch());
      for (const int32_t member : entry.new_isr()) proposal.isr.emplace_back(member);
    }
  }
  return proposals;
}

void Fill(const Result<Leadership>& answer, CoordinatorEpoch epoch,
          pb::PbAdjustIsrRespForBucket* entry) {
  if (!answer.ok()) return convert::SetError(answer.status(), entry);
  entry->set_leader_id(answer->leader.value());
  entry->set_leader_epoch(answer->leader_epoch.value());
  entry->set_bucket_epoch(answer->bucket_epoch.value());
  entry->set_coordinator_epoch(epoch.value());
  for (const ServerId member : answer->isr) entry->add_isr(member.value());
}

// `answers` in the order of ProposalsOf.
pb::AdjustIsrResponse ResponseTo(const pb::AdjustIsrRequest& request,
                                 const Term::IsrAnswers& answers, CoordinatorEpoch epoch) {
  pb::AdjustIsrResponse response;
  size_t next = 0;
  for (const auto& table : request.tables_req()) {
    auto& answered = *response.add_tables_resp();
    answered.set_table_id(table.table_id());
    for (const auto& entry : table.buckets_req()) {
      auto* const result = answered.add_buckets_resp();
      convert::SetBucket(convert::BucketOf(TableId(table.table_id()), entry), result);
      Fill(answers.at(next++), epoch, result);
    }
  }
  return response;
}

}  // namespace

void ReplicaService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kAdjustIsr, *this, &ReplicaService::AdjustIsr);
  dispatcher.Handle(rpc::kControlledShutdown, *this, &ReplicaService::ControlledShutdown);
  dispatcher.Handle(rpc::kReportFailedReplicas, *this, &ReplicaService::ReportFailedReplicas);
  dispatcher.Handle(rpc::kRenewLease, *this, &ReplicaService::RenewLease);
}

template <class Response, class Command, class Make>
void ReplicaService::Submit(const rpc::RequestContext& ctx, rpc::Responder<Response> respond,
                            Command command, Make make) {
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kAlter, rpc::Resource::Cluster());
      !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  Answer answer([respond = std::move(respond), make = std::move(make)](Status status) mutable {
    if (!status.ok()) return std::move(respond).Fail(std::move(status));
    std::move(respond).Ok(make());
  });
  strand_->Post(
      [candidate = candidate_, answer = std::move(answer), command = std::move(command)]() mutable {
        Term* const term = candidate->leading_term();
        if (!term) {
          return std::move(answer)(
              Error(ErrorCode::kNotCoordinatorLeader, "this coordinator does not lead now"));
        }
        command(*term, std::move(answer));
      });
}

void ReplicaService::AdjustIsr(const rpc::RequestContext& ctx,
                               rpc::Ref<pb::AdjustIsrRequest> request,
                               rpc::Responder<pb::AdjustIsrResponse> respond) {
  struct Accepted {
    Term::IsrAnswers answers;
    CoordinatorEpoch epoch;
  };
  auto accepted = std::make_shared<Accepted>();
  Submit(
      ctx, std::move(respond),
      [request, accepted, deadline = ctx.deadline](Term& term, Answer answer) {
        accepted->epoch = term.epoch();
        term.AdjustIsr(ProposalsOf(*request),
                       std::shared_ptr<Term::IsrAnswers>(accepted, &accepted->answers), deadline,
                       std::move(answer));
      },
      [request, accepted] { return ResponseTo(*request, accepted->answers, accepted->epoch); });
}

void ReplicaService::ControlledShutdown(const rpc::RequestContext& ctx,
                                        rpc::Ref<pb::ControlledShutdownRequest> request,
                                        rpc::Responder<pb::ControlledShutdownResponse> respond) {
  auto led = std::make_shared<std::vector<TableBucket>>();
  Submit(
      ctx, std::move(respond),
      [request, led, deadline = ctx.deadline](Term& term, Answer answer) {
        const auto start_epoch =
            request->has_start_epoch() ? std::optional(request->start_epoch()) : std::nullopt;
        term.StopServer(ServerId(request->tablet_server_id()), start_epoch, led, deadline,
                        std::move(answer));
      },
      [led] {
        pb::ControlledShutdownResponse response;
        for (const TableBucket& bucket : *led) {
          *response.add_remaining_leader_buckets() = convert::ToPb(bucket);
        }
        return response;
      });
}

void ReplicaService::ReportFailedReplicas(
    const rpc::RequestContext& ctx, rpc::Ref<pb::ReportFailedReplicasRequest> request,
    rpc::Responder<pb::ReportFailedReplicasResponse> respond) {
  Submit(
      ctx, std::move(respond),
      [request, deadline = ctx.deadline](Term& term, Answer answer) {
        std::vector<TableBucket> buckets;
        for (const auto& bucket : request->buckets()) buckets.push_back(convert::FromPb(bucket));
        term.FailReplicas(ServerId(request->tablet_server_id()), request->start_epoch(),
                          std::move(buckets), deadline, std::move(answer));
      },
      [] { return pb::ReportFailedReplicasResponse(); });
}

void ReplicaService::RenewLease(const rpc::RequestContext& ctx,
                                rpc::Ref<pb::RenewLeaseRequest> request,
                                rpc::Responder<pb::RenewLeaseResponse> respond) {
  auto response = std::make_shared<pb::RenewLeaseResponse>();
  Submit(
      ctx, std::move(respond),
      [request, response](Term& term, Answer answer) {
        const auto lease = term.RenewLease(ServerId(request->tablet_server_id()));
        response->set_coordinator_epoch(term.epoch().value());
        response->set_lease_ms(lease.ok() ? lease->millis() : 0);
        std::move(answer)(lease.status());
      },
      [response] { return *response; });
}

}  // namespace strom::coordinator
