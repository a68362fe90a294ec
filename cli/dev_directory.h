#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/io/file_system.h"

namespace strom::cli {

// The data directory of one `strom dev`:
//
//   .strom-dev       held while a process uses it; what tells it from any other directory
//   metadata/        databases, tables, leaders: the embedded metadata store
//   tablet-0/        the tablet server's logs (tablet/replica/data_directory.h)
//   strom.log        what the process has to say
//   endpoints.env    where it serves, only while it does: NAME=value lines that a shell can read
class DevDirectory {
 public:
  // Makes the directory if it is missing, and takes it. Errors: kStorage, also if another process
  // has it; kInvalidConfig if it holds something that is not ours.
  static Result<DevDirectory> Open(io::FileSystem& files, std::string path);

  const std::string& path() const { return path_; }
  std::string metadata_path() const { return path_ + "/metadata"; }
  std::string tablet_path(int64_t id) const { return path_ + "/tablet-" + std::to_string(id); }
  std::string log_path() const { return path_ + "/strom.log"; }
  std::string endpoints_path() const { return path_ + "/endpoints.env"; }

  // Appears whole, or not at all.
  Status WriteEndpoints(const std::map<std::string, std::string>& entries);
  // OK if it is not there.
  Status RemoveEndpoints();

 private:
  DevDirectory(io::FileSystem& files, std::string path, std::unique_ptr<io::FileLock> lock)
      : files_(&files), path_(std::move(path)), lock_(std::move(lock)) {}

  io::FileSystem* files_;
  std::string path_;
  std::unique_ptr<io::FileLock> lock_;
};

}  // namespace strom::cli
