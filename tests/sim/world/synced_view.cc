#include "tests/sim/world/synced_view.h"

#include <cerrno>

#include "common/io/storage_error.h"

namespace strom::sim {
namespace {

Status ReadOnly(const std::string& path) {
  return io::StorageError(EROFS, fmt::format("change {}", path));
}

class SyncedFile final : public io::File {
 public:
  SyncedFile(std::string path, DiskNodeRef node) : path_(std::move(path)), node_(std::move(node)) {}

  Result<size_t> ReadAt(uint64_t position, std::span<char> out) const override {
    const Bytes& bytes = node_->file.synced();
    if (position >= bytes.size()) return 0;
    return bytes.copy(out.data(), out.size(), position);
  }
  Result<uint64_t> Size() const override { return node_->file.synced().size(); }

  Status WriteAt(uint64_t, BytesView) override { return ReadOnly(path_); }
  Status Append(BytesView) override { return ReadOnly(path_); }
  Status Truncate(uint64_t) override { return ReadOnly(path_); }
  Status Sync() override { return ReadOnly(path_); }
  const std::string& path() const override { return path_; }

 private:
  const std::string path_;
  const DiskNodeRef node_;
};

}  // namespace

Result<std::unique_ptr<const io::File>> SyncedView::OpenForRead(const std::string& path) {
  DiskNodeRef node = tree_.FindSynced(path);
  if (node == nullptr) return io::StorageError(ENOENT, path);
  if (node->is_directory) return io::StorageError(EISDIR, path);
  return std::unique_ptr<const io::File>(std::make_unique<SyncedFile>(path, std::move(node)));
}

Result<bool> SyncedView::Exists(const std::string& path) {
  return tree_.FindSynced(path) != nullptr;
}

Result<std::vector<io::DirectoryEntry>> SyncedView::List(const std::string& directory) {
  const DiskNodeRef node = tree_.FindSynced(directory);
  if (node == nullptr) return io::StorageError(ENOENT, directory);
  if (!node->is_directory) return io::StorageError(ENOTDIR, directory);
  std::vector<io::DirectoryEntry> entries;
  for (const auto& [name, child] : node->durable_names) {
    entries.push_back(
        {name, child->is_directory ? io::EntryKind::kDirectory : io::EntryKind::kFile});
  }
  return entries;
}

Result<std::unique_ptr<io::File>> SyncedView::OpenForWrite(const std::string& path) {
  return ReadOnly(path);
}
Result<std::unique_ptr<io::File>> SyncedView::Create(const std::string& path) {
  return ReadOnly(path);
}
Status SyncedView::CreateDirectory(const std::string& path) { return ReadOnly(path); }
Status SyncedView::Rename(const std::string& from, const std::string&) { return ReadOnly(from); }
Status SyncedView::RemoveFile(const std::string& path) { return ReadOnly(path); }
Status SyncedView::RemoveDirectory(const std::string& path) { return ReadOnly(path); }
Status SyncedView::SyncDirectory(const std::string& directory) { return ReadOnly(directory); }
Result<std::unique_ptr<io::FileLock>> SyncedView::Lock(const std::string& path) {
  return ReadOnly(path);
}
Result<io::DiskSpace> SyncedView::Space(const std::string& path) { return ReadOnly(path); }

}  // namespace strom::sim
