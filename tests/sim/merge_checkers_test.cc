// Known-bad histories of tables with merge engines and of partial updates: each must be rejected;
// histories that could have happened must not.
#include "tests/sim/checkers/merge_checkers.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/checkers/log_checkers.h"
#include "tests/sim/checkers/table_checkers.h"
#include "tests/sim/known_bad.h"

namespace strom::sim {
namespace {

using record::ChangeType;

const TableId kTable{3};
const TableBucket kBucket{.table = kTable, .partition = {}, .bucket = BucketId(0)};
const ServerId kLeader{1};
constexpr int64_t kKey = 5;
constexpr ChangeType kInsert = ChangeType::kInsert, kBefore = ChangeType::kUpdateBefore,
                     kAfter = ChangeType::kUpdateAfter, kDelete = ChangeType::kDelete;

// A change of the row of kKey, whose value is `value` and its other columns `more`.
struct Change {
  ChangeType type;
  int64_t value;
  std::vector<int64_t> more;
};

// One key, its writes one after the other, 10 ms each, and its changelog.
struct Run {
  explicit Run(const std::vector<Change>& changes) {
    ReplicaLog log;
    for (const auto& [type, value, more] : changes) {
      log.records.push_back(
          {LogOffset(static_cast<int64_t>(log.records.size())), type, kKey, value, more});
    }
    end.buckets.push_back({.bucket = kBucket,
                           .keyed = true,
                           .leader = kLeader,
                           .high_watermark = LogOffset(std::ssize(log.records)),
                           .replicas = {{kLeader, log}}});
  }

  MonoTime Next() { return MonoTime() + Millis(10 * ++steps); }

  Run& Write(std::optional<int64_t> value, std::vector<std::optional<int64_t>> more) {
    UpsertOp op{.table = kTable, .key = kKey, .value = value, .time = {.invoked = Next()}};
    op.time.completed = Next();
    op.outcome = Outcome::kOk;
    op.more = std::move(more);
    history.upserts.push_back(std::move(op));
    return *this;
  }
  Run& Lookup(std::optional<int64_t> value, std::vector<int64_t> more) {
    const MonoTime invoked = Next();
    history.lookups.push_back({.table = kTable,
                               .key = kKey,
                               .value = value,
                               .time = {invoked, Next()},
                               .more = std::move(more)});
    return *this;
  }
  Run& Engine(MergeEngine engine) {
    end.rules[kTable] = {.engine = engine};
    return *this;
  }
  Violations Columns() const { return CheckColumns(history, end); }
  // What the other checkers of such a table find.
  Violations Others() const {
    Violations all;
    for (const Violations& found :
         {CheckNothingLost(history, end), CheckNoDuplicates(end), CheckRowsAreFold(end),
          CheckChangelog(end), CheckLookups(history, end), CheckEngines(end)}) {
      all.insert(all.end(), found.begin(), found.end());
    }
    return all;
  }

  int steps = 0;
  History history;
  FinalState end;
};

constexpr auto kLeftOut = std::nullopt;

// 1 writes both columns, 2 the second, a delete the first, another one the second; then the row is
// gone. A delete of a part makes the value NULL, too.
const std::vector<Change> kParts = {{kInsert, 1, {1, 1}},
                                    {kBefore, 1, {1, 1}},
                                    {kAfter, 2, {1, 2}},
                                    {kBefore, 2, {1, 2}},
                                    {kAfter, kNull, {kNull, 2}},
                                    {kDelete, kNull, {kNull, 2}}};

Run Parts(const std::vector<Change>& changes) {
  Run run(changes);
  run.Write(1, {1, 1}).Write(2, {kLeftOut, 2}).Lookup(2, {1, 2});
  run.Write(std::nullopt, {kNull, kLeftOut}).Lookup(std::nullopt, {kNull, 2});
  run.Write(std::nullopt, {kLeftOut, kNull}).Lookup(std::nullopt, {});
  return run;
}

}  // namespace

TEST_CASE("S13: partial updates as they must be pass", "[sim]") {
  const Run run = Parts(kParts);
  CHECK(run.Columns() == Violations());
  CHECK(run.Others() == Violations());
}

TEST_CASE("S13: a partial update that makes another column NULL is found", "[sim]") {
  std::vector<Change> changes = kParts;
  changes[2].more = changes[3].more = {kNull, 2};
  CHECK(Found(Parts(changes).Columns(), "touches column 0, which its write leaves out"));
}

TEST_CASE("S13: a partial update that brings an older value of another column back is found",
          "[sim]") {
  Run run({{kInsert, 1, {1, 1}},
           {kBefore, 1, {1, 1}},
           {kAfter, 2, {2, 1}},
           {kBefore, 2, {2, 1}},
           {kAfter, 3, {1, 3}}});
  run.Write(1, {1, 1}).Write(2, {2, kLeftOut}).Write(3, {kLeftOut, 3});
  CHECK(run.Others() == Violations());
  CHECK(Found(run.Columns(), "touches column 0, which its write leaves out"));
}

TEST_CASE("S13: columns of a new row that its write leaves out are NULL", "[sim]") {
  Run run({{kInsert, 1, {1, kNull}}});
  run.Write(1, {1, kLeftOut});
  CHECK(run.Columns() == Violations());
  run.end.buckets[0].replicas[kLeader].records[0].more = {1, 7};
  CHECK(Found(run.Columns(), "touches column 1"));
}

TEST_CASE("S13: a write that is not in its column is found", "[sim]") {
  std::vector<Change> changes = kParts;
  changes[2].more = changes[3].more = {1, 1};
  CHECK(Found(Parts(changes).Columns(), "has not what was written into column 1"));
}

TEST_CASE("S13: deletes of some columns that take others with them are found", "[sim]") {
  SECTION("the row, while something is left of it") {
    Run run({{kInsert, 1, {1, 1}}, {kDelete, 1, {1, 1}}});
    run.Write(1, {1, 1}).Write(std::nullopt, {kNull, kLeftOut});
    CHECK(Found(run.Columns(), "takes columns that no delete names"));
  }
  SECTION("another column") {
    Run run({{kInsert, 1, {1, 1}}, {kBefore, 1, {1, 1}}, {kAfter, kNull, {kNull, 1}}});
    run.Write(1, {1, 1}).Write(std::nullopt, {kLeftOut, kNull});
    CHECK(Found(run.Columns(), "is what no delete makes"));
  }
  SECTION("a row of which nothing is left must go") {
    Run run({{kInsert, 1, {1, 1}}, {kBefore, 1, {1, 1}}, {kAfter, kNull, {kNull, kNull}}});
    run.Write(1, {1, 1}).Write(std::nullopt, {kNull, kNull});
    CHECK(Found(run.Columns(), "is empty"));
  }
}

TEST_CASE("S13: a row that nobody wrote, and an old image of other columns, are found", "[sim]") {
  std::vector<Change> changes = kParts;
  SECTION("nobody") {
    Run run({{kInsert, 9, {9, 9}}});
    run.Write(1, {1, 1});
    CHECK(Found(run.Columns(), "was written by nobody"));
  }
  SECTION("an old image") {
    changes[3].more = {2, 2};
    CHECK(Found(Parts(changes).Columns(), "is no row that was there"));
  }
}

TEST_CASE("S13: a lookup that mixes rows is found", "[sim]") {
  CHECK(Found(Parts(kParts).Lookup(2, {1, 1}).Columns(), "S13 seen"));
  CHECK(Found(Parts(kParts).Lookup(std::nullopt, {kNull, 1}).Columns(), "S13 seen"));
}

TEST_CASE("S12: a row without value is told from none", "[sim]") {
  Run run({{kInsert, 1, {1, 1}}, {kBefore, 1, {1, 1}}, {kAfter, kNull, {kNull, 1}}});
  run.Write(1, {1, 1}).Write(std::nullopt, {kNull, kLeftOut});
  SECTION("it is there") {
    run.Lookup(std::nullopt, {kNull, 1});
    CHECK(run.Others() == Violations());
  }
  SECTION("it is missed") {
    run.Lookup(std::nullopt, {});
    CHECK(Found(run.Others(), "S12"));
  }
  SECTION("it never was") {
    run.Lookup(std::nullopt, {kNull, 3});
    CHECK(Found(run.Others(), "S12 phantom"));
  }
}

TEST_CASE("S12: of rows without value that follow one another, lookups tell when each came",
          "[sim]") {
  // A delete is answered, a lookup sees what it left, then another one takes the row.
  Run run({{kInsert, 1, {1, 1}},
           {kBefore, 1, {1, 1}},
           {kAfter, kNull, {kNull, 1}},
           {kDelete, kNull, {kNull, 1}}});
  run.Write(1, {1, 1});
  run.history.upserts.push_back({.table = kTable,  // Called first, and done last.
                                 .key = kKey,
                                 .value = std::nullopt,
                                 .time = {.invoked = run.Next()},
                                 .more = {kLeftOut, kNull}});
  run.Write(std::nullopt, {kNull, kLeftOut});
  run.Lookup(std::nullopt, {kNull, 1});
  CHECK(run.Others() == Violations());
  CHECK(run.Columns() == Violations());
  run.history.upserts[1].time.completed = run.Next();
  run.history.upserts[1].outcome = Outcome::kOk;
  CHECK(run.Others() == Violations());
  run.Lookup(std::nullopt, {kNull, 1});  // It is gone by then.
  CHECK(Found(run.Others(), "S12 late"));
}

TEST_CASE("first-row: the first row stays, and who comes later must have come later", "[sim]") {
  Run run({{kInsert, 2, {}}});
  run.Engine(MergeEngine::kFirstRow);
  SECTION("a refused write, and a delete that is ignored") {
    run.Write(2, {}).Write(1, {}).Write(std::nullopt, {}).Lookup(2, {});
    CHECK(run.Others() == Violations());
  }
  SECTION("a write that was acknowledged before the first row can have come") {
    run.Write(1, {}).Write(2, {});
    CHECK(Found(run.Others(), "S12 late"));
  }
  SECTION("a lookup misses the row behind a write that was refused for it") {
    run.Write(2, {}).Write(1, {}).Lookup(std::nullopt, {});
    CHECK(Found(run.Others(), "S12 late"));
  }
  SECTION("no row, and still a write was acknowledged") {
    run.end.buckets[0].replicas[kLeader].records.clear();
    run.Write(1, {});
    CHECK(Found(run.Others(), "S1 lost"));
  }
  SECTION("a later write is taken") {
    Run later({{kInsert, 1, {}}, {kBefore, 1, {}}, {kAfter, 2, {}}});
    later.Engine(MergeEngine::kFirstRow).Write(1, {}).Write(2, {});
    CHECK(Found(later.Others(), "S10 engine"));
  }
  SECTION("a delete is taken") {
    Run gone({{kInsert, 1, {}}, {kDelete, 1, {}}});
    gone.Engine(MergeEngine::kFirstRow).Write(1, {}).Write(std::nullopt, {});
    CHECK(Found(gone.Others(), "S10 engine"));
  }
}

TEST_CASE("versioned: the larger version stays, the later of two equal ones", "[sim]") {
  Run run({{kInsert, 1, {kNull}},
           {kBefore, 1, {kNull}},
           {kAfter, 2, {7}},
           {kBefore, 2, {7}},
           {kAfter, 3, {7}}});
  run.Engine(MergeEngine::kVersioned).Write(1, {kNull}).Write(2, {7}).Write(3, {7});
  SECTION("a smaller one is refused") {
    run.Write(4, {6}).Write(5, {kNull}).Lookup(3, {7});
    CHECK(run.Others() == Violations());
    CHECK(run.Columns() == Violations());
  }
  SECTION("an equal one is refused") {
    run.Write(4, {7});
    CHECK(Found(run.Others(), "S1 lost"));
  }
  SECTION("a smaller one is taken") {
    auto& records = run.end.buckets[0].replicas[kLeader].records;
    records[4].more = {6};
    CHECK(Found(run.Others(), "S10 engine"));
  }
  SECTION("one is refused before there is a larger one") {
    Run early({{kInsert, 2, {7}}});
    early.Engine(MergeEngine::kVersioned).Write(1, {6}).Write(2, {7});
    CHECK(Found(early.Others(), "S12 late"));
  }
}

}  // namespace strom::sim
