#pragma once

#include "common/io/file_system.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::sim {

// What the disk would have at least if the power failed now: what is synced, names and bytes. To be
// read only, everything else is an error; nobody is told of it, no fault hits it. Lives no longer
// than the disk; a file that is open shows what is synced when it is read.
class SyncedView final : public io::FileSystem {
 public:
  explicit SyncedView(const SimDisk& disk) : tree_(disk.tree()) {}

  Result<std::unique_ptr<const io::File>> OpenForRead(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::vector<io::DirectoryEntry>> List(const std::string& directory) override;

  Result<std::unique_ptr<io::File>> OpenForWrite(const std::string& path) override;
  Result<std::unique_ptr<io::File>> Create(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RemoveFile(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& directory) override;
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override;
  Result<io::DiskSpace> Space(const std::string& path) override;

 private:
  const DiskTree& tree_;
};

}  // namespace strom::sim
