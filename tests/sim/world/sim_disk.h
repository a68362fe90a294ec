#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "common/io/file_system.h"
#include "tests/sim/world/disk_faults.h"
#include "tests/sim/world/disk_tree.h"
#include "tests/sim/world/trace_hash.h"

namespace strom::sim {

// The disk of one simulated machine, in memory. It outlives the processes on it, one after another;
// see DiskFile and DiskTree for what it forgets when the power fails. Never slow. One thread.
//
// Errors that the world would not have without a fault end in "[injected]".
class SimDisk final : public io::FileSystem {
 public:
  struct Options {
    uint64_t seed = 1;
    uint64_t capacity_bytes = UINT64_MAX;  // Of file contents.
    TraceHash* trace = nullptr;            // Told every operation.
  };

  explicit SimDisk(Options options);

  Result<std::unique_ptr<const io::File>> OpenForRead(const std::string& path) override;
  Result<std::unique_ptr<io::File>> OpenForWrite(const std::string& path) override;
  Result<std::unique_ptr<io::File>> Create(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::vector<io::DirectoryEntry>> List(const std::string& directory) override;
  Status CreateDirectory(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RemoveFile(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& directory) override;
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override;
  Result<io::DiskSpace> Space(const std::string& path) override;

  DiskFaults& faults() { return faults_; }
  const DiskTree& tree() const { return tree_; }  // For SyncedView.
  // Called with each file that a process is about to remove, while it is there.
  using OnRemove = std::function<void(const std::string& path, const DiskTree::Place& place)>;
  void SetOnRemove(OnRemove on_remove) { on_remove_ = std::move(on_remove); }
  // Writes that would need more fail in the middle, as on a full disk.
  void SetCapacity(uint64_t capacity_bytes) { capacity_bytes_ = capacity_bytes; }

  // The process dies: its files and locks are no more (using one is an error), and the next process
  // sees all that was written, synced or not.
  void CrashProcess();
  // The machine loses power, the process with it: what was not synced meets the fate `seed` has for
  // it.
  void PowerFail(uint64_t seed);

 private:
  friend class SimFile;
  friend class SimFileLock;

  // Notes the operation; an error if it has to fail.
  Status Begin(DiskOperation operation, std::string_view path, std::string_view what);
  Result<std::unique_ptr<io::File>> Open(const std::string& path, std::string_view what);

  uint64_t capacity_bytes_;
  TraceHash* const trace_;
  SimRandom random_;
  DiskFaults faults_;
  DiskTree tree_;
  OnRemove on_remove_;
  uint64_t process_ = 0;  // How many died before.
};

}  // namespace strom::sim
