#pragma once

#include "common/kv/kv_store.h"

namespace strom::kv {

struct RocksOptions {
  size_t block_cache_bytes = size_t{64} << 20;   // Shared by all stores of the factory.
  size_t write_buffer_bytes = size_t{64} << 20;  // Likewise; stores flush when the sum passes it.
  int background_jobs = 2;                       // Flushes and compactions at once.
  // Settings that Fluss's RocksDB (6.20) can read: snapshots may travel both ways.
  size_t max_open_files_per_store = 256;
};

// Stores on RocksDB, one database a store.
std::unique_ptr<KvStoreFactory> MakeRocksStoreFactory(const RocksOptions& options);

}  // namespace strom::kv
