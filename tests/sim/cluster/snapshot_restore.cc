#include "tests/sim/cluster/snapshot_restore.h"

#include "tablet/kv/kv_table.h"
#include "tablet/kv/snapshot_reader.h"
#include "tests/sim/logs/log_reader.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::sim {
namespace {

constexpr const char* kFolder = "/rows";

// Rows of (key, value).
Status ReadRows(const kv::KvStore& store, const tablet::KvTable& table,
                std::map<int64_t, int64_t>& rows) {
  Status status;
  STROM_RETURN_IF_ERROR(store.Scan("", "", [&](BytesView /*key*/, BytesView stored) {
    const Result<Row> row = table.DecodeStored(stored);
    status = row.status();
    if (!row.ok()) return false;
    rows[NumberOf(row->at(0))] = NumberOf(row->at(1));
    return true;
  }));
  return status;
}

Status Restore(const remote::ObjectStore& objects, const SimTable& table, FinalSnapshot& snapshot) {
  SimDisk disk({.seed = 1});
  MemoryStoreFactory stores(disk);
  const tablet::SnapshotReader reader(
      objects, disk, remote::KvSnapshotPaths({table.info.path, std::nullopt}, snapshot.bucket));
  STROM_ASSIGN_OR_RETURN(const tablet::StoredSnapshot stored,
                         reader.Restore(KvSnapshotId(snapshot.id), kFolder));
  if (stored.metadata.log_offset != snapshot.log_offset) {
    return Error(ErrorCode::kKvSnapshotNotExist, "it goes on at {}, its node says {}",
                 stored.metadata.log_offset, snapshot.log_offset);
  }
  STROM_ASSIGN_OR_RETURN(const auto kv_table,
                         tablet::KvTable::Make(table.info.descriptor, table.info.schema_id));
  STROM_ASSIGN_OR_RETURN(const auto store, stores.Open(kFolder, {.must_exist = true}));
  return ReadRows(*store, *kv_table, snapshot.rows);
}

}  // namespace

FinalSnapshot RestoreSnapshot(const remote::ObjectStore& objects, const SimTable& table,
                              const TableBucket& bucket, const metadata::KvSnapshotHandle& handle) {
  FinalSnapshot snapshot{
      .bucket = bucket, .id = handle.id.value(), .log_offset = handle.log_offset};
  const Status restored = Restore(objects, table, snapshot);
  if (!restored.ok()) snapshot.damage = restored.ToString();
  return snapshot;
}

}  // namespace strom::sim
