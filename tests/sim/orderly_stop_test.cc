// Tablet servers that stop in order, one after another or all at once, under load.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "client/include/strom/connection.h"
#include "common/base/logging.h"
#include "common/metadata/zk_json.h"
#include "common/metadata/zk_paths.h"
#include "tests/sim/cluster/sim_cluster.h"
#include "tests/sim/logs/replica_logs.h"

namespace strom::sim {
namespace {

constexpr int kBuckets = 4;

// Three tablet servers, one coordinator, a log table and a primary-key table at replication factor
// 3, and a client that writes to both and looks up what it wrote, all the time.
class Loaded {
 public:
  explicit Loaded(uint64_t seed)
      : world_(seed, {.seed = seed * 3 + 1}, {.seed = seed * 3 + 2}),
        cluster_(world_, SimConfig(), [](const std::string&) {}),
        client_(world_, "client", seed) {
    world_.meta.SetObserver([this](const std::string& path, const std::string* data) {
      if (data != nullptr) nodes_[path] = *data;
    });
    cluster_.StartCoordinator(0);
    for (int i = 0; i < cluster_.tablet_count(); ++i) cluster_.StartTablet(i);
    client_.Boot();
    connection_ = client::Connection::Create(
                      {.bootstrap_servers = cluster_.Addresses()},
                      {client_.executor(), client_.clock(), client_.random(), client_.network()})
                      .value();
    while (true) {
      const auto servers = Await(connection_->admin().ListServers());
      if (servers.ok() && servers->tablet_servers.size() == 3) break;
      world_.scheduler.RunFor(Millis(100));
    }
    REQUIRE(Await(connection_->admin().CreateDatabase("db", {}, client::IfExists::kIgnore)).ok());
    log_ = MakeTable("log", false);
    rows_ = MakeTable("rows", true);
    appends_ = connection_->NewAppendWriter(*log_).value();
    upserts_ = connection_->NewUpsertWriter(*rows_).value();
    lookups_ = connection_->NewLookup(*rows_).value();
    WriteLater();
    LookUpLater();
    Run(Seconds(1));
  }

  ~Loaded() {
    appends_.reset();
    upserts_.reset();
    lookups_.reset();
    connection_.reset();
    client_.Kill();
    client_.AfterKill(/*power_failed=*/false);
  }

  // How long it took until the process had ended.
  MonoDuration Stop(const std::vector<int>& tablets) {
    const MonoTime begin = world_.scheduler.now();
    for (const int i : tablets) cluster_.StopTablet(i);
    const bool ended = world_.scheduler.RunUntil(
        [&] {
          return std::ranges::none_of(tablets, [&](int i) { return cluster_.tablet(i).running(); });
        },
        Seconds(60));
    CHECK(ended);
    return world_.scheduler.now() - begin;
  }
  void Start(int i) { cluster_.StartTablet(i); }
  void StopCoordinator() { cluster_.KillCoordinator(0); }
  void Run(MonoDuration duration) { world_.scheduler.RunFor(duration); }

  bool IsWhole() {
    int whole = 0;
    for (const TableBucket& bucket : Buckets()) whole += Leadership(bucket).isr.size() == 3;
    return whole == 2 * kBuckets;
  }
  bool BecomesWhole() {
    return world_.scheduler.RunUntil([&] { return IsWhole(); }, Seconds(20));
  }
  int LedBy(int tablet) {
    int led = 0;
    for (const TableBucket& bucket : Buckets()) {
      led += Leadership(bucket).leader == SimCluster::IdOf(tablet);
    }
    return led;
  }

  // Ends the load; everything is answered then.
  void Finish() {
    finished_ = true;
    CHECK(world_.scheduler.RunUntil([&] { return open_ == 0; }, Seconds(30)));
    Run(Seconds(1));
  }
  // The values that were appended and acknowledged, and lie in the log of no leader.
  int CountLost() {
    std::set<int64_t> there;
    for (const TableBucket& bucket : Buckets()) {
      if (bucket.table != log_->id) continue;
      const int leader = Leadership(bucket).leader.value() - 1;
      const auto log =
          ReadReplicaLog(cluster_.tablet(leader).disk(), kDataDirectory, bucket, Schema(*log_));
      REQUIRE(log.has_value());
      for (const LoggedRecord& record : log->records) CHECK(there.insert(record.value).second);
    }
    int lost = 0;
    for (const int64_t value : acknowledged_) lost += !there.contains(value);
    return lost;
  }

  int failures() const { return failures_; }
  int answers() const { return answers_; }
  const std::string& first_failure() const { return first_failure_; }
  // Of a write or a lookup since the last call.
  MonoDuration TakeSlowest() { return std::exchange(slowest_, MonoDuration()); }

 private:
  template <class T>
  client::Outcome<T> Await(client::Future<T> future) {
    REQUIRE(world_.scheduler.RunUntil([&] { return future.ready(); }, Seconds(60)));
    return future.Get();
  }

  TableInfo MakeTable(const std::string& name, bool keyed) {
    SchemaSpec spec;
    spec.columns = {{.name = "k", .type = DataType::BigInt().WithNullable(!keyed)},
                    {.name = "v", .type = DataType::BigInt()}};
    if (keyed) spec.primary_key = {"k"};
    TableDescriptor table{.schema = strom::Schema::Make(std::move(spec)).value(),
                          .distribution = TableDistribution{{}, kBuckets}};
    table.properties["table.replication.factor"] = "3";
    table.properties["table.log.format"] = keyed ? "ARROW" : "INDEXED";
    table.properties["table.log.arrow.compression.type"] = "NONE";
    REQUIRE(Await(connection_->admin().CreateTable({"db", name}, table)).ok());
    return *Await(connection_->admin().GetTable({"db", name}));
  }
  static record::RecordSchema Schema(const TableInfo& table) {
    std::vector<DataType> types;
    for (const Column& column : table.descriptor.schema.columns()) types.push_back(column.type);
    return record::RecordSchema(LogFormat::kIndexed, types);
  }
  std::vector<TableBucket> Buckets() const {
    std::vector<TableBucket> buckets;
    for (const auto* table : {&log_, &rows_}) {
      for (int b = 0; b < kBuckets; ++b) {
        buckets.push_back({.table = (*table)->id, .partition = {}, .bucket = BucketId(b)});
      }
    }
    return buckets;
  }
  metadata::LeaderAndIsr Leadership(const TableBucket& bucket) {
    return metadata::LeaderAndIsrFromJson(nodes_[metadata::ZkPaths("/fluss").LeaderAndIsr(bucket)])
        .value();
  }

  void Note(MonoTime invoked, const Status& status) {
    --open_;
    ++answers_;
    slowest_ = std::max(slowest_, client_.clock().Now() - invoked);
    if (status.ok()) return;
    if (failures_++ == 0) first_failure_ = status.ToString();
  }

  void WriteLater() {
    client_.executor().PostAt(client_.clock().Now() + Millis(5), [this] {
      if (finished_) return;
      const int64_t value = next_++;
      const MonoTime now = client_.clock().Now();
      open_ += 2;
      REQUIRE(appends_
                  ->TryAppend({Value::Int(value % 7), Value::Int(value)},
                              [this, value, now](const Result<client::AppendResult>& result) {
                                if (result.ok()) acknowledged_.push_back(value);
                                Note(now, result.status());
                              })
                  .ok());
      REQUIRE(upserts_
                  ->TryUpsert({Value::Int(value % kKeys), Value::Int(value)},
                              [this, value, now](const Result<client::UpsertResult>& result) {
                                int64_t& known = row_at_least_[value % kKeys];
                                if (result.ok()) known = std::max(known, value);
                                Note(now, result.status());
                              })
                  .ok());
      WriteLater();
    });
  }

  void LookUpLater() {
    client_.executor().PostAt(client_.clock().Now() + Millis(3), [this] {
      if (finished_) return;
      const auto key = static_cast<int64_t>(client_.random().Next() % kKeys);
      const int64_t at_least = row_at_least_[key];
      const MonoTime now = client_.clock().Now();
      ++open_;
      lookups_->Get({Value::Int(key)})
          .Then([this, at_least, now](const Result<std::optional<Row>>& found) {
            if (found.ok() && at_least > 0) {
              CHECK((found->has_value() && *(**found)[1].get_if<int64_t>() >= at_least));
            }
            Note(now, found.status());
          });
      LookUpLater();
    });
  }

  static constexpr int64_t kKeys = 20;

  std::map<std::string, std::string> nodes_;  // Of the metadata service.
  SimWorld world_;
  SimCluster cluster_;
  SimHost client_;
  std::unique_ptr<client::Connection> connection_;
  std::optional<TableInfo> log_, rows_;
  std::unique_ptr<client::AppendWriter> appends_;
  std::unique_ptr<client::UpsertWriter> upserts_;
  std::unique_ptr<client::Lookup> lookups_;
  std::map<int64_t, int64_t> row_at_least_;  // By key, what was acknowledged.
  std::vector<int64_t> acknowledged_;        // Appends.
  int64_t next_ = 1;
  int open_ = 0;
  int answers_ = 0;
  int failures_ = 0;
  std::string first_failure_;
  MonoDuration slowest_;
  bool finished_ = false;
};

}  // namespace

TEST_CASE("servers that stop in order, one after another, fail no write and no lookup", "[sim]") {
  SetLogLevel(LogLevel::kOff);
  Loaded cluster(static_cast<uint64_t>(GENERATE(range(1, 6))));
  REQUIRE(cluster.IsWhole());
  int led = 0;
  for (int i = 0; i < 3; ++i) {
    led += cluster.LedBy(i);
    cluster.TakeSlowest();
    const MonoDuration took = cluster.Stop({i});
    CHECK(cluster.LedBy(i) == 0);
    cluster.Run(Seconds(1));
    UNSCOPED_INFO("stop of " << i << ": " << took.millis() << " ms, slowest answer "
                             << cluster.TakeSlowest().millis() << " ms");
    cluster.Start(i);
    CHECK(cluster.BecomesWhole());
  }
  CHECK(led > 0);
  cluster.Finish();
  INFO(cluster.first_failure());
  CHECK(cluster.failures() == 0);
  CHECK(cluster.answers() > 1000);
  CHECK(cluster.CountLost() == 0);
}

}  // namespace strom::sim
