// Known-bad histories of pipelines: each must be rejected, and the good one they are made of must
// not.
#include "tests/sim/checkers/job_checkers.h"

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/known_bad.h"

namespace strom::sim {
namespace {

using record::ChangeType;

const TableId kOds{1};
const TableBucket kBucket{.table = kOds, .partition = {}, .bucket = BucketId(0)};
const ServerId kLeader{1};
constexpr int64_t kKey = 7;
constexpr int64_t kOther = 8;

JobRow Version(int64_t version) { return {.version = version, .more = 10 * version}; }

// A key with the versions 1 (in the copy, made at 0x20), 2, 3, a delete and 4, and another one that
// came with 3; all of it in an ODS table, confirmed step by step, and in a sink in three
// transactions.
struct Good {
  Good() {
    jobs.copied_at[kOds] = 0x20;
    Change(0x10, kKey, Version(1));
    Change(0x20, kKey, Version(2));
    Change(0x30, kKey, Version(3));
    Change(0x30, kOther, Version(1));
    Change(0x40, kKey, std::nullopt);
    Change(0x50, kKey, Version(4));
    jobs.source_rows[kOds] = {{kKey, Version(4)}, {kOther, Version(1)}};
    ReplicaLog log;
    for (const auto& [type, key, version] :
         std::vector<std::tuple<ChangeType, int64_t, int64_t>>{
             {ChangeType::kInsert, kKey, 1},
             {ChangeType::kUpdateBefore, kKey, 1},
             {ChangeType::kUpdateAfter, kKey, 2},
             {ChangeType::kUpdateBefore, kKey, 2},
             {ChangeType::kUpdateAfter, kKey, 3},
             {ChangeType::kInsert, kOther, 1},
             {ChangeType::kDelete, kKey, 3},
             {ChangeType::kInsert, kKey, 4}}) {
      log.records.push_back(
          {LogOffset(static_cast<int64_t>(log.records.size())), type, key, version});
    }
    end.buckets.push_back({.bucket = kBucket,
                           .keyed = true,
                           .leader = kLeader,
                           .high_watermark = LogOffset(8),
                           .replicas = {{kLeader, log}}});
    Confirm(0x20, 1);
    Confirm(0x38, 6);
    Confirm(0x58, 8);
    SinkHistory& sink = jobs.sinks["sink"];
    sink.source = kOds;
    sink.ods = kOds;
    sink.commits = {Commit(3, {{kKey, Version(2)}}),
                    Commit(7, {{kKey, std::nullopt}, {kOther, Version(1)}}),
                    Commit(8, {{kKey, Version(4)}})};
    sink.rows = jobs.source_rows[kOds];
  }

  void Change(uint64_t lsn, int64_t key, std::optional<JobRow> row) {
    jobs.changes.push_back({.table = kOds, .key = key, .row = row, .commit_lsn = lsn});
  }
  void Confirm(uint64_t lsn, int64_t end_offset) {
    jobs.confirms.push_back({.lsn = lsn,
                             .at = Ms(static_cast<int64_t>(lsn)),
                             .ends = {{kBucket, LogOffset(end_offset)}}});
  }
  static SinkCommit Commit(int64_t next, std::map<int64_t, std::optional<JobRow>> rows) {
    return {.at = Ms(next), .rows = std::move(rows), .next = {{0, LogOffset(next)}}};
  }
  // A layer of the table, whose log left out version 2.
  std::vector<LoggedRecord>& AddLayer() {
    const TableId layer{2};
    jobs.layers[layer] = kOds;
    FinalBucket bucket = end.buckets[0];
    bucket.bucket.table = layer;
    std::vector<LoggedRecord>& log = bucket.replicas[kLeader].records;
    log.erase(log.begin() + 2, log.begin() + 4);
    end.buckets.push_back(std::move(bucket));
    return end.buckets.back().replicas[kLeader].records;
  }
  std::vector<LoggedRecord>& records() { return end.buckets[0].replicas[kLeader].records; }
  SinkHistory& sink() { return jobs.sinks["sink"]; }

  // Which checkers complain: "S20 changes", …
  std::set<std::string> Check() const {
    std::set<std::string> found;
    for (const Violations& violations :
         {CheckOnceIntoOds(jobs, end), CheckConfirms(jobs, end), CheckLayers(jobs, end),
          CheckSinkRows(jobs),
          CheckSinkTransactions(jobs, end)}) {
      for (const std::string& line : violations) found.insert(line.substr(0, line.find(':')));
    }
    return found;
  }

  JobHistory jobs;
  FinalState end;
};

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("a good history of a pipeline passes", "[sim]") { CHECK(Good().Check() == Names()); }

TEST_CASE("S20 finds changes that are missing, twice, out of order or nobody's", "[sim]") {
  Good good;
  SECTION("the last is missing") { good.end.buckets[0].high_watermark = LogOffset(7); }
  SECTION("one in the middle is missing") { good.records()[4].value = 2; }
  SECTION("a delete is missing") {
    good.records()[6].type = ChangeType::kUpdateBefore;
    good.records()[7].type = ChangeType::kUpdateAfter;
  }
  SECTION("one is there twice") {
    good.records().push_back({LogOffset(8), ChangeType::kUpdateAfter, kKey, 4});
    good.end.buckets[0].high_watermark = LogOffset(9);
  }
  SECTION("two are the other way round") { std::swap(good.records()[2], good.records()[4]); }
  CHECK(good.Check().contains("S20 changes"));
}

TEST_CASE("S20 finds copies that are not what the source was then", "[sim]") {
  Good good;
  SECTION("nothing was copied") {
    good.jobs.copied_at[kOds] = 0x21;
    good.records().erase(good.records().begin() + 1, good.records().begin() + 3);
    CHECK(good.Check().contains("S20 copy"));
  }
  SECTION("an older row was copied last") {
    good.jobs.copied_at[kOds] = 0x21;
    good.records()[0].value = 2;
    good.records()[2].value = 1;
    CHECK(good.Check().contains("S20 copied"));
  }
  SECTION("a row was copied that never was") {
    good.records().insert(good.records().begin(), {LogOffset(0), ChangeType::kInsert, kKey, 9});
    CHECK(good.Check().contains("S20 copied"));
  }
}

TEST_CASE("S23 finds positions that were confirmed too early", "[sim]") {
  Good good;
  SECTION("before the changes were in the log") {
    good.jobs.confirms[1].ends[kBucket] = LogOffset(5);
  }
  SECTION("one in between, by a position that covers it") { good.jobs.confirms[1].lsn = 0x41; }
  SECTION("before the bucket had anything") { good.jobs.confirms[1].ends.clear(); }
  CHECK(good.Check() == Names{"S23 confirmed"});
}

TEST_CASE("S24 finds layers that go back, or end with other rows than the source", "[sim]") {
  Good good;
  std::vector<LoggedRecord>& log = good.AddLayer();
  CHECK(good.Check() == Names());
  SECTION("the last is missing") { log.pop_back(); }
  SECTION("a row was never there") { log[0].value = 9; }
  SECTION("an older row comes again") {
    log.push_back({LogOffset(6), ChangeType::kUpdateAfter, kKey, 3});
    log.push_back({LogOffset(7), ChangeType::kUpdateAfter, kKey, 4});
  }
  CHECK(good.Check() == Names{"S24 layer"});
}

TEST_CASE("S25 finds older rows over newer ones, and sinks that are not as their source", "[sim]") {
  Good good;
  SECTION("an older version") {
    good.sink().commits.push_back(Good::Commit(8, {{kKey, Version(3)}}));
    CHECK(good.Check().contains("S25 stale"));
  }
  SECTION("a delete that was over already") {
    good.sink().commits.push_back(Good::Commit(8, {{kKey, std::nullopt}}));
    CHECK(good.Check().contains("S25 stale"));
  }
  SECTION("the version of one row with the rest of another") {
    good.sink().commits[2].rows[kKey]->more = 1;
    CHECK(good.Check().contains("S25 stale"));
  }
  SECTION("a row is missing at the end") {
    good.sink().rows.erase(kOther);
    CHECK(good.Check() == Names{"S25 end"});
  }
  SECTION("a row is another at the end") {
    good.sink().rows[kOther].more = 0;
    CHECK(good.Check() == Names{"S25 end"});
  }
  SECTION("a row should have gone") {
    good.sink().rows[99] = Version(1);
    CHECK(good.Check() == Names{"S25 end"});
  }
}

TEST_CASE("S26 finds transactions whose rows and position do not belong together", "[sim]") {
  Good good;
  SECTION("rows without their position, and again with it") {
    SinkCommit early = good.sink().commits[1];
    early.next[0] = LogOffset(3);
    good.sink().commits.insert(good.sink().commits.begin() + 1, early);
    CHECK(good.Check().contains("S26 transaction"));
  }
  SECTION("a position without its rows") {
    good.sink().commits[1].rows.clear();
    CHECK(good.Check() == Names{"S26 transaction"});
  }
  SECTION("one of several rows is left out") {
    good.sink().commits[1].rows.erase(kOther);
    CHECK(good.Check() == Names{"S26 transaction"});
  }
  SECTION("a position goes back") {
    good.sink().commits.push_back(Good::Commit(3, {}));
    CHECK(good.Check() == Names{"S26 back"});
  }
}

}  // namespace strom::sim
