// Known-bad histories of retention: each must be rejected, and the good ones they are made of must
// not; nor may other checkers miss what was rightly removed.
#include "tests/sim/checkers/retention_checkers.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/checkers/log_checkers.h"
#include "tests/sim/checkers/table_checkers.h"
#include "tests/sim/known_bad.h"

namespace strom::sim {
namespace {

using record::ChangeType;

const TableBucket kBucket{.table = TableId(1), .partition = {}, .bucket = BucketId(0)};
const ServerId kLeader{1};
const ServerId kFollower{2};
constexpr int64_t kTtlMs = 1000;
constexpr int64_t kWallMs = 1'700'000'000'000;

// A batch of one record at each offset of [from, to), each committed 100 ms behind the last.
ReplicaLog LogOf(int64_t from, int64_t to, bool keyed) {
  ReplicaLog log;
  for (int64_t i = from; i < to; ++i) {
    log.batches.push_back({.base_offset = LogOffset(i),
                           .next_offset = LogOffset(i + 1),
                           .hash = static_cast<uint64_t>(i),
                           .commit_timestamp_ms = kWallMs + 100 * i});
    // A key each, or appends 1, 2, … of a writer.
    log.records.push_back({.offset = LogOffset(i),
                           .type = keyed ? ChangeType::kInsert : ChangeType::kAppendOnly,
                           .key = keyed ? i : 7,
                           .value = i + 1});
  }
  return log;
}

// Six records, of which the first four are gone on the leader, two on the follower: two segments of
// two, removed when they were old enough. Whoever read from 1 was told so.
struct Run {
  explicit Run(bool keyed) {
    FinalBucket bucket{.bucket = kBucket,
                       .keyed = keyed,
                       .leader = kLeader,
                       .high_watermark = LogOffset(6),
                       .replicas = {{kLeader, LogOf(4, 6, keyed)}, {kFollower, LogOf(2, 6, keyed)}},
                       .trimmed = LogOf(0, 4, keyed)};
    end.buckets.push_back(std::move(bucket));
    Trim(kFollower, 0, 2, 1200, keyed);
    Trim(kLeader, 0, 2, 1200, keyed);
    Trim(kLeader, 2, 4, 1400, keyed);
    history.behind.push_back({.bucket = kBucket,
                              .server = kLeader,
                              .asked = LogOffset(1),
                              .start = LogOffset(4),
                              .time = {Ms(1410), Ms(1420)}});
    for (int64_t i = 0; i < 6; ++i) keyed ? AddUpsert(i) : AddAppend(i);
    if (!keyed) return;
    end.snapshots.push_back(Snapshot(5, LogOffset(5)));
    for (int64_t i = 0; i < 6; ++i) end.rows[kBucket.table][i] = i + 1;
  }

  static FinalSnapshot Snapshot(int64_t id, LogOffset offset) {
    FinalSnapshot snapshot{.bucket = kBucket, .id = id, .log_offset = offset};
    for (int64_t i = 0; i < offset.value(); ++i) snapshot.rows[i] = i + 1;
    return snapshot;
  }

  Violations Check(int64_t log_bytes_max = -1) const {
    return CheckRetention(history, end,
                          {.ttl_ms = kTtlMs,
                           .log_bytes_max = log_bytes_max,
                           .snapshots_retained = 1,
                           .clocks_jump = clocks_jump});
  }

  History history;
  FinalState end;
  bool clocks_jump = false;

 private:
  void Trim(ServerId server, int64_t from, int64_t to, int64_t at_ms, bool keyed) {
    history.trimmed.push_back({.bucket = kBucket,
                               .server = server,
                               .at = Ms(at_ms),
                               .wall_ms = kWallMs + at_ms,
                               .log_bytes = 600,
                               .log = LogOf(from, to, keyed)});
    if (keyed) history.trimmed.back().snapshots = {Snapshot(4, LogOffset(4))};
  }
  void AddAppend(int64_t i) {
    history.appends.push_back({.writer = 7,
                               .number = i + 1,
                               .time = {Ms(100 * i), Ms(100 * i + 5)},
                               .outcome = Outcome::kOk,
                               .bucket = kBucket,
                               .offset = LogOffset(i)});
  }
  void AddUpsert(int64_t i) {
    history.upserts.push_back({.table = kBucket.table,
                               .key = i,
                               .value = i + 1,
                               .time = {Ms(100 * i), Ms(100 * i + 5)},
                               .outcome = Outcome::kOk,
                               .bucket = kBucket,
                               .log_end_offset = LogOffset(i + 1)});
  }
};

}  // namespace

TEST_CASE("what retention may take is missed by no checker", "[sim]") {
  for (const bool keyed : {false, true}) {
    const Run run(keyed);
    CHECK(run.Check() == Violations());
    CHECK(CheckNothingLost(run.history, run.end) == Violations());
    CHECK(CheckNoDuplicates(run.end) == Violations());
    CHECK(CheckOneValuePerOffset(run.history, run.end) == Violations());
    CHECK(CheckWriterOrder(run.end) == Violations());
    CHECK(CheckCommittedStays(run.history, run.end) == Violations());
    CHECK(CheckContiguity(run.history, run.end) == Violations());
    CHECK(CheckReplicasIdentical(run.end) == Violations());
    CHECK(CheckRowsAreFold(run.end) == Violations());
    CHECK(CheckChangelog(run.end) == Violations());
    CHECK(CheckSnapshots(run.end) == Violations());
  }
}

TEST_CASE("S16: a record that goes before its time is found", "[sim]") {
  Run run(/*keyed=*/false);
  run.history.trimmed[2].wall_ms = kWallMs + 1290;  // The newest is of 300.
  CHECK(Found(run.Check(), "S16 early"));
  SECTION("unless the log is too large") {
    CHECK(run.Check(/*log_bytes_max=*/599) == Violations());
    CHECK(Found(run.Check(/*log_bytes_max=*/600), "S16 early"));
  }
  SECTION("also where the oldest of its segment is old enough") {
    run.history.trimmed[2].log.batches[0].commit_timestamp_ms = kWallMs;
    CHECK(Found(run.Check(), "S16 early"));
  }
}

TEST_CASE("S16: whatever timestamps servers gave it, a write stays as long as it should", "[sim]") {
  for (const bool keyed : {false, true}) {
    Run run(keyed);
    for (LoggedBatch& batch : run.history.trimmed[2].log.batches) batch.commit_timestamp_ms -= 500;
    run.history.trimmed[2].at = Ms(1250);
    CHECK(Found(run.Check(), "S16 early"));
    run.clocks_jump = true;  // Then nobody else knows better.
    CHECK_FALSE(Found(run.Check(), "S16 early"));
  }
}

TEST_CASE("S16: records that go before they are committed are found", "[sim]") {
  Run run(/*keyed=*/false);
  run.end.buckets[0].high_watermark = LogOffset(3);
  CHECK(Found(run.Check(), "S16 uncommitted"));
}

TEST_CASE("S16: a changelog that goes without all snapshots holding it is found", "[sim]") {
  Run run(/*keyed=*/true);
  auto& snapshots = run.history.trimmed[2].snapshots;
  SECTION("there is none") { snapshots.clear(); }
  SECTION("it goes on below") { snapshots[0].log_offset = LogOffset(3); }
  SECTION("an older one does") { snapshots.push_back(Run::Snapshot(3, LogOffset(2))); }
  SECTION("it does not come back") { snapshots[0].damage = "a file is missing"; }
  CHECK(Found(run.Check(), "S16 last copy"));
}

TEST_CASE("S16: rows that nothing could restore at the end are found", "[sim]") {
  Run run(/*keyed=*/true);
  SECTION("there is no snapshot") { run.end.snapshots.clear(); }
  SECTION("the changelog begins behind it") { run.end.snapshots[0].log_offset = LogOffset(3); }
  SECTION("it does not come back") { run.end.snapshots[0].damage = "a file is missing"; }
  CHECK(Found(run.Check(), "S16 last copy: table 1 bucket 0: the changelog begins"));
}

TEST_CASE("S16: a reader that is refused what is there is found", "[sim]") {
  Run run(/*keyed=*/false);
  SECTION("it is in the log") { run.history.behind[0].asked = LogOffset(4); }
  SECTION("it was until later") { run.history.behind[0].time.completed = Ms(1100); }
  SECTION("it is sent too far") { run.history.behind[0].start = LogOffset(5); }
  CHECK(Found(run.Check(), "S16 refused"));
}

TEST_CASE("S6, S9: what was removed must have been the log", "[sim]") {
  Run run(/*keyed=*/false);
  FinalBucket& bucket = run.end.buckets[0];
  SECTION("nobody removed its beginning") {
    bucket.trimmed = LogOf(2, 4, false);
    CHECK(Found(CheckContiguity(run.history, run.end), "S6 hole"));
  }
  SECTION("nor its end") {
    bucket.trimmed = LogOf(0, 3, false);
    CHECK(Found(CheckContiguity(run.history, run.end), "S6 hole"));
    CHECK(Found(CheckNothingLost(run.history, run.end), "S1 lost"));
  }
  SECTION("a replica has something else") {
    bucket.replicas[kFollower].batches[1].hash = 77;
    CHECK(Found(CheckReplicasIdentical(run.end), "S9 differs"));
  }
  SECTION("a replica lacks what nobody removed") {
    bucket.replicas[kFollower] = LogOf(5, 6, false);
    CHECK(Found(CheckReplicasIdentical(run.end), "S9 differs"));
  }
}

}  // namespace strom::sim
