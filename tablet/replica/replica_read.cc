// What clients read of a replica, and how they wait for it.
#include <algorithm>
#include <span>
#include <utility>

#include "common/base/mutation.h"
#include "common/record/log_projection.h"
#include "tablet/replica/replica.h"

namespace strom::tablet {
namespace {

constexpr LogOffset kFromStart{-2};

}  // namespace

Result<Bytes> Replica::Project(const Bytes& batches, const std::vector<int32_t>& columns) const {
  STROM_ASSIGN_OR_RETURN(const auto views, record::SplitBatches(batches));
  Bytes projected;
  std::optional<SchemaId> projected_schema;
  std::shared_ptr<const record::LogProjection> projection;
  for (const record::LogBatchView& view : views) {
    const SchemaId id = view.header().schema_id;
    if (projected_schema != id) {
      const auto schema = spec_.schemas.find(id);
      if (schema == spec_.schemas.end()) {
        return Error(ErrorCode::kSchemaNotExist, "{}: batch at offset {} has schema {}", bucket(),
                     view.base_offset(), id);
      }
      // Columns the table got later are not in the batch.
      const auto known = static_cast<int32_t>(schema->second.column_types().size());
      const std::span held(columns.begin(), std::ranges::lower_bound(columns, known));
      STROM_ASSIGN_OR_RETURN(projection, projections_.Get(id, schema->second, held));
      projected_schema = id;
    }
    STROM_RETURN_IF_ERROR(projection->AppendProjected(view, projected));
  }
  return projected;
}

Result<BucketRead> Replica::ReadCommitted(const ReadRange& range) const {
  STROM_RETURN_IF_ERROR(CheckServing());
  if (range.projection) {  // Wrong columns are wrong also while there is nothing to read.
    const auto& [id, newest] = *spec_.schemas.rbegin();
    STROM_RETURN_IF_ERROR(projections_.Get(id, newest, *range.projection).status());
  }
  BucketRead read{.records = {},
                  .high_watermark = high_watermark(),
                  .log_start_offset = log_->log_start_offset()};
  if (Mutated(Mutant::kReadsToLogEnd)) read.high_watermark = log_->log_end_offset();
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
  STROM_RETURN_IF_ERROR(CheckCaughtUp());
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
  STROM_RETURN_IF_ERROR(CheckCaughtUp());
  if (!spec_.has_primary_key()) {
    return high_watermark().value() - log_->log_start_offset().value();
  }
  STROM_ASSIGN_OR_RETURN(const auto rows, Rows());
  if (const std::optional<int64_t> count = rows->row_count()) {
    STROM_RETURN_IF_ERROR(CheckShows());
    return *count;
  }
  return Error(ErrorCode::kInvalidTable,
               "the rows of {} are not counted, since its changelog image is WAL", spec_.path);
}

Result<LogOffset> Replica::FindOffset(const OffsetQuery& query) const {
  STROM_RETURN_IF_ERROR(CheckServing());
  switch (query.kind) {
    case OffsetQuery::Kind::kEarliest:
      return log_->log_start_offset();
    case OffsetQuery::Kind::kLatest:
      STROM_RETURN_IF_ERROR(CheckCaughtUp());
      return high_watermark();
    case OffsetQuery::Kind::kTimestamp:
      if (const int64_t now = world_.clock.WallNow(); query.timestamp_ms > now) {
        return Error(ErrorCode::kInvalidTimestamp, "{}: timestamp {} is {} ms in the future",
                     bucket(), query.timestamp_ms, query.timestamp_ms - now);
      }
      STROM_ASSIGN_OR_RETURN(const LogOffset offset, log_->OffsetOfTimestamp(query.timestamp_ms));
      return std::min(offset, high_watermark());
  }
  STROM_UNREACHABLE();
}

Status Replica::CheckCaughtUp() const {
  const LogOffset shown(shown_before_.load(std::memory_order_acquire));
  if (high_watermark() >= shown || Mutated(Mutant::kNewLeaderShowsAtOnce)) return Status::Ok();
  return Error(ErrorCode::kLeaderNotAvailable,
               "{} of {}: its new leader knows what is committed up to {}, and has to up to {}",
               bucket(), spec_.path, high_watermark(), shown);
}

void Replica::Wake(std::vector<OffsetWaiters::Wake> taken) {
  waiter_count_.store(committed_waiters_.size() + appended_waiters_.size(),
                      std::memory_order_relaxed);
  for (auto& wake : taken) wake();
}

void Replica::AwaitCommitted(OffsetWaiters::Id id, LogOffset offset, OffsetWaiters::Wake wake) {
  strand_.Dispatch([self = shared_from_this(), id, offset, wake = std::move(wake)]() mutable {
    const LogOffset from = offset == kFromStart ? self->log_->log_start_offset() : offset;
    if (!self->is_leader() || from < self->high_watermark()) return wake();
    self->committed_waiters_.Add(id, from, std::move(wake));
    self->Wake({});
  });
}

void Replica::AwaitAppended(OffsetWaiters::Id id, LogOffset offset, OffsetWaiters::Wake wake) {
  strand_.Dispatch([self = shared_from_this(), id, offset, wake = std::move(wake)]() mutable {
    if (!self->leads() || offset < self->log_->log_end_offset()) return wake();
    self->appended_waiters_.Add(id, offset, std::move(wake));
    self->Wake({});
  });
}

void Replica::ForgetWait(OffsetWaiters::Id id) {
  strand_.Dispatch([self = shared_from_this(), id] {
    self->committed_waiters_.Remove(id);
    self->appended_waiters_.Remove(id);
    self->Wake({});
  });
}

}  // namespace strom::tablet
