// A coordinator and a tablet server together: that each does what the other expects of it.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/metadata/embedded/embedded_meta_store.h"
#include "common/rpc/channel.h"
#include "common/types/json_codec.h"
#include "coordinator/server/coordinator_server.h"
#include "proto/admin.pb.h"
#include "proto/kv.pb.h"
#include "proto/log.pb.h"
#include "proto/metadata.pb.h"
#include "tablet/server/tablet_server.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_network.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

using coordinator::CoordinatorServer;

rpc::ListenOptions ListenOn(const std::string& host, const char* name, rpc::Audience audience) {
  return {.endpoint = {.host = host, .port = 0},
          .listener = {.name = name, .audience = audience},
          .authenticator = nullptr};
}

class Cluster {
 public:
  explicit Cluster(uint64_t seed) : scheduler_(seed), wires_(scheduler_, {.seed = seed}) {
    sessions_ = metadata::OpenEmbeddedMetaStore(stores_, "/meta").value();
    CoordinatorServer::Options options;
    for (const auto& [name, audience] : kListeners) {
      options.listeners.push_back(
          {.listen = ListenOn("coordinator", name, audience), .advertised = {}});
    }
    coordinator_ = std::make_unique<CoordinatorServer>(executor_, clock_, random_, *network_,
                                                       *sessions_, allow_all_, std::move(options));
    REQUIRE(Await<Status>([&](auto done) { coordinator_->Start(std::move(done)); }).ok());
    StartTablet();
  }

  ~Cluster() {
    StopTablet();
    bool stopped = false;
    coordinator_->Stop(Seconds(1), [&] { stopped = true; });
    STROM_CHECK(scheduler_.RunUntil([&] { return stopped; }, Seconds(10)));
    scheduler_.RunReady();
  }

  void StartTablet() {
    TabletServer::Options options;
    options.id = kSelf;
    options.data_dir = "/data";
    for (const auto& [name, audience] : kListeners) {
      options.listeners.push_back({.listen = ListenOn("tablet", name, audience), .advertised = {}});
    }
    tablet_network_ = wires_.AddHost("tablet", executor_, clock_);
    tablet_ = std::make_unique<TabletServer>(executor_, executor_, clock_, random_, disk_,
                                             kv_stores_, *tablet_network_, *sessions_, allow_all_,
                                             metrics_, std::move(options));
    REQUIRE(Await<Status>([&](auto done) { tablet_->Start(std::move(done)); }).ok());
    REQUIRE(scheduler_.RunUntil(
        [&] { return tablet_->views().Get()->tablet_servers.contains(kSelf); }, Seconds(10)));
  }

  void StopTablet() {
    CHECK(Await<Status>([&](auto done) { tablet_->Stop(Seconds(1), std::move(done)); }).ok());
    tablet_.reset();
    scheduler_.RunReady();
    tablet_network_.reset();
  }

  template <class Req, class Resp>
  Result<Resp> AskCoordinator(const rpc::Method<Req, Resp>& method, const Req& request) {
    return Ask(*coordinator_->EndpointOf("FLUSS"), method, request);
  }
  template <class Req, class Resp>
  Result<Resp> AskTablet(const rpc::Method<Req, Resp>& method, const Req& request) {
    return Ask(*tablet_->EndpointOf("FLUSS"), method, request);
  }

  Status CreateTable(
      const TableDescriptor& descriptor = TestTable(LogFormat::kIndexed).descriptor) {
    pb::CreateTableRequest request;
    request.mutable_table_path()->set_database_name("fluss");
    request.mutable_table_path()->set_table_name("t");
    request.set_ignore_if_exists(false);
    request.set_table_json(ToJson(descriptor));
    return AskCoordinator(rpc::kCreateTable, request).status();
  }

  // As the tablet server's metadata say; none if it does not know the table.
  std::optional<pb::PbTableMetadata> Metadata() {
    pb::MetadataRequest request;
    request.add_table_path()->set_database_name("fluss");
    request.mutable_table_path(0)->set_table_name("t");
    const auto answer = AskTablet(rpc::kMetadata, request);
    if (!answer.ok()) return std::nullopt;
    return answer->table_metadata(0);
  }

  pb::PbProduceLogRespForBucket Produce(int64_t table, Bytes batch) {
    pb::ProduceLogRequest request;
    request.set_acks(-1);
    request.set_table_id(table);
    request.set_timeout_ms(1000);
    request.add_buckets_req()->set_bucket_id(0);
    request.mutable_buckets_req(0)->set_records(std::move(batch));
    return AskTablet(rpc::kProduceLog, request).value().buckets_resp(0);
  }

  pb::PbPutKvRespForBucket PutKv(int64_t table, Bytes batch) {
    pb::PutKvRequest request;
    request.set_acks(-1);
    request.set_table_id(table);
    request.set_timeout_ms(1000);
    request.add_buckets_req()->set_bucket_id(0);
    request.mutable_buckets_req(0)->set_records(std::move(batch));
    return AskTablet(rpc::kPutKv, request).value().buckets_resp(0);
  }

  // "" if there is no such row.
  std::string Lookup(int64_t table, int id) {
    pb::LookupRequest request;
    request.set_table_id(table);
    request.add_buckets_req()->set_bucket_id(0);
    request.mutable_buckets_req(0)->add_keys(KeyOf(id));
    const auto answer = AskTablet(rpc::kLookup, request).value();
    const auto& value = answer.buckets_resp(0).values(0);
    return value.has_values() ? RowText(value.values()) : "";
  }

  sim::SimScheduler& scheduler() { return scheduler_; }
  sim::SimDisk& disk() { return disk_; }

 private:
  static constexpr std::pair<const char*, rpc::Audience> kListeners[] = {
      {"INTERNAL", rpc::Audience::kServers}, {"FLUSS", rpc::Audience::kFlussClients}};

  template <class T, class F>
  T Await(F start) {
    std::optional<T> answer;
    start([&](T value) { answer = std::move(value); });
    STROM_CHECK(scheduler_.RunUntil([&] { return answer.has_value(); }, Seconds(60)));
    return *std::move(answer);
  }

  template <class Req, class Resp>
  Result<Resp> Ask(const rpc::Endpoint& endpoint, const rpc::Method<Req, Resp>& method,
                   const Req& request) {
    const auto channel = client_->Connect(endpoint);
    return Await<Result<Resp>>([&](auto done) {
      rpc::Call<Req, Resp>(*channel, method, request, clock_.Now() + Seconds(50), std::move(done));
    });
  }

  sim::SimScheduler scheduler_;
  sim::SimClock clock_{scheduler_};
  sim::SimRandom random_{5};
  sim::SimDisk disk_{{}};
  sim::SimNetwork wires_;
  sim::MemoryStoreFactory stores_;
  sim::MemoryStoreFactory kv_stores_;
  std::unique_ptr<metadata::MetaStoreFactory> sessions_;
  rpc::AllowAll allow_all_;
  metrics::Registry metrics_;
  sim::SimExecutor executor_{scheduler_};
  std::unique_ptr<rpc::Network> network_ = wires_.AddHost("coordinator", executor_, clock_);
  std::unique_ptr<rpc::Network> client_ = wires_.AddHost("client", executor_, clock_);
  std::unique_ptr<rpc::Network> tablet_network_;
  std::unique_ptr<CoordinatorServer> coordinator_;
  std::unique_ptr<TabletServer> tablet_;
};

}  // namespace

TEST_CASE("a created table can be written at once, and a dropped one leaves nothing", "[tablet]") {
  Cluster cluster(static_cast<uint64_t>(GENERATE(range(1, 6))));
  REQUIRE(cluster.CreateTable().ok());
  const auto table = cluster.Metadata();
  REQUIRE(table.has_value());
  REQUIRE(table->bucket_metadata_size() == 4);
  for (const auto& bucket : table->bucket_metadata()) CHECK(bucket.leader_id() == kSelf.value());
  CHECK(cluster.Produce(table->table_id(), Batch({1, 2})).base_offset() == 0);
  CHECK(cluster.disk().List("/data/fluss").value().size() == 1);

  pb::DropTableRequest drop;
  *drop.mutable_table_path() = table->table_path();
  drop.set_ignore_if_not_exists(false);
  REQUIRE(cluster.AskCoordinator(rpc::kDropTable, drop).ok());
  cluster.scheduler().RunFor(Seconds(5));
  CHECK_FALSE(cluster.Metadata().has_value());
  const auto refused = cluster.Produce(table->table_id(), Batch({3}));
  CHECK(static_cast<ErrorCode>(refused.error_code()) == ErrorCode::kUnknownTableOrBucket);
  CHECK(cluster.disk().List("/data/fluss").value().empty());
}

TEST_CASE("a tablet server that was restarted leads its buckets again", "[tablet]") {
  Cluster cluster(static_cast<uint64_t>(GENERATE(range(1, 6))));
  REQUIRE(cluster.CreateTable().ok());
  const int64_t table = cluster.Metadata()->table_id();
  const Bytes batch = Batch({1, 2}, LogFormat::kIndexed, WriterId(3), BatchSequence(0));
  REQUIRE(cluster.Produce(table, batch).base_offset() == 0);
  cluster.StopTablet();
  cluster.StartTablet();
  cluster.scheduler().RunFor(Seconds(5));
  const auto again = cluster.Produce(table, batch);
  CHECK_FALSE(again.has_error_code());
  CHECK(again.base_offset() == 0);  // The same batch, not a new one.
  CHECK(cluster.Produce(table, Batch({3})).base_offset() == 2);
}

TEST_CASE("a primary-key table can be made, written, read after a restart and dropped",
          "[tablet]") {
  Cluster cluster(static_cast<uint64_t>(GENERATE(range(1, 6))));
  REQUIRE(cluster.CreateTable(KeyedTable().descriptor).ok());
  const auto made = cluster.Metadata();
  REQUIRE(made.has_value());
  const int64_t table = made->table_id();
  REQUIRE(cluster.PutKv(table, KvBatch({Put(1, "a"), Put(2, "b")})).log_end_offset() == 2);
  REQUIRE(cluster.PutKv(table, KvBatch({Put(1, "c"), Del(2)})).log_end_offset() == 5);
  cluster.StopTablet();
  cluster.StartTablet();
  cluster.scheduler().RunFor(Seconds(5));
  CHECK(cluster.Lookup(table, 1) == "1/0 c");
  CHECK(cluster.Lookup(table, 2).empty());

  pb::GetLatestKvSnapshotsRequest latest;
  *latest.mutable_table_path() = made->table_path();
  CHECK(
      cluster.AskCoordinator(rpc::kGetLatestKvSnapshots, latest).value().latest_snapshots_size() ==
      4);
  CHECK(cluster.AskTablet(rpc::kGetLatestKvSnapshots, latest).value().table_id() == table);

  pb::DropTableRequest drop;
  *drop.mutable_table_path() = made->table_path();
  drop.set_ignore_if_not_exists(false);
  REQUIRE(cluster.AskCoordinator(rpc::kDropTable, drop).ok());
  cluster.scheduler().RunFor(Seconds(5));
  CHECK(static_cast<ErrorCode>(cluster.PutKv(table, KvBatch({Put(1, "a")})).error_code()) ==
        ErrorCode::kUnknownTableOrBucket);
  CHECK(cluster.disk().List("/data/fluss").value().empty());
}

}  // namespace strom::tablet
