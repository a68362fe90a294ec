#include "tablet/replica/replica.h"

#include <algorithm>
#include <span>

#include "common/base/logging.h"
#include "common/record/log_projection.h"
#include "tablet/replica/batch_validation.h"

namespace strom::tablet {
namespace {

constexpr LogOffset kFromStart{-2};

}  // namespace

Replica::Replica(runtime::Executor& executor, runtime::Executor& blocking,
                 const runtime::Clock& clock, kv::KvStoreFactory& stores, Options options,
                 BucketSpec spec, std::unique_ptr<LogTablet> log)
    : blocking_(blocking),
      clock_(clock),
      stores_(stores),
      options_(options),
      spec_(std::move(spec)),
      log_(std::move(log)),
      strand_(executor),
      high_watermark_(log_->log_start_offset().value()) {}

Status Replica::CheckEpochs(const Leadership& next) const {
  if (!leadership_) return Status::Ok();
  if (next.coordinator_epoch < leadership_->coordinator_epoch) {
    return Error(ErrorCode::kInvalidCoordinator, "{}: coordinator epoch {}, known is {}", bucket(),
                 next.coordinator_epoch, leadership_->coordinator_epoch);
  }
  if (next.leader_epoch < leadership_->leader_epoch) {
    return Error(ErrorCode::kFencedLeaderEpoch, "{}: leader epoch {}, known is {}", bucket(),
                 next.leader_epoch, leadership_->leader_epoch);
  }
  if (next.bucket_epoch < leadership_->bucket_epoch) {
    return Error(ErrorCode::kInvalidUpdateVersion, "{}: bucket epoch {}, known is {}", bucket(),
                 next.bucket_epoch, leadership_->bucket_epoch);
  }
  return Status::Ok();
}

Status Replica::CheckRole(const Leadership& next) const {
  if (std::ranges::find(next.replicas, options_.self) == next.replicas.end()) {
    return Error(ErrorCode::kUnknownTableOrBucket, "{}: server {} is none of its {} replicas",
                 bucket(), options_.self, next.replicas.size());
  }
  if (next.leader == options_.self && next.isr != std::vector<ServerId>{options_.self}) {
    return Error(ErrorCode::kInvalidReplicationFactor,
                 "{}: an in-sync set of {} servers, replication between servers is not there yet",
                 bucket(), next.isr.size());
  }
  return Status::Ok();
}

void Replica::Become(Leadership leadership, absl::AnyInvocable<void(Status)> done) {
  strand_.Dispatch([self = shared_from_this(), leadership = std::move(leadership),
                    done = std::move(done)]() mutable {
    if (self->stopped_) {
      return done(Error(ErrorCode::kNotLeaderOrFollower, "{} is being stopped", self->bucket()));
    }
    Status allowed = self->CheckEpochs(leadership);
    if (allowed.ok()) allowed = self->CheckRole(leadership);
    if (!allowed.ok()) return done(std::move(allowed));
    self->leadership_ = std::move(leadership);
    self->TakeRole(std::move(done));
  });
}

void Replica::TakeRole(absl::AnyInvocable<void(Status)> done) {
  if (leadership_->leader != options_.self) {
    serving_.store(false, std::memory_order_release);
    STROM_LOG(kInfo, "{} ({}): not leading at leader epoch {}, log [{}, {})", bucket(), spec_.path,
              leadership_->leader_epoch, log_->log_start_offset(), log_->log_end_offset());
    Wake(waiters_.TakeAll());
    return CloseRows([done = std::move(done)]() mutable { done(Status::Ok()); });
  }
  if (spec_.has_primary_key() && !kv_.Get()) return OpenRows(std::move(done));
  done(Serve());
  Wake(waiters_.TakeAll());
}

Status Replica::Serve() {
  STROM_RETURN_IF_ERROR(AdvanceHighWatermark());
  serving_.store(true, std::memory_order_release);
  STROM_LOG(kInfo, "{} ({}): leading at leader epoch {}, log [{}, {})", bucket(), spec_.path,
            leadership_->leader_epoch, log_->log_start_offset(), log_->log_end_offset());
  return Status::Ok();
}

void Replica::Stop(std::optional<LeaderEpoch> leader_epoch, absl::AnyInvocable<void(Status)> done) {
  strand_.Post([self = shared_from_this(), leader_epoch, done = std::move(done)]() mutable {
    if (leader_epoch && self->leadership_ && *leader_epoch < self->leadership_->leader_epoch) {
      return done(Error(ErrorCode::kFencedLeaderEpoch, "{}: stop at leader epoch {}, known is {}",
                        self->bucket(), *leader_epoch, self->leadership_->leader_epoch));
    }
    self->stopped_ = true;
    self->serving_.store(false, std::memory_order_release);
    self->Wake(self->waiters_.TakeAll());
    self->CloseRows([done = std::move(done)]() mutable { done(Status::Ok()); });
  });
}

Status Replica::CheckServing() const {
  if (is_leader()) return Status::Ok();
  return Error(ErrorCode::kNotLeaderOrFollower, "server {} does not lead {} of {}", options_.self,
               bucket(), spec_.path);
}

LogOffset Replica::CommittedOffset() const {
  if (leadership_->isr.size() < options_.min_insync_replicas) return high_watermark();
  return log_->log_end_offset();
}

Status Replica::AdvanceHighWatermark() {
  const LogOffset committed = CommittedOffset();
  STROM_CHECK(committed >= high_watermark())
      << bucket() << ": log end " << committed << " below high watermark " << high_watermark();
  if (const auto kv = kv_.Get()) STROM_RETURN_IF_ERROR(kv->FlushTo(committed));
  high_watermark_.store(committed.value(), std::memory_order_release);
  return Status::Ok();
}

void Replica::Wake(std::vector<OffsetWaiters::Wake> taken) {
  waiter_count_.store(waiters_.size(), std::memory_order_relaxed);
  for (auto& wake : taken) wake();
}

Status Replica::CheckInSync(Acks acks) const {
  const size_t in_sync = leadership_->isr.size();
  if (acks != Acks::kAll || in_sync >= options_.min_insync_replicas) return Status::Ok();
  return Error(ErrorCode::kNotEnoughReplicas, "{}: {} of at least {} replicas are in sync",
               bucket(), in_sync, options_.min_insync_replicas);
}

Result<AppendInfo> Replica::AppendOnStrand(Bytes batches, Acks acks,
                                           const JobAdmission& admission) {
  // Kept until the append is done: see JobFences.
  STROM_ASSIGN_OR_RETURN(const JobFences::Pass pass, admission.Enter());
  STROM_RETURN_IF_ERROR(CheckServing());
  STROM_RETURN_IF_ERROR(CheckInSync(acks));
  STROM_ASSIGN_OR_RETURN(AppendInfo info, log_->AppendAsLeader(std::move(batches)));
  STROM_RETURN_IF_ERROR(AdvanceHighWatermark());
  return info;
}

void Replica::Append(Bytes batches, Acks acks, JobAdmission admission,
                     absl::AnyInvocable<void(Result<AppendInfo>)> done) {
  // On the calling thread, before anything queues.
  Status valid = CheckServing();
  if (valid.ok() && spec_.has_primary_key()) {
    valid = Error(ErrorCode::kInvalidTable,
                  "{} belongs to a primary-key table, whose log takes no appends but by PutKv",
                  bucket());
  }
  if (valid.ok()) valid = ValidateProduced(batches, spec_.schemas);
  if (!valid.ok()) return done(valid.WithContext(spec_.path.ToString()));
  strand_.Dispatch([self = shared_from_this(), batches = std::move(batches), acks,
                    admission = std::move(admission), done = std::move(done)]() mutable {
    Result<AppendInfo> info = self->AppendOnStrand(std::move(batches), acks, admission);
    if (!info.ok()) return done(info.status().WithContext(self->spec_.path.ToString()));
    done(std::move(info));
    self->Wake(self->waiters_.TakeBelow(self->high_watermark()));
  });
}

Result<Bytes> Replica::Project(const Bytes& batches, const std::vector<int32_t>& columns) const {
  STROM_ASSIGN_OR_RETURN(const auto views, record::SplitBatches(batches));
  Bytes projected;
  std::optional<std::pair<SchemaId, record::LogProjection>> projection;
  for (const record::LogBatchView& view : views) {
    const SchemaId id = view.header().schema_id;
    if (!projection || projection->first != id) {
      const auto schema = spec_.schemas.find(id);
      if (schema == spec_.schemas.end()) {
        return Error(ErrorCode::kSchemaNotExist, "{}: batch at offset {} has schema {}", bucket(),
                     view.base_offset(), id);
      }
      // Columns the table got later are not in the batch.
      const auto known = static_cast<int32_t>(schema->second.column_types().size());
      const std::span held(columns.begin(), std::ranges::lower_bound(columns, known));
      STROM_ASSIGN_OR_RETURN(auto made, record::LogProjection::Create(schema->second, held));
      projection.emplace(id, std::move(made));
    }
    STROM_RETURN_IF_ERROR(projection->second.AppendProjected(view, projected));
  }
  return projected;
}

Result<BucketRead> Replica::ReadCommitted(const ReadRange& range) const {
  STROM_RETURN_IF_ERROR(CheckServing());
  if (range.projection) {  // Wrong columns are wrong also while there is nothing to read.
    STROM_RETURN_IF_ERROR(
        record::LogProjection::Create(spec_.newest_schema(), *range.projection).status());
  }
  BucketRead read{.records = {},
                  .high_watermark = high_watermark(),
                  .log_start_offset = log_->log_start_offset()};
  const LogOffset from = range.offset == kFromStart ? read.log_start_offset : range.offset;
  STROM_ASSIGN_OR_RETURN(read.records,
                         log_->Read(from, range.size_max, range.at_least_one, read.high_watermark));
  if (range.projection) {
    STROM_ASSIGN_OR_RETURN(read.records, Project(read.records, *range.projection));
  }
  return read;
}

Result<Bytes> Replica::ReadLast(int32_t count, size_t size_max) const {
  STROM_RETURN_IF_ERROR(CheckServing());
  const LogOffset upper = high_watermark();
  STROM_ASSIGN_OR_RETURN(LogOffset from, log_->OffsetOfLast(count, upper));
  Bytes records;
  while (from < upper) {
    STROM_ASSIGN_OR_RETURN(const Bytes part,
                           log_->Read(from, size_max - records.size(), false, upper));
    if (part.empty()) {
      return Error(ErrorCode::kRecordTooLarge, "{}: the newest {} records are more than {} bytes",
                   bucket(), count, size_max);
    }
    STROM_ASSIGN_OR_RETURN(const auto views, record::SplitBatches(part));
    from = views.back().next_offset();
    records += part;
  }
  return records;
}

Result<int64_t> Replica::CountCommitted() const {
  STROM_RETURN_IF_ERROR(CheckServing());
  if (!spec_.has_primary_key()) {
    return high_watermark().value() - log_->log_start_offset().value();
  }
  STROM_ASSIGN_OR_RETURN(const auto rows, Rows());
  if (const std::optional<int64_t> count = rows->row_count()) return *count;
  return Error(ErrorCode::kInvalidTable,
               "the rows of {} are not counted, since its changelog image is WAL", spec_.path);
}

Result<LogOffset> Replica::FindOffset(const OffsetQuery& query) const {
  STROM_RETURN_IF_ERROR(CheckServing());
  switch (query.kind) {
    case OffsetQuery::Kind::kEarliest:
      return log_->log_start_offset();
    case OffsetQuery::Kind::kLatest:
      return high_watermark();
    case OffsetQuery::Kind::kTimestamp:
      if (const int64_t now = clock_.WallNow(); query.timestamp_ms > now) {
        return Error(ErrorCode::kInvalidTimestamp, "{}: timestamp {} is {} ms in the future",
                     bucket(), query.timestamp_ms, query.timestamp_ms - now);
      }
      STROM_ASSIGN_OR_RETURN(const LogOffset offset, log_->OffsetOfTimestamp(query.timestamp_ms));
      return std::min(offset, high_watermark());
  }
  STROM_UNREACHABLE();
}

void Replica::AwaitCommitted(OffsetWaiters::Id id, LogOffset offset, OffsetWaiters::Wake wake) {
  strand_.Dispatch([self = shared_from_this(), id, offset, wake = std::move(wake)]() mutable {
    const LogOffset from = offset == kFromStart ? self->log_->log_start_offset() : offset;
    if (!self->is_leader() || from < self->high_watermark()) return wake();
    self->waiters_.Add(id, from, std::move(wake));
    self->waiter_count_.store(self->waiters_.size(), std::memory_order_relaxed);
  });
}

void Replica::ForgetWait(OffsetWaiters::Id id) {
  strand_.Dispatch([self = shared_from_this(), id] {
    self->waiters_.Remove(id);
    self->waiter_count_.store(self->waiters_.size(), std::memory_order_relaxed);
  });
}

void Replica::Maintain(int64_t retention_size_bytes) {
  strand_.Post([self = shared_from_this(), retention_size_bytes] {
    if (self->stopped_) return;
    self->log_->ExpireWriters();
    const Result<size_t> gone =
        self->log_->DeleteOldSegments({.ttl_ms = self->spec_.properties.log_local_ttl_ms.value_or(
                                           self->spec_.properties.log_ttl_ms),
                                       .size_max_bytes = retention_size_bytes,
                                       .keep_from = self->NeededFrom()});
    if (!gone.ok()) STROM_LOG(kWarn, "{}", gone.status().ToString());
  });
}

}  // namespace strom::tablet
