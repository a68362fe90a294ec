#include "tablet/server/isr_proposer.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "common/rpc/methods.h"
#include "common/rpc/strand_call.h"

namespace strom::tablet {
namespace {

constexpr size_t kBucketsPerCall = 1000;

void AddTo(pb::AdjustIsrRequest* request, const ReplicaDuties::IsrProposal& proposal) {
  const int tables = request->tables_req_size();
  pb::PbAdjustIsrReqForTable* table =
      tables > 0 ? request->mutable_tables_req(tables - 1) : nullptr;
  if (!table || table->table_id() != proposal.bucket.table.value()) {
    table = request->add_tables_req();
    table->set_table_id(proposal.bucket.table.value());
  }
  pb::PbAdjustIsrReqForBucket& entry = *table->add_buckets_req();
  convert::SetBucket(proposal.bucket, &entry);
  entry.set_leader_epoch(proposal.leader_epoch.value());
  for (const ServerId member : proposal.isr) entry.add_new_isr(member.value());
  entry.set_coordinator_epoch(proposal.coordinator_epoch.value());
  entry.set_bucket_epoch(proposal.bucket_epoch.value());
}

Result<Leadership> LeadershipFrom(const pb::PbAdjustIsrRespForBucket& entry,
                                  const TableBucket& bucket) {
  STROM_RETURN_IF_ERROR(convert::ErrorOf(entry));
  if (!entry.has_leader_id() || !entry.has_leader_epoch() || !entry.has_bucket_epoch() ||
      !entry.has_coordinator_epoch() || entry.isr().empty()) {
    return Error(ErrorCode::kCorruptMessage, "AdjustIsr: the answer for {} is not whole", bucket);
  }
  Leadership leadership{.leader = ServerId(entry.leader_id()),
                        .leader_epoch = LeaderEpoch(entry.leader_epoch()),
                        .bucket_epoch = BucketEpoch(entry.bucket_epoch()),
                        .coordinator_epoch = CoordinatorEpoch(entry.coordinator_epoch()),
                        .replicas = {},
                        .isr = {}};
  for (const int32_t member : entry.isr()) leadership.isr.push_back(ServerId(member));
  return leadership;
}

Status Fenced(const ReplicaDuties::IsrProposal& proposal, LeaderEpoch known) {
  return Error(ErrorCode::kFencedLeaderEpoch,
               "{}: an ISR proposed under leader epoch {}, by now it is {}", proposal.bucket,
               proposal.leader_epoch, known);
}

}  // namespace

IsrProposer::IsrProposer(World world, Options options)
    : world_(world),
      options_(std::move(options)),
      strand_(std::make_shared<runtime::Strand>(world.executor)),
      delay_(options_.retry_min) {}

void IsrProposer::Propose(Proposal proposal, Done done) {
  strand_->Post(
      [self = shared_from_this(), proposal = std::move(proposal),
       done = std::move(done)]() mutable { self->Add(std::move(proposal), std::move(done)); });
}

void IsrProposer::GiveUpBelow(const TableBucket& bucket, LeaderEpoch epoch) {
  strand_->Post([self = shared_from_this(), bucket, epoch] {
    const auto it = self->pending_.find(bucket);
    if (it == self->pending_.end() || it->second.proposal.leader_epoch >= epoch) return;
    Pending pending = std::move(it->second);
    self->pending_.erase(it);
    pending.done(Fenced(pending.proposal, epoch));
  });
}

void IsrProposer::Stop() {
  strand_->Post([self = shared_from_this()] {
    self->stopped_ = true;
    if (self->retry_ != runtime::kNoTimer) self->strand_->Cancel(self->retry_);
    self->pending_.clear();
    self->channel_ = nullptr;
  });
}

void IsrProposer::Add(Proposal proposal, Done done) {
  if (stopped_) return;
  const TableBucket bucket = proposal.bucket;
  if (const auto it = pending_.find(bucket); it != pending_.end()) {
    const LeaderEpoch known = it->second.proposal.leader_epoch;
    if (proposal.leader_epoch < known) return done(Fenced(proposal, known));
    Pending replaced = std::move(it->second);
    pending_.erase(it);
    replaced.done(known < proposal.leader_epoch
                      ? Fenced(replaced.proposal, proposal.leader_epoch)
                      : Error(ErrorCode::kOperationNotAttempted,
                              "{}: another ISR was proposed before this one was answered", bucket));
  }
  pending_.emplace(
      bucket,
      Pending{.number = next_number_++, .proposal = std::move(proposal), .done = std::move(done)});
  Send();
}

void IsrProposer::Send() {
  if (stopped_ || calling_ || retry_ != runtime::kNoTimer || pending_.empty()) return;
  if (!channel_ || channel_->broken()) {
    const auto endpoint = CoordinatorEndpoint(*world_.views.Get(), options_.internal_listener);
    if (!endpoint.ok()) return RetryLater(endpoint.status());
    channel_ = world_.network.Connect(*endpoint);
  }
  calling_ = true;
  rpc::CallFromStrand(*channel_, rpc::kAdjustIsr, MakeRequest(),
                      world_.clock.Now() + options_.call_timeout, strand_, weak_from_this(),
                      &IsrProposer::OnAnswer);
}

pb::AdjustIsrRequest IsrProposer::MakeRequest() {
  pb::AdjustIsrRequest request;
  request.set_serverid(options_.self.value());
  for (const auto& [bucket, pending] : pending_) {
    if (sent_.size() == kBucketsPerCall) break;
    AddTo(&request, pending.proposal);
    sent_.emplace(bucket, pending.number);
  }
  return request;
}

void IsrProposer::OnAnswer(Result<pb::AdjustIsrResponse> answer) {
  calling_ = false;
  const auto sent = std::exchange(sent_, {});
  if (stopped_) return;
  std::map<TableBucket, Result<Leadership>> results;
  if (answer.ok()) {
    for (const auto& table : answer->tables_resp()) {
      for (const auto& entry : table.buckets_resp()) {
        const TableBucket bucket = convert::BucketOf(TableId(table.table_id()), entry);
        results.insert_or_assign(bucket, LeadershipFrom(entry, bucket));
      }
    }
  }
  for (const auto& [bucket, number] : sent) {
    const auto it = pending_.find(bucket);
    if (it == pending_.end() || it->second.number != number) continue;
    if (const auto result = results.find(bucket); result != results.end()) {
      Pending pending = std::move(it->second);
      pending_.erase(it);
      Settle(std::move(pending), std::move(result->second));
    } else if (answer.status().code() != ErrorCode::kNotCoordinatorLeader) {
      it->second.maybe_taken = true;
    }
  }
  if (!answer.ok()) return RetryLater(answer.status());
  if (results.size() < sent.size()) {
    return RetryLater(Error(ErrorCode::kCorruptMessage, "AdjustIsr: {} of {} buckets answered",
                            results.size(), sent.size()));
  }
  delay_ = options_.retry_min;
  Send();
}

void IsrProposer::Settle(Pending pending, Result<Leadership> result) {
  if (pending.maybe_taken && result.status().code() == ErrorCode::kIneligibleReplica) {
    result = Error(ErrorCode::kRequestTimeOut, "{}: a proposal was not answered, later: {}",
                   pending.proposal.bucket, result.status().message());
  }
  pending.done(std::move(result));
}

void IsrProposer::RetryLater(const Status& why) {
  STROM_LOG(kWarn, "{} proposed ISRs wait for the coordinator: {}", pending_.size(),
            why.ToString());
  channel_ = nullptr;
  retry_ = strand_->PostAt(world_.clock.Now() + delay_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->retry_ = runtime::kNoTimer;
    self->Send();
  });
  delay_ = std::min(delay_ * 2, options_.retry_max);
}

}  // namespace strom::tablet
