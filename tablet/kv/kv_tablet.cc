#include "tablet/kv/kv_tablet.h"

#include "common/base/mutation.h"
#include "common/record/value_batch.h"
#include "tablet/kv/changelog_replay.h"

namespace strom::tablet {
namespace {

constexpr size_t kApplyWriteBytes = size_t{2} << 20;

}  // namespace

KvTablet::KvTablet(std::unique_ptr<kv::KvStore> store, std::shared_ptr<const KvTable> table,
                   LogTablet& log, KvTabletOptions options)
    : store_(std::move(store)),
      recent_(std::make_unique<RecentRows>(*store_, options.recent_rows)),
      table_(std::move(table)),
      bucket_(log.bucket()),
      options_(options),
      log_(log),
      changelog_(*table_) {}

Result<std::shared_ptr<KvTablet>> KvTablet::Open(kv::KvStoreFactory& stores, std::string path,
                                                 std::shared_ptr<const KvTable> table,
                                                 LogTablet& log, std::optional<StoredRows> left,
                                                 KvTabletOptions options) {
  const StoredRows rows = left.value_or(StoredRows{});
  if (log.log_start_offset() > rows.offset) {
    return Error(ErrorCode::kKvStorage,
                 "{}: the changelog begins at offset {}, the rows before, from {} on, are lost",
                 log.bucket(), log.log_start_offset(), rows.offset);
  }
  if (log.log_end_offset() < rows.offset) {
    return Error(ErrorCode::kKvStorage, "{}: the changelog ends at {}, the store holds it up to {}",
                 log.bucket(), log.log_end_offset(), rows.offset);
  }
  if (!left) STROM_RETURN_IF_ERROR(stores.Destroy(path).WithContext(log.bucket().ToString()));
  STROM_ASSIGN_OR_RETURN(auto store, stores.Open(path, {.must_exist = left.has_value()}));
  std::shared_ptr<KvTablet> tablet(new KvTablet(std::move(store), std::move(table), log, options));
  tablet->applied_offset_ = rows.offset;
  tablet->flushed_offset_.store(rows.offset.value(), std::memory_order_release);
  tablet->row_count_.store(rows.row_count, std::memory_order_release);
  return tablet;
}

Status KvTablet::ApplySome(LogOffset high_watermark) {
  STROM_CHECK(buffer_.empty()) << bucket_.ToString() << " leads";
  if (high_watermark <= flushed_offset()) return Status::Ok();
  // What it holds as a former leader comes before what is applied now, and not in front of it.
  STROM_RETURN_IF_ERROR(recent_->Clear());
  kv::WriteBatch batch;
  int64_t row_count = 0;
  const auto take = [&](PreWriteBuffer::Change change) {
    row_count += change.row_count_delta;
    if (change.value) {
      batch.Put(change.key, *change.value);
    } else {
      batch.Delete(change.key);
    }
    if (batch.size_bytes() < kApplyWriteBytes) return Status::Ok();
    Status written = store_->Write(batch, kv::Durability::kBuffered);
    batch.Clear();
    return written;
  };
  STROM_ASSIGN_OR_RETURN(const LogOffset next,
                         ReplayPart(log_, *table_, flushed_offset(), high_watermark, take));
  if (!batch.empty()) STROM_RETURN_IF_ERROR(store_->Write(batch, kv::Durability::kBuffered));
  applied_offset_ = next;
  row_count_.fetch_add(row_count, std::memory_order_acq_rel);
  flushed_offset_.store(next.value(), std::memory_order_release);
  return Status::Ok();
}

Status KvTablet::Lead(LogOffset high_watermark) {
  STROM_CHECK(high_watermark <= log_.log_end_offset())
      << bucket_ << ": " << high_watermark << " of " << log_.log_end_offset();
  while (flushed_offset() < high_watermark) STROM_RETURN_IF_ERROR(ApplySome(high_watermark));
  if (Mutated(Mutant::kRowsMissBuffer)) {
    applied_offset_ = log_.log_end_offset();
    return Status::Ok();
  }
  return CatchUp();
}

Result<StoredRows> KvTablet::Sync() {
  const StoredRows rows{.offset = flushed_offset(),
                        .row_count = row_count_.load(std::memory_order_acquire)};
  STROM_RETURN_IF_ERROR(recent_->Settle());
  STROM_RETURN_IF_ERROR(store_->Write(kv::WriteBatch(), kv::Durability::kSynced));
  return rows;
}

Result<RowsCheckpoint> KvTablet::MakeCheckpoint(const std::string& directory) {
  STROM_RETURN_IF_ERROR(recent_->Settle());
  STROM_ASSIGN_OR_RETURN(auto files, store_->Checkpoint(directory));
  return RowsCheckpoint{
      .files = std::move(files), .log_offset = flushed_offset(), .row_count = row_count()};
}

void KvTablet::StopLeading() {
  buffer_.TruncateTo(flushed_offset());
  STROM_CHECK(buffer_.empty()) << bucket_ << ": " << buffer_.change_count() << " are left";
  applied_offset_ = flushed_offset();
}

Status KvTablet::CatchUp() {
  const LogOffset end = log_.log_end_offset();
  if (end < applied_offset_) {
    if (end < flushed_offset()) {
      return Error(ErrorCode::kKvStorage,
                   "{}: the log was cut at {}, but the store holds it up to {}", bucket_, end,
                   flushed_offset());
    }
    buffer_.TruncateTo(end);
    applied_offset_ = end;
  }
  if (end == applied_offset_) return Status::Ok();
  const auto add = [&](PreWriteBuffer::Change change) {
    buffer_.Add(std::move(change));
    return Status::Ok();
  };
  Status status = ReplayChangelog(log_, *table_, applied_offset_, end, add);
  if (status.ok()) {
    applied_offset_ = end;
  } else {
    buffer_.TruncateTo(applied_offset_);
  }
  return status;
}

Status KvTablet::FlushTo(LogOffset high_watermark) {
  STROM_CHECK(high_watermark <= log_.log_end_offset())
      << bucket_ << ": " << high_watermark << " of " << log_.log_end_offset();
  if (high_watermark <= flushed_offset()) return Status::Ok();
  STROM_RETURN_IF_ERROR(CatchUp());
  STROM_RETURN_IF_ERROR(recent_->MakeRoom(buffer_.size_bytes()));
  int64_t row_count_delta = 0;
  buffer_.TakeBelow(high_watermark, [&](PreWriteBuffer::Change change) {
    row_count_delta += change.row_count_delta;
    recent_->Put(std::move(change.key), std::move(change.value));
  });
  recent_->Trim();
  row_count_.fetch_add(row_count_delta, std::memory_order_acq_rel);
  flushed_offset_.store(high_watermark.value(), std::memory_order_release);
  return Status::Ok();
}

Result<std::unique_ptr<KvScan>> KvTablet::OpenScan(std::optional<int64_t> row_limit) {
  STROM_RETURN_IF_ERROR(recent_->Settle());
  return std::make_unique<KvScan>(shared_from_this(), store_->Snapshot(), flushed_offset(),
                                  row_limit);
}

std::optional<int64_t> KvTablet::row_count() const {
  if (table_->properties().changelog_image == ChangelogImage::kWal) return std::nullopt;
  return row_count_.load(std::memory_order_acquire);
}

Result<std::vector<std::optional<Bytes>>> KvTablet::Lookup(std::span<const BytesView> keys) const {
  std::vector<std::optional<Bytes>> values(keys.size());
  std::vector<BytesView> unknown;
  std::vector<size_t> places;
  Bytes value;
  for (size_t i = 0; i < keys.size(); ++i) {
    switch (recent_->Find(keys[i], value)) {
      case RecentRows::Found::kRow:
        values[i] = std::move(value);
        break;
      case RecentRows::Found::kDeleted:
        break;
      case RecentRows::Found::kNot:
        unknown.push_back(keys[i]);
        places.push_back(i);
        break;
    }
  }
  if (unknown.empty()) return values;
  STROM_ASSIGN_OR_RETURN(std::vector<std::optional<Bytes>> stored, store_->MultiGet(unknown));
  for (size_t i = 0; i < places.size(); ++i) values[places[i]] = std::move(stored[i]);
  return values;
}

Result<std::vector<Bytes>> KvTablet::PrefixLookup(BytesView prefix, size_t size_max) const {
  std::vector<Bytes> values;
  size_t size = 0;
  const auto take = [&](BytesView /*key*/, BytesView value) {
    size += value.size();
    if (size > size_max) return false;
    values.emplace_back(value);
    return true;
  };
  if (!Mutated(Mutant::kPrefixMissesRecent)) STROM_RETURN_IF_ERROR(recent_->Settle());
  STROM_RETURN_IF_ERROR(store_->Scan(prefix, "", take));
  if (size <= size_max) return values;
  return Error(ErrorCode::kRecordTooLarge,
               "{}: the rows under prefix {} have more than {} bytes, {} rows fit", bucket_,
               ToHex(prefix.substr(0, 64)), size_max, values.size());
}

Result<Bytes> KvTablet::LimitScan(int32_t row_limit, size_t size_max) const {
  record::ValueBatchBuilder batch;
  bool too_large = false;
  const auto take = [&](BytesView /*key*/, BytesView value) {
    if (batch.record_count() >= row_limit) return false;
    too_large = batch.size() + sizeof(int32_t) + value.size() > size_max;
    if (too_large) return false;
    batch.Append(value);
    return true;
  };
  STROM_RETURN_IF_ERROR(recent_->Settle());
  STROM_RETURN_IF_ERROR(store_->Scan("", "", take));
  if (!too_large) return std::move(batch).Build();
  return Error(ErrorCode::kRecordTooLarge,
               "{}: the first {} rows have more than {} bytes, {} rows fit", bucket_, row_limit,
               size_max, batch.record_count());
}

}  // namespace strom::tablet
