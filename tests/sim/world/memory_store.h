#pragma once

#include <memory>
#include <string>

#include <absl/synchronization/mutex.h>

#include "common/io/file_system.h"
#include "common/kv/kv_store.h"

namespace strom::sim {

// Stores in memory, for the simulation: an ordered map that forgets what no checkpoint and no
// synced write holds when the simulated process dies (Forget), as RocksDB without a log does.
// Folder names are keys of one map. Only checkpoints are files (memory_checkpoint.h): a folder with
// the files of one opens as a store, once, whoever put them there.
class MemoryStoreFactory final : public kv::KvStoreFactory {
 public:
  // Checkpoints are on a disk of its own, where folders are made as needed.
  MemoryStoreFactory();
  // `files` outlives it and its stores.
  explicit MemoryStoreFactory(io::FileSystem& files);
  ~MemoryStoreFactory() override;

  Result<std::unique_ptr<kv::KvStore>> Open(const std::string& path,
                                            const kv::KvStoreOptions& options) override;
  Status Destroy(const std::string& path) override;

  // What the death of the process does: every store falls back to its last synced content. All
  // stores must have been closed (destroyed).
  void Forget();

  // The same where the process died in the middle of things: stores that somebody still holds keep
  // what they have, but nobody else sees it any more.
  void Crash();

  struct Disk;  // Contents by path; shared with the open stores.

 private:
  const std::unique_ptr<io::FileSystem> own_files_;
  io::FileSystem& files_;
  std::shared_ptr<Disk> disk_;  // Of the process that runs.
};

}  // namespace strom::sim
