#include "tablet/server/notification_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "common/convert/job.h"
#include "common/convert/path.h"
#include "common/service/update_metadata.h"
#include "proto/cluster.pb.h"
#include "proto/metadata.pb.h"
#include "tablet/server/join.h"

namespace strom::tablet {
namespace {

using pb::PbNotifyLeaderAndIsrReqForBucket;

std::vector<ServerId> ServerIds(const google::protobuf::RepeatedField<int32_t>& ids) {
  std::vector<ServerId> servers;
  for (const int32_t id : ids) servers.push_back(ServerId(id));
  return servers;
}

Leadership LeadershipOf(const PbNotifyLeaderAndIsrReqForBucket& entry, CoordinatorEpoch epoch) {
  std::optional<LeaderEpoch> ended_since;
  if (entry.has_ended_since()) ended_since = LeaderEpoch(entry.ended_since());
  return {.leader = ServerId(entry.leader()),
          .leader_epoch = LeaderEpoch(entry.leader_epoch()),
          .bucket_epoch = BucketEpoch(entry.bucket_epoch()),
          .coordinator_epoch = epoch,
          .replicas = ServerIds(entry.replicas()),
          .isr = ServerIds(entry.isr()),
          .withhold = Millis(entry.withhold_ms()),
          .ended_since = ended_since};
}

Result<BucketSpec> SpecOf(const PbNotifyLeaderAndIsrReqForBucket& entry,
                          const std::map<TablePath, Result<LoadedTable>>& tables) {
  STROM_ASSIGN_OR_RETURN(PhysicalTablePath path, convert::FromPb(entry.physical_table_path()));
  const TableBucket bucket = convert::FromPb(entry.table_bucket());
  if (path.partition.has_value() != bucket.partition.has_value()) {
    return Error(ErrorCode::kCorruptMessage, "{} cannot be in {}", bucket, path);
  }
  const Result<LoadedTable>& table = tables.at(path.table);
  STROM_RETURN_IF_ERROR(table.status());
  if (table->info.id != bucket.table) {
    return Error(ErrorCode::kUnknownTableOrBucket, "{}: table {} has id {} now", bucket, path.table,
                 table->info.id);
  }
  return BucketSpec::Of(table->info, std::move(path), bucket, table->older);
}

// What one bucket of a notification came to.
template <class Response, class Entry>
Join<Status>::Done AnswerFor(std::vector<pb::PbTableBucket> buckets, Entry* (Response::*add)(),
                             rpc::Responder<Response> respond) {
  return [buckets = std::move(buckets), add,
          respond = std::move(respond)](std::vector<Status> results) mutable {
    Response response;
    for (size_t i = 0; i < results.size(); ++i) {
      Entry* const entry = (response.*add)();
      *entry->mutable_table_bucket() = std::move(buckets[i]);
      convert::SetError(results[i], entry);
    }
    std::move(respond).Ok(response);
  };
}

}  // namespace

void NotificationService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kNotifyLeaderAndIsr, *this, &NotificationService::NotifyLeaderAndIsr);
  dispatcher.Handle(rpc::kStopReplica, *this, &NotificationService::StopReplica);
  dispatcher.Handle(rpc::kUpdateMetadata, *this, &NotificationService::UpdateMetadata);
  dispatcher.Handle(rpc::kUpdateJobEpochs, *this, &NotificationService::UpdateJobEpochs);
  dispatcher.Handle(rpc::kNotifyKvSnapshotOffset, *this,
                    &NotificationService::NotifyKvSnapshotOffset);
}

void NotificationService::NotifyLeaderAndIsr(const rpc::RequestContext& ctx,
                                             rpc::Ref<pb::NotifyLeaderAndIsrRequest> request,
                                             NotifyResponder respond) {
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kAlter, rpc::Resource::Cluster());
      !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  strand_.Dispatch([this, request = std::move(request), respond = std::move(respond)]() mutable {
    if (Status s = Hear(CoordinatorEpoch(request->coordinator_epoch())); !s.ok()) {
      return std::move(respond).Fail(std::move(s));
    }
    InTurn([this, request = std::move(request), respond = std::move(respond)]() mutable {
      LoadTables(std::move(request), std::move(respond));
    });
  });
}

void NotificationService::StopReplica(const rpc::RequestContext& ctx,
                                      rpc::Ref<pb::StopReplicaRequest> request,
                                      rpc::Responder<pb::StopReplicaResponse> respond) {
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kAlter, rpc::Resource::Cluster());
      !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  strand_.Dispatch([this, request = std::move(request), respond = std::move(respond)]() mutable {
    if (Status s = Hear(CoordinatorEpoch(request->coordinator_epoch())); !s.ok()) {
      return std::move(respond).Fail(std::move(s));
    }
    InTurn([this, request = std::move(request), respond = std::move(respond)]() mutable {
      LetGo(*request, std::move(respond));
      NextTurn();
    });
  });
}

void NotificationService::UpdateMetadata(const rpc::RequestContext& ctx,
                                         rpc::Ref<pb::UpdateMetadataRequest> request,
                                         rpc::Responder<pb::UpdateMetadataResponse> respond) {
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kAlter, rpc::Resource::Cluster());
      !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  strand_.Dispatch([this, request = std::move(request), respond = std::move(respond)]() mutable {
    if (Status s = Update(*request); !s.ok()) return std::move(respond).Fail(std::move(s));
    std::move(respond).Ok(pb::UpdateMetadataResponse());
  });
}

void NotificationService::NotifyKvSnapshotOffset(
    const rpc::RequestContext& ctx, rpc::Ref<pb::NotifyKvSnapshotOffsetRequest> request,
    rpc::Responder<pb::NotifyKvSnapshotOffsetResponse> respond) {
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kAlter, rpc::Resource::Cluster());
      !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  strand_.Dispatch([this, request = std::move(request), respond = std::move(respond)]() mutable {
    if (Status s = Hear(CoordinatorEpoch(request->coordinator_epoch())); !s.ok()) {
      return std::move(respond).Fail(std::move(s));
    }
    // Of a bucket that this server does not have, or not yet, it will hear again.
    const auto replica = replicas_.Find(convert::BucketOf(TableId(request->table_id()), *request));
    if (replica) replica->OnNeededFrom(LogOffset(request->min_retain_offset()));
    std::move(respond).Ok(pb::NotifyKvSnapshotOffsetResponse());
  });
}

void NotificationService::UpdateJobEpochs(const rpc::RequestContext& ctx,
                                          rpc::Ref<pb::UpdateJobEpochsRequest> request,
                                          rpc::Responder<pb::UpdateJobEpochsResponse> respond) {
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kAlter, rpc::Resource::Cluster());
      !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  std::vector<JobFence> epochs;
  for (const pb::PbJobFence& entry : request->epochs()) {
    Result<JobFence> fence = convert::FromPb(entry);
    if (!fence.ok()) return std::move(respond).Fail(fence.status());
    epochs.push_back(*std::move(fence));
  }
  strand_.Dispatch([this, epoch = CoordinatorEpoch(request->coordinator_epoch()),
                    epochs = std::move(epochs), respond = std::move(respond)]() mutable {
    if (Status s = Hear(epoch); !s.ok()) return std::move(respond).Fail(std::move(s));
    fences_.Raise(epochs, [respond = std::move(respond)]() mutable {
      std::move(respond).Ok(pb::UpdateJobEpochsResponse());
    });
  });
}

void NotificationService::Begin(std::optional<CoordinatorEpoch> newest) {
  STROM_ASSERT_ON(strand_);
  begun_ = true;
  epoch_ = std::max(epoch_, newest);
}

Status NotificationService::Hear(CoordinatorEpoch epoch) {
  if (!begun_) {
    return Error(ErrorCode::kOperationNotAttempted,
                 "coordinator epoch {}: this server has not registered yet", epoch);
  }
  if (epoch_ && epoch < *epoch_) {
    return Error(ErrorCode::kInvalidCoordinator, "coordinator epoch {}, this server knows of {}",
                 epoch, *epoch_);
  }
  epoch_ = epoch;
  return Status::Ok();
}

void NotificationService::InTurn(runtime::Task task) {
  if (std::exchange(in_turn_, true)) return waiting_.push_back(std::move(task));
  task();
}

void NotificationService::NextTurn() {
  if (waiting_.empty()) {
    in_turn_ = false;
    return;
  }
  // Not from here: the task that has ended is still on the stack.
  strand_.Post(std::move(waiting_.front()));
  waiting_.pop_front();
}

void NotificationService::LoadTables(rpc::Ref<pb::NotifyLeaderAndIsrRequest> request,
                                     NotifyResponder respond) {
  std::vector<TablePath> paths;
  for (const auto& entry : request->notify_buckets_leader_req()) {
    const auto path = convert::FromPb(entry.physical_table_path());
    if (path.ok()) paths.push_back(path->table);
  }
  std::ranges::sort(paths);
  paths.erase(std::ranges::unique(paths).begin(), paths.end());
  metadata::Gather<std::optional<Result<LoadedTable>>>(
      paths.size(),
      [this, paths](size_t i, absl::AnyInvocable<void(std::optional<Result<LoadedTable>>)> next) {
        LoadTable(catalog_, paths[i], std::move(next));
      },
      [this, paths, request, respond = std::move(respond)](
          std::vector<std::optional<Result<LoadedTable>>> loaded) mutable {
        Tables tables;
        for (size_t i = 0; i < paths.size(); ++i) tables.emplace(paths[i], *std::move(loaded[i]));
        Lead(*request, tables, std::move(respond));
        NextTurn();
      });
}

void NotificationService::Lead(const pb::NotifyLeaderAndIsrRequest& request, const Tables& tables,
                               NotifyResponder respond) {
  const auto& entries = request.notify_buckets_leader_req();
  std::vector<pb::PbTableBucket> buckets;
  for (const auto& entry : entries) buckets.push_back(entry.table_bucket());
  const auto join = Join<Status>::Of(
      static_cast<size_t>(entries.size()),
      AnswerFor(std::move(buckets), &pb::NotifyLeaderAndIsrResponse::add_notify_buckets_leader_resp,
                std::move(respond)));
  for (size_t i = 0; i < static_cast<size_t>(entries.size()); ++i) {
    const auto& entry = entries[static_cast<int>(i)];
    Result<BucketSpec> spec = SpecOf(entry, tables);
    if (!spec.ok()) {
      join->Set(i, spec.status());
      continue;
    }
    replicas_.Become(*std::move(spec),
                     LeadershipOf(entry, CoordinatorEpoch(request.coordinator_epoch())),
                     [join, i](Status status) { join->Set(i, std::move(status)); });
  }
}

void NotificationService::LetGo(const pb::StopReplicaRequest& request,
                                rpc::Responder<pb::StopReplicaResponse> respond) {
  const auto& entries = request.stop_replicas_req();
  std::vector<pb::PbTableBucket> buckets;
  for (const auto& entry : entries) buckets.push_back(entry.table_bucket());
  const auto join = Join<Status>::Of(
      static_cast<size_t>(entries.size()),
      AnswerFor(std::move(buckets), &pb::StopReplicaResponse::add_stop_replicas_resp,
                std::move(respond)));
  for (size_t i = 0; i < static_cast<size_t>(entries.size()); ++i) {
    const auto& entry = entries[static_cast<int>(i)];
    replicas_.StopReplica(convert::FromPb(entry.table_bucket()), LeaderEpoch(entry.leader_epoch()),
                          entry.delete_(),
                          [join, i](Status status) { join->Set(i, std::move(status)); });
  }
}

Status NotificationService::Update(const pb::UpdateMetadataRequest& request) {
  auto before = views_.Get();
  if (request.has_coordinator_epoch()) {
    const CoordinatorEpoch epoch(request.coordinator_epoch());
    STROM_RETURN_IF_ERROR(Hear(epoch));
    if (view_epoch_ != epoch) {
      // What a coordinator says first is all there is: it cannot know what the one before it told.
      before = std::make_shared<const service::ClusterView>();
      view_version_ = 0;
    }
    // It came late, over an older connection; whatever is in it was said again since.
    if (request.has_view_version() && request.view_version() < view_version_) return Status::Ok();
  }
  STROM_ASSIGN_OR_RETURN(service::ClusterView view, service::ApplyUpdateMetadata(*before, request));
  if (request.has_coordinator_epoch()) view_epoch_ = epoch_;
  if (request.has_view_version()) view_version_ = request.view_version();
  views_.Set(std::make_shared<const service::ClusterView>(std::move(view)));
  return Status::Ok();
}

}  // namespace strom::tablet
