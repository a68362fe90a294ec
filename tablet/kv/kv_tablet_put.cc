// How a KvTablet takes a KV batch.
#include "common/base/mutation.h"
#include "common/record/corrupt_record.h"
#include "common/row/stored_value.h"
#include "tablet/kv/kv_tablet.h"

namespace strom::tablet {
namespace {

// How many changes there are from one look at the changelog's size to the next.
constexpr int32_t kRecordsPerLook = 16;

// The value as the client sent it, under the schema it was written with.
Bytes AsSent(SchemaId schema_id, BytesView row) {
  Bytes stored;
  stored.reserve(sizeof(int16_t) + row.size());
  AppendStoredValueHeader(stored, schema_id);
  stored += row;
  return stored;
}

}  // namespace

Result<AppendInfo> KvTablet::Put(const record::KvBatchView& batch, const PutOptions& options) {
  STROM_RETURN_IF_ERROR(CatchUp());
  Result<AppendInfo> appended = ApplyAndAppend(batch, options);
  if (appended.ok() && !appended->duplicate) {
    STROM_CHECK(appended->base_offset == applied_offset_)
        << bucket_ << ": appended at " << appended->base_offset << ", not at " << applied_offset_;
    applied_offset_ = appended->next_offset;
    return appended;
  }
  // A retry, or an error. Whether the log has more than before nevertheless, CatchUp finds out.
  if (!Mutated(Mutant::kFailedPutStays)) buffer_.TruncateTo(applied_offset_);
  return appended;
}

Result<AppendInfo> KvTablet::ApplyAndAppend(const record::KvBatchView& batch,
                                            const PutOptions& options) {
  STROM_ASSIGN_OR_RETURN(const KvSchema* const schema, table_->FindSchema(batch.schema_id()));
  auto target_columns = options.target_columns;
  if (Mutated(Mutant::kPartialForgetsBuffered) && !buffer_.empty()) target_columns.reset();
  STROM_ASSIGN_OR_RETURN(const auto merger, MakeRowMerger(*table_, target_columns, options.mode));
  const TableProperties& properties = table_->properties();
  const PutState state{
      .schema = *schema,
      .merger = *merger,
      // Undoing an insert takes a delete, whatever the merge engine says of deletes.
      .delete_behavior = options.mode == MergeMode::kOverwrite
                             ? DeleteBehavior::kAllow
                             : properties.EffectiveDeleteBehavior(),
      .blind = merger->overwrites() && properties.changelog_image == ChangelogImage::kWal,
      .alone = buffer_.empty(),
      .cells = merger->overwrites() && schema == &table_->newest() ? table_->cells() : nullptr};

  changelog_.Begin(applied_offset_);
  int32_t looked_at = 0;
  for (const record::KvRecord& record : batch.records()) {
    if (const Status applied = Apply(state, record); !applied.ok()) {
      return applied.WithContext(table_->KeyText(record.key));
    }
    STROM_RETURN_IF_ERROR(CheckBufferSize(state.alone));
    // Adding up all columns takes its time.
    const bool look = &record == &batch.records().back() ||
                      changelog_.record_count() >= looked_at + kRecordsPerLook;
    if (!look) continue;
    looked_at = changelog_.record_count();
    STROM_RETURN_IF_ERROR(CheckChangelogSize());
  }
  STROM_ASSIGN_OR_RETURN(Bytes changes,
                         changelog_.Build(batch.writer_id(), batch.batch_sequence()));
  return log_.AppendAsLeader(std::move(changes));
}

Status KvTablet::Apply(const PutState& state, const record::KvRecord& record) {
  if (record.row) return Upsert(state, record);
  switch (state.delete_behavior) {
    case DeleteBehavior::kAllow:
      return Delete(state, record.key);
    case DeleteBehavior::kIgnore:
      return Status::Ok();
    case DeleteBehavior::kDisable:
      return Error(ErrorCode::kDeletionDisabled, "the table does not allow deletes ({})",
                   kDeleteBehaviorKey);
  }
  STROM_UNREACHABLE();
}

Result<bool> KvTablet::UpsertCells(const PutState& state, const record::KvRecord& record) {
  if (!state.cells || !state.cells->Read(*record.row, incoming_)) return false;
  if (!table_->IsKeyOf(incoming_, record.key)) return false;
  bool is_new = true;
  if (state.blind) {
    STROM_RETURN_IF_ERROR(changelog_.Overwrite(incoming_.cells));
  } else {
    STROM_ASSIGN_OR_RETURN(const std::optional<BytesView> stored, NewestStored(record.key));
    if (stored) {
      STROM_ASSIGN_OR_RETURN(const StoredValue old, ParseStoredValue(*stored));
      if (old.schema_id != state.schema.id || !state.cells->Read(old.row, old_)) return false;
      STROM_RETURN_IF_ERROR(changelog_.Update(old_.cells, incoming_.cells));
      is_new = false;
    } else {
      STROM_RETURN_IF_ERROR(changelog_.Insert(incoming_.cells));
    }
  }
  Buffer(record.key, AsSent(state.schema.id, *record.row), is_new ? 1 : 0);
  return true;
}

Result<bool> KvTablet::DeleteCells(const PutState& state, BytesView key) {
  if (!state.cells) return false;
  STROM_ASSIGN_OR_RETURN(const std::optional<BytesView> stored, NewestStored(key));
  if (!stored) return true;
  STROM_ASSIGN_OR_RETURN(const StoredValue old, ParseStoredValue(*stored));
  if (old.schema_id != state.schema.id || !state.cells->Read(old.row, old_)) return false;
  STROM_RETURN_IF_ERROR(changelog_.Delete(old_.cells));
  Buffer(key, std::nullopt, -1);
  return true;
}

Status KvTablet::Upsert(const PutState& state, const record::KvRecord& record) {
  STROM_ASSIGN_OR_RETURN(const bool done, UpsertCells(state, record));
  if (done) return Status::Ok();
  Result<Row> decoded = table_->DecodeRow(state.schema, *record.row);
  if (!decoded.ok()) return record::AsCorruptRecord(decoded.status(), "row");
  Row& incoming = *decoded;
  const bool fitted = table_->FitToLog(incoming);
  // Rebuilding makes keys from rows: a row under another key would move.
  STROM_ASSIGN_OR_RETURN(const Bytes own_key, table_->EncodeKey(incoming));
  if (own_key != record.key) {
    return Error(ErrorCode::kCorruptRecord, "the row's own key is another, {}",
                 table_->KeyText(own_key));
  }
  std::optional<Row> old;
  Merged merged = Merged::Incoming();
  if (!state.blind) {
    STROM_ASSIGN_OR_RETURN(old, NewestRow(record.key));
    merged = state.merger.Upsert(old ? &*old : nullptr, incoming);
    STROM_CHECK(merged.kind != Merged::Kind::kRemove) << "an upsert removes";
  }
  if (merged.kind == Merged::Kind::kKeep) return Status::Ok();
  const bool takes_incoming = merged.kind == Merged::Kind::kIncoming;
  const Row& row = takes_incoming ? incoming : merged.row;
  STROM_RETURN_IF_ERROR(state.blind ? changelog_.Overwrite(row)
                        : old       ? changelog_.Update(*old, row)
                                    : changelog_.Insert(row));
  Bytes value;
  if (takes_incoming && !fitted) {
    value = AsSent(state.schema.id, *record.row);
  } else {
    STROM_ASSIGN_OR_RETURN(value, table_->EncodeStored(row));
  }
  Buffer(record.key, std::move(value), old ? 0 : 1);
  return Status::Ok();
}

Status KvTablet::Delete(const PutState& state, BytesView key) {
  STROM_ASSIGN_OR_RETURN(const bool done, DeleteCells(state, key));
  if (done) return Status::Ok();
  STROM_ASSIGN_OR_RETURN(const std::optional<Row> old, NewestRow(key));
  if (!old) return Status::Ok();
  const Merged merged = state.merger.Delete(*old);
  switch (merged.kind) {
    case Merged::Kind::kKeep:
      return Status::Ok();
    case Merged::Kind::kRemove:
      STROM_RETURN_IF_ERROR(changelog_.Delete(*old));
      Buffer(key, std::nullopt, -1);
      return Status::Ok();
    case Merged::Kind::kRow: {
      STROM_RETURN_IF_ERROR(changelog_.Update(*old, merged.row));
      STROM_ASSIGN_OR_RETURN(Bytes value, table_->EncodeStored(merged.row));
      Buffer(key, std::move(value), 0);
      return Status::Ok();
    }
    case Merged::Kind::kIncoming:
      break;  // There is none.
  }
  STROM_UNREACHABLE();
}

Result<std::optional<BytesView>> KvTablet::NewestStored(BytesView key) {
  if (const PreWriteBuffer::Change* const change = buffer_.Find(key)) {
    return change->value ? std::optional<BytesView>(*change->value) : std::nullopt;
  }
  switch (recent_->Find(key, found_)) {
    case RecentRows::Found::kRow:
      return std::optional<BytesView>(found_);
    case RecentRows::Found::kDeleted:
      return std::optional<BytesView>();
    case RecentRows::Found::kNot:
      break;
  }
  STROM_ASSIGN_OR_RETURN(std::optional<Bytes> stored, store_->Get(key));
  if (!stored) return std::optional<BytesView>();
  found_ = *std::move(stored);
  return std::optional<BytesView>(found_);
}

Result<std::optional<Row>> KvTablet::NewestRow(BytesView key) {
  std::optional<Row> row;
  STROM_ASSIGN_OR_RETURN(const std::optional<BytesView> stored, NewestStored(key));
  if (stored) {
    STROM_ASSIGN_OR_RETURN(row, table_->DecodeStored(*stored));
  }
  return row;
}

void KvTablet::Buffer(BytesView key, std::optional<Bytes> value, int row_count_delta) {
  buffer_.Add({.key = Bytes(key),
               .value = std::move(value),
               .offset = changelog_.last_offset(),
               .row_count_delta = row_count_delta});
}

Status KvTablet::CheckChangelogSize() const {
  if (changelog_.size_bytes() <= options_.changelog_batch_max_bytes) return Status::Ok();
  return Error(ErrorCode::kRecordTooLarge,
               "{}: the changelog of the batch has more than {} bytes after {} changes", bucket_,
               options_.changelog_batch_max_bytes, changelog_.record_count());
}

Status KvTablet::CheckBufferSize(bool alone) const {
  if (buffer_.size_bytes() <= options_.buffer_size_max_bytes) return Status::Ok();
  return Error(alone ? ErrorCode::kRecordTooLarge : ErrorCode::kStorageBackpressure,
               "{}: the pre-write buffer would have {} bytes, at most {} are allowed", bucket_,
               buffer_.size_bytes(), options_.buffer_size_max_bytes);
}

}  // namespace strom::tablet
