#include "coordinator/server/server_notifier.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "common/convert/path.h"
#include "common/rpc/methods.h"
#include "common/rpc/strand_call.h"

namespace strom::coordinator {
namespace {

constexpr size_t kBucketsPerCall = 1000;

pb::PbNotifyLeaderAndIsrReqForBucket ToPb(const TableBucket& bucket, const LeaderNotice& notice,
                                          MonoTime now) {
  pb::PbNotifyLeaderAndIsrReqForBucket entry;
  *entry.mutable_physical_table_path() = convert::ToPb(notice.path);
  *entry.mutable_table_bucket() = convert::ToPb(bucket);
  entry.set_leader(notice.leadership.leader.value());
  entry.set_leader_epoch(notice.leadership.leader_epoch.value());
  entry.set_bucket_epoch(notice.leadership.bucket_epoch.value());
  for (const ServerId replica : notice.replicas) entry.add_replicas(replica.value());
  for (const ServerId member : notice.leadership.isr) entry.add_isr(member.value());
  if (notice.withheld_until > now) {
    entry.set_withhold_ms((notice.withheld_until - now).millis() + 1);
  }
  entry.set_ended_since(notice.ended_since.value());
  return entry;
}

}  // namespace

void ServerNotifier::Refusals::Note(const TableBucket& bucket, const Status& why) {
  if (count++ > 0) return;
  first_bucket = bucket;
  first = why;
}

ServerNotifier::ServerNotifier(World world, ServerId server, rpc::Endpoint endpoint,
                               CoordinatorEpoch epoch, Timing timing, Observer& observer)
    : world_(std::move(world)),
      server_(server),
      endpoint_(std::move(endpoint)),
      epoch_(epoch),
      timing_(timing),
      observer_(observer),
      line_(std::make_shared<ServerLine>(world_, endpoint_, timing.line,
                                         [this](ServerLine::News news) { OnNews(news); })),
      view_(epoch),
      unpark_delay_(timing.retry_min) {
  line_->Start();
  for (Lane* lane : {&job_lane_, &view_lane_, &leader_lane_, &removal_lane_, &needed_from_lane_}) {
    lane->delay = timing.retry_min;
  }
}

ServerNotifier::~ServerNotifier() {
  for (const runtime::TimerId timer : {job_lane_.retry, view_lane_.retry, leader_lane_.retry,
                                       removal_lane_.retry, needed_from_lane_.retry, unpark_}) {
    if (timer != runtime::kNoTimer) world_.strand->Cancel(timer);
  }
}

void ServerNotifier::Publish(uint64_t version, std::shared_ptr<const service::ClusterView> view) {
  view_.Set(version, std::move(view));
}

void ServerNotifier::SetJobEpochs(uint64_t version, std::shared_ptr<const JobEpochs> epochs) {
  job_version_ = version;
  job_epochs_ = std::move(epochs);
  // Nothing to say is known at once.
  if (!job_lane_.calling && *job_epochs_ == known_job_epochs_) {
    job_epochs_told_ = true;
    known_job_version_ = version;
  }
}

void ServerNotifier::NotifyLeader(const TableBucket& bucket, LeaderNotice notice) {
  leaders_.Put(bucket, std::move(notice));
}

void ServerNotifier::RemoveReplica(const TableBucket& bucket, LeaderEpoch epoch) {
  removals_.Put(bucket, epoch);
}

void ServerNotifier::NotifyNeededFrom(const TableBucket& bucket, LogOffset offset) {
  needed_from_.Put(bucket, offset);
}

// Epochs and the view first: a connection keeps the order, so the server knows who else lives
// before it hears of its leaders.
void ServerNotifier::Send() {
  Run(job_lane_);
  Run(view_lane_);
  Run(removal_lane_);
  Run(leader_lane_);
  Run(needed_from_lane_);
}

template <class Method, class Request, class Response>
void ServerNotifier::Call(const Method& method, const Request& request,
                          void (ServerNotifier::*on_answer)(Result<Response>)) {
  rpc::CallFromStrand(line_->channel(), method, request, world_.clock.Now() + timing_.call_timeout,
                      world_.strand, weak_from_this(), on_answer);
}

bool ServerNotifier::StartJobEpochs() {
  if (job_epochs_told_ && known_job_version_ == job_version_) return false;
  pb::UpdateJobEpochsRequest request;
  request.set_coordinator_epoch(epoch_.value());
  for (const auto& [group, epoch] : *job_epochs_) {
    const auto known = known_job_epochs_.find(group);
    if (known != known_job_epochs_.end() && known->second == epoch) continue;
    pb::PbJobFence& fence = *request.add_epochs();
    fence.set_job_group(group);
    fence.set_epoch(epoch);
  }
  taken_job_epochs_ = {job_version_, job_epochs_};
  Call(rpc::kUpdateJobEpochs, request, &ServerNotifier::OnJobEpochsAnswer);
  return true;
}

void ServerNotifier::OnJobEpochsAnswer(Result<pb::UpdateJobEpochsResponse> answer) {
  if (answer.ok() && taken_job_epochs_.second) {
    const bool first = !std::exchange(job_epochs_told_, true);
    known_job_version_ = taken_job_epochs_.first;
    known_job_epochs_ = *taken_job_epochs_.second;
    if (first) Run(leader_lane_);
  }
  Finish(job_lane_, answer.status());
}

bool ServerNotifier::StartView() {
  if (!view_.due()) return false;
  Call(rpc::kUpdateMetadata, view_.Take(), &ServerNotifier::OnViewAnswer);
  return true;
}

void ServerNotifier::OnViewAnswer(Result<pb::UpdateMetadataResponse> answer) {
  if (answer.ok()) view_.OnAcknowledged();
  Finish(view_lane_, answer.status());
}

bool ServerNotifier::StartLeaders() {
  if (!job_epochs_told_) return false;  // It must not lead before.
  const auto& batch = leaders_.Take(kBucketsPerCall);
  if (batch.empty()) return false;
  pb::NotifyLeaderAndIsrRequest request;
  request.set_coordinator_epoch(epoch_.value());
  const MonoTime now = world_.clock.Now();
  for (const auto& [bucket, notice] : batch) {
    *request.add_notify_buckets_leader_req() = ToPb(bucket, notice, now);
  }
  Call(rpc::kNotifyLeaderAndIsr, request, &ServerNotifier::OnLeadersAnswer);
  return true;
}

void ServerNotifier::OnLeadersAnswer(Result<pb::NotifyLeaderAndIsrResponse> answer) {
  Refusals refusals;
  if (answer.ok()) {
    for (const auto& entry : answer->notify_buckets_leader_resp()) {
      const TableBucket bucket = convert::FromPb(entry.table_bucket());
      std::optional<LeaderNotice> notice = leaders_.Settle(bucket);
      if (!notice) continue;
      if (const Status why = convert::ErrorOf(entry); !why.ok()) {
        refusals.Note(bucket, why);
        observer_.OnRoleRefused(server_, bucket, notice->leadership.bucket_epoch, why);
        leaders_.Park(bucket, *std::move(notice));
      } else {
        observer_.OnRoleTaken(server_, bucket, notice->leadership);
      }
    }
  }
  leaders_.GiveBack();
  OnRefusals(refusals);
  Finish(leader_lane_, answer.status());
}

bool ServerNotifier::StartRemovals() {
  const auto& batch = removals_.Take(kBucketsPerCall);
  if (batch.empty()) return false;
  pb::StopReplicaRequest request;
  request.set_coordinator_epoch(epoch_.value());
  for (const auto& [bucket, epoch] : batch) {
    pb::PbStopReplicaReqForBucket& entry = *request.add_stop_replicas_req();
    *entry.mutable_table_bucket() = convert::ToPb(bucket);
    entry.set_leader_epoch(epoch.value());
    entry.set_delete_(true);
    entry.set_deleteremote(true);
  }
  Call(rpc::kStopReplica, request, &ServerNotifier::OnRemovalsAnswer);
  return true;
}

void ServerNotifier::OnRemovalsAnswer(Result<pb::StopReplicaResponse> answer) {
  Refusals refusals;
  if (answer.ok()) {
    for (const auto& entry : answer->stop_replicas_resp()) {
      const TableBucket bucket = convert::FromPb(entry.table_bucket());
      const std::optional<LeaderEpoch> epoch = removals_.Settle(bucket);
      if (!epoch) continue;
      if (const Status why = convert::ErrorOf(entry); !why.ok()) {
        refusals.Note(bucket, why);
        removals_.Park(bucket, *epoch);
      } else {
        observer_.OnReplicaRemoved(server_, bucket);
      }
    }
  }
  removals_.GiveBack();
  OnRefusals(refusals);
  Finish(removal_lane_, answer.status());
}

bool ServerNotifier::StartNeededFrom() {
  const auto& batch = needed_from_.Take(1);
  if (batch.empty()) return false;
  const auto& [bucket, offset] = *batch.begin();
  pb::NotifyKvSnapshotOffsetRequest request;
  convert::SetBucket(bucket, &request);
  request.set_table_id(bucket.table.value());
  request.set_coordinator_epoch(epoch_.value());
  request.set_min_retain_offset(offset.value());
  Call(rpc::kNotifyKvSnapshotOffset, request, &ServerNotifier::OnNeededFromAnswer);
  return true;
}

// One that the server does not take is said again with the next snapshot.
void ServerNotifier::OnNeededFromAnswer(Result<pb::NotifyKvSnapshotOffsetResponse> answer) {
  if (answer.ok()) needed_from_.SettleAll();
  needed_from_.GiveBack();
  Finish(needed_from_lane_, answer.status());
}

void ServerNotifier::Run(Lane& lane) {
  if (lane.calling || lane.retry != runtime::kNoTimer) return;
  if (const uint64_t connection = line_->Ready(); connection != connection_) {
    connection_ = connection;
    OnConnection();
    return Send();
  }
  lane.calling = (this->*lane.start)();
}

// It is told everything; what it leads it hears once its own registration is seen. Of the epochs of
// jobs it must know all before it leads.
void ServerNotifier::OnConnection() {
  view_.OnConnection();
  taken_job_epochs_ = {};
  known_job_epochs_.clear();
  job_epochs_told_ = job_epochs_->empty();
}

void ServerNotifier::Finish(Lane& lane, const Status& status) {
  lane.calling = false;
  if (status.ok()) {
    lane.delay = timing_.retry_min;
    Run(lane);
  } else {
    OnError(status);
    // Maybe the other end is gone without a word: the next try is made over a new connection.
    if (status.code() == ErrorCode::kRequestTimeOut) line_->Renew();
    RetryLater(lane);
  }
  observer_.OnProgress();
}

void ServerNotifier::RetryLater(Lane& lane) {
  lane.retry =
      world_.strand->PostAt(world_.clock.Now() + lane.delay, [weak = weak_from_this(), &lane] {
        const auto self = weak.lock();
        if (!self) return;
        lane.retry = runtime::kNoTimer;
        self->Run(lane);
      });
  lane.delay = std::min(lane.delay * 2, timing_.retry_max);
}

// The observer may let the notifier go.
void ServerNotifier::OnNews(ServerLine::News news) {
  if (news == ServerLine::News::kRefused) return observer_.OnRefused(server_);
  for (Lane* lane : {&job_lane_, &view_lane_, &leader_lane_, &removal_lane_, &needed_from_lane_}) {
    if (lane->retry == runtime::kNoTimer) continue;
    world_.strand->Cancel(std::exchange(lane->retry, runtime::kNoTimer));
    lane->delay = timing_.retry_min;
    Run(*lane);
  }
  observer_.OnReached(server_);
}

void ServerNotifier::OnRefusals(const Refusals& refusals) {
  if (refusals.count == 0) {
    if (!leaders_.has_parked() && !removals_.has_parked()) unpark_delay_ = timing_.retry_min;
    return;
  }
  OnError(refusals.first.WithContext(
      fmt::format("refuses {} buckets, {}", refusals.count, refusals.first_bucket.ToString())));
  if (unpark_ != runtime::kNoTimer) return;
  unpark_ = world_.strand->PostAt(world_.clock.Now() + unpark_delay_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->unpark_ = runtime::kNoTimer;
    self->leaders_.Unpark();
    self->removals_.Unpark();
    self->Send();
  });
  unpark_delay_ = std::min(unpark_delay_ * 2, timing_.retry_max);
}

void ServerNotifier::OnError(const Status& why) {
  STROM_LOG(kWarn, "tablet server {} at {}: {}", server_, endpoint_.ToString(), why.ToString());
  if (why.code() == ErrorCode::kInvalidCoordinator) observer_.OnDeposed(why);
}

}  // namespace strom::coordinator
