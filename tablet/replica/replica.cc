#include "tablet/replica/replica.h"

#include "common/base/logging.h"
#include "common/record/log_projection.h"

namespace strom::tablet {
namespace {

constexpr LogOffset kFromStart{-2};

}  // namespace

Replica::Replica(runtime::Executor& executor, const runtime::Clock& clock, ServerId self,
                 BucketSpec spec, std::unique_ptr<LogTablet> log)
    : clock_(clock),
      self_(self),
      spec_(std::move(spec)),
      log_(std::move(log)),
      strand_(executor),
      high_watermark_(log_->log_start_offset().value()) {}

void Replica::Become(Leadership leadership, absl::AnyInvocable<void(Status)> done) {
  strand_.Dispatch([self = shared_from_this(), leadership = std::move(leadership),
                    done = std::move(done)]() mutable {
    if (self->stopped_) {
      return done(Error(ErrorCode::kNotLeaderOrFollower, "{} is being removed", self->bucket()));
    }
    if (const auto& old = self->leadership_) {
      if (leadership.coordinator_epoch < old->coordinator_epoch) {
        return done(Error(ErrorCode::kInvalidCoordinator, "{}: coordinator epoch {}, known is {}",
                          self->bucket(), leadership.coordinator_epoch, old->coordinator_epoch));
      }
      if (leadership.leader_epoch < old->leader_epoch) {
        return done(Error(ErrorCode::kFencedLeaderEpoch, "{}: leader epoch {}, known is {}",
                          self->bucket(), leadership.leader_epoch, old->leader_epoch));
      }
      if (leadership.bucket_epoch < old->bucket_epoch) {
        return done(Error(ErrorCode::kInvalidUpdateVersion, "{}: bucket epoch {}, known is {}",
                          self->bucket(), leadership.bucket_epoch, old->bucket_epoch));
      }
    }
    self->leadership_ = std::move(leadership);
    const bool leads = self->leadership_->leader == self->self_;
    if (leads) self->AdvanceHighWatermark();  // What the log holds is on the whole ISR: on us.
    self->serving_.store(leads, std::memory_order_release);
    STROM_LOG(kInfo, "{} ({}): {} at leader epoch {}, log [{}, {})", self->bucket(),
              self->spec_.path, leads ? "leading" : "not leading", self->leadership_->leader_epoch,
              self->log_->log_start_offset(), self->log_->log_end_offset());
    for (auto& wake : self->waiters_.TakeAll()) wake();
    done(Status::Ok());
  });
}

void Replica::Stop(absl::AnyInvocable<void()> done) {
  strand_.Post([self = shared_from_this(), done = std::move(done)]() mutable {
    self->stopped_ = true;
    self->serving_.store(false, std::memory_order_release);
    for (auto& wake : self->waiters_.TakeAll()) wake();
    done();
  });
}

Status Replica::CheckServing() const {
  if (is_leader()) return Status::Ok();
  return Error(ErrorCode::kNotLeaderOrFollower, "server {} does not lead {} of {}", self_, bucket(),
               spec_.path);
}

void Replica::AdvanceHighWatermark() {
  const LogOffset end = log_->log_end_offset();
  STROM_CHECK(end >= high_watermark())
      << bucket() << ": log end " << end << " below high watermark " << high_watermark();
  high_watermark_.store(end.value(), std::memory_order_release);
}

void Replica::Append(Bytes batches, absl::AnyInvocable<void(Result<AppendInfo>)> done) {
  strand_.Dispatch(
      [self = shared_from_this(), batches = std::move(batches), done = std::move(done)]() mutable {
        if (Status s = self->CheckServing(); !s.ok()) return done(std::move(s));
        Result<AppendInfo> info = self->log_->AppendAsLeader(std::move(batches));
        if (!info.ok()) return done(info.status().WithContext(self->spec_.path.ToString()));
        self->AdvanceHighWatermark();
        auto woken = self->waiters_.TakeBelow(self->high_watermark());
        done(std::move(info));
        for (auto& wake : woken) wake();
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
      STROM_ASSIGN_OR_RETURN(auto made, record::LogProjection::Create(schema->second, columns));
      projection.emplace(id, std::move(made));
    }
    STROM_RETURN_IF_ERROR(projection->second.AppendProjected(view, projected));
  }
  return projected;
}

Result<BucketRead> Replica::ReadCommitted(const ReadRange& range) const {
  STROM_RETURN_IF_ERROR(CheckServing());
  BucketRead read{.records = {},
                  .high_watermark = high_watermark(),
                  .log_start_offset = log_->log_start_offset()};
  const LogOffset from = range.offset == kFromStart ? read.log_start_offset : range.offset;
  STROM_ASSIGN_OR_RETURN(read.records,
                         log_->Read(from, range.size_max, range.at_least_one, read.high_watermark));
  if (!range.projection.empty()) {
    STROM_ASSIGN_OR_RETURN(read.records, Project(read.records, range.projection));
  }
  return read;
}

Result<Bytes> Replica::ReadLast(int64_t count) const {
  STROM_RETURN_IF_ERROR(CheckServing());
  const LogOffset upper = high_watermark();
  STROM_ASSIGN_OR_RETURN(LogOffset from, log_->OffsetOfLast(count, upper));
  Bytes records;
  while (from < upper) {
    STROM_ASSIGN_OR_RETURN(const Bytes part, log_->Read(from, size_t{4} << 20, true, upper));
    if (part.empty()) break;
    STROM_ASSIGN_OR_RETURN(const auto views, record::SplitBatches(part));
    from = views.back().next_offset();
    records += part;
  }
  return records;
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
  });
}

void Replica::ForgetWait(OffsetWaiters::Id id) {
  strand_.Dispatch([self = shared_from_this(), id] { self->waiters_.Remove(id); });
}

void Replica::Maintain(int64_t retention_size_bytes) {
  strand_.Post([self = shared_from_this(), retention_size_bytes] {
    if (self->stopped_) return;
    self->log_->ExpireWriters();
    const Result<size_t> gone =
        self->log_->DeleteOldSegments({.ttl_ms = self->spec_.properties.log_local_ttl_ms.value_or(
                                           self->spec_.properties.log_ttl_ms),
                                       .size_max_bytes = retention_size_bytes,
                                       .keep_from = self->high_watermark()});
    if (!gone.ok()) STROM_LOG(kWarn, "{}", gone.status().ToString());
  });
}

}  // namespace strom::tablet
