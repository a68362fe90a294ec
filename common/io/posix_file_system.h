#pragma once

#include "common/io/file_system.h"

namespace strom::io {

// The kernel's files. Files are created with mode 0644, directories with 0755, less the umask;
// every descriptor is closed in child processes. Has no state: one object serves the process.
class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<const File>> OpenForRead(const std::string& path) override;
  Result<std::unique_ptr<File>> OpenForWrite(const std::string& path) override;
  Result<std::unique_ptr<File>> Create(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override;
  Status CreateDirectory(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RemoveFile(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  Result<DiskSpace> Space(const std::string& path) override;
};

}  // namespace strom::io
