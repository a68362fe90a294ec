#include "tests/unit/coordinator/server/tablet_fake.h"

#include <utility>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "common/metadata/recipes.h"
#include "common/metadata/zk_json.h"
#include "common/service/update_metadata.h"

namespace strom::coordinator {
namespace {

std::vector<ServerId> IdsOf(const google::protobuf::RepeatedField<int32_t>& numbers) {
  std::vector<ServerId> ids;
  for (const int32_t number : numbers) ids.emplace_back(number);
  return ids;
}

}  // namespace

TabletFake::TabletFake(sim::SimScheduler& scheduler, sim::SimNetwork& wires,
                       const runtime::Clock& clock, metadata::MetaStoreFactory& sessions,
                       ServerId id)
    : scheduler_(scheduler),
      wires_(wires),
      sessions_(sessions),
      id_(id),
      host_("tablet-" + std::to_string(id.value())),
      strand_(scheduler),
      network_(wires.AddHost(host_, scheduler, clock)) {
  dispatcher_.Handle(rpc::kApiVersions,
                     rpc::Handler<pb::ApiVersionsRequest, pb::ApiVersionsResponse>(
                         [this](const rpc::RequestContext& ctx, auto, auto respond) {
                           pb::ApiVersionsResponse response;
                           rpc::FillApiVersions(dispatcher_, ctx.listener().audience, &response);
                           std::move(respond).Ok(response);
                         }));
  dispatcher_.Handle(rpc::kUpdateMetadata,
                     rpc::Handler<pb::UpdateMetadataRequest, pb::UpdateMetadataResponse>(
                         [this](const rpc::RequestContext&, auto request, auto respond) {
                           Update(std::move(request), std::move(respond));
                         }));
  dispatcher_.Handle(rpc::kNotifyLeaderAndIsr,
                     rpc::Handler<pb::NotifyLeaderAndIsrRequest, pb::NotifyLeaderAndIsrResponse>(
                         [this](const rpc::RequestContext&, auto request, auto respond) {
                           Lead(std::move(request), std::move(respond));
                         }));
  dispatcher_.Handle(rpc::kStopReplica,
                     rpc::Handler<pb::StopReplicaRequest, pb::StopReplicaResponse>(
                         [this](const rpc::RequestContext&, auto request, auto respond) {
                           Remove(std::move(request), std::move(respond));
                         }));
  dispatcher_.Handle(rpc::kUpdateJobEpochs,
                     rpc::Handler<pb::UpdateJobEpochsRequest, pb::UpdateJobEpochsResponse>(
                         [this](const rpc::RequestContext&, auto request, auto respond) {
                           UpdateEpochs(std::move(request), std::move(respond));
                         }));
  dispatcher_.Handle(
      rpc::kNotifyKvSnapshotOffset,
      rpc::Handler<pb::NotifyKvSnapshotOffsetRequest, pb::NotifyKvSnapshotOffsetResponse>(
          [this](const rpc::RequestContext&, auto request, auto respond) {
            NeedFrom(std::move(request), std::move(respond));
          }));
}

TabletFake::~TabletFake() = default;

void TabletFake::Forget() {
  leaders.clear();
  withhold_ms.clear();
  ended_since.clear();
  removed.clear();
  view = {};
  epoch = CoordinatorEpoch(-1);
  leader_calls = view_calls = removal_calls = epoch_calls = 0;
  job_epochs.clear();
  needed_from.clear();
  order.clear();
}

void TabletFake::Start(std::string internal_listener) {
  Forget();
  ++life_;
  Listen(0);
  session_ = sessions_.Connect(strand_, nullptr).value();
  metadata::TabletServerRegistration registration;
  registration.listeners[internal_listener] = {host_, listener_->endpoint().port};
  registration.listeners["FLUSS"] = {host_, 9123};
  registration.directory_id = directory_id;
  registration.start_epoch = start_epoch;
  const metadata::ZkPaths paths("/fluss");
  metadata::EnsureNodes(
      *session_, paths.FixedNodes(),
      [this, path = paths.TabletServer(id_), json = ToJson(registration)](auto ensured) {
        STROM_CHECK(ensured.ok()) << ensured.status().ToString();
        session_->Create(path, json, metadata::CreateMode::kEphemeral,
                         [](metadata::MetaResult<std::string> made) {
                           STROM_CHECK(made.ok()) << metadata::MetaCodeName(made.code);
                         });
      });
}

void TabletFake::Listen(uint16_t port) {
  listener_ = network_
                  ->Listen({.endpoint = {.host = host_, .port = port},
                            .listener = {"INTERNAL", rpc::Audience::kServers}},
                           dispatcher_)
                  .value();
  port_ = listener_->endpoint().port;
}

void TabletFake::Crash() { listener_.reset(); }

void TabletFake::ComeBack() { Listen(port_); }

void TabletFake::Replace() {
  Crash();
  Forget();
  Listen(port_);
}

void TabletFake::Die() {
  ++life_;
  session_.reset();
  held_.clear();
  listener_.reset();
}

void TabletFake::Release() {
  for (runtime::Task& task : std::exchange(held_, {})) task();
}

Status TabletFake::CheckEpoch(int32_t sent) {
  if (call_error) return *call_error;
  if (CoordinatorEpoch(sent) < epoch) {
    return Error(ErrorCode::kInvalidCoordinator, "epoch {} after {}", sent, epoch);
  }
  return Status::Ok();
}

void TabletFake::Update(rpc::Ref<pb::UpdateMetadataRequest> request,
                        rpc::Responder<pb::UpdateMetadataResponse> respond) {
  ++view_calls;
  order.push_back("view");
  if (Status s = CheckEpoch(request->coordinator_epoch()); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  const bool first = CoordinatorEpoch(request->coordinator_epoch()) > epoch;
  epoch = CoordinatorEpoch(request->coordinator_epoch());
  view = service::ApplyUpdateMetadata(first ? service::ClusterView() : view, *request).value();
  auto answer = [respond = std::move(respond)]() mutable { std::move(respond).Ok({}); };
  if (hold_views) return held_.emplace_back(std::move(answer)), void();
  answer();
}

void TabletFake::Lead(rpc::Ref<pb::NotifyLeaderAndIsrRequest> request,
                      rpc::Responder<pb::NotifyLeaderAndIsrResponse> respond) {
  ++leader_calls;
  order.push_back("leaders");
  if (Status s = CheckEpoch(request->coordinator_epoch()); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  auto work = [this, request, life = life_, respond = std::move(respond)]() mutable {
    pb::NotifyLeaderAndIsrResponse response;
    for (const auto& entry : request->notify_buckets_leader_req()) {
      auto& result = *response.add_notify_buckets_leader_resp();
      *result.mutable_table_bucket() = entry.table_bucket();
      const TableBucket bucket = convert::FromPb(entry.table_bucket());
      if (leader_error) {
        convert::SetError(*leader_error, &result);
      } else if (entry.leader() == id_.value() && entry.leader_epoch() <= spent_epoch.value()) {
        convert::SetError(Error(ErrorCode::kFencedLeaderEpoch, "led under it before"), &result);
      } else if (life == life_) {
        const auto known = leaders.find(bucket);
        if (known != leaders.end() && known->second.bucket_epoch.value() > entry.bucket_epoch()) {
          convert::SetError(Error(ErrorCode::kInvalidUpdateVersion, "older than known"), &result);
          continue;
        }
        withhold_ms.erase(bucket);
        if (entry.has_withhold_ms()) withhold_ms[bucket] = entry.withhold_ms();
        ended_since[bucket] = LeaderEpoch(entry.ended_since());
        leaders[bucket] = {.path = entry.physical_table_path().database_name() + "." +
                                   entry.physical_table_path().table_name(),
                           .leader = ServerId(entry.leader()),
                           .leader_epoch = LeaderEpoch(entry.leader_epoch()),
                           .bucket_epoch = BucketEpoch(entry.bucket_epoch()),
                           .replicas = IdsOf(entry.replicas()),
                           .isr = IdsOf(entry.isr())};
      }
    }
    std::move(respond).Ok(response);
  };
  if (hold_leaders) return held_.emplace_back(std::move(work)), void();
  work();
}

void TabletFake::Remove(rpc::Ref<pb::StopReplicaRequest> request,
                        rpc::Responder<pb::StopReplicaResponse> respond) {
  ++removal_calls;
  order.push_back("removals");
  if (Status s = CheckEpoch(request->coordinator_epoch()); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  pb::StopReplicaResponse response;
  for (const auto& entry : request->stop_replicas_req()) {
    auto& result = *response.add_stop_replicas_resp();
    *result.mutable_table_bucket() = entry.table_bucket();
    if (removal_error) {
      convert::SetError(*removal_error, &result);
      continue;
    }
    const TableBucket bucket = convert::FromPb(entry.table_bucket());
    leaders.erase(bucket);
    if (entry.delete_()) removed.insert(bucket);
  }
  std::move(respond).Ok(response);
}

void TabletFake::NeedFrom(rpc::Ref<pb::NotifyKvSnapshotOffsetRequest> request,
                          rpc::Responder<pb::NotifyKvSnapshotOffsetResponse> respond) {
  if (Status s = CheckEpoch(request->coordinator_epoch()); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  needed_from[convert::BucketOf(TableId(request->table_id()), *request)] =
      LogOffset(request->min_retain_offset());
  std::move(respond).Ok({});
}

void TabletFake::UpdateEpochs(rpc::Ref<pb::UpdateJobEpochsRequest> request,
                              rpc::Responder<pb::UpdateJobEpochsResponse> respond) {
  ++epoch_calls;
  order.push_back("epochs");
  if (Status s = CheckEpoch(request->coordinator_epoch()); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  for (const pb::PbJobFence& fence : request->epochs()) {
    job_epochs[fence.job_group()] = fence.epoch();
  }
  auto answer = [respond = std::move(respond)]() mutable { std::move(respond).Ok({}); };
  if (hold_epochs) return held_.emplace_back(std::move(answer)), void();
  answer();
}

}  // namespace strom::coordinator
