#include "common/kv/rocks_store.h"

#include <algorithm>
#include <map>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/metadata.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include "common/base/endian.h"

namespace strom::kv {
namespace {

rocksdb::Slice ToSlice(BytesView bytes) { return {bytes.data(), bytes.size()}; }
BytesView FromSlice(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Status ToStatus(const rocksdb::Status& status, const std::string& path, std::string_view what) {
  if (status.ok()) return Status::Ok();
  return Error(ErrorCode::kKvStorage, "store {}: {}: {}", path, what, status.ToString());
}

Status ScanDatabase(rocksdb::DB& db, const rocksdb::Snapshot* snapshot, const std::string& path,
                    BytesView prefix, BytesView from, KvVisitor visit) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.snapshot = snapshot;
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options));
  for (it->Seek(ToSlice(std::max(prefix, from))); it->Valid(); it->Next()) {
    const BytesView key = FromSlice(it->key());
    if (!key.starts_with(prefix)) break;
    if (!visit(key, FromSlice(it->value()))) break;
  }
  return ToStatus(it->status(), path, "scan");
}

class RocksSnapshot final : public KvSnapshot {
 public:
  RocksSnapshot(rocksdb::DB& db, const std::string& path)
      : db_(db), path_(path), snapshot_(db.GetSnapshot()) {}
  ~RocksSnapshot() override { db_.ReleaseSnapshot(snapshot_); }

  Status Scan(BytesView prefix, BytesView from, KvVisitor visit) const override {
    return ScanDatabase(db_, snapshot_, path_, prefix, from, visit);
  }

 private:
  rocksdb::DB& db_;
  const std::string path_;
  const rocksdb::Snapshot* const snapshot_;
};

// Checksums of the database's tables by file name, as noted in its manifest when they were written.
using TableSums = std::map<std::string, uint32_t>;

void AddTableSums(rocksdb::DB& db, TableSums& sums) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db.GetLiveFilesMetaData(&tables);
  for (const rocksdb::LiveFileMetaData& table : tables) {
    if (table.file_checksum_func_name != rocksdb::kStandardDbFileChecksumFuncName ||
        table.file_checksum.size() != sizeof(uint32_t)) {
      continue;  // Of a database that another program wrote.
    }
    sums[table.relative_filename] = LoadBig<uint32_t>(table.file_checksum.data());
  }
}

Result<std::vector<StoreFile>> FilesOf(const std::string& folder, const TableSums& sums) {
  rocksdb::Env* const env = rocksdb::Env::Default();
  std::vector<std::string> names;
  STROM_RETURN_IF_ERROR(ToStatus(env->GetChildren(folder, &names), folder, "list"));
  std::sort(names.begin(), names.end());
  std::vector<StoreFile> files;
  for (const std::string& name : names) {
    StoreFile file{.name = name, .immutable = name.ends_with(".sst")};
    STROM_RETURN_IF_ERROR(ToStatus(env->GetFileSize(folder + "/" + name, &file.size_bytes), folder,
                                   "size of " + name));
    if (const auto sum = sums.find(name); sum != sums.end()) file.crc32c = sum->second;
    files.push_back(std::move(file));
  }
  return files;
}

class RocksStore final : public KvStore {
 public:
  RocksStore(std::unique_ptr<rocksdb::DB> db, std::string path, bool write_ahead_log)
      : db_(std::move(db)), path_(std::move(path)), write_ahead_log_(write_ahead_log) {}

  Result<std::optional<Bytes>> Get(BytesView key) const override {
    Bytes value;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>();
    STROM_RETURN_IF_ERROR(ToStatus(status, path_, "read"));
    return std::optional<Bytes>(std::move(value));
  }

  Result<std::vector<std::optional<Bytes>>> MultiGet(
      std::span<const BytesView> keys) const override {
    std::vector<rocksdb::Slice> slices;
    slices.reserve(keys.size());
    for (const BytesView key : keys) slices.push_back(ToSlice(key));
    std::vector<Bytes> values(keys.size());
    const std::vector<rocksdb::Status> statuses =
        db_->MultiGet(rocksdb::ReadOptions(), slices, &values);
    std::vector<std::optional<Bytes>> result(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      STROM_RETURN_IF_ERROR(ToStatus(statuses[i], path_, "read"));
      result[i] = std::move(values[i]);
    }
    return result;
  }

  Status Write(const WriteBatch& batch, Durability durability) override {
    rocksdb::WriteBatch writes(batch.size_bytes() + batch.changes().size() * 16);
    for (const WriteBatch::Change& change : batch.changes()) {
      const rocksdb::Status status = change.value ? writes.Put(ToSlice(change.key), *change.value)
                                                  : writes.Delete(ToSlice(change.key));
      STROM_RETURN_IF_ERROR(ToStatus(status, path_, "batch"));
    }
    rocksdb::WriteOptions options;
    options.disableWAL = !write_ahead_log_;
    options.sync = write_ahead_log_ && durability == Durability::kSynced;
    STROM_RETURN_IF_ERROR(ToStatus(db_->Write(options, &writes), path_, "write"));
    if (durability == Durability::kSynced && !write_ahead_log_) {
      return ToStatus(db_->Flush(rocksdb::FlushOptions()), path_, "flush");
    }
    return Status::Ok();
  }

  Status Scan(BytesView prefix, BytesView from, Visitor visit) const override {
    return ScanDatabase(*db_, nullptr, path_, prefix, from, visit);
  }

  std::unique_ptr<KvSnapshot> Snapshot() const override {
    return std::make_unique<RocksSnapshot>(*db_, path_);
  }

  Result<std::vector<StoreFile>> Checkpoint(const std::string& path) override {
    rocksdb::Checkpoint* raw = nullptr;
    STROM_RETURN_IF_ERROR(
        ToStatus(rocksdb::Checkpoint::Create(db_.get(), &raw), path_, "checkpoint"));
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
    // A table may come (the checkpoint flushes) or go (a compaction) meanwhile.
    TableSums sums;
    AddTableSums(*db_, sums);
    STROM_RETURN_IF_ERROR(
        ToStatus(checkpoint->CreateCheckpoint(path), path_, "checkpoint to " + path));
    AddTableSums(*db_, sums);
    return FilesOf(path, sums);
  }

  size_t memory_bytes() const override {
    uint64_t bytes = 0;
    db_->GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
    return bytes;
  }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
  const std::string path_;
  const bool write_ahead_log_;
};

class RocksStoreFactory final : public KvStoreFactory {
 public:
  explicit RocksStoreFactory(const RocksOptions& options)
      : options_(options),
        cache_(rocksdb::NewLRUCache(options.block_cache_bytes)),
        write_buffers_(
            std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes, cache_)) {}

  Result<std::unique_ptr<KvStore>> Open(const std::string& path,
                                        const KvStoreOptions& options) override {
    rocksdb::DB* raw = nullptr;
    rocksdb::Options database = DatabaseOptions();
    database.create_if_missing = !options.must_exist;
    const rocksdb::Status status = rocksdb::DB::Open(database, path, &raw);
    STROM_RETURN_IF_ERROR(ToStatus(status, path, "open"));
    return std::unique_ptr<KvStore>(std::make_unique<RocksStore>(std::unique_ptr<rocksdb::DB>(raw),
                                                                 path, options.write_ahead_log));
  }

  Status Destroy(const std::string& path) override {
    return ToStatus(rocksdb::DestroyDB(path, DatabaseOptions()), path, "destroy");
  }

 private:
  rocksdb::Options DatabaseOptions() const {
    rocksdb::Options db;
    db.create_if_missing = true;
    db.write_buffer_manager = write_buffers_;
    db.max_background_jobs = options_.background_jobs;
    db.max_open_files = static_cast<int>(options_.max_open_files_per_store);
    db.keep_log_file_num = 2;
    db.max_log_file_size = size_t{4} << 20;
    db.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
    // Small stores are the rule (one a bucket): memtables start small and grow into the shared
    // budget.
    db.arena_block_size = size_t{64} << 10;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache_;
    table.cache_index_and_filter_blocks = true;  // Counted in the shared cache, not beside it.
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.format_version = 5;
    table.checksum = rocksdb::kCRC32c;
    db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return db;
  }

  const RocksOptions options_;
  const std::shared_ptr<rocksdb::Cache> cache_;
  const std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
};

}  // namespace

std::unique_ptr<KvStoreFactory> MakeRocksStoreFactory(const RocksOptions& options) {
  return std::make_unique<RocksStoreFactory>(options);
}

}  // namespace strom::kv
