#include "tests/sim/world/memory_store.h"

#include <set>

#include "common/base/check.h"

namespace strom::sim {

using Contents = std::map<Bytes, Bytes, std::less<>>;

struct MemoryStoreFactory::Disk {
  struct Folder {
    Contents current;
    Contents synced;
    bool open = false;
  };
  absl::Mutex mutex;
  std::map<std::string, Folder> folders ABSL_GUARDED_BY(mutex);
};

namespace {

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
      if (change.value) {
        folder.current[change.key] = *change.value;
      } else {
        folder.current.erase(change.key);
      }
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

  Status Checkpoint(const std::string& path) override {
    absl::MutexLock lock(&disk_->mutex);
    if (disk_->folders.contains(path)) {
      return Error(ErrorCode::kKvStorage, "store {}: checkpoint to {}: it exists", path_, path);
    }
    const Contents current = disk_->folders[path_].current;
    disk_->folders[path] = {.current = current, .synced = current};
    return Status::Ok();
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

MemoryStoreFactory::MemoryStoreFactory() : disk_(std::make_shared<Disk>()) {}
MemoryStoreFactory::~MemoryStoreFactory() = default;

Result<std::unique_ptr<kv::KvStore>> MemoryStoreFactory::Open(const std::string& path,
                                                              const kv::KvStoreOptions&) {
  absl::MutexLock lock(&disk_->mutex);
  Disk::Folder& folder = disk_->folders[path];
  if (folder.open) return Error(ErrorCode::kKvStorage, "store {}: open: already open", path);
  folder.open = true;
  return std::unique_ptr<kv::KvStore>(std::make_unique<MemoryStore>(disk_, path));
}

Status MemoryStoreFactory::Destroy(const std::string& path) {
  absl::MutexLock lock(&disk_->mutex);
  const auto it = disk_->folders.find(path);
  if (it == disk_->folders.end()) return Status::Ok();
  if (it->second.open) return Error(ErrorCode::kKvStorage, "store {}: destroy: it is open", path);
  disk_->folders.erase(it);
  return Status::Ok();
}

void MemoryStoreFactory::Forget() {
  absl::MutexLock lock(&disk_->mutex);
  for (auto& [path, folder] : disk_->folders) {
    STROM_CHECK(!folder.open) << path << " is still open";
    folder.current = folder.synced;
  }
}

void MemoryStoreFactory::Crash() {
  auto next = std::make_shared<Disk>();
  {
    absl::MutexLock lock(&disk_->mutex);
    absl::MutexLock next_lock(&next->mutex);
    for (const auto& [path, folder] : disk_->folders) {
      next->folders[path] = {.current = folder.synced, .synced = folder.synced};
    }
  }
  disk_ = std::move(next);
}

}  // namespace strom::sim
