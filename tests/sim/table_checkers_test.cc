// Known-bad histories of primary-key tables: each must be rejected; histories that could have
// happened must not.
#include "tests/sim/checkers/table_checkers.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/known_bad.h"

namespace strom::sim {
namespace {

using record::ChangeType;

const TableId kTable{3};
const TableBucket kBucket{.table = kTable, .partition = {}, .bucket = BucketId(0)};
const ServerId kLeader{1};
constexpr int64_t kKey = 5;

using Changes = std::vector<std::pair<ChangeType, int64_t>>;

// One key and its changelog.
struct Run {
  explicit Run(const Changes& changes) {
    ReplicaLog log;
    for (const auto& [type, value] : changes) {
      log.records.push_back(
          {LogOffset(static_cast<int64_t>(log.records.size())), type, kKey, value});
    }
    const LogOffset end_offset(static_cast<int64_t>(log.records.size()));
    end.buckets.push_back({.bucket = kBucket,
                           .keyed = true,
                           .leader = kLeader,
                           .high_watermark = end_offset,
                           .replicas = {{kLeader, log}}});
  }

  // `completed_ms` < 0: never answered.
  Run& Upsert(std::optional<int64_t> value, int64_t invoked_ms, int64_t completed_ms) {
    UpsertOp op{.table = kTable, .key = kKey, .value = value, .time = {.invoked = Ms(invoked_ms)}};
    if (completed_ms >= 0) {
      op.time.completed = Ms(completed_ms);
      op.outcome = Outcome::kOk;
    }
    history.upserts.push_back(op);
    return *this;
  }
  Run& Lookup(std::optional<int64_t> value, int64_t invoked_ms, int64_t completed_ms) {
    history.lookups.push_back(
        {.table = kTable, .key = kKey, .value = value, .time = {Ms(invoked_ms), Ms(completed_ms)}});
    return *this;
  }
  Violations Check() const { return CheckLookups(history, end); }

  History history;
  FinalState end;
};

// 1 is written from 0 to 10 ms, 2 from 20 to 30 ms, the row is deleted from 40 to 50 ms.
Run OneTwoGone() {
  Run run(Changes{{ChangeType::kInsert, 1},
                  {ChangeType::kUpdateBefore, 1},
                  {ChangeType::kUpdateAfter, 2},
                  {ChangeType::kDelete, 2}});
  run.Upsert(1, 0, 10).Upsert(2, 20, 30).Upsert(std::nullopt, 40, 50);
  return run;
}

}  // namespace

TEST_CASE("S12: what could have happened passes", "[sim]") {
  Run run = OneTwoGone();
  run.Lookup(std::nullopt, 0, 5)     // Before the first write, or beside it.
      .Lookup(1, 5, 9)               // Seen before it is acknowledged.
      .Lookup(1, 21, 25)             // While 2 is being written, the old row ...
      .Lookup(2, 21, 26)             // ... or the new one.
      .Lookup(2, 35, 45)             //
      .Lookup(std::nullopt, 45, 60)  //
      .Lookup(std::nullopt, 70, 80);
  CHECK(run.Check() == Violations());
}

TEST_CASE("S12: a value that is older than one that was acknowledged is found", "[sim]") {
  CHECK_FALSE(OneTwoGone().Lookup(1, 31, 35).Check().empty());
}

TEST_CASE("S12: a lookup that goes back behind another lookup is found", "[sim]") {
  CHECK_FALSE(OneTwoGone().Lookup(2, 21, 23).Lookup(1, 24, 26).Check().empty());
}

TEST_CASE("S12: a row that is missing although its write was acknowledged is found", "[sim]") {
  CHECK_FALSE(OneTwoGone().Lookup(std::nullopt, 11, 19).Check().empty());
}

TEST_CASE("S12: a deleted row that comes back is found", "[sim]") {
  SECTION("after the delete was acknowledged") {
    CHECK_FALSE(OneTwoGone().Lookup(2, 51, 55).Check().empty());
  }
  SECTION("after a lookup missed it") {
    CHECK_FALSE(OneTwoGone().Lookup(std::nullopt, 41, 42).Lookup(2, 43, 44).Check().empty());
  }
}

TEST_CASE("S12: a value from the future and one that never was are found", "[sim]") {
  CHECK_FALSE(OneTwoGone().Lookup(2, 11, 19).Check().empty());
  CHECK(Found(OneTwoGone().Lookup(9, 11, 19).Check(), "S12 phantom"));
}

TEST_CASE("S12: writes that were acknowledged against the changelog's order are found", "[sim]") {
  Run run(
      {{ChangeType::kInsert, 2}, {ChangeType::kUpdateBefore, 2}, {ChangeType::kUpdateAfter, 1}});
  run.Upsert(1, 0, 10).Upsert(2, 20, 30);
  CHECK(Found(run.Check(), "S12 late"));
}

TEST_CASE("S12: a write of unknown outcome may come at any time, or never", "[sim]") {
  Run run(
      {{ChangeType::kInsert, 1}, {ChangeType::kUpdateBefore, 1}, {ChangeType::kUpdateAfter, 2}});
  run.Upsert(2, 0, -1).Upsert(3, 0, -1).Upsert(1, 5, 10).Lookup(1, 500, 510).Lookup(2, 520, 530);
  CHECK(run.Check() == Violations());
}

TEST_CASE("S12: missing rows of several deletes are told apart as far as they can be", "[sim]") {
  Run run(Changes{{ChangeType::kInsert, 1},
                  {ChangeType::kDelete, 1},
                  {ChangeType::kInsert, 2},
                  {ChangeType::kDelete, 2}});
  run.Upsert(1, 0, 10).Upsert(std::nullopt, 12, 15).Upsert(2, 20, 30).Upsert(std::nullopt, 40, 50);
  run.Lookup(std::nullopt, 16, 25).Lookup(2, 22, 45).Lookup(std::nullopt, 44, 46);
  CHECK(run.Check() == Violations());
  CHECK_FALSE(run.Lookup(std::nullopt, 31, 39).Check().empty());  // Row 2 is there.
}

TEST_CASE("S12: a delete of a row that is not there changes nothing and must find none", "[sim]") {
  Run run(Changes{{ChangeType::kInsert, 1}});
  run.Upsert(std::nullopt, 0, 5).Upsert(1, 10, 20);
  CHECK(run.Check() == Violations());
  CHECK_FALSE(run.Upsert(std::nullopt, 30, 40).Check().empty());  // Acknowledged, and lost.
}

TEST_CASE("S10: rows that are not what the changelog makes are found", "[sim]") {
  Run run(
      {{ChangeType::kInsert, 1}, {ChangeType::kUpdateBefore, 1}, {ChangeType::kUpdateAfter, 2}});
  run.end.rows[kTable] = {{kKey, 2}, {6, std::nullopt}};
  CHECK(CheckRowsAreFold(run.end).empty());
  SECTION("an old value") { run.end.rows[kTable][kKey] = 1; }
  SECTION("no row") { run.end.rows[kTable][kKey] = std::nullopt; }
  SECTION("a row that nobody wrote") { run.end.rows[kTable][6] = 3; }
  CHECK(Found(CheckRowsAreFold(run.end), "S10 fold"));
}

TEST_CASE("S10: what is above the high watermark is no row yet", "[sim]") {
  Run run(Changes{{ChangeType::kInsert, 1}, {ChangeType::kDelete, 1}});
  run.end.buckets[0].high_watermark = LogOffset(1);
  run.end.rows[kTable] = {{kKey, 1}};
  CHECK(CheckRowsAreFold(run.end).empty());
}

TEST_CASE("S11: a changelog as it must be passes", "[sim]") {
  CHECK(CheckChangelog(OneTwoGone().end) == Violations());
}

TEST_CASE("S11: a change that does not fit the row before it is found", "[sim]") {
  const std::vector<Changes> bad = {
      {{ChangeType::kInsert, 1}, {ChangeType::kInsert, 2}},       // It is there.
      {{ChangeType::kDelete, 1}},                                 // It is not.
      {{ChangeType::kInsert, 1}, {ChangeType::kDelete, 2}},       // Another row.
      {{ChangeType::kInsert, 1}, {ChangeType::kUpdateAfter, 2}},  // Half a pair.
      {{ChangeType::kInsert, 1}, {ChangeType::kUpdateBefore, 1}, {ChangeType::kDelete, 1}},
      {{ChangeType::kInsert, 1}, {ChangeType::kUpdateBefore, 3}, {ChangeType::kUpdateAfter, 2}},
      {{ChangeType::kAppendOnly, 1}},  // Of a log table.
  };
  for (const Changes& changes : bad) {
    CAPTURE(changes.size());
    CHECK(Found(CheckChangelog(Run(changes).end), "S11 change"));
  }
}

TEST_CASE("S14: a snapshot must be what the changelog below its offset makes", "[sim]") {
  Run run({{ChangeType::kInsert, 10},
           {ChangeType::kUpdateBefore, 10},
           {ChangeType::kUpdateAfter, 11},
           {ChangeType::kDelete, 11}});
  const auto check = [&](int64_t offset, std::map<int64_t, int64_t> rows, std::string damage = "") {
    run.end.snapshots = {{.bucket = kBucket,
                          .id = 7,
                          .log_offset = LogOffset(offset),
                          .rows = std::move(rows),
                          .damage = std::move(damage)}};
    return CheckSnapshots(run.end);
  };
  CHECK(check(0, {}).empty());
  CHECK(check(1, {{kKey, 10}}).empty());
  CHECK(check(3, {{kKey, 11}}).empty());
  CHECK(check(4, {}).empty());
  CHECK(Found(check(3, {{kKey, 10}}), "S14 fold"));  // An older row.
  CHECK(Found(check(4, {{kKey, 11}}), "S14 fold"));  // One that was deleted.
  CHECK(Found(check(1, {}), "S14 fold"));
  CHECK(Found(check(5, {}), "S14 uncommitted"));
  run.end.buckets[0].high_watermark = LogOffset(3);
  CHECK(Found(check(4, {}), "S14 uncommitted"));
  CHECK(Found(check(1, {}, "a file is missing"), "S14 damage"));
  // Those that are gone by the end must have been so, too.
  std::swap(run.end.snapshots, run.end.completed);
  CHECK(Found(CheckSnapshots(run.end), "S14 damage"));
  run.end.completed[0].damage.clear();
  CHECK(Found(CheckSnapshots(run.end), "S14 fold"));
  run.end.completed[0].rows = {{kKey, 10}};
  CHECK(CheckSnapshots(run.end).empty());
}

TEST_CASE("S14: snapshots are judged each by its offset, in whatever order they came", "[sim]") {
  Run run({{ChangeType::kInsert, 10}, {ChangeType::kDelete, 10}, {ChangeType::kInsert, 11}});
  const auto snapshot = [](int64_t offset, std::map<int64_t, int64_t> rows) {
    return FinalSnapshot{
        .bucket = kBucket, .id = offset, .log_offset = LogOffset(offset), .rows = std::move(rows)};
  };
  run.end.snapshots = {snapshot(3, {{kKey, 11}}), snapshot(1, {{kKey, 10}})};
  run.end.completed = {snapshot(2, {})};
  CHECK(CheckSnapshots(run.end).empty());
  run.end.completed = {snapshot(2, {{kKey, 10}})};
  CHECK(Found(CheckSnapshots(run.end), "snapshot 2"));
}

}  // namespace strom::sim
