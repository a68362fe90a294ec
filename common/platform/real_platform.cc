#include <algorithm>
#include <map>
#include <thread>

#include "common/io/posix_file_system.h"
#include "common/kv/rocks_store.h"
#include "common/metadata/embedded/embedded_meta_store.h"
#include "common/platform/platform.h"
#include "common/rpc/framed/framed_network.h"
#include "common/rpc/grpc/grpc_network.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"

namespace strom {
namespace {

int Cores() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

runtime::ThreadPool::Options Pool(const char* name, int threads) {
  return {.name = name, .threads = threads};
}

rpc::framed::FramedNetwork::Options FramedOptions(const RealPlatformOptions& options) {
  rpc::framed::FramedNetwork::Options framed;
  framed.loops = options.network_threads;
  framed.idle_timeout = options.connection_idle_timeout;
  framed.request_bytes_max = options.request_bytes_max;
  framed.connections_max = options.connections_max;
  return framed;
}

rpc::GrpcNetwork::Options GrpcOptions(const RealPlatformOptions& options) {
  rpc::GrpcNetwork::Options grpc;
  grpc.request_bytes_max = options.request_bytes_max;
  return grpc;
}

// Write buffers are counted in the cache, too.
kv::RocksOptions StoreOptions(const RealPlatformOptions& options) {
  return {.block_cache_bytes = options.store_bytes_max,
          .write_buffer_bytes = options.store_bytes_max / 2};
}

Result<std::unique_ptr<metadata::MetaStoreFactory>> OpenMetadata(const RealPlatformOptions& options,
                                                                 kv::KvStoreFactory& stores) {
  if (options.zookeeper) return metadata::MakeZooKeeperFactory(*options.zookeeper);
  return metadata::OpenEmbeddedMetaStore(stores, options.metadata_path);
}

}  // namespace

// Destroyed from the last to the first: networks and metadata before the threads they use.
struct RealPlatform::Parts {
  explicit Parts(const RealPlatformOptions& options)
      : executor(Pool("strom", options.worker_threads > 0 ? options.worker_threads : Cores())),
        blocking(Pool("strom-blocking", options.blocking_threads)),
        framed(clock, FramedOptions(options)),
        grpc(clock, executor, blocking, GrpcOptions(options)),
        network({{rpc::Carrier::kFramed, &framed},
                 {rpc::Carrier::kGrpc, &grpc},
                 {rpc::Carrier::kGrpcSession, &grpc}}),
        stores(kv::MakeRocksStoreFactory(StoreOptions(options))) {}

  runtime::RealClock clock;
  runtime::RealRandom random;
  io::PosixFileSystem files;
  runtime::ThreadPool executor;
  runtime::ThreadPool blocking;
  rpc::framed::FramedNetwork framed;
  rpc::GrpcNetwork grpc;
  rpc::RoutingNetwork network;
  std::unique_ptr<kv::KvStoreFactory> stores;
  std::unique_ptr<metadata::MetaStoreFactory> sessions;
  std::unique_ptr<Platform> platform;
};

RealPlatform::RealPlatform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RealPlatform::~RealPlatform() = default;
Platform& RealPlatform::get() { return *parts_->platform; }

Result<std::unique_ptr<RealPlatform>> RealPlatform::Start(const RealPlatformOptions& options) {
  auto parts = std::make_unique<Parts>(options);
  STROM_ASSIGN_OR_RETURN(parts->sessions, OpenMetadata(options, *parts->stores));
  parts->platform.reset(new Platform{parts->clock, parts->executor, parts->blocking, parts->random,
                                     parts->files, *parts->stores, parts->network,
                                     *parts->sessions});
  return std::unique_ptr<RealPlatform>(new RealPlatform(std::move(parts)));
}

}  // namespace strom
