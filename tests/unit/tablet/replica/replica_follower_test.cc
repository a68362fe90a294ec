// One replica and what its peers tell it, message by message.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

const TableBucket kBucket = Bucket(0);
constexpr ServerId kLeader{9};

Leadership FollowUnder(int leader_epoch) {
  Leadership leadership = LeadWithoutFollowers(leader_epoch);
  leadership.leader = kLeader;
  leadership.isr = {kLeader};
  return leadership;
}

// Follows server 9 under leader epoch 5.
class FollowerFixture : public ReplicaFixture {
 public:
  explicit FollowerFixture(uint64_t seed = 1) : ReplicaFixture(seed) {
    STROM_CHECK(Become(kBucket, FollowUnder(5)).ok());
  }

  std::shared_ptr<Replica> replica() { return replicas().Find(kBucket); }

  Result<FollowerPosition> Take(FollowerRead read, int under = 5) {
    return Await<Result<FollowerPosition>>([&](auto done) {
      replica()->TakeFromLeader(LeaderEpoch(under), std::move(read), std::move(done));
    });
  }
  Result<FollowerRead> Read(FollowerPosition position, size_t size_max = 1 << 20) {
    return Await<Result<FollowerRead>>(
        [&](auto done) { replica()->ReadForFollower(position, size_max, false, std::move(done)); });
  }

  // Records 0 .. count - 1, as a leader of these epochs would give them.
  static FollowerRead Records(int count, std::vector<EpochStart> epochs,
                              int64_t high_watermark = 0) {
    ReplicaFixture leader;
    STROM_CHECK(leader.Become(kBucket).ok());
    for (int i = 0; i < count; ++i) STROM_CHECK(leader.Append(kBucket, Batch({i})).ok());
    const LogTablet& log = leader.replicas().Find(kBucket)->log();
    return {.records = log.Read(LogOffset(0), 1 << 20, true, log.log_end_offset()).value(),
            .high_watermark = LogOffset(high_watermark),
            .log_start_offset = LogOffset(0),
            .epochs = std::move(epochs),
            .diverging = {}};
  }
};

FollowerPosition Follower(int server, int leader_epoch, int64_t log_end,
                          std::optional<LeaderEpoch> last_epoch) {
  return {.follower = ServerId(server),
          .leader_epoch = LeaderEpoch(leader_epoch),
          .log_end_offset = LogOffset(log_end),
          .last_epoch = last_epoch};
}

FollowerRead Diverging(int epoch, int64_t end, int64_t log_start = 0) {
  return {.records = {},
          .high_watermark = LogOffset(0),
          .log_start_offset = LogOffset(log_start),
          .epochs = {},
          .diverging = EpochEnd{LeaderEpoch(epoch), LogOffset(end)}};
}

}  // namespace

TEST_CASE("a follower appends what it is given and knows the epochs of it", "[replica]") {
  FollowerFixture f;
  CHECK(f.duties().LeaderOf(kBucket) == kLeader);
  CHECK(f.replica()->position().log_end_offset == LogOffset(0));
  CHECK(f.replica()->position().last_epoch == std::nullopt);
  const FollowerPosition next =
      f.Take(FollowerFixture::Records(
                 4, {{LeaderEpoch(2), LogOffset(0)}, {LeaderEpoch(4), LogOffset(3)}}, 3))
          .value();
  CHECK(next.follower == kSelf);
  CHECK(next.leader_epoch == LeaderEpoch(5));
  CHECK(next.log_end_offset == LogOffset(4));
  CHECK(next.last_epoch == LeaderEpoch(4));
  CHECK(f.replica()->high_watermark() == LogOffset(3));
}

TEST_CASE("a follower's high watermark is its leader's, as far as its log goes", "[replica]") {
  FollowerFixture f;
  REQUIRE(f.Take(FollowerFixture::Records(2, {{LeaderEpoch(2), LogOffset(0)}}, 100)).ok());
  CHECK(f.replica()->high_watermark() == LogOffset(2));
  FollowerRead older;
  older.high_watermark = LogOffset(1);
  REQUIRE(f.Take(std::move(older)).ok());
  CHECK(f.replica()->high_watermark() == LogOffset(2));
}

TEST_CASE("a follower takes nothing of another epoch, and a leader nothing at all", "[replica]") {
  FollowerFixture f;
  for (const int under : {4, 6}) {
    CHECK(f.Take(FollowerFixture::Records(2, {{LeaderEpoch(2), LogOffset(0)}}), under)
              .status()
              .code() == ErrorCode::kNotLeaderOrFollower);
  }
  REQUIRE(f.Become(kBucket, Lead(6)).ok());
  CHECK(f.duties().LeaderOf(kBucket) == kNoServer);
  CHECK(f.Take(FollowerFixture::Records(2, {{LeaderEpoch(2), LogOffset(0)}}), 6).status().code() ==
        ErrorCode::kNotLeaderOrFollower);
  CHECK(f.replica()->log().log_end_offset() == LogOffset(0));
}

TEST_CASE("records that do not go on from its log's end are refused", "[replica]") {
  FollowerFixture f;
  FollowerRead read = FollowerFixture::Records(3, {{LeaderEpoch(2), LogOffset(0)}});
  REQUIRE(f.Take(read).ok());
  CHECK_FALSE(f.Take(read).ok());
  CHECK(f.replica()->position().log_end_offset == LogOffset(3));
}

TEST_CASE("a follower cuts its log where it leaves the leader's, and not by high watermark",
          "[replica]") {
  FollowerFixture f;
  const std::vector<EpochStart> epochs{{LeaderEpoch(1), LogOffset(0)},
                                       {LeaderEpoch(3), LogOffset(4)}};
  REQUIRE(f.Take(FollowerFixture::Records(6, epochs, 1)).ok());
  SECTION("at the leader's end of an epoch") {
    CHECK(f.Take(Diverging(3, 5)).value().log_end_offset == LogOffset(5));
    CHECK(f.replica()->position().last_epoch == LeaderEpoch(3));
  }
  SECTION("at its own end of an epoch, where the leader's goes on") {
    CHECK(f.Take(Diverging(2, 50)).value().log_end_offset == LogOffset(4));
    CHECK(f.replica()->position().last_epoch == LeaderEpoch(1));
  }
  SECTION("what is cut is not committed any more") {
    REQUIRE(f.Take(Diverging(0, 0)).ok());
    CHECK(f.replica()->position().log_end_offset == LogOffset(0));
    CHECK(f.replica()->high_watermark() == LogOffset(0));
  }
  SECTION("a cut that cuts nothing would be repeated for ever") {
    CHECK(f.Take(Diverging(3, 6)).status().code() == ErrorCode::kLogOffsetOutOfRange);
    CHECK(f.replica()->position().log_end_offset == LogOffset(6));
  }
}

TEST_CASE("a follower whose end the leader does not have any more begins anew", "[replica]") {
  FollowerFixture f;
  REQUIRE(f.Take(FollowerFixture::Records(6, {{LeaderEpoch(1), LogOffset(0)}}, 2)).ok());
  FollowerRead ahead;
  ahead.log_start_offset = LogOffset(40);
  ahead.high_watermark = LogOffset(90);
  const FollowerPosition next = f.Take(std::move(ahead)).value();
  CHECK(next.log_end_offset == LogOffset(40));
  CHECK(next.last_epoch == std::nullopt);
  CHECK(f.replica()->log().log_start_offset() == LogOffset(40));
  CHECK(f.replica()->high_watermark() == LogOffset(40));
  SECTION("also if it has to go back behind its beginning") {
    CHECK(f.Take(Diverging(-1, 20, 10)).value().log_end_offset == LogOffset(10));
    CHECK(f.replica()->log().log_start_offset() == LogOffset(10));
  }
}

TEST_CASE("a leader serves followers of its epoch alone", "[replica]") {
  FollowerFixture f;
  const auto code = [&](FollowerPosition position) { return f.Read(position).status().code(); };
  CHECK(code(Follower(8, 5, 0, {})) == ErrorCode::kNotLeaderOrFollower);
  REQUIRE(f.Become(kBucket, LeadWithoutFollowers(6)).ok());
  CHECK(code(Follower(8, 5, 0, {})) == ErrorCode::kFencedLeaderEpoch);
  CHECK(code(Follower(8, 7, 0, {})) == ErrorCode::kNotLeaderOrFollower);
  CHECK(code(Follower(77, 6, 0, {})) == ErrorCode::kNotLeaderOrFollower);
  CHECK(code(Follower(8, 6, 0, {})) == ErrorCode::kOk);
}

TEST_CASE("a leader gives records up to its log's end, with their epochs", "[replica]") {
  FollowerFixture f;
  REQUIRE(f.Take(FollowerFixture::Records(3, {{LeaderEpoch(1), LogOffset(0)}})).ok());
  REQUIRE(f.Become(kBucket, LeadWithoutFollowers(6)).ok());
  REQUIRE(f.Append(kBucket, Batch({3}), Acks::kLeader).ok());
  const FollowerRead all = f.Read(Follower(8, 6, 0, {})).value();
  CHECK(Values(all.records) == std::vector<int>{0, 1, 2, 3});
  CHECK(all.epochs ==
        std::vector<EpochStart>{{LeaderEpoch(1), LogOffset(0)}, {LeaderEpoch(6), LogOffset(3)}});
  CHECK(all.high_watermark == LogOffset(0));
  const FollowerRead rest = f.Read(Follower(8, 6, 3, LeaderEpoch(1))).value();
  CHECK(Values(rest.records) == std::vector<int>{3});
  CHECK(rest.epochs == std::vector<EpochStart>{{LeaderEpoch(6), LogOffset(3)}});
  CHECK(f.Read(Follower(8, 6, 4, LeaderEpoch(6))).value().records.empty());
}

TEST_CASE("a leader tells a follower where their logs part", "[replica]") {
  FollowerFixture f;
  REQUIRE(f.Take(FollowerFixture::Records(
                     6, {{LeaderEpoch(1), LogOffset(0)}, {LeaderEpoch(3), LogOffset(4)}}))
              .ok());
  REQUIRE(f.Become(kBucket, LeadWithoutFollowers(6)).ok());
  const auto diverging = [&](int64_t end, std::optional<LeaderEpoch> last) {
    const FollowerRead read = f.Read(Follower(8, 6, end, last)).value();
    CHECK((read.records.empty() || !read.diverging));
    return read.diverging;
  };
  CHECK(diverging(4, LeaderEpoch(1)) == std::nullopt);
  CHECK(diverging(5, LeaderEpoch(1)) == EpochEnd{LeaderEpoch(1), LogOffset(4)});
  CHECK(diverging(6, LeaderEpoch(2)) == EpochEnd{LeaderEpoch(1), LogOffset(4)});
  CHECK(diverging(9, LeaderEpoch(6)) == EpochEnd{LeaderEpoch(6), LogOffset(6)});
  CHECK(diverging(0, {}) == std::nullopt);
  CHECK(diverging(2, {}) == EpochEnd{kNoEpoch, LogOffset(0)});
}

TEST_CASE("a wait for appends ends with the append or the leadership", "[replica]") {
  FollowerFixture f;
  int wakes = 0;
  const auto wake = [&] { ++wakes; };
  f.replica()->AwaitAppended(1, LogOffset(0), wake);
  f.scheduler().RunReady();
  CHECK(wakes == 1);  // It does not lead.
  REQUIRE(f.Become(kBucket, LeadWithoutFollowers(6)).ok());
  f.replica()->AwaitAppended(2, LogOffset(0), wake);
  f.replica()->AwaitAppended(3, LogOffset(1), wake);
  f.replica()->AwaitAppended(4, LogOffset(5), wake);
  f.scheduler().RunReady();
  CHECK(f.replica()->waiter_count() == 3);
  REQUIRE(f.Append(kBucket, Batch({1}), Acks::kLeader).ok());
  f.scheduler().RunReady();
  CHECK(wakes == 2);
  f.replica()->ForgetWait(4);
  REQUIRE(f.Become(kBucket, FollowUnder(7)).ok());
  CHECK(wakes == 3);
  CHECK(f.replica()->waiter_count() == 0);
}

TEST_CASE("nobody is followed while nobody leads", "[replica]") {
  FollowerFixture f;
  Leadership nobody = FollowUnder(6);
  nobody.leader = kNoServer;
  REQUIRE(f.Become(kBucket, nobody).ok());
  CHECK(f.duties().LeaderOf(kBucket) == kNoServer);
  REQUIRE(f.Become(kBucket, FollowUnder(7)).ok());
  CHECK(f.duties().LeaderOf(kBucket) == kLeader);
  REQUIRE(f.StopReplica(kBucket, false, 7).ok());
  CHECK(f.duties().LeaderOf(kBucket) == kNoServer);
}

TEST_CASE("what a process before did not sync is synced before anybody is told of it",
          "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket, LeadWithoutFollowers(1)).ok());
  REQUIRE(f.Append(kBucket, Batch({1}), Acks::kLeader).ok());
  f.Crash();
  REQUIRE(f.Start().ok());
  SECTION("it follows once it is") {
    REQUIRE(f.Become(kBucket, FollowUnder(5)).ok());
    REQUIRE(f.scheduler().RunUntil([&] { return f.duties().LeaderOf(kBucket) == kLeader; },
                                   Seconds(1)));
    CHECK(f.replicas().Find(kBucket)->log().recovery_point() == LogOffset(1));
  }
  SECTION("or never") {
    f.disk().faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
    REQUIRE(f.Become(kBucket, FollowUnder(5)).ok());
    f.scheduler().RunFor(Seconds(1));
    CHECK(f.duties().LeaderOf(kBucket) == kNoServer);
    CHECK(f.duties().FailuresOf(kBucket) == 1);
    CHECK(f.Become(kBucket, FollowUnder(6)).code() == ErrorCode::kLogStorage);
    CHECK(f.duties().FailuresOf(kBucket) == 2);  // Whoever said so did not know.
  }
}

}  // namespace strom::tablet
