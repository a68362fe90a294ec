#include "common/io/posix_file_system.h"

#include <algorithm>
#include <cstdio>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/io/path.h"
#include "common/io/posix_fd.h"
#include "common/io/posix_file.h"
#include "common/io/storage_error.h"

namespace strom::io {
namespace {

// flock(2) belongs to the open file: a second one in this process conflicts too.
class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(PosixFd fd) : fd_(std::move(fd)) {}

 private:
  const PosixFd fd_;
};

// The kind of `path` itself: links are not followed.
Result<EntryKind> KindOf(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0) return StorageError(errno, fmt::format("stat {}", path));
  if (S_ISREG(info.st_mode)) return EntryKind::kFile;
  return S_ISDIR(info.st_mode) ? EntryKind::kDirectory : EntryKind::kOther;
}

Result<EntryKind> KindOf(const dirent& entry, const std::string& directory) {
  switch (entry.d_type) {
    case DT_REG:
      return EntryKind::kFile;
    case DT_DIR:
      return EntryKind::kDirectory;
    case DT_UNKNOWN:  // Some file systems do not tell here.
      return KindOf(JoinPath(directory, entry.d_name));
    default:
      return EntryKind::kOther;
  }
}

Status StatusOf(int result, std::string_view operation, const std::string& path) {
  if (result == 0) return Status::Ok();
  return StorageError(errno, fmt::format("{} {}", operation, path));
}

}  // namespace

Result<std::unique_ptr<const File>> PosixFileSystem::OpenForRead(const std::string& path) {
  STROM_ASSIGN_OR_RETURN(auto file, PosixFile::Open("open", path, O_RDONLY));
  return std::unique_ptr<const File>(std::move(file));
}

Result<std::unique_ptr<File>> PosixFileSystem::OpenForWrite(const std::string& path) {
  STROM_ASSIGN_OR_RETURN(auto file, PosixFile::Open("open for writing", path, O_RDWR));
  return std::unique_ptr<File>(std::move(file));
}

Result<std::unique_ptr<File>> PosixFileSystem::Create(const std::string& path) {
  STROM_ASSIGN_OR_RETURN(auto file, PosixFile::Open("create", path, O_RDWR | O_CREAT | O_EXCL));
  return std::unique_ptr<File>(std::move(file));
}

Result<bool> PosixFileSystem::Exists(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return StorageError(errno, fmt::format("stat {}", path));
}

Result<std::vector<DirectoryEntry>> PosixFileSystem::List(const std::string& directory) {
  const auto close = [](DIR* dir) { ::closedir(dir); };
  const std::unique_ptr<DIR, decltype(close)> dir(::opendir(directory.c_str()), close);
  if (!dir) return StorageError(errno, fmt::format("list {}", directory));

  std::vector<DirectoryEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    STROM_ASSIGN_OR_RETURN(const EntryKind kind, KindOf(*entry, directory));
    entries.push_back({std::string(name), kind});
  }
  if (errno != 0) return StorageError(errno, fmt::format("list {}", directory));
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

Status PosixFileSystem::CreateDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0) return Status::Ok();
  const int error_number = errno;
  struct stat info = {};
  const bool there = error_number == EEXIST && ::stat(path.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode)) return Status::Ok();
  return StorageError(error_number, fmt::format("create directory {}", path));
}

Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return Status::Ok();
  return StorageError(errno, fmt::format("rename {} to {}", from, to));
}

Status PosixFileSystem::RemoveFile(const std::string& path) {
  return StatusOf(::unlink(path.c_str()), "remove", path);
}

Status PosixFileSystem::RemoveDirectory(const std::string& path) {
  return StatusOf(::rmdir(path.c_str()), "remove directory", path);
}

Status PosixFileSystem::SyncDirectory(const std::string& directory) {
  STROM_ASSIGN_OR_RETURN(const PosixFd fd,
                         OpenFd("open directory", directory, O_RDONLY | O_DIRECTORY));
  return StatusOf(RetryInterrupted([&] { return ::fsync(fd.get()); }), "sync directory", directory);
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::Lock(const std::string& path) {
  STROM_ASSIGN_OR_RETURN(PosixFd fd, OpenFd("open lock", path, O_RDWR | O_CREAT));
  if (RetryInterrupted([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
    return StorageError(errno, fmt::format("lock {}, is another process using it?", path));
  }
  return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(fd)));
}

Result<DiskSpace> PosixFileSystem::Space(const std::string& path) {
  struct statvfs info = {};
  if (RetryInterrupted([&] { return ::statvfs(path.c_str(), &info); }) != 0) {
    return StorageError(errno, fmt::format("space of {}", path));
  }
  const uint64_t unit_bytes = info.f_frsize;
  return DiskSpace{.total_bytes = info.f_blocks * unit_bytes,
                   .available_bytes = info.f_bavail * unit_bytes};
}

}  // namespace strom::io
