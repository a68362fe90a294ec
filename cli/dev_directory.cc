#include "cli/dev_directory.h"

#include "common/io/atomic_file.h"

namespace strom::cli {
namespace {

constexpr const char* kMark = "/.strom-dev";

}  // namespace

Result<DevDirectory> DevDirectory::Open(io::FileSystem& files, std::string path) {
  STROM_RETURN_IF_ERROR(files.CreateDirectories(path));
  STROM_ASSIGN_OR_RETURN(const bool ours, files.Exists(path + kMark));
  if (!ours) {
    STROM_ASSIGN_OR_RETURN(const auto entries, files.List(path));
    if (!entries.empty()) {
      return Error(ErrorCode::kInvalidConfig,
                   "{} is no data directory of strom dev: it holds {}, but no .strom-dev", path,
                   entries.front().name);
    }
  }
  Result<std::unique_ptr<io::FileLock>> lock = files.Lock(path + kMark);
  if (!lock.ok()) {
    return Error(lock.status().code(), "{} is in use by another process ({})", path,
                 lock.status().message());
  }
  DevDirectory directory(files, std::move(path), *std::move(lock));
  STROM_RETURN_IF_ERROR(directory.RemoveEndpoints());  // Left by a process that was killed.
  return directory;
}

Status DevDirectory::WriteEndpoints(const std::map<std::string, std::string>& entries) {
  std::string text;
  for (const auto& [name, value] : entries) text += name + "=" + value + "\n";
  return io::WriteFileAtomically(*files_, endpoints_path(), text);
}

Status DevDirectory::RemoveEndpoints() {
  STROM_ASSIGN_OR_RETURN(const bool exists, files_->Exists(endpoints_path()));
  return exists ? files_->RemoveFile(endpoints_path()) : Status::Ok();
}

}  // namespace strom::cli
