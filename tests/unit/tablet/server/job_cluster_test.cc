// A coordinator, a tablet server and clients that play workers: jobs change hands, and whoever lost
// one writes no more.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "client/include/strom/strom.h"
#include "common/base/logging.h"
#include "common/metadata/embedded/embedded_meta_store.h"
#include "coordinator/server/coordinator_server.h"
#include "tablet/server/tablet_server.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_network.h"
#include "tests/sim/world/sim_random.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::tablet {
namespace {

using coordinator::CoordinatorServer;

constexpr ServerId kTablet{1};

class JobCluster {
 public:
  explicit JobCluster(uint64_t seed) : scheduler_(seed), wires_(scheduler_, {.seed = seed}) {
    SetLogLevel(LogLevel::kOff);
    sessions_ = metadata::OpenEmbeddedMetaStore(stores_, "/meta").value();
    StartCoordinator();
    StartTablet();
    REQUIRE(Await(connection().admin().CreateDatabase("db")).ok());
  }

  ~JobCluster() {
    connections_.clear();
    StopTablet();
    StopCoordinator();
  }

  void StartCoordinator() {
    CoordinatorServer::Options options;
    for (const auto& [name, audience] : kListeners) {
      options.listeners.push_back({.listen = ListenOn("coordinator", name, audience)});
    }
    coordinator_network_ = wires_.AddHost("coordinator", executor_, clock_);
    coordinator_ =
        std::make_unique<CoordinatorServer>(executor_, clock_, random_, *coordinator_network_,
                                            *sessions_, allow_all_, std::move(options));
    std::optional<Status> started;
    coordinator_->Start([&](Status status) { started = std::move(status); });
    STROM_CHECK(scheduler_.RunUntil([&] { return started.has_value(); }, Seconds(20)));
    REQUIRE(started->ok());
  }
  void StopCoordinator() {
    bool stopped = false;
    coordinator_->Stop(Seconds(1), [&] { stopped = true; });
    STROM_CHECK(scheduler_.RunUntil([&] { return stopped; }, Seconds(10)));
    scheduler_.RunReady();
    coordinator_.reset();
    coordinator_network_.reset();
  }

  void StartTablet() {
    TabletServer::Options options;
    options.id = kTablet;
    options.data_dir = "/data";
    for (const auto& [name, audience] : kListeners) {
      options.listeners.push_back({.listen = ListenOn("tablet", name, audience)});
    }
    tablet_network_ = wires_.AddHost("tablet", executor_, clock_);
    tablet_ = std::make_unique<TabletServer>(executor_, executor_, clock_, random_, disk_,
                                             kv_stores_, *tablet_network_, *sessions_, allow_all_,
                                             metrics_, std::move(options));
    std::optional<Status> started;
    tablet_->Start([&](Status status) { started = std::move(status); });
    STROM_CHECK(scheduler_.RunUntil([&] { return started.has_value(); }, Seconds(60)));
    REQUIRE(started->ok());
    REQUIRE(scheduler_.RunUntil(
        [&] { return tablet_->views().Get()->tablet_servers.contains(kTablet); }, Seconds(10)));
  }
  void StopTablet() {
    std::optional<Status> stopped;
    tablet_->Stop(Seconds(1), [&](Status status) { stopped = std::move(status); });
    STROM_CHECK(scheduler_.RunUntil([&] { return stopped.has_value(); }, Seconds(60)));
    tablet_.reset();
    scheduler_.RunReady();
    tablet_network_.reset();
  }

  // Over the listener of this name; Strom's own unless told.
  client::Connection& connection(const std::string& listener = "STROM") {
    auto& connection = connections_[listener];
    if (!connection) {
      connection = client::Connection::Create(
                       {.bootstrap_servers = {coordinator_->EndpointOf(listener)->ToString(),
                                              tablet_->EndpointOf(listener)->ToString()}},
                       {executor_, clock_, random_, *client_network_})
                       .value();
    }
    return *connection;
  }
  client::Jobs& jobs() { return connection().jobs(); }

  template <class T>
  client::Outcome<T> Await(client::Future<T> future) {
    REQUIRE(scheduler_.RunUntil([&] { return future.ready(); }, Seconds(100)));
    return future.Get();
  }

  // db.t with columns id INT, name STRING, and one bucket.
  TableInfo CreateTable(bool keyed) {
    TableDescriptor descriptor{
        .schema = Schema::Make({.columns = {{.name = "id", .type = DataType::Int()},
                                            {.name = "name", .type = DataType::String()}},
                                .primary_key = keyed ? std::vector<std::string>{"id"}
                                                     : std::vector<std::string>()})
                      .value(),
        .distribution = TableDistribution{{}, 1}};
    REQUIRE(Await(connection().admin().CreateTable({"db", "t"}, descriptor)).ok());
    return Await(connection().admin().GetTable({"db", "t"})).value();
  }

  Status Append(client::AppendWriter& writer, int id) {
    REQUIRE(writer.TryAppend({Value::Int(id), Value::String("x")}).ok());
    return Await(writer.Flush());
  }
  Status Upsert(client::UpsertWriter& writer, int id) {
    REQUIRE(writer.TryUpsert({Value::Int(id), Value::String("x")}).ok());
    return Await(writer.Flush());
  }
  int64_t EndOffset() {
    return Await(connection().admin().ListOffsets({"db", "t"}, client::OffsetSpec::Latest()))
        .value()
        .at(BucketId(0))
        .value();
  }

  // The one group that a heartbeat of this worker gives; none.
  std::optional<JobFence> Beat(const std::string& worker, std::optional<JobFence> runs = {}) {
    WorkerReport report{.worker = worker,
                        .incarnation = "1",
                        .address = "",
                        .kinds = {JobKind::kLayer},
                        .slots = 4,
                        .groups = {}};
    if (runs) {
      report.groups = {{.fence = *runs, .jobs = {{.job = "a", .phase = JobPhase::kRunning}}}};
    }
    const WorkerOrders orders = Await(jobs().Heartbeat(report)).value();
    if (orders.assignments.empty()) return std::nullopt;
    return orders.assignments[0].fence;
  }
  void RunFor(MonoDuration time) { scheduler_.RunFor(time); }

 private:
  static constexpr std::pair<const char*, rpc::Audience> kListeners[] = {
      {"INTERNAL", rpc::Audience::kServers},
      {"FLUSS", rpc::Audience::kFlussClients},
      {"STROM", rpc::Audience::kStromClients}};

  static rpc::ListenOptions ListenOn(const char* host, const char* name, rpc::Audience audience) {
    return {.endpoint = {.host = host, .port = 0},
            .listener = {.name = name, .audience = audience},
            .authenticator = nullptr};
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
  std::unique_ptr<rpc::Network> client_network_ = wires_.AddHost("client", executor_, clock_);
  std::unique_ptr<rpc::Network> coordinator_network_;
  std::unique_ptr<rpc::Network> tablet_network_;
  std::unique_ptr<CoordinatorServer> coordinator_;
  std::unique_ptr<TabletServer> tablet_;
  std::map<std::string, std::unique_ptr<client::Connection>> connections_;
};

const JobDefinition kJob{.name = "a",
                         .kind = JobKind::kLayer,
                         .group = "a",
                         .target = "db.t",
                         .sources = {},
                         .script = "INSERT INTO db.t SELECT 1",
                         .settings = {}};

}  // namespace

TEST_CASE("a worker that lost its job cannot append any more, the next one can", "[tablet]") {
  JobCluster cluster(static_cast<uint64_t>(GENERATE(range(1, 6))));
  const TableInfo table = cluster.CreateTable(false);
  REQUIRE(cluster.Await(cluster.jobs().Register(kJob)).ok());
  const auto first = cluster.Beat("w1");
  REQUIRE(first == JobFence{"a", 1});
  const auto old_writer = cluster.connection().NewAppendWriter(table, {.fence = *first}).value();
  REQUIRE(cluster.Append(*old_writer, 1).ok());

  // The first worker stalls; a second one comes, and gets the job after the lease.
  std::optional<JobFence> second;
  for (int i = 0; i < 10 && !second; ++i) {
    cluster.RunFor(Seconds(1));
    second = cluster.Beat("w2");
  }
  REQUIRE(second == JobFence{"a", 2});
  const int64_t end = cluster.EndOffset();
  CHECK(cluster.Append(*old_writer, 2).code() == ErrorCode::kFencedJobEpoch);
  CHECK(old_writer->TryAppend({Value::Int(3), Value::String("x")}).code() ==
        ErrorCode::kFencedJobEpoch);
  CHECK(cluster.EndOffset() == end);
  const auto new_writer = cluster.connection().NewAppendWriter(table, {.fence = *second}).value();
  CHECK(cluster.Append(*new_writer, 4).ok());
  CHECK(cluster.EndOffset() == end + 1);
  CHECK(cluster.Beat("w1", first) == std::nullopt);
}

TEST_CASE("upserts are fenced as appends are, also by a tablet server that was restarted",
          "[tablet]") {
  JobCluster cluster(static_cast<uint64_t>(GENERATE(range(1, 6))));
  const TableInfo table = cluster.CreateTable(true);
  REQUIRE(cluster.Await(cluster.jobs().Register(kJob)).ok());
  const auto first = cluster.Beat("w1");
  REQUIRE(first == JobFence{"a", 1});
  const auto writer =
      cluster.connection().NewUpsertWriter(table, {.writing = {.fence = *first}}).value();
  REQUIRE(cluster.Upsert(*writer, 1).ok());
  JobDefinition other = kJob;
  other.script += " + 1";
  REQUIRE(cluster.Await(cluster.jobs().Register(other)).ok());
  CHECK(cluster.Beat("w1", first) == JobFence{"a", 2});

  const bool restart = GENERATE(false, true);
  if (restart) {
    cluster.StopTablet();
    cluster.StartTablet();
  }
  const Status refused = cluster.Upsert(*writer, 2);
  CHECK(refused.code() == ErrorCode::kFencedJobEpoch);
  CHECK(refused.message().find("known is 2") != std::string::npos);
  CHECK(cluster.EndOffset() == 1);
  const auto next =
      cluster.connection().NewUpsertWriter(table, {.writing = {.fence = JobFence{"a", 2}}}).value();
  CHECK(cluster.Upsert(*next, 2).ok());
  const auto unfenced = cluster.connection().NewUpsertWriter(table).value();
  CHECK(cluster.Upsert(*unfenced, 3).ok());
}

TEST_CASE("a worker writes on under its epoch while the coordinator is restarted", "[tablet]") {
  JobCluster cluster(static_cast<uint64_t>(GENERATE(range(1, 6))));
  const TableInfo table = cluster.CreateTable(false);
  REQUIRE(cluster.Await(cluster.jobs().Register(kJob)).ok());
  const auto fence = cluster.Beat("w1");
  REQUIRE(fence == JobFence{"a", 1});
  const auto writer = cluster.connection().NewAppendWriter(table, {.fence = *fence}).value();
  REQUIRE(cluster.Append(*writer, 1).ok());
  cluster.StopCoordinator();
  CHECK(cluster.Append(*writer, 2).ok());
  cluster.StartCoordinator();
  CHECK(cluster.Beat("w1", fence) == fence);
  CHECK(cluster.Append(*writer, 3).ok());
  const auto jobs = cluster.Await(cluster.jobs().List()).value();
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].state == JobState::kRunning);
  CHECK(jobs[0].epoch == 1);
}

TEST_CASE("jobs are managed through the client, whose errors name the job", "[tablet]") {
  JobCluster cluster(1);
  client::Jobs& jobs = cluster.jobs();
  CHECK(cluster.Await(jobs.List())->empty());
  JobDefinition nameless = kJob;
  nameless.name.clear();
  CHECK(cluster.Await(jobs.Register(nameless)).code() == ErrorCode::kInvalidConfig);
  REQUIRE(cluster.Await(jobs.Register(kJob)).ok());
  JobDefinition second = kJob;
  second.name = "b";
  const Status taken = cluster.Await(jobs.Register(second));
  CHECK(taken.code() == ErrorCode::kJobAlreadyExist);
  CHECK(taken.message().find("register job b") != std::string::npos);
  CHECK(taken.message().find("job a writes it already") != std::string::npos);
  const auto listed = cluster.Await(jobs.List("a")).value();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].definition == kJob);
  CHECK(listed[0].state == JobState::kWaiting);
  CHECK(cluster.Await(jobs.Stop("a")).ok());
  CHECK(cluster.Await(jobs.List("a")).value()[0].state == JobState::kStopped);
  CHECK(cluster.Await(jobs.Start("a")).ok());
  CHECK(cluster.Await(jobs.Drop("a")).ok());  // Without a worker: at once.
  const Status gone = cluster.Await(jobs.Drop("a"));
  CHECK(gone.code() == ErrorCode::kJobNotExist);
  CHECK(gone.message().find("drop job a") != std::string::npos);
  CHECK(cluster.Await(jobs.List("a")).status().code() == ErrorCode::kJobNotExist);
}

TEST_CASE("listeners for clients of Fluss take no fence and no job", "[tablet]") {
  JobCluster cluster(1);
  const TableInfo table = cluster.CreateTable(true);
  client::Connection& fluss = cluster.connection("FLUSS");
  const auto plain = fluss.NewUpsertWriter(table).value();
  CHECK(cluster.Upsert(*plain, 1).ok());
  const auto fenced =
      fluss.NewUpsertWriter(table, {.writing = {.fence = JobFence{"a", 1}}}).value();
  CHECK(cluster.Upsert(*fenced, 2).code() == ErrorCode::kUnsupportedVersion);
  CHECK(cluster.Await(fluss.jobs().List()).status().code() == ErrorCode::kUnsupportedVersion);
  CHECK(cluster.EndOffset() == 1);
  CHECK(fluss.NewUpsertWriter(table, {.writing = {.fence = JobFence{"", 1}}}).status().code() ==
        ErrorCode::kInvalidConfig);
}

}  // namespace strom::tablet
