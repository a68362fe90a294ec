// Z2: whatever falls, and however often, nobody needs to tidy up before all is started again.
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/logging.h"
#include "tests/sim/driven_cluster.h"

namespace strom::sim {
namespace {

constexpr int kTimes = 50;
constexpr int kBuckets = 2;
constexpr MonoDuration kUsableWithin = Seconds(40);  // Sessions of the dead live up to 6 s.

SimConfig Shape() {
  SimConfig config;
  config.coordinators = 2;
  config.segment_size_bytes = 4096;
  config.snapshot_interval = Seconds(1);
  return config;
}

// A cluster whose servers all fall at once, again and again; the metadata service and the object
// store are others' and stay. Tables are made all the time, whatever becomes of it.
class Falling {
 public:
  explicit Falling(uint64_t seed) : driven_(seed, Shape(), {.request_timeout = Seconds(1)}) {}

  void Start() { driven_.StartAll(); }

  // At any moment of what goes on.
  void Fall() {
    runtime::Random& random = driven_.client().random();
    driven_.Run(Micros(static_cast<int64_t>(random.Next() % 4'000'000)));
    driven_.KillAll(/*power_failed=*/random.Chance(0.5));
  }

  // Asks for one more, and does not wait.
  void BeginTable(bool keyed) {
    const TablePath path{"db", fmt::format("t{}", next_table_++)};
    auto& admin = driven_.admin();
    admin.CreateDatabase("db", {}, client::IfExists::kIgnore).Then([](const auto&) {});
    admin.CreateTable(path, PairsTable(keyed, kBuckets)).Then([](const auto&) {});
    tables_.push_back({.path = path, .keyed = keyed});
  }

  // Every table that is there takes a row for each bucket, and gives back those it took before. One
  // that was being made when all fell is there whole, or not at all, and then can be made.
  void UseAll() {
    for (Table& table : tables_) {
      INFO(table.path.ToString());
      REQUIRE(Succeeds([&] {
        auto& admin = driven_.admin();
        auto database = admin.CreateDatabase("db", {}, client::IfExists::kIgnore);
        if (!driven_.Await(std::move(database)).ok()) return false;
        if (!driven_.Await(admin.CreateTable(table.path, PairsTable(table.keyed, kBuckets),
                                     client::IfExists::kIgnore)).ok()) {
          return false;
        }
        const auto info = driven_.Await(admin.GetTable(table.path));
        return info.ok() && (table.keyed ? Upsert(table, *info) : Append(*info));
      }));
    }
  }

 private:
  struct Table {
    TablePath path;
    bool keyed;
    std::map<int64_t, int64_t> rows;  // Acknowledged.
  };

  // Each try has as long as a client waits; all of them have kUsableWithin.
  bool Succeeds(const std::function<bool()>& attempt) {
    const MonoTime end = driven_.scheduler().now() + kUsableWithin;
    while (driven_.scheduler().now() < end) {
      if (attempt()) return true;
      driven_.Run(Millis(100));
    }
    return false;
  }

  using Written = std::shared_ptr<std::optional<bool>>;
  // Whether it was acknowledged; false if that takes long.
  bool AwaitWritten(const Written& written) {
    const auto answered = [&] { return written->has_value(); };
    return driven_.scheduler().RunUntil(answered, Seconds(5)) && **written;
  }

  bool Append(const TableInfo& info) {
    const auto writer = driven_.connection().NewAppendWriter(info).value();
    for (int i = 0; i < kBuckets; ++i) {
      const auto written = std::make_shared<std::optional<bool>>();
      const Status taken =
          writer->TryAppend({Value::Int(i), Value::Int(next_value_++)},
                            [written](const auto& result) { *written = result.ok(); });
      if (!taken.ok() || !AwaitWritten(written)) return false;
    }
    return true;
  }

  bool Upsert(Table& table, const TableInfo& info) {
    const auto lookup = driven_.connection().NewLookup(info).value();
    for (const auto& [key, value] : table.rows) {
      const auto found = driven_.Await(lookup->Get({Value::Int(key)}));
      if (!found.ok()) return false;
      REQUIRE(found->has_value());
      // Or one whose answer nobody waited for.
      CHECK(*(**found)[1].get_if<int64_t>() >= value);
    }
    const auto writer = driven_.connection().NewUpsertWriter(info).value();
    for (int64_t key = 0; key < 2 * kBuckets; ++key) {
      const int64_t value = next_value_++;
      const auto written = std::make_shared<std::optional<bool>>();
      const Status taken =
          writer->TryUpsert({Value::Int(key), Value::Int(value)},
                            [written](const auto& result) { *written = result.ok(); });
      if (!taken.ok() || !AwaitWritten(written)) return false;
      table.rows[key] = value;
    }
    return true;
  }

  DrivenCluster driven_;
  std::vector<Table> tables_;
  int next_table_ = 0;
  int64_t next_value_ = 1;
};

}  // namespace

TEST_CASE("Z2: all servers fall at once fifty times, and every table can be used", "[sim]") {
  SetLogLevel(LogLevel::kOff);
  Falling cluster(static_cast<uint64_t>(GENERATE(range(1, 4))));
  for (int i = 0; i < kTimes; ++i) {
    INFO("time " << i);
    cluster.Start();
    // Mostly while they are still starting, as tables are made, or as they are being used.
    if (i % 10 == 0) cluster.BeginTable(i % 20 == 0);
    if (i % 5 == 4) cluster.UseAll();
    cluster.Fall();
  }
  cluster.Start();
  cluster.UseAll();
}

}  // namespace strom::sim
