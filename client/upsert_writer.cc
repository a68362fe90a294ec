#include "client/include/strom/upsert_writer.h"

#include <utility>

#include "client/kv_target.h"
#include "client/writer_core.h"

namespace strom::client {

UpsertWriter::UpsertWriter(std::shared_ptr<const KvTarget> target, std::shared_ptr<WriterCore> core)
    : target_(std::move(target)), core_(std::move(core)) {
  ++core_->cluster()->open_handles();
}

UpsertWriter::~UpsertWriter() {
  core_->Abort();
  --core_->cluster()->open_handles();
}

const std::vector<Column>& UpsertWriter::columns() const { return target_->columns().columns(); }

Status UpsertWriter::Upsert(const Row& row, UpsertCallback done) {
  return Write(target_->Upsert(row), std::move(done), true);
}

Status UpsertWriter::Delete(const Row& row, UpsertCallback done) {
  return Write(target_->Delete(row), std::move(done), true);
}

Status UpsertWriter::DeleteKey(const Row& key, UpsertCallback done) {
  return Write(target_->DeleteKey(key), std::move(done), true);
}

Status UpsertWriter::TryUpsert(const Row& row, UpsertCallback done) {
  return Write(target_->Upsert(row), std::move(done), false);
}

Status UpsertWriter::TryDelete(const Row& row, UpsertCallback done) {
  return Write(target_->Delete(row), std::move(done), false);
}

Status UpsertWriter::TryDeleteKey(const Row& key, UpsertCallback done) {
  return Write(target_->DeleteKey(key), std::move(done), false);
}

Status UpsertWriter::WriteAll(std::span<const RowChange> changes,
                              absl::AnyInvocable<void(Status)> done) {
  KvChanges encoded(*target_);
  encoded.Reserve(changes.size());
  for (const RowChange& change : changes) {
    STROM_RETURN_IF_ERROR(
        (change.upsert ? encoded.Upsert(*change.row) : encoded.Delete(*change.row)).status());
  }
  return core_->WriteAll(encoded.records(), std::move(done));
}

Status UpsertWriter::Write(const Result<KvChange>& change, UpsertCallback done, bool may_wait) {
  STROM_RETURN_IF_ERROR(change.status());
  AppendCallback written;
  if (done) {
    written = [done = std::move(done)](const Result<AppendResult>& result) mutable {
      if (!result.ok()) return done(result.status());
      done(UpsertResult{result->bucket, result->offset});
    };
  }
  return core_->Write(change->record(), std::move(written), may_wait);
}

Future<void> UpsertWriter::Barrier() { return core_->Barrier(); }

Future<void> UpsertWriter::Flush() { return core_->Flush(); }

Future<void> UpsertWriter::Close() { return core_->Close(); }

}  // namespace strom::client
