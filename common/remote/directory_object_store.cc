#include "common/remote/directory_object_store.h"

#include <algorithm>
#include <memory>

#include "common/io/path.h"

namespace strom::remote {
namespace {

// What is read or written at once.
struct Piece {
  static constexpr size_t kSizeBytes = size_t{1} << 20;
  const std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(kSizeBytes);

  std::span<char> all() const { return {bytes.get(), kSizeBytes}; }
  BytesView First(size_t count) const { return {bytes.get(), count}; }
};

std::string UnfinishedPath(const std::string& path) {
  return path + std::string(kUnfinishedSuffix);
}

}  // namespace

DirectoryObjectStore::DirectoryObjectStore(io::FileSystem& files, std::string root)
    : files_(files), root_(std::move(root)) {
  STROM_CHECK(root_.starts_with('/') && !root_.ends_with('/')) << root_;
}

Status DirectoryObjectStore::Put(const std::string& key, ByteSource source) {
  STROM_RETURN_IF_ERROR(CheckObjectKey(key));
  const std::string path = LocationOf(key);
  const std::string unfinished = UnfinishedPath(path);
  STROM_RETURN_IF_ERROR(files_.CreateDirectories(io::ParentPath(path)));
  STROM_RETURN_IF_ERROR(RemoveIfThere(unfinished));
  STROM_RETURN_IF_ERROR(WriteNew(unfinished, source));
  STROM_RETURN_IF_ERROR(files_.Rename(unfinished, path));
  return files_.SyncDirectory(io::ParentPath(path));
}

Status DirectoryObjectStore::WriteNew(const std::string& path, ByteSource source) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, files_.Create(path));
  const Piece piece;
  while (true) {
    STROM_ASSIGN_OR_RETURN(const size_t count, source(piece.all()));
    STROM_CHECK(count <= Piece::kSizeBytes) << path << ": " << count;
    if (count == 0) return file->Sync();  // Before the name points at it.
    STROM_RETURN_IF_ERROR(file->Append(piece.First(count)));
  }
}

Result<std::optional<uint64_t>> DirectoryObjectStore::Size(const std::string& key) const {
  STROM_RETURN_IF_ERROR(CheckObjectKey(key));
  const std::string path = LocationOf(key);
  STROM_ASSIGN_OR_RETURN(const bool exists, files_.Exists(path));
  if (!exists) return std::optional<uint64_t>();
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<const io::File> file, files_.OpenForRead(path));
  STROM_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  return std::optional(size);
}

Status DirectoryObjectStore::Read(const std::string& key, ByteSink sink) const {
  STROM_RETURN_IF_ERROR(CheckObjectKey(key));
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<const io::File> file,
                         files_.OpenForRead(LocationOf(key)));
  const Piece piece;
  for (uint64_t position = 0;;) {
    STROM_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(position, piece.all()));
    if (count == 0) return Status::Ok();
    STROM_RETURN_IF_ERROR(sink(piece.First(count)));
    position += count;
  }
}

Result<std::vector<ListedObject>> DirectoryObjectStore::List(const std::string& folder) const {
  STROM_RETURN_IF_ERROR(CheckObjectKey(folder));
  std::vector<ListedObject> found;
  STROM_RETURN_IF_ERROR(ListInto(LocationOf(folder), found));
  std::sort(found.begin(), found.end(),
            [](const ListedObject& a, const ListedObject& b) { return a.key < b.key; });
  return found;
}

Status DirectoryObjectStore::ListInto(const std::string& path,
                                      std::vector<ListedObject>& found) const {
  STROM_ASSIGN_OR_RETURN(const bool exists, files_.Exists(path));
  if (!exists) return Status::Ok();
  STROM_ASSIGN_OR_RETURN(const std::vector<io::DirectoryEntry> entries, files_.List(path));
  for (const io::DirectoryEntry& entry : entries) {
    const std::string at = io::JoinPath(path, entry.name);
    if (entry.kind == io::EntryKind::kDirectory) {
      STROM_RETURN_IF_ERROR(ListInto(at, found));
      continue;
    }
    if (entry.kind != io::EntryKind::kFile) continue;  // Nothing of ours.
    std::string key = at.substr(root_.size() + 1);
    const bool finished = !key.ends_with(kUnfinishedSuffix);
    if (!finished) key.resize(key.size() - kUnfinishedSuffix.size());
    found.push_back({std::move(key), finished});
  }
  return Status::Ok();
}

Status DirectoryObjectStore::Delete(const std::string& key) {
  STROM_RETURN_IF_ERROR(CheckObjectKey(key));
  const std::string path = LocationOf(key);
  STROM_RETURN_IF_ERROR(RemoveIfThere(path));
  STROM_RETURN_IF_ERROR(RemoveIfThere(UnfinishedPath(path)));
  RemoveEmptyFolders(io::ParentPath(path));
  return Status::Ok();
}

Status DirectoryObjectStore::RemoveIfThere(const std::string& path) {
  STROM_ASSIGN_OR_RETURN(const bool exists, files_.Exists(path));
  if (!exists) return Status::Ok();
  STROM_RETURN_IF_ERROR(files_.RemoveFile(path));
  return files_.SyncDirectory(io::ParentPath(path));
}

// Folders are no objects: one that stays, or comes back after a power failure, changes nothing. So
// nothing here is an error.
void DirectoryObjectStore::RemoveEmptyFolders(std::string path) {
  while (path.size() > root_.size()) {
    const Result<std::vector<io::DirectoryEntry>> entries = files_.List(path);
    if (!entries.ok() || !entries->empty() || !files_.RemoveDirectory(path).ok()) return;
    path = io::ParentPath(path);
  }
}

Result<std::string> DirectoryOfRemoteDataDir(std::string_view remote_data_dir) {
  std::string_view path = remote_data_dir;
  for (const std::string_view scheme : {"file://", "file:"}) {
    if (!path.starts_with(scheme)) continue;
    path.remove_prefix(scheme.size());
    break;
  }
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (!path.starts_with('/') || path.starts_with("//") || path.size() < 2) {
    return Error(
        ErrorCode::kInvalidConfig,
        "remote.data.dir '{}': an absolute path of a directory is needed, or file:///path; "
        "there are no other stores yet",
        remote_data_dir);
  }
  return std::string(path);
}

}  // namespace strom::remote
