#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/io/file_system.h"
#include "common/kv/kv_store.h"

namespace strom::sim {

// The files of a MemoryStore's checkpoint, laid out as RocksDB's: tables that never change and that
// later checkpoints have again, a manifest that lists them, and CURRENT, which names the manifest.

using MemoryContents = std::map<Bytes, Bytes, std::less<>>;
using MemoryChanges = std::map<Bytes, std::optional<Bytes>, std::less<>>;  // None: deleted.

struct MemoryTable {
  std::string name;                    // "000007.sst".
  std::shared_ptr<const Bytes> bytes;  // The changes, with a checksum at the end.
};

MemoryTable MakeMemoryTable(int64_t number, const MemoryChanges& changes);

struct MemoryCheckpoint {
  std::vector<MemoryTable> tables;  // Oldest first; together they make the content.
  int64_t next_number = 1;          // No file had it or a higher one.
};

// Makes the folder `path` and syncs all of it; takes a number for the manifest. The folder appears
// as a whole. Errors: those of the files.
Result<std::vector<kv::StoreFile>> WriteMemoryCheckpoint(io::FileSystem& files,
                                                         const std::string& path,
                                                         MemoryCheckpoint& checkpoint);

// Reads the checkpoint in the folder `path` and removes its CURRENT, so that it is taken once;
// none: there is none. Errors: those of the files; kKvStorage naming the file that is missing or
// damaged.
Result<std::optional<MemoryCheckpoint>> TakeMemoryCheckpoint(io::FileSystem& files,
                                                             const std::string& path);

// What the tables make. Errors: as above.
Result<MemoryContents> ContentsOf(const MemoryCheckpoint& checkpoint);

}  // namespace strom::sim
