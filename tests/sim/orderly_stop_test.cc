// Tablet servers that stop in order, one after another or all at once, under load.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/logging.h"
#include "common/metadata/zk_json.h"
#include "common/metadata/zk_paths.h"
#include "tests/sim/driven_cluster.h"
#include "tests/sim/logs/replica_logs.h"

namespace strom::sim {
namespace {

constexpr int kBuckets = 4;

// Three tablet servers, one coordinator, a log table and a primary-key table at replication factor
// 3, and a client that writes to both and looks up what it wrote, all the time.
class Loaded {
 public:
  explicit Loaded(uint64_t seed) : driven_(seed, SimConfig()) {
    driven_.world().meta.SetObserver([this](const std::string& path, const std::string* data) {
      if (data != nullptr) nodes_[path] = *data;
    });
    driven_.StartAll();
    while (true) {
      const auto servers = driven_.Await(driven_.admin().ListServers());
      if (servers.ok() && servers->tablet_servers.size() == 3) break;
      Run(Millis(100));
    }
    auto made = driven_.admin().CreateDatabase("db", {}, client::IfExists::kIgnore);
    REQUIRE(driven_.Await(std::move(made)).ok());
    log_ = MakeTable("log", false);
    rows_ = MakeTable("rows", true);
    appends_ = driven_.connection().NewAppendWriter(*log_).value();
    upserts_ = driven_.connection().NewUpsertWriter(*rows_).value();
    lookups_ = driven_.connection().NewLookup(*rows_).value();
    WriteLater();
    LookUpLater();
    Run(Seconds(1));
  }

  // How long it took until the process had ended.
  MonoDuration Stop(const std::vector<int>& tablets) {
    const MonoTime begin = driven_.scheduler().now();
    for (const int i : tablets) driven_.cluster().StopTablet(i);
    const auto runs = [this](int i) { return driven_.cluster().tablet(i).running(); };
    const bool ended = driven_.scheduler().RunUntil(
        [&] { return std::ranges::none_of(tablets, runs); }, Seconds(60));
    CHECK(ended);
    return driven_.scheduler().now() - begin;
  }
  void Start(int i) { driven_.cluster().StartTablet(i); }
  void StopCoordinator() { driven_.cluster().KillCoordinator(0); }
  void Run(MonoDuration duration) { driven_.Run(duration); }

  bool IsWhole() {
    int whole = 0;
    for (const TableBucket& bucket : Buckets()) whole += Leadership(bucket).isr.size() == 3;
    return whole == 2 * kBuckets;
  }
  bool BecomesWhole() {
    return driven_.scheduler().RunUntil([&] { return IsWhole(); }, Seconds(20));
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
    CHECK(driven_.scheduler().RunUntil([&] { return open_ == 0; }, Seconds(30)));
    Run(Seconds(1));
  }
  // The values that were appended and acknowledged, and lie in the log of no leader.
  int CountLost() {
    std::set<int64_t> there;
    for (const TableBucket& bucket : Buckets()) {
      if (bucket.table != log_->id) continue;
      const int leader = Leadership(bucket).leader.value() - 1;
      SimDisk& disk = driven_.cluster().tablet(leader).disk();
      const auto log = ReadReplicaLog(disk, kDataDirectory, bucket, Schema(*log_));
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
  TableInfo MakeTable(const std::string& name, bool keyed) {
    TableDescriptor table = PairsTable(keyed, kBuckets);
    table.properties["table.log.format"] = keyed ? "ARROW" : "INDEXED";
    table.properties["table.log.arrow.compression.type"] = "NONE";
    REQUIRE(driven_.Await(driven_.admin().CreateTable({"db", name}, table)).ok());
    return *driven_.Await(driven_.admin().GetTable({"db", name}));
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
    slowest_ = std::max(slowest_, driven_.client().clock().Now() - invoked);
    if (status.ok()) return;
    if (failures_++ == 0) first_failure_ = status.ToString();
  }

  void WriteLater() {
    driven_.client().executor().PostAt(driven_.client().clock().Now() + Millis(5), [this] {
      if (finished_) return;
      const int64_t value = next_++;
      const MonoTime now = driven_.client().clock().Now();
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
    driven_.client().executor().PostAt(driven_.client().clock().Now() + Millis(3), [this] {
      if (finished_) return;
      const auto key = static_cast<int64_t>(driven_.client().random().Next() % kKeys);
      const int64_t at_least = row_at_least_[key];
      const MonoTime now = driven_.client().clock().Now();
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
  DrivenCluster driven_;
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
