#include "common/io/file_system.h"

#include "common/io/path.h"

namespace strom::io {

Status File::ReadExactlyAt(uint64_t position, std::span<char> out) const {
  STROM_ASSIGN_OR_RETURN(const size_t count, ReadAt(position, out));
  if (count == out.size()) return Status::Ok();
  return Error(ErrorCode::kStorage, "read {} bytes at {} of {}: the file ends after {} of them",
               out.size(), position, path(), count);
}

Status FileSystem::CreateDirectories(const std::string& path) {
  std::vector<std::string> missing;  // Innermost first.
  std::string existing = path;
  for (;; existing = ParentPath(existing)) {
    STROM_ASSIGN_OR_RETURN(const bool exists, Exists(existing));
    if (exists) break;
    missing.push_back(existing);
  }
  // What exists may be a file: then this says so. And it may come from a process that died before
  // it could sync the name.
  STROM_RETURN_IF_ERROR(CreateDirectory(existing));
  STROM_RETURN_IF_ERROR(SyncDirectory(ParentPath(existing)));
  for (auto directory = missing.rbegin(); directory != missing.rend(); ++directory) {
    STROM_RETURN_IF_ERROR(CreateDirectory(*directory));
    STROM_RETURN_IF_ERROR(SyncDirectory(ParentPath(*directory)));
  }
  return Status::Ok();
}

namespace {

// A stack instead of recursion: nobody bounds how deep directories nest.
Status RemoveTree(FileSystem& files, const std::string& root) {
  std::vector<std::string> directories = {root};
  while (!directories.empty()) {
    const std::string directory = directories.back();
    STROM_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files.List(directory));
    bool empty = true;
    for (const DirectoryEntry& entry : entries) {
      std::string path = JoinPath(directory, entry.name);
      if (entry.kind == EntryKind::kDirectory) {
        directories.push_back(std::move(path));
        empty = false;
      } else {
        STROM_RETURN_IF_ERROR(files.RemoveFile(path));
      }
    }
    if (!empty) continue;  // Its directories first; then it comes up again.
    STROM_RETURN_IF_ERROR(files.RemoveDirectory(directory));
    directories.pop_back();
  }
  return Status::Ok();
}

}  // namespace

Status FileSystem::RemoveRecursively(const std::string& path) {
  STROM_ASSIGN_OR_RETURN(const bool exists, Exists(path));
  if (!exists) return Status::Ok();
  const std::string parent = ParentPath(path);
  STROM_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> siblings, List(parent));
  for (const DirectoryEntry& entry : siblings) {
    if (entry.name != BaseName(path)) continue;
    return entry.kind == EntryKind::kDirectory ? RemoveTree(*this, path) : RemoveFile(path);
  }
  return Status::Ok();  // Somebody else removed it meanwhile.
}

}  // namespace strom::io
