#include "tests/sim/world/sim_disk.h"

#include <algorithm>
#include <cerrno>

#include "common/io/storage_error.h"
#include "tests/sim/world/sim_file.h"

namespace strom::sim {

using io::StorageError;

class SimFileLock final : public io::FileLock {
 public:
  SimFileLock(SimDisk& disk, DiskNodeRef node)
      : disk_(disk), node_(std::move(node)), process_(disk.process_) {
    node_->locked = true;
  }
  ~SimFileLock() override {
    if (process_ == disk_.process_) node_->locked = false;  // Else somebody else may have it now.
  }

 private:
  SimDisk& disk_;
  const DiskNodeRef node_;
  const uint64_t process_;
};

SimDisk::SimDisk(Options options)
    : capacity_bytes_(options.capacity_bytes),
      trace_(options.trace),
      random_(options.seed),
      faults_(random_.Next()) {}

Status SimDisk::Begin(DiskOperation operation, std::string_view path, std::string_view what) {
  if (trace_ != nullptr) trace_->Mix(what);
  const std::optional<int> error_number = faults_.Draw(operation, path);
  if (!error_number) return Status::Ok();
  if (trace_ != nullptr) trace_->Mix(static_cast<uint64_t>(*error_number));
  return InjectedError(*error_number, what);
}

Result<std::unique_ptr<io::File>> SimDisk::Open(const std::string& path, std::string_view what) {
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kOpen, path, what));
  STROM_ASSIGN_OR_RETURN(DiskNodeRef node, tree_.Get(path, what));
  if (node->is_directory) return StorageError(EISDIR, what);
  return std::unique_ptr<io::File>(std::make_unique<SimFile>(*this, path, std::move(node)));
}

Result<std::unique_ptr<const io::File>> SimDisk::OpenForRead(const std::string& path) {
  STROM_ASSIGN_OR_RETURN(auto file, Open(path, fmt::format("open {}", path)));
  return std::unique_ptr<const io::File>(std::move(file));
}

Result<std::unique_ptr<io::File>> SimDisk::OpenForWrite(const std::string& path) {
  return Open(path, fmt::format("open for writing {}", path));
}

Result<std::unique_ptr<io::File>> SimDisk::Create(const std::string& path) {
  const std::string what = fmt::format("create {}", path);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kCreate, path, what));
  STROM_ASSIGN_OR_RETURN(const DiskTree::Place place, tree_.Find(path, what));
  if (place.node != nullptr) return StorageError(EEXIST, what);
  return std::unique_ptr<io::File>(
      std::make_unique<SimFile>(*this, path, tree_.Add(place, /*directory=*/false)));
}

Result<bool> SimDisk::Exists(const std::string& path) {
  // Errors of Find mean that something on the way is missing.
  const Result<DiskTree::Place> place = tree_.Find(path, path);
  return place.ok() && place->node != nullptr;
}

Result<std::vector<io::DirectoryEntry>> SimDisk::List(const std::string& directory) {
  const std::string what = fmt::format("list {}", directory);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kList, directory, what));
  STROM_ASSIGN_OR_RETURN(const DiskNodeRef node, tree_.Get(directory, what));
  if (!node->is_directory) return StorageError(ENOTDIR, what);
  std::vector<io::DirectoryEntry> entries;
  for (const auto& [name, child] : node->names) {
    entries.push_back(
        {name, child->is_directory ? io::EntryKind::kDirectory : io::EntryKind::kFile});
  }
  return entries;
}

Status SimDisk::CreateDirectory(const std::string& path) {
  const std::string what = fmt::format("create directory {}", path);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kCreateDirectory, path, what));
  STROM_ASSIGN_OR_RETURN(const DiskTree::Place place, tree_.Find(path, what));
  if (place.node == nullptr) {
    tree_.Add(place, /*directory=*/true);
  } else if (!place.node->is_directory) {
    return StorageError(EEXIST, what);
  }
  return Status::Ok();
}

Status SimDisk::Rename(const std::string& from, const std::string& to) {
  const std::string what = fmt::format("rename {} to {}", from, to);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kRename, from, what));
  STROM_ASSIGN_OR_RETURN(const DiskTree::Place source, tree_.Find(from, what));
  STROM_ASSIGN_OR_RETURN(const DiskTree::Place target, tree_.Find(to, what));
  if (source.node == nullptr) return StorageError(ENOENT, what);
  if (source.directory == nullptr || target.directory == nullptr) return StorageError(EBUSY, what);
  if (source.node == target.node) return Status::Ok();
  if (DiskTree::Holds(source.node, target.directory)) return StorageError(EINVAL, what);
  if (target.node != nullptr) {
    const bool onto_directory = target.node->is_directory;
    if (onto_directory && !source.node->is_directory) return StorageError(EISDIR, what);
    if (!onto_directory && source.node->is_directory) return StorageError(ENOTDIR, what);
    if (!target.node->names.empty()) return StorageError(ENOTEMPTY, what);
  }
  tree_.Move(source, target);
  return Status::Ok();
}

Status SimDisk::RemoveFile(const std::string& path) {
  const std::string what = fmt::format("remove {}", path);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kRemove, path, what));
  STROM_ASSIGN_OR_RETURN(const DiskTree::Place place, tree_.Find(path, what));
  if (place.node == nullptr) return StorageError(ENOENT, what);
  if (place.node->is_directory) return StorageError(EISDIR, what);
  if (on_remove_) on_remove_(path, place);
  tree_.Remove(place);
  return Status::Ok();
}

Status SimDisk::RemoveDirectory(const std::string& path) {
  const std::string what = fmt::format("remove directory {}", path);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kRemove, path, what));
  STROM_ASSIGN_OR_RETURN(const DiskTree::Place place, tree_.Find(path, what));
  if (place.node == nullptr) return StorageError(ENOENT, what);
  if (!place.node->is_directory) return StorageError(ENOTDIR, what);
  if (!place.node->names.empty()) return StorageError(ENOTEMPTY, what);
  if (place.directory == nullptr) return StorageError(EBUSY, what);
  tree_.Remove(place);
  return Status::Ok();
}

Status SimDisk::SyncDirectory(const std::string& directory) {
  const std::string what = fmt::format("sync directory {}", directory);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kSyncDirectory, directory, what));
  STROM_ASSIGN_OR_RETURN(const DiskNodeRef node, tree_.Get(directory, what));
  if (!node->is_directory) return StorageError(ENOTDIR, what);
  tree_.Sync(node);
  return Status::Ok();
}

Result<std::unique_ptr<io::FileLock>> SimDisk::Lock(const std::string& path) {
  const std::string what = fmt::format("lock {}, is another process using it?", path);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kOpen, path, what));
  STROM_ASSIGN_OR_RETURN(DiskTree::Place place, tree_.Find(path, what));
  if (place.node == nullptr) place.node = tree_.Add(place, /*directory=*/false);
  if (place.node->is_directory) return StorageError(EISDIR, what);
  if (place.node->locked) return StorageError(EWOULDBLOCK, what);
  return std::unique_ptr<io::FileLock>(std::make_unique<SimFileLock>(*this, place.node));
}

Result<io::DiskSpace> SimDisk::Space(const std::string& path) {
  STROM_RETURN_IF_ERROR(tree_.Get(path, fmt::format("space of {}", path)).status());
  const uint64_t used = std::min(capacity_bytes_, tree_.UsedBytes());
  return io::DiskSpace{.total_bytes = capacity_bytes_, .available_bytes = capacity_bytes_ - used};
}

void SimDisk::CrashProcess() {
  ++process_;
  tree_.Unlock();
  if (trace_ != nullptr) trace_->Mix("crash");
}

void SimDisk::PowerFail(uint64_t seed) {
  ++process_;
  SimRandom fates(seed);
  tree_.PowerFail(fates);
  if (trace_ != nullptr) trace_->Mix("power failure");
}

}  // namespace strom::sim
