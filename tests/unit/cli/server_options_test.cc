#include <catch2/catch_test_macros.hpp>

#include "cli/dev_server_options.h"
#include "common/io/posix_file_system.h"
#include "tests/sim/world/sim_scheduler.h"
#include "tests/testing/temp_dir.h"

namespace strom::cli {
namespace {

// What `strom dev --set KEY=VALUE...` builds its parts with.
struct Built {
  explicit Built(const std::vector<std::string>& settings = {}) {
    options.config = config::Config::Parse("", settings).value();
    directory.emplace(DevDirectory::Open(files, dir.path() + "/data").value());
  }

  RealPlatformOptions platform() const { return PlatformOptions(options, *directory); }
  coordinator::CoordinatorServer::Options coordinator() const {
    return CoordinatorOptions(options, nullptr, scheduler);
  }
  tablet::TabletServer::Options tablet() const { return TabletOptions(options, *directory); }

  const testing::TempDir dir;
  io::PosixFileSystem files;
  std::optional<DevDirectory> directory;
  DevOptions options;
  mutable sim::SimScheduler scheduler{1};
};

}  // namespace

TEST_CASE("without settings the servers get the defaults of the table", "[cli]") {
  const Built built;
  CHECK(built.platform().worker_threads == 0);
  CHECK(built.platform().request_bytes_max == 100 << 20);
  CHECK(built.platform().connection_idle_timeout == Seconds(600));
  CHECK(built.platform().metadata_path == built.directory->path() + "/metadata");
  CHECK(built.coordinator().tables.default_bucket_count == 1);
  CHECK(built.coordinator().tables.bucket_count_max == 4096);
  CHECK(built.tablet().id == ServerId(0));
  CHECK_FALSE(built.tablet().rack);
  CHECK(built.tablet().data_dir == built.directory->path() + "/tablet-0");
  CHECK(built.tablet().replicas.log.segment.size_max_bytes == 1 << 30);
  CHECK(built.tablet().remote_data_dir.empty());
}

TEST_CASE("each setting reaches the part it is for", "[cli]") {
  const Built built({"netty.server.num-worker-threads=3", "netty.server.num-network-threads=2",
                     "netty.server.max-request-size=1mb", "netty.connection.max-idle-time=9 s",
                     "strom.server.max-connections=77", "strom.server.request-memory=3mb",
                     "default.bucket.number=5", "default.replication.factor=2", "max.bucket.num=6",
                     "tablet-server.id=4", "tablet-server.rack=r9", "log.segment.file-size=2mb",
                     "log.index.file-size=8kb", "log.index.interval-size=100",
                     "server.writer-id.expiration-time=1 h",
                     "log.flush.offset.checkpoint-interval=7 s",
                     "log.retention.check-interval=8 s", "remote.data.dir=file:///r",
                     "kv.snapshot.interval=9 s", "kv.snapshot.num-retained=3",
                     "strom.kv.recent-rows.memory=5mb"});
  const RealPlatformOptions platform = built.platform();
  CHECK(platform.worker_threads == 3);
  CHECK(platform.network_threads == 2);
  CHECK(platform.request_bytes_max == 1 << 20);
  CHECK(platform.connection_idle_timeout == Seconds(9));
  CHECK(platform.connections_max == 77);

  const auto coordinator = built.coordinator();
  CHECK(coordinator.tables.default_bucket_count == 5);
  CHECK(coordinator.tables.default_replication_factor == 2);
  CHECK(coordinator.tables.bucket_count_max == 6);
  CHECK(coordinator.dispatcher.request_bytes_max == 3 << 20);
  CHECK(coordinator.kv_snapshots_retained == 3);

  const auto tablet = built.tablet();
  CHECK(tablet.id == ServerId(4));
  CHECK(tablet.rack == "r9");
  CHECK(tablet.data_dir.ends_with("/tablet-4"));
  CHECK(tablet.request_bytes_max == 3 << 20);
  CHECK(tablet.replicas.log.segment.size_max_bytes == 2 << 20);
  CHECK(tablet.replicas.log.segment.index_size_max_bytes == 8 << 10);
  CHECK(tablet.replicas.log.segment.index_interval_bytes == 100);
  CHECK(tablet.replicas.log.writer_expiration_ms == 3'600'000);
  CHECK(tablet.replicas.recovery_checkpoint_interval == Seconds(7));
  CHECK(tablet.replicas.retention_check_interval == Seconds(8));
  CHECK(tablet.replicas.snapshots.interval == Seconds(9));
  CHECK(tablet.replicas.recent_rows_max_bytes == 5 << 20);
  CHECK(tablet.remote_data_dir == "/r");
}

TEST_CASE("the shortcut takes what the network takes, and knows what clients are told", "[cli]") {
  Built built({"netty.server.max-request-size=1mb"});
  CHECK(LocalNetworkOptions(built.options).request_bytes_max == 1 << 20);
  CHECK(LocalNetworkOptions(built.options).aliases.empty());
  built.options.listeners.coordinator_grpc = {.bind = {"0.0.0.0", 1002},
                                              .advertised = HostPort{"db.example", 2002}};
  built.options.listeners.tablet_grpc = {.bind = {"0.0.0.0", 1003},
                                         .advertised = HostPort{"db.example", 1003}};
  const auto aliases = LocalNetworkOptions(built.options).aliases;
  REQUIRE(aliases.size() == 2);
  CHECK(aliases[0].told == HostPort{"db.example", 2002});
  CHECK(aliases[0].bound == HostPort{"0.0.0.0", 1002});
  CHECK(aliases[1].told == HostPort{"db.example", 1003});
  CHECK(aliases[1].bound == HostPort{"0.0.0.0", 1003});
}

TEST_CASE("both servers listen for Fluss's clients, for ours and for each other", "[cli]") {
  Built built;
  built.options.listeners.coordinator.bind = {"0.0.0.0", 1000};
  built.options.listeners.coordinator.advertised = HostPort{"db.example", 1000};
  built.options.listeners.tablet.bind = {"0.0.0.0", 1001};
  built.options.listeners.tablet_grpc.bind = {"0.0.0.0", 1003};
  const auto coordinator = built.coordinator().listeners;
  REQUIRE(coordinator.size() == 3);
  CHECK(coordinator[0].listen.endpoint == rpc::Endpoint{"0.0.0.0", 1000, rpc::Carrier::kFramed});
  CHECK(coordinator[0].listen.listener.name == "FLUSS");
  CHECK(coordinator[0].listen.listener.audience == rpc::Audience::kFlussClients);
  CHECK(coordinator[0].advertised == HostPort{"db.example", 1000});
  CHECK(coordinator[1].listen.endpoint.carrier == rpc::Carrier::kGrpc);
  CHECK(coordinator[1].listen.listener.audience == rpc::Audience::kStromClients);
  CHECK(coordinator[2].listen.listener.audience == rpc::Audience::kServers);
  CHECK(coordinator[2].listen.endpoint.host == "127.0.0.1");  // Not for the world.
  CHECK(built.coordinator().internal_listener == coordinator[2].listen.listener.name);

  const auto tablet = built.tablet().listeners;
  REQUIRE(tablet.size() == 3);
  CHECK(tablet[0].listen.endpoint.port == 1001);
  CHECK(tablet[1].listen.endpoint.port == 1003);
  CHECK(built.tablet().internal_listener == tablet[2].listen.listener.name);
}

}  // namespace strom::cli
