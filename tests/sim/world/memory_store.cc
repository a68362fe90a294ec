#include "tests/sim/world/memory_store.h"

#include <utility>

#include "common/base/check.h"
#include "common/io/path.h"
#include "tests/sim/world/memory_checkpoint.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::sim {

using Contents = MemoryContents;

struct MemoryStoreFactory::Disk {
  struct Folder {
    Contents current;
    Contents synced;
    bool open = false;
    // What the next checkpoint is made of: tables that earlier ones have, and what changed since.
    MemoryCheckpoint tables = {};
    MemoryChanges dirty = {};

    void Set(const Bytes& key, const std::optional<Bytes>& value);
    // After a crash: what was synced, all of it new to the next checkpoint.
    Folder FallenBack() const;
  };

  io::FileSystem& files;
  const bool files_are_own;
  absl::Mutex mutex;
  std::map<std::string, Folder> folders ABSL_GUARDED_BY(mutex);
};

namespace {

constexpr size_t kTablesMax = 4;  // With more, they are merged into one.

MemoryChanges AllOf(const Contents& contents) { return {contents.begin(), contents.end()}; }

// Of the engine, whatever the disk said.
Status EngineError(const std::string& path, std::string_view what, const Status& cause) {
  return Error(ErrorCode::kKvStorage, "store {}: {}: {}", path, what, cause.message());
}

void Visit(const Contents& contents, BytesView prefix, BytesView from, kv::KvVisitor visit) {
  for (auto it = contents.lower_bound(std::max(prefix, from));
       it != contents.end() && BytesView(it->first).starts_with(prefix); ++it) {
    if (!visit(it->first, it->second)) break;
  }
}

class MemorySnapshot final : public kv::KvSnapshot {
 public:
  explicit MemorySnapshot(Contents contents) : contents_(std::move(contents)) {}

  Status Scan(BytesView prefix, BytesView from, kv::KvVisitor visit) const override {
    Visit(contents_, prefix, from, visit);
    return Status::Ok();
  }

 private:
  const Contents contents_;
};

class MemoryStore final : public kv::KvStore {
 public:
  MemoryStore(std::shared_ptr<MemoryStoreFactory::Disk> disk, std::string path)
      : disk_(std::move(disk)), path_(std::move(path)) {}

  ~MemoryStore() override {
    absl::MutexLock lock(&disk_->mutex);
    disk_->folders[path_].open = false;
  }

  Result<std::optional<Bytes>> Get(BytesView key) const override {
    absl::MutexLock lock(&disk_->mutex);
    return Find(disk_->folders[path_].current, key);
  }

  Result<std::vector<std::optional<Bytes>>> MultiGet(
      std::span<const BytesView> keys) const override {
    absl::MutexLock lock(&disk_->mutex);
    std::vector<std::optional<Bytes>> values;
    for (const BytesView key : keys) values.push_back(Find(disk_->folders[path_].current, key));
    return values;
  }

  Status Write(const kv::WriteBatch& batch, kv::Durability durability) override {
    absl::MutexLock lock(&disk_->mutex);
    MemoryStoreFactory::Disk::Folder& folder = disk_->folders[path_];
    for (const kv::WriteBatch::Change& change : batch.changes()) {
      folder.Set(change.key, change.value);
    }
    if (durability == kv::Durability::kSynced) folder.synced = folder.current;
    return Status::Ok();
  }

  Status Scan(BytesView prefix, BytesView from, Visitor visit) const override {
    Contents part;  // A copy, since the visitor may call back into the store.
    {
      absl::MutexLock lock(&disk_->mutex);
      Visit(disk_->folders[path_].current, prefix, from, [&](BytesView key, BytesView value) {
        part.emplace_hint(part.end(), key, value);
        return true;
      });
    }
    Visit(part, prefix, from, visit);
    return Status::Ok();
  }

  std::unique_ptr<kv::KvSnapshot> Snapshot() const override {
    absl::MutexLock lock(&disk_->mutex);
    return std::make_unique<MemorySnapshot>(disk_->folders[path_].current);
  }

  Result<std::vector<kv::StoreFile>> Checkpoint(const std::string& path) override {
    absl::MutexLock lock(&disk_->mutex);
    const std::string what = "checkpoint to " + path;
    if (disk_->files_are_own) {
      STROM_CHECK(disk_->files.CreateDirectories(io::ParentPath(path)).ok()) << path;
    }
    const Result<bool> exists = disk_->files.Exists(path);
    if (!exists.ok()) return EngineError(path_, what, exists.status());
    if (*exists || disk_->folders.contains(path)) {
      return Error(ErrorCode::kKvStorage, "store {}: {}: it exists", path_, what);
    }
    MemoryStoreFactory::Disk::Folder& folder = disk_->folders[path_];
    folder.synced = folder.current;  // A checkpoint begins with a flush.
    if (folder.tables.tables.size() == kTablesMax) {
      folder.tables.tables.clear();
      folder.dirty = AllOf(folder.current);
    }
    if (!folder.dirty.empty()) {
      folder.tables.tables.push_back(MakeMemoryTable(folder.tables.next_number++, folder.dirty));
      folder.dirty.clear();
    }
    Result<std::vector<kv::StoreFile>> files =
        WriteMemoryCheckpoint(disk_->files, path, folder.tables);
    if (!files.ok()) return EngineError(path_, what, files.status());
    return files;
  }

  size_t memory_bytes() const override {
    absl::MutexLock lock(&disk_->mutex);
    size_t bytes = 0;
    for (const auto& [key, value] : disk_->folders[path_].current)
      bytes += key.size() + value.size();
    return bytes;
  }

 private:
  static std::optional<Bytes> Find(const Contents& contents, BytesView key) {
    const auto it = contents.find(key);
    return it == contents.end() ? std::nullopt : std::optional<Bytes>(it->second);
  }

  const std::shared_ptr<MemoryStoreFactory::Disk> disk_;
  const std::string path_;
};

}  // namespace

void MemoryStoreFactory::Disk::Folder::Set(const Bytes& key, const std::optional<Bytes>& value) {
  if (value) {
    current[key] = *value;
  } else {
    current.erase(key);
  }
  dirty[key] = value;
}

MemoryStoreFactory::Disk::Folder MemoryStoreFactory::Disk::Folder::FallenBack() const {
  return {.current = synced,
          .synced = synced,
          .tables = {.next_number = tables.next_number},
          .dirty = AllOf(synced)};
}

MemoryStoreFactory::MemoryStoreFactory()
    : own_files_(std::make_unique<SimDisk>(SimDisk::Options{})),
      files_(*own_files_),
      disk_(new Disk{.files = files_, .files_are_own = true}) {}

MemoryStoreFactory::MemoryStoreFactory(io::FileSystem& files)
    : files_(files), disk_(new Disk{.files = files_, .files_are_own = false}) {}

MemoryStoreFactory::~MemoryStoreFactory() = default;

Result<std::unique_ptr<kv::KvStore>> MemoryStoreFactory::Open(const std::string& path,
                                                              const kv::KvStoreOptions& options) {
  absl::MutexLock lock(&disk_->mutex);
  const auto known = disk_->folders.find(path);
  if (known != disk_->folders.end() && known->second.open) {
    return Error(ErrorCode::kKvStorage, "store {}: open: already open", path);
  }
  Result<std::optional<MemoryCheckpoint>> checkpoint = TakeMemoryCheckpoint(files_, path);
  if (!checkpoint.ok()) return EngineError(path, "open", checkpoint.status());
  if (*checkpoint) {
    Result<Contents> contents = ContentsOf(**checkpoint);
    if (!contents.ok()) return EngineError(path, "open", contents.status());
    disk_->folders[path] = {
        .current = *contents, .synced = *contents, .tables = **std::move(checkpoint)};
  } else if (known == disk_->folders.end() && options.must_exist) {
    return Error(ErrorCode::kKvStorage, "store {}: open: there is none", path);
  }
  disk_->folders[path].open = true;
  return std::unique_ptr<kv::KvStore>(std::make_unique<MemoryStore>(disk_, path));
}

Status MemoryStoreFactory::Destroy(const std::string& path) {
  absl::MutexLock lock(&disk_->mutex);
  const auto it = disk_->folders.find(path);
  if (it != disk_->folders.end() && it->second.open) {
    return Error(ErrorCode::kKvStorage, "store {}: destroy: it is open", path);
  }
  Result<bool> exists = files_.Exists(path);  // Only restored stores have files.
  Status removed = exists.status();
  if (exists.ok() && *exists) removed = files_.RemoveRecursively(path);
  if (!removed.ok()) return EngineError(path, "destroy", removed);
  disk_->folders.erase(path);
  return Status::Ok();
}

void MemoryStoreFactory::Forget() {
  absl::MutexLock lock(&disk_->mutex);
  for (auto& [path, folder] : disk_->folders) {
    STROM_CHECK(!folder.open) << path << " is still open";
    folder = folder.FallenBack();
  }
}

void MemoryStoreFactory::Crash() {
  std::shared_ptr<Disk> next(new Disk{.files = files_, .files_are_own = disk_->files_are_own});
  {
    absl::MutexLock lock(&disk_->mutex);
    absl::MutexLock next_lock(&next->mutex);
    for (const auto& [path, folder] : disk_->folders) {
      next->folders[path] = folder.FallenBack();
    }
  }
  disk_ = std::move(next);
}

}  // namespace strom::sim
