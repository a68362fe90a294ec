#include "tablet/server/failure_reporter.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/convert/bucket.h"
#include "common/rpc/methods.h"
#include "proto/strom.pb.h"
#include "tablet/server/peer_endpoint.h"

namespace strom::tablet {

FailureReporter::FailureReporter(World world, Options options)
    : world_(world),
      options_(std::move(options)),
      strand_(std::make_shared<runtime::Strand>(world.executor)),
      delay_(options_.retry_min) {}

void FailureReporter::SetStartEpoch(int64_t start_epoch) {
  strand_->Post([self = shared_from_this(), start_epoch] {
    self->start_epoch_ = start_epoch;
    self->Send();
  });
}

void FailureReporter::Report(const TableBucket& bucket) {
  strand_->Post([self = shared_from_this(), bucket] {
    if (self->stopped_) return;
    self->pending_.insert(bucket);
    self->Send();
  });
}

void FailureReporter::Stop() {
  strand_->Post([self = shared_from_this()] {
    self->stopped_ = true;
    if (self->retry_ != runtime::kNoTimer) self->strand_->Cancel(self->retry_);
    self->pending_.clear();
    self->channel_ = nullptr;
  });
}

void FailureReporter::Send() {
  if (stopped_ || calling_ || retry_ != runtime::kNoTimer || pending_.empty() || !start_epoch_) {
    return;
  }
  const auto endpoint = CoordinatorEndpoint(*world_.views.Get(), options_.internal_listener);
  if (!endpoint.ok()) return RetryLater(endpoint.status());
  channel_ = world_.network.Connect(*endpoint);
  pb::ReportFailedReplicasRequest request;
  request.set_tablet_server_id(options_.self.value());
  request.set_start_epoch(*start_epoch_);
  for (const TableBucket& bucket : pending_) *request.add_buckets() = convert::ToPb(bucket);
  sent_ = std::exchange(pending_, {});
  calling_ = true;
  rpc::Call(*channel_, rpc::kReportFailedReplicas, request,
            world_.clock.Now() + options_.call_timeout,
            absl::AnyInvocable<void(Result<pb::ReportFailedReplicasResponse>)>(
                [weak = weak_from_this(),
                 strand = strand_](const Result<pb::ReportFailedReplicasResponse>& answer) {
                  strand->Post([weak, status = answer.status()] {
                    if (const auto self = weak.lock()) self->OnAnswer(status);
                  });
                }));
}

void FailureReporter::OnAnswer(const Status& status) {
  calling_ = false;
  channel_ = nullptr;
  auto sent = std::exchange(sent_, {});
  if (stopped_) return;
  if (!status.ok()) {
    pending_.merge(sent);
    return RetryLater(status);
  }
  delay_ = options_.retry_min;
  Send();
}

void FailureReporter::RetryLater(const Status& why) {
  STROM_LOG(kWarn, "the coordinator does not know of {} failed replicas yet: {}", pending_.size(),
            why.ToString());
  retry_ = strand_->PostAt(world_.clock.Now() + delay_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->retry_ = runtime::kNoTimer;
    self->Send();
  });
  delay_ = std::min(delay_ * 2, options_.retry_max);
}

}  // namespace strom::tablet
