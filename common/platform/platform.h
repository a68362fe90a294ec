#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/io/file_system.h"
#include "common/kv/kv_store.h"
#include "common/metadata/meta_store.h"
#include "common/metadata/zk/zookeeper.h"
#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/runtime/random.h"

namespace strom {

// Everything of the outside world that a server may touch. Outlives the server.
struct Platform {
  runtime::Clock& clock;
  runtime::Executor& executor;  // Strands live here; tasks must not block.
  runtime::Executor& blocking;  // Opening and syncing files; tasks may block.
  runtime::Random& random;
  io::FileSystem& files;
  kv::KvStoreFactory& stores;
  rpc::Network& network;
  metadata::MetaStoreFactory& sessions;
};

struct RealPlatformOptions {
  int worker_threads = 0;  // 0: one per core.
  int blocking_threads = 4;
  int network_threads = 0;  // Event loops of framed connections; 0: a quarter of the cores.
  size_t request_bytes_max = size_t{100} << 20;
  MonoDuration connection_idle_timeout = Seconds(600);
  int connections_max = 10000;
  size_t store_bytes_max = size_t{64} << 20;  // Of all KV stores: blocks and write buffers.
  std::string metadata_path;  // Folder of the embedded metadata; its parent must exist.
  std::optional<metadata::ZooKeeperOptions> zookeeper;  // Where the metadata is instead.
};

// The real world: kernel clocks, thread pools, POSIX files, framed TCP and gRPC, embedded
// metadata or ZooKeeper.
//
// Built by a main before its servers and destroyed after them. Destruction stops the threads, so
// nothing may still be wanted of them.
class RealPlatform {
 public:
  // Errors: those of OpenEmbeddedMetaStore, MakeZooKeeperFactory.
  static Result<std::unique_ptr<RealPlatform>> Start(const RealPlatformOptions& options);
  ~RealPlatform();

  Platform& get();

 private:
  struct Parts;
  explicit RealPlatform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace strom
