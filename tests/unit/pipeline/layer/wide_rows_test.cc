#include <cstdio>
#include <ctime>
#include <functional>

#include <catch2/catch_test_macros.hpp>

#include "difference.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/output_store.h"
#include "pipeline/layer/row_store.h"

namespace strom::layer {
namespace {

constexpr size_t kRows = 2000;  // Of a batch.
constexpr int kRounds = 50;

// Readings as the power grid's DWD layer has them: 29 columns, twelve of them decimals.
std::vector<sql::SourceTable> Wide() {
  std::vector<Column> columns;
  const auto add = [&](std::string name, DataType type) {
    columns.push_back({std::move(name), std::move(type), {}, {}});
  };
  add("id", DataType::BigInt());
  add("device", DataType::BigInt());
  add("seen", DataType::Timestamp(3));
  add("day", DataType::Date());
  add("flag", DataType::Boolean());
  for (int i = 0; i < 12; ++i) add("d" + std::to_string(i), DataType::Decimal(10, 2));
  for (int i = 0; i < 6; ++i) add("i" + std::to_string(i), DataType::Int());
  for (int i = 0; i < 6; ++i) add("s" + std::to_string(i), DataType::String());
  return {{"wide", "db.wide", std::move(columns), {0}}};
}

Row WideRow(int64_t id, int64_t version) {
  Row row = {Value::Int(id), Value::Int(id % 50),
             Value::Time(kTestClock.millis - id % 1440 * 60'000),
             Value::Int(kTestClock.millis / 86'400'000 - id % 3), Value::Bool(id % 2 == 0)};
  for (int i = 0; i < 12; ++i) row.push_back(Value::Dec(id * 7 + version * (i + 1)));
  for (int i = 0; i < 6; ++i) row.push_back(Value::Int(id % (i + 2)));
  for (int i = 0; i < 6; ++i) {
    row.push_back(Value::String(i == 0 ? "a text beyond sixteen characters" : "short"));
  }
  return row;
}

// Old and new images of `count` rows, from `version` to the next.
pipeline::Delta Updates(size_t count, int64_t version) {
  pipeline::Delta delta;
  for (size_t i = 0; i < count; ++i) {
    delta.push_back({false, WideRow(static_cast<int64_t>(i), version)});
    delta.push_back({true, WideRow(static_cast<int64_t>(i), version + 1)});
  }
  return delta;
}

pipeline::Delta Inserts(size_t count) {
  pipeline::Delta delta;
  for (size_t i = 0; i < count; ++i) delta.push_back({true, WideRow(static_cast<int64_t>(i), 0)});
  return delta;
}

void Report(const char* what, double seconds, size_t rows) {
  std::printf("%-44s %7.0f ns/row\n", what, seconds * 1e9 / static_cast<double>(rows));
}

// Of this process, which shares its cores with others.
double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// `run` is given what `make` made; only `run` is timed, not what becomes of its result.
template <class Make, class Run>
void Time(const char* what, const Make& make, const Run& run) {
  double seconds = 0;
  for (int round = 0; round < kRounds; ++round) {
    auto made = make(round);
    const double start = CpuSeconds();
    [[maybe_unused]] const auto result = run(made);
    seconds += CpuSeconds() - start;
  }
  Report(what, seconds, kRows * kRounds);
}

}  // namespace

// Run by hand: layer_test "[.wide]". Batches of 2,000 rows of 29 columns.
TEST_CASE("what a row of 29 columns costs", "[.wide]") {
  std::vector<size_t> all;
  for (size_t i = 0; i < 29; ++i) all.push_back(i);
  const std::vector<size_t> few = {0, 1, 3, 7, 8};
  const auto updates = [](int round) { return Updates(kRows / 2, round); };
  const auto inserts = [](int) { return Inserts(kRows); };
  Time("Net, updates", updates, [](pipeline::Delta& d) { return Net(std::move(d)); });
  Time("Net, inserts", inserts, [](pipeline::Delta& d) { return Net(std::move(d)); });
  const auto net_of = [](const pipeline::Delta& d, const std::vector<size_t>& columns) {
    Changes changes;
    for (const pipeline::SignedRow& row : d) changes.Add(row.row, row.insert);
    return NetOf(changes, columns).inserted.size();
  };
  Time("NetOf all, updates", updates, [&](pipeline::Delta& d) { return net_of(d, all); });
  Time("NetOf all, inserts", inserts, [&](pipeline::Delta& d) { return net_of(d, all); });
  Time("NetOf 5 columns, updates", updates, [&](pipeline::Delta& d) { return net_of(d, few); });

  RowStore store({{0}, {1}, {3}});
  Time("RowStore, 3 indexes, insert then remove", inserts, [&](pipeline::Delta& d) {
    for (const pipeline::SignedRow& change : d) store.Insert(change.row);
    size_t removed = 0;
    for (const pipeline::SignedRow& change : d) removed += store.Remove(change.row) ? 1 : 0;
    return removed;
  });
  for (const bool clock : {false, true}) {
    OutputStore output(clock ? std::vector<size_t>{2} : std::vector<size_t>(), 29);
    Time(
        clock ? "OutputStore with a clock column" : "OutputStore",
        [](int round) {
          std::vector<OutputStore::KeyedRow> rows;
          for (size_t i = 0; i < kRows; ++i)
            rows.push_back({i, WideRow(static_cast<int64_t>(i), round)});
          return rows;
        },
        [&](std::vector<OutputStore::KeyedRow>& rows) {
          std::vector<uint64_t> keys;
          for (size_t i = 0; i < kRows; ++i) keys.push_back(i);
          return output.Replace(keys, std::move(rows));
        });
  }
}

TEST_CASE("what a change of a row of 29 columns costs in a view", "[.wide]") {
  auto database = duck::Database::Open().value();
  for (const auto& [name, sql] : std::vector<std::pair<const char*, const char*>>{
           {"copy", "SELECT * FROM wide"},
           {"copy of 5 columns", "SELECT id, device, day, d2, d3 FROM wide"},
           {"filter", "SELECT * FROM wide WHERE i0 = 0 AND s1 = 'short'"},
           {"computed", "SELECT id, device, d2 * 2 AS x, s0 FROM wide"},
           {"with a time of change", "SELECT *, strom_clock() AS t FROM wide"},
           {"this day's", "SELECT * FROM wide WHERE day >= CAST(strom_clock() AS DATE)"},
           {"last hour's", "SELECT * FROM wide WHERE seen >= strom_clock() - INTERVAL 1 HOUR"},
           {"groups of this day",
            "SELECT device, count(*) AS c, sum(d1) AS s, max(d2) AS m, avg(d3) AS a FROM wide "
            "WHERE "
            "day >= CAST(strom_clock() AS DATE) GROUP BY device"},
           {"self join", "SELECT a.*, b.d1 AS e FROM wide a JOIN wide b ON a.id = b.id"}}) {
    auto view = View::Make(*database, Bind(*database, sql, Wide()), {}).value();
    std::vector<SourceDelta> snapshot = {{0, Inserts(20'000)}};
    Timestamp now = kTestClock;
    const auto apply = [&](const std::vector<SourceDelta>& batch) {
      const double start = CpuSeconds();
      const auto delta = view->Apply(batch, now);
      const double s = CpuSeconds() - start;
      INFO(delta.status().ToString());
      REQUIRE(delta.ok());
      now.millis += 1;
      return s;
    };
    std::printf("%-22s snapshot %6.0f ns/row", name, apply(snapshot) * 1e9 / 20'000);
    double large = 0;
    for (int round = 0; round < 10; ++round) large += apply({{0, Updates(kRows / 2, round)}});
    std::printf("; updates %6.0f ns/row", large * 1e9 / kRows / 10);
    double small = 0;
    for (int round = 10; round < 210; ++round) small += apply({{0, Updates(1, round)}});
    std::printf("; one row %5.0f us a batch", small * 1e6 / 200);
    double step = 0;
    for (int round = 0; round < 10; ++round) {
      now.millis += 61'000;
      step += apply({{0, {}}});
    }
    std::printf("; a minute %6.0f us; state %5.1f MB\n", step * 1e6 / 10,
                static_cast<double>(view->state_bytes()) / 1e6);
  }
}

}  // namespace strom::layer
