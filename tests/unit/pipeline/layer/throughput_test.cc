#include <chrono>
#include <cstdio>

#include <catch2/catch_test_macros.hpp>

#include "difference.h"

namespace strom::layer {
namespace {

struct Case {
  const char* name;
  const char* sql;
};

Row Mon(int64_t id, int64_t dev, int64_t value) {
  return {Value::Int(id),    Value::Int(dev),        Value::Time(kTestClock), Value::Double(1.5),
          Value::Dec(value), Value::Int(value % 10), Value::String("A")};
}

}  // namespace

// Run by hand: layer_test "[.bench]". Updates of readings: 20,000 of 10 devices, 2,000 each.
TEST_CASE("changes a second by class and batch size", "[.bench]") {
  constexpr int64_t kReadings = 20'000;
  constexpr int64_t kDevices = 10;
  auto database = duck::Database::Open().value();
  for (const Case& test :
       {Case{"row-wise", "SELECT mid, dev_id, p * 2 AS p2 FROM mon WHERE v > 0"},
        Case{"join", "SELECT m.mid, d.name, m.p FROM mon m JOIN dev d ON m.dev_id = d.id"},
        Case{"algebraic",
             "SELECT dev_id, count(*) AS c, sum(p) AS s, max(n) AS mx FROM mon GROUP BY dev_id"}}) {
    auto view =
        View::Make(*database, Bind(*database, test.sql, RandomTables::PowerGrid()), {}).value();
    std::vector<pipeline::Delta> first(2);
    for (int64_t i = 0; i < kDevices; ++i) {
      Row dev(8);
      dev[0] = Value::Int(i);
      dev[1] = Value::String("device");
      first[0].push_back({true, std::move(dev)});
    }
    std::vector<Row> rows;
    for (int64_t i = 0; i < kReadings; ++i) {
      rows.push_back(Mon(i, i % kDevices, 1));
      first[1].push_back({true, rows.back()});
    }
    const std::vector<SourceDelta> snapshot = {{0, first[0]}, {1, first[1]}};
    const auto timed = [&](const std::vector<SourceDelta>& batch) {
      const auto start = std::chrono::steady_clock::now();
      const auto delta = view->Apply(batch, kTestClock);
      INFO(delta.status().ToString());
      REQUIRE(delta.ok());
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    std::printf("%-10s snapshot %.0f rows/s", test.name, kReadings / timed(snapshot));
    int64_t next = 0;
    for (const int64_t size : {1, 100, 1000}) {
      double seconds = 0;
      int64_t batches = 0;
      for (; batches < 200 && seconds < 1.5; ++batches) {
        pipeline::Delta batch;
        for (int64_t i = 0; i < size; ++i, next = (next + 7) % kReadings) {
          Row& row = rows[static_cast<size_t>(next)];
          batch.push_back({false, row});
          row = Mon(next, next % kDevices,
                    static_cast<int64_t>(row[4].get_if<Decimal>()->unscaled) + 1);
          batch.push_back({true, row});
        }
        seconds += timed({{1, std::move(batch)}});
      }
      std::printf("; batch %d: %.2f ms, %.0f changes/s", static_cast<int>(size),
                  seconds * 1000 / batches, batches * size / seconds);
    }
    std::printf("; state %zu bytes\n", view->state_bytes());
  }
}

}  // namespace strom::layer
