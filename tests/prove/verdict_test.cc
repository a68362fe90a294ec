// Each kind of damage is counted under the word that the report has for it. That every invariant is
// checked rightly is the business of the checkers' own tests (tests/sim).
#include "tests/prove/judge/verdict.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::prove {
namespace {

using record::ChangeType;
using sim::Outcome;

const TableBucket kLog{.table = TableId(1), .partition = {}, .bucket = BucketId(0)};
const TableBucket kKeyed{.table = TableId(2), .partition = {}, .bucket = BucketId(0)};

MonoTime At(int64_t ms) { return MonoTime() + Millis(ms); }

// Appends 1 and 2 of writer 7, and a row of key 5 that is 100 and then 101; a lookup behind each
// write. All acknowledged, and there on three replicas.
struct Run {
  Run() {
    Put(kLog, {{LogOffset(0), ChangeType::kAppendOnly, 7, 1},
               {LogOffset(1), ChangeType::kAppendOnly, 7, 2}});
    Put(kKeyed, {{LogOffset(0), ChangeType::kInsert, 5, 100},
                 {LogOffset(1), ChangeType::kUpdateBefore, 5, 100},
                 {LogOffset(2), ChangeType::kUpdateAfter, 5, 101}});
    end.rows[kKeyed.table][5] = 101;
    for (int64_t i = 0; i < 2; ++i) {
      history.appends.push_back({.writer = 7,
                                 .number = i + 1,
                                 .time = {At(10 * i), At(10 * i + 5)},
                                 .outcome = Outcome::kOk,
                                 .bucket = kLog,
                                 .offset = LogOffset(i)});
      history.upserts.push_back({.table = kKeyed.table,
                                 .key = 5,
                                 .value = 100 + i,
                                 .time = {At(100 * i), At(100 * i + 50)},
                                 .outcome = Outcome::kOk,
                                 .bucket = kKeyed,
                                 .log_end_offset = LogOffset(1 + 2 * i)});
      history.lookups.push_back({.table = kKeyed.table,
                                 .key = 5,
                                 .value = 100 + i,
                                 .time = {At(100 * i + 60), At(100 * i + 70)}});
    }
  }

  void Put(const TableBucket& bucket, std::vector<sim::LoggedRecord> records) {
    sim::ReplicaLog log;
    const LogOffset size(static_cast<int64_t>(records.size()));
    log.batches = {{LogOffset(0), size, 42}};
    log.records = std::move(records);
    end.buckets.push_back(
        {.bucket = bucket,
         .keyed = bucket == kKeyed,
         .leader = ServerId(0),
         .high_watermark = size,
         .replicas = {{ServerId(0), log}, {ServerId(1), log}, {ServerId(2), log}}});
  }

  sim::History history;
  sim::FinalState end;
};

TEST_CASE("a run in which all is well is clean", "[prove]") {
  const Run run;
  const Verdict verdict = Judge(run.history, run.end);
  INFO((verdict.clean() ? "" : verdict.violations[0]));
  CHECK(verdict.clean());
}

TEST_CASE("every kind of damage is found and counted as what it is", "[prove]") {
  Run run;
  auto& log = run.end.buckets[0].replicas.at(ServerId(0));
  SECTION("an acknowledged append that is not there") {
    log.records.pop_back();
    const Verdict verdict = Judge(run.history, run.end);
    CHECK(verdict.lost == 1);
    CHECK_FALSE(verdict.clean());
  }
  SECTION("an append of unknown outcome may be missing") {
    run.history.appends.push_back({.writer = 7, .number = 3, .time = {.invoked = At(30)}});
    CHECK(Judge(run.history, run.end).clean());
  }
  SECTION("a record that is there twice") {
    log.records.push_back({LogOffset(2), ChangeType::kAppendOnly, 7, 2});
    run.end.buckets[0].high_watermark = LogOffset(3);
    CHECK(Judge(run.history, run.end).duplicated == 1);
  }
  SECTION("another value than the one that was acknowledged") {
    run.history.appends[1].offset = LogOffset(0);
    CHECK(Judge(run.history, run.end).changed == 1);
  }
  SECTION("a replica that has something else") {
    run.end.buckets[1].replicas.at(ServerId(2)).batches[0].hash = 43;
    CHECK(Judge(run.history, run.end).changed == 1);
  }
  SECTION("a row that the changelog does not make") {
    run.end.rows[kKeyed.table][5] = 100;
    CHECK(Judge(run.history, run.end).changed == 1);
  }
  SECTION("a lookup that sees an old value") {
    run.history.lookups[1].value = 100;
    const Verdict verdict = Judge(run.history, run.end);
    CHECK(verdict.stale == 1);
    CHECK(verdict.lost + verdict.duplicated + verdict.changed + verdict.other == 0);
  }
  SECTION("a high watermark that goes back") {
    for (const int64_t high_watermark : {2, 1}) {
      run.history.fetches.push_back(
          {.bucket = kLog,
           .server = ServerId(0),
           .process = 0,
           .asked = LogOffset(0),
           .high_watermark = LogOffset(high_watermark),
           .records = {},
           .time = {At(1000 - 100 * high_watermark), At(1010 - 100 * high_watermark)}});
    }
    CHECK(Judge(run.history, run.end).other == 1);
  }
}

TEST_CASE("violations are counted by their first word", "[prove]") {
  const Verdict verdict = Count({"S1 lost: x", "S5 vanished: y", "S2 twice: z", "S3 two values",
                                 "S6 hole", "S9 differs", "S10 fold", "S11 change", "S12 late",
                                 "S4 order", "S7 back", "S8 two leaders", "L4 not quiet"});
  CHECK(verdict.lost == 2);
  CHECK(verdict.duplicated == 1);
  CHECK(verdict.changed == 5);
  CHECK(verdict.stale == 1);
  CHECK(verdict.other == 4);
  CHECK(verdict.violations.size() == 13);
}

}  // namespace
}  // namespace strom::prove
