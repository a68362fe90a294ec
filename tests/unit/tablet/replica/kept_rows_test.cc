// Rows that follow what is committed, and outlive an orderly stop.
#include "tablet/replica/kept_rows.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tablet/replica/rows_mark.h"
#include "tests/unit/tablet/replica/replica_fixture.h"
#include "tests/unit/tablet/replica/replica_group.h"

namespace strom::tablet {
namespace {

using Texts = std::vector<std::string>;

const TableBucket kBucket = Bucket(0);
constexpr ServerId kOne{1}, kTwo{2}, kThree{3};
constexpr const char* kStore = "/data/db/t-7/kv-0";

uint64_t Seed() { return static_cast<uint64_t>(GENERATE(range(1, 6))); }

Leadership Follow(int leader_epoch) {
  Leadership follow = Lead(leader_epoch, leader_epoch);
  follow.leader = ServerId(9);
  follow.replicas = {ServerId(9), kSelf};
  return follow;
}

ReplicaGroup::Options KeyedGroup(uint64_t seed) {
  ReplicaGroup::Options options;
  options.seed = seed;
  options.spec = KeyedSpec(kBucket);
  return options;
}

void PutSome(ReplicaGroup& g, int from, int to) {
  for (int i = from; i < to; ++i) {
    REQUIRE(g.Await(g.PutKv(g.leader_id(), KvBatch({Put(i, "v")}))).ok());
  }
}

Texts RowsOf(const ReplicaGroup& g) {
  return RowTexts(g.leader()->Rows().value()->LimitScan(1000, 1 << 20).value());
}

// What a leader that has `ops` gives, with this high watermark.
FollowerRead Records(const std::vector<std::vector<KvOp>>& batches, int64_t high_watermark) {
  ReplicaFixture leader;
  STROM_CHECK(leader.Become(KeyedSpec(kBucket)).ok());
  for (const auto& batch : batches) STROM_CHECK(leader.PutKv(kBucket, KvBatch(batch)).ok());
  const LogTablet& log = leader.replicas().Find(kBucket)->log();
  return {.records = log.Read(LogOffset(0), 1 << 20, true, log.log_end_offset()).value(),
          .high_watermark = LogOffset(high_watermark),
          .log_start_offset = LogOffset(0),
          .epochs = {{LeaderEpoch(1), LogOffset(0)}},
          .diverging = {}};
}

Result<FollowerPosition> Take(ReplicaFixture& f, FollowerRead read, int under) {
  return f.Await<Result<FollowerPosition>>([&](auto done) {
    f.replicas().Find(kBucket)->TakeFromLeader(LeaderEpoch(under), std::move(read),
                                               std::move(done));
  });
}

}  // namespace

TEST_CASE("who takes over has only the rest of the changelog to read", "[replica]") {
  ReplicaGroup g(KeyedGroup(Seed()));
  PutSome(g, 0, 40);
  g.scheduler().RunFor(Seconds(1));
  for (const ServerId follower : {kTwo, kThree}) {
    CHECK(g.stores(follower).opens == 1);
    CHECK(g.stores(follower).changes_written == 40);
  }
  PutSome(g, 40, 43);
  g.Elect(kTwo);
  REQUIRE(g.Settle());
  CHECK(RowsOf(g).size() == 43);
  CHECK(g.stores(kTwo).opens == 1);
  CHECK(g.stores(kTwo).changes_written == 43);
  // And the one before goes on as a follower, with what it has.
  PutSome(g, 43, 50);
  g.scheduler().RunFor(Seconds(1));
  CHECK(g.stores(kOne).opens == 1);
  CHECK(g.stores(kOne).changes_written == 50);
  g.Elect(kOne);
  REQUIRE(g.Settle());
  CHECK(RowsOf(g).size() == 50);
  CHECK(g.stores(kOne).changes_written == 50);
}

TEST_CASE("a follower's rows hold nothing that is not committed", "[replica]") {
  ReplicaFixture f(Seed());
  REQUIRE(f.Become(KeyedSpec(kBucket), Follow(1)).ok());
  REQUIRE(Take(f, Records({{Put(1, "a")}, {Put(1, "b")}, {Put(2, "c")}}, 1), 1).ok());
  f.scheduler().RunFor(Seconds(5));
  CHECK(f.stores().changes_written == 1);
  // The leader's log is another one from there on.
  REQUIRE(f.Become(KeyedSpec(kBucket), Follow(2)).ok());
  FollowerRead cut;
  cut.diverging = EpochEnd{LeaderEpoch(1), LogOffset(1)};
  REQUIRE(Take(f, std::move(cut), 2).ok());
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(3, 3)).ok());
  CHECK(f.AllRows(kBucket) == Texts{"1/0 a"});
  CHECK(f.stores().opens == 1);
}

TEST_CASE("rows of a log that is cut below what is committed are made anew", "[replica]") {
  ReplicaFixture f(Seed());
  REQUIRE(f.Become(KeyedSpec(kBucket), Follow(1)).ok());
  REQUIRE(Take(f, Records({{Put(1, "a")}, {Put(1, "b")}, {Put(2, "c")}}, 4), 1).ok());
  const bool applied = GENERATE(true, false);
  if (applied) f.scheduler().RunFor(Seconds(5));
  REQUIRE(f.Become(KeyedSpec(kBucket), Follow(2)).ok());
  FollowerRead cut;
  cut.diverging = EpochEnd{LeaderEpoch(1), LogOffset(1)};
  REQUIRE(Take(f, std::move(cut), 2).ok());
  CHECK(f.replicas().Find(kBucket)->high_watermark() == LogOffset(1));
  f.scheduler().RunFor(Seconds(5));
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(3, 3)).ok());
  CHECK(f.AllRows(kBucket) == Texts{"1/0 a"});
}

TEST_CASE("a change of role waits for the piece under way, and no longer", "[replica]") {
  ReplicaFixture f(static_cast<uint64_t>(GENERATE(range(1, 40))));
  REQUIRE(f.Become(KeyedSpec(kBucket), Follow(1)).ok());
  REQUIRE(Take(f, Records({{Put(1, "a")}, {Put(2, "b")}, {Put(3, "c")}}, 2), 1).ok());
  f.scheduler().RunFor(Millis(50));  // About when the first piece begins.
  SECTION("to lead") {
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
    CHECK(f.AllRows(kBucket) == Texts{"1/0 a", "2/0 b", "3/0 c"});
    REQUIRE(f.PutKv(kBucket, KvBatch({Del(1)})).ok());
    CHECK(f.AllRows(kBucket) == Texts{"2/0 b", "3/0 c"});
  }
  SECTION("to stop, and to come back") {
    REQUIRE(f.StopReplica(kBucket, GENERATE(true, false), 1).ok());
    REQUIRE(f.Become(KeyedSpec(kBucket), Follow(2)).ok());
  }
  SECTION("to end") { REQUIRE(f.Stop().ok()); }
}

TEST_CASE("after an orderly stop the rows are where they were", "[replica]") {
  ReplicaFixture f(Seed());
  const bool leads = GENERATE(true, false);
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  for (int i = 0; i < 10; ++i) REQUIRE(f.PutKv(kBucket, KvBatch({Put(i, "v")})).ok());
  const Texts rows = f.AllRows(kBucket);
  if (!leads) {
    REQUIRE(f.Become(KeyedSpec(kBucket), Follow(1)).ok());
    f.scheduler().RunFor(Seconds(1));
  }
  REQUIRE(f.Stop().ok());
  f.PowerFail(1);  // All of it is synced.
  REQUIRE(f.Start().ok());
  const size_t written = f.stores().changes_written;
  SECTION("for one who leads") {
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
    CHECK(f.stores().changes_written == written);
    CHECK(f.AllRows(kBucket) == rows);
    CHECK(f.replicas().Find(kBucket)->CountCommitted().value() == 10);
  }
  SECTION("for one who was never asked for them") {
    REQUIRE(f.Become(KeyedSpec(kBucket), Follow(2)).ok());
    REQUIRE(f.Stop().ok());
    REQUIRE(f.Start().ok());
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(3, 3)).ok());
    CHECK(f.stores().changes_written == written);
    CHECK(f.AllRows(kBucket) == rows);
  }
  SECTION("but not after a fall, whatever of them is left") {
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
    f.Crash();
    REQUIRE(f.Start().ok());
    const size_t destroys = f.stores().destroys;
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(3, 3)).ok());
    CHECK(f.stores().destroys == destroys + 1);
    CHECK(f.AllRows(kBucket) == rows);
  }
  SECTION("and they are made anew if they do not open") {
    REQUIRE(f.stores().memory().Destroy(kStore).ok());
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
    CHECK(f.AllRows(kBucket) == rows);
    CHECK(f.duties().FailuresOf(kBucket) == 0);
  }
  SECTION("or if the log lost what is in them") {
    REQUIRE(LeaveRowsMark(f.disk(), kStore, {.offset = LogOffset(11), .row_count = 11}).ok());
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
    CHECK(f.AllRows(kBucket) == rows);
    CHECK(f.replicas().Find(kBucket)->CountCommitted().value() == 10);
  }
}

TEST_CASE("what is in the rows counts as committed after a restart", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  for (int i = 0; i < 10; ++i) REQUIRE(f.PutKv(kBucket, KvBatch({Put(i, "v")})).ok());
  REQUIRE(f.StopReplica(kBucket, false).ok());
  f.Crash();  // Before the high watermarks were written.
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(KeyedSpec(kBucket), Follow(1)).ok());
  CHECK(f.replicas().Find(kBucket)->high_watermark() == LogOffset(10));
}

TEST_CASE("rows that do not open are reported, tried again, and reported when they do",
          "[replica]") {
  ReplicaFixture f(Seed());
  f.stores().fail_opens = true;
  REQUIRE(f.Become(Bucket(1)).ok());
  CHECK(f.Become(KeyedSpec(kBucket)).code() == ErrorCode::kKvStorage);
  CHECK(f.duties().FailureOf(kBucket).message().find("injected") != std::string_view::npos);
  CHECK(f.Append(Bucket(1), Batch({1})).ok());  // Others go on.
  SECTION("while it leads") {
    CHECK(f.Become(KeyedSpec(kBucket)).code() == ErrorCode::kKvStorage);
    f.stores().fail_opens = false;
    REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  }
  SECTION("while it follows, or nobody leads") {
    Leadership next = Follow(1);
    if (GENERATE(true, false)) next.leader = kNoServer;
    REQUIRE(f.Become(KeyedSpec(kBucket), next).ok());
    f.scheduler().RunFor(Seconds(120));
    CHECK_FALSE(f.duties().FailureOf(kBucket).ok());
    f.stores().fail_opens = false;
    f.scheduler().RunFor(Seconds(31));
  }
  CHECK(f.duties().FailureOf(kBucket).ok());
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
}

TEST_CASE("a follower without its rows still follows, and has them later", "[replica]") {
  ReplicaFixture f(Seed());
  REQUIRE(f.Become(KeyedSpec(kBucket), Follow(1)).ok());
  const bool opens = GENERATE(true, false);
  (opens ? f.stores().fail_writes : f.stores().fail_opens) = true;
  REQUIRE(Take(f, Records({{Put(1, "a")}, {Put(2, "b")}}, 2), 1).ok());
  f.scheduler().RunFor(Seconds(10));
  CHECK(f.duties().FailuresOf(kBucket) == 0);
  CHECK(f.replicas().Find(kBucket)->high_watermark() == LogOffset(2));
  f.stores().fail_writes = f.stores().fail_opens = false;
  f.scheduler().RunFor(Seconds(31));
  CHECK(f.stores().changes_written == 2);
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
  CHECK(f.AllRows(kBucket) == Texts{"1/0 a", "2/0 b"});
  CHECK(f.stores().changes_written == 2);
}

}  // namespace strom::tablet
