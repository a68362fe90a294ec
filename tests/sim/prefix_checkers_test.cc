// Known-bad histories of lookups by prefix: each must be rejected; histories that could have
// happened must not.
#include "tests/sim/checkers/prefix_checkers.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/checkers/table_checkers.h"
#include "tests/sim/known_bad.h"

namespace strom::sim {
namespace {

using record::ChangeType;

const TableId kTable{3};
const ServerId kLeader{1};
constexpr int64_t kGroups = 2;

// Keys 0 and 2 are group 0, key 1 is group 1. Row 0 = 10 is written from 0 to 10 ms, 2 = 20 from 20
// to 30 ms, 0 = 11 from 40 to 50 ms; row 2 is deleted from 60 to 70 ms. Key 1 is written at 0 ms.
struct Run {
  Run() {
    const std::vector<LoggedRecord> changes = {
        {LogOffset(0), ChangeType::kInsert, 0, 10},
        {LogOffset(1), ChangeType::kInsert, 1, 1},
        {LogOffset(2), ChangeType::kInsert, 2, 20},
        {LogOffset(3), ChangeType::kUpdateBefore, 0, 10},
        {LogOffset(4), ChangeType::kUpdateAfter, 0, 11},
        {LogOffset(5), ChangeType::kDelete, 2, 20}};
    end.rules[kTable] = {.groups = kGroups};
    end.buckets.push_back(
        {.bucket = {.table = kTable, .partition = {}, .bucket = BucketId(0)},
         .keyed = true,
         .leader = kLeader,
         .high_watermark = LogOffset(6),
         .replicas = {{kLeader, {.batches = {}, .records = changes, .damage = {}}}}});
    Write(0, 10, 0).Write(1, 1, 0).Write(2, 20, 20).Write(0, 11, 40).Write(2, std::nullopt, 60);
  }

  Run& Write(int64_t key, std::optional<int64_t> value, int64_t invoked_ms) {
    UpsertOp op{.table = kTable,
                .key = key,
                .value = value,
                .time = {Ms(invoked_ms), Ms(invoked_ms + 10)},
                .outcome = Outcome::kOk};
    history.upserts.push_back(std::move(op));
    return *this;
  }
  Run& Lookup(std::vector<SeenRow> rows, int64_t invoked_ms, int64_t completed_ms) {
    history.prefix_lookups.push_back({.table = kTable,
                                      .group = 0,
                                      .rows = std::move(rows),
                                      .time = {Ms(invoked_ms), Ms(completed_ms)}});
    return *this;
  }
  Violations Check() const { return CheckPrefixLookups(history, end); }

  History history;
  FinalState end;
};

}  // namespace

TEST_CASE("S15: what could have happened passes", "[sim]") {
  Run run;
  run.Lookup({}, 0, 5)                       // Before the first row, or beside it.
      .Lookup({{0, 10}}, 6, 8)               //
      .Lookup({{0, 10}}, 21, 25)             // While the second is being written, without it ...
      .Lookup({{2, 20}, {0, 10}}, 21, 26)    // ... or with it, in any order.
      .Lookup({{0, 11}, {2, 20}}, 45, 65)    //
      .Lookup({{0, 11}}, 64, 66)             // Beside the delete.
      .Lookup({{0, 11}}, 80, 90);
  run.end.groups[kTable] = {{0, {{0, 11}}}, {1, {{1, 1}}}};
  CHECK(run.Check() == Violations());
  CHECK(CheckLookups(run.history, run.end) == Violations());
}

TEST_CASE("S15: a row that is missing is found", "[sim]") {
  SECTION("one that was committed last") {
    Run run;
    run.Lookup({{0, 10}}, 31, 35);
    CHECK(Found(run.Check(), "S15 stale"));
    CHECK(Found(CheckLookups(run.history, run.end), "S12"));
  }
  SECTION("one that was there before another that is shown") {
    CHECK(Found(Run().Lookup({{2, 20}}, 31, 35).Check(), "S15 cut"));
  }
}

TEST_CASE("S15: rows of two moments are found, although each was there during the call", "[sim]") {
  // 11 came before the delete: never was there 10 without 20, once there was 20.
  CHECK(Found(Run().Lookup({{0, 11}, {2, 21}}, 35, 75).Check(), "S15 cut"));
  Run run;
  run.end.buckets[0].replicas[kLeader].records.push_back(
      {LogOffset(6), ChangeType::kInsert, 2, 22});
  run.end.buckets[0].high_watermark = LogOffset(7);
  run.Write(2, 22, 80).Lookup({{0, 10}, {2, 22}}, 35, 95);
  CHECK(Found(run.Check(), "S15 cut"));
}

TEST_CASE("S15: lookups that go back behind a write or another lookup are found", "[sim]") {
  CHECK(Found(Run().Lookup({{0, 10}, {2, 20}}, 51, 55).Check(), "S15 stale"));
  CHECK(Found(
      Run().Lookup({{0, 11}, {2, 20}}, 41, 43).Lookup({{0, 10}, {2, 20}}, 44, 46).Check(),
      "S15 stale"));
  CHECK(Found(Run().Lookup({{0, 11}}, 61, 63).Lookup({{0, 11}, {2, 20}}, 64, 66).Check(),
              "S15 stale"));
}

TEST_CASE("S15: rows from the future are found", "[sim]") {
  CHECK(Found(Run().Lookup({{0, 10}, {2, 20}}, 11, 19).Check(), "S15 early"));
}

TEST_CASE("S15: rows of other groups, rows twice and other columns are found", "[sim]") {
  CHECK(Found(Run().Lookup({{0, 10}, {1, 1}}, 11, 19).Check(), "S15 rows"));
  CHECK(Found(Run().Lookup({{0, 10}, {0, 10}}, 11, 19).Check(), "S15 rows"));
  CHECK(Found(Run().Lookup({{0, 10, {1}}}, 11, 19).Check(), "S15 cut"));
}

TEST_CASE("S15: at the end it is exactly the group's part of all rows", "[sim]") {
  Run run;
  run.end.groups[kTable] = {{0, {{0, 11}}}};
  CHECK(run.Check() == Violations());
  SECTION("one too few") { run.end.groups[kTable][0] = {}; }
  SECTION("one too many") { run.end.groups[kTable][0] = {{0, 11}, {2, 20}}; }
  SECTION("an old one") { run.end.groups[kTable][0] = {{0, 10}}; }
  CHECK(Found(run.Check(), "S15 end"));
}

}  // namespace strom::sim
