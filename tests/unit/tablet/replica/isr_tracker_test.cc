#include "tablet/replica/isr_tracker.h"

#include <catch2/catch_test_macros.hpp>

#include "common/base/result.h"

namespace strom::tablet {
namespace {

using Servers = std::vector<ServerId>;

constexpr ServerId kLeader{1}, kSecond{2}, kThird{3};
constexpr MonoDuration kLag = Seconds(10);

MonoTime At(int64_t ms) { return MonoTime() + Seconds(1000) + Millis(ms); }

IsrTracker::Committed Isr(Servers isr, size_t isr_min = 1) {
  return {.replicas = {kLeader, kSecond, kThird}, .isr = std::move(isr), .isr_min = isr_min};
}

// The leader of epoch start `start`, whose log ends at 100.
IsrTracker Leading(IsrTracker::Committed committed, int64_t start = 0, int64_t high_watermark = 0) {
  IsrTracker isr({.leader = kLeader, .epoch_start = LogOffset(start), .lag_max = kLag},
                 std::move(committed), LogOffset(high_watermark), At(0));
  isr.OnLeaderLog(LogOffset(100), LogOffset(100));
  return isr;
}

void Fetch(IsrTracker& isr, ServerId follower, int64_t position, MonoTime now = At(1)) {
  REQUIRE(isr.OnFollowerFetch(follower, LogOffset(position), now).ok());
}

}  // namespace

TEST_CASE("high watermark waits for the slowest ISR member", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond, kThird}));
  SECTION("one follower is not enough") {
    Fetch(isr, kSecond, 100);
    CHECK(isr.high_watermark() == LogOffset(0));
  }
  SECTION("it moves to the smallest position") {
    Fetch(isr, kSecond, 100);
    Fetch(isr, kThird, 40);
    CHECK(isr.high_watermark() == LogOffset(40));
  }
  SECTION("the leader's own position counts, not its log's end") {
    Fetch(isr, kSecond, 100);
    Fetch(isr, kThird, 100);
    isr.OnLeaderLog(LogOffset(200), LogOffset(150));
    Fetch(isr, kSecond, 200);
    Fetch(isr, kThird, 200);
    CHECK(isr.high_watermark() == LogOffset(150));
  }
  SECTION("it never goes back") {
    Fetch(isr, kSecond, 100);
    Fetch(isr, kThird, 60);
    Fetch(isr, kThird, 20);
    CHECK(isr.high_watermark() == LogOffset(60));
  }
  SECTION("a stranger is refused") {
    CHECK(isr.OnFollowerFetch(ServerId(9), LogOffset(1), At(1)).code() ==
          ErrorCode::kNotLeaderOrFollower);
  }
}

TEST_CASE("a leader alone commits what counts of its log", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader}));
  CHECK(isr.high_watermark() == LogOffset(100));
  isr.OnLeaderLog(LogOffset(120), LogOffset(110));
  CHECK(isr.high_watermark() == LogOffset(110));
}

TEST_CASE("with fewer members than there must be nothing is committed", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader}, 2));
  CHECK_FALSE(isr.has_enough());
  CHECK(isr.high_watermark() == LogOffset(0));
  isr.OnCommitted(Isr({kLeader, kSecond}, 2), At(1));
  CHECK(isr.has_enough());
  CHECK(isr.high_watermark() == LogOffset(0));
  Fetch(isr, kSecond, 70, At(2));
  CHECK(isr.high_watermark() == LogOffset(70));
  isr.OnCommitted(Isr({kLeader}, 2), At(3));
  CHECK(isr.high_watermark() == LogOffset(70));
}

TEST_CASE("a follower joins once it has what is committed and what the epoch began with",
          "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader}), /*start=*/50, /*high_watermark=*/30);
  REQUIRE(isr.high_watermark() == LogOffset(100));
  Fetch(isr, kSecond, 99);
  CHECK_FALSE(isr.Propose(At(1)));  // Below the high watermark.

  IsrTracker behind({.leader = kLeader, .epoch_start = LogOffset(50), .lag_max = kLag},
                    Isr({kLeader, kThird}), LogOffset(30), At(0));
  behind.OnLeaderLog(LogOffset(100), LogOffset(100));
  Fetch(behind, kSecond, 40);
  CHECK_FALSE(behind.Propose(At(1)));  // Of this leader's records it has none.
  Fetch(behind, kSecond, 50);
  CHECK(behind.Propose(At(1)) == Servers{kLeader, kThird, kSecond});
}

TEST_CASE("the high watermark waits for a proposed member before it is one", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader}));
  Fetch(isr, kSecond, 100);
  REQUIRE(isr.Propose(At(1)) == Servers{kLeader, kSecond});
  isr.OnLeaderLog(LogOffset(150), LogOffset(150));
  CHECK(isr.high_watermark() == LogOffset(100));
  CHECK_FALSE(isr.Propose(At(2)));  // One at a time.
  SECTION("refused for certain, it counts no more") {
    isr.OnRefused(At(3));
    CHECK(isr.high_watermark() == LogOffset(150));
  }
  SECTION("in doubt it goes on to count, until a newer state is known") {
    isr.OnDoubt(At(3));
    CHECK(isr.high_watermark() == LogOffset(100));
    isr.OnCommitted(Isr({kLeader}), At(4));
    CHECK(isr.high_watermark() == LogOffset(150));
  }
  SECTION("committed, it counts as any") {
    isr.OnCommitted(Isr({kLeader, kSecond}), At(3));
    CHECK(isr.high_watermark() == LogOffset(100));
    Fetch(isr, kSecond, 150, At(4));
    CHECK(isr.high_watermark() == LogOffset(150));
  }
}

TEST_CASE("a member that is to leave counts until that is committed", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond, kThird}));
  Fetch(isr, kSecond, 100, At(9999));
  CHECK_FALSE(isr.Propose(At(9999)));
  CHECK(isr.next_check(At(9999)) == At(0) + kLag);
  REQUIRE(isr.Propose(At(10'000)) == Servers{kLeader, kSecond});
  CHECK(isr.high_watermark() == LogOffset(0));
  CHECK(isr.next_check(At(10'000)) == MonoTime::Infinite());
  isr.OnCommitted(Isr({kLeader, kSecond}), At(10'001));
  CHECK(isr.high_watermark() == LogOffset(100));
}

TEST_CASE("who gets to the end lags behind only when more is appended", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond}));
  Fetch(isr, kSecond, 100, At(1));
  CHECK(isr.next_check(At(1)) == MonoTime::Infinite());
  CHECK_FALSE(isr.Propose(At(100'000)));
  isr.OnLeaderLog(LogOffset(101), LogOffset(101));
  CHECK(isr.next_check(At(2)) == At(1) + kLag);
  CHECK(isr.Propose(At(10'001)) == Servers{kLeader});
}

TEST_CASE("a steady small lag is none", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond}));
  int64_t end = 100;
  Fetch(isr, kSecond, end, At(0));
  // At each fetch there is more, but what there was at the last one is there.
  for (int64_t ms = 5000; ms <= 60'000; ms += 5000) {
    isr.OnLeaderLog(LogOffset(end + 10), LogOffset(end + 10));
    Fetch(isr, kSecond, end, At(ms));
    end += 10;
    CHECK_FALSE(isr.Propose(At(ms)));
  }
  // It stands still.
  Fetch(isr, kSecond, end - 20, At(65'000));
  Fetch(isr, kSecond, end - 20, At(70'000));
  CHECK(isr.Propose(At(75'000)) == Servers{kLeader});
}

TEST_CASE("a member that lost committed records leaves at once", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond}));
  Fetch(isr, kSecond, 100);
  Fetch(isr, kSecond, 60, At(2));
  CHECK(isr.Propose(At(2)) == Servers{kLeader});
}

TEST_CASE("a proposal that failed is repeated, later and later", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader}));
  int64_t now = 1;
  for (const int64_t pause : {50, 100, 200, 400, 800, 1000, 1000}) {
    Fetch(isr, kSecond, 100, At(now));
    REQUIRE(isr.Propose(At(now)));
    now % 2 == 0 ? isr.OnDoubt(At(now)) : isr.OnRefused(At(now));
    Fetch(isr, kSecond, 100, At(now));
    CHECK(isr.next_check(At(now)) == At(now + pause));
    CHECK_FALSE(isr.Propose(At(now + pause - 1)));
    now += pause;
  }
  REQUIRE(isr.Propose(At(now)));
  isr.OnCommitted(Isr({kLeader}), At(now));
  Fetch(isr, kSecond, 100, At(now));
  CHECK(isr.Propose(At(now)));  // Another state, another try.
}

TEST_CASE("what a follower had does not count under a newer state until it fetches again",
          "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader}, /*isr_min=*/2));  // Nothing is committed meanwhile.
  Fetch(isr, kSecond, 100);
  // It was started anew, perhaps without its disk: the coordinator raised the bucket's epoch.
  isr.OnCommitted(Isr({kLeader}, 2), At(2));
  CHECK_FALSE(isr.Propose(At(2)));
  Fetch(isr, kSecond, 100, At(3));
  CHECK(isr.Propose(At(3)) == Servers{kLeader, kSecond});
}

TEST_CASE("the dead are not in the way of those who may join", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond}));
  Fetch(isr, kSecond, 100);
  // It died where everybody is, and nothing was appended since.
  isr.OnCommitted(Isr({kLeader}), At(1));
  CHECK_FALSE(isr.Propose(At(1)));
  CHECK(isr.next_check(At(1)) == MonoTime::Infinite());
  Fetch(isr, kSecond, 100, At(2));
  Fetch(isr, kThird, 100, At(2));
  REQUIRE(isr.Propose(At(2)) == Servers{kLeader, kSecond, kThird});
  isr.OnRefused(At(2));  // Dead again, says the coordinator of one of them.
  Fetch(isr, kThird, 100, At(60));
  CHECK(isr.Propose(At(60)) == Servers{kLeader, kThird});
}

TEST_CASE("in doubt the committed ISR itself is proposed to make sure", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kThird}));
  Fetch(isr, kThird, 100);
  Fetch(isr, kSecond, 100);
  REQUIRE(isr.Propose(At(1)) == Servers{kLeader, kThird, kSecond});
  isr.OnDoubt(At(1));
  // The one that was to join lost everything: nobody would ask for it now.
  Fetch(isr, kSecond, 0, At(2));
  CHECK(isr.Propose(At(1000)) == Servers{kLeader, kThird});
}

TEST_CASE("new members have as long as any to show themselves, old ones no longer", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond}));
  isr.OnCommitted(Isr({kLeader, kSecond, kThird}), At(9000));
  CHECK(isr.Propose(At(10'000)) == Servers{kLeader, kThird});
  isr.OnCommitted(Isr({kLeader, kThird}), At(10'000));
  CHECK_FALSE(isr.Propose(At(18'999)));
  CHECK(isr.Propose(At(19'000)) == Servers{kLeader});
}

TEST_CASE("who may be elected next is in the committed ISR, or in one that may have been taken over",
          "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond}));
  CHECK(isr.Electable() == Servers{kSecond});
  Fetch(isr, kSecond, 100);
  Fetch(isr, kThird, 100);
  REQUIRE(isr.Propose(At(1)) == Servers{kLeader, kSecond, kThird});
  CHECK(isr.Electable() == Servers{kSecond, kThird});  // From the moment it is proposed.

  SECTION("a refusal is certain") {
    isr.OnRefused(At(2));
    CHECK(isr.Electable() == Servers{kSecond});
  }
  SECTION("a doubt lasts until there is a newer state") {
    isr.OnDoubt(At(2));
    CHECK(isr.Electable() == Servers{kSecond, kThird});
    REQUIRE(isr.Propose(At(100)));
    isr.OnRefused(At(101));
    CHECK(isr.Electable() == Servers{kSecond, kThird});
    isr.OnCommitted(Isr({kLeader}), At(102));
    CHECK(isr.Electable().empty());
  }
  SECTION("a shrink counts once it is committed") {
    isr.OnCommitted(Isr({kLeader, kSecond, kThird}), At(3));
    isr.OnLeaderLog(LogOffset(200), LogOffset(200));
    Fetch(isr, kSecond, 200, At(20'000));
    REQUIRE(isr.Propose(At(20'000)) == Servers{kLeader, kSecond});
    CHECK(isr.Electable() == Servers{kSecond, kThird});
    isr.OnCommitted(Isr({kLeader, kSecond}), At(20'001));
    CHECK(isr.Electable() == Servers{kSecond});
  }
}

TEST_CASE("nobody joins before that is allowed; members may leave", "[replica]") {
  IsrTracker isr = Leading(Isr({kLeader, kSecond}));
  isr.LetJoinFrom(At(20'000));
  Fetch(isr, kSecond, 100);
  Fetch(isr, kThird, 100);
  CHECK_FALSE(isr.Propose(At(2)));
  CHECK(isr.next_check(At(2)) == At(20'000));
  SECTION("when it is") {
    CHECK(isr.Propose(At(20'000)) == Servers{kLeader, kSecond, kThird});
  }
  SECTION("or sooner") {
    isr.LetJoinFrom(At(3));
    CHECK(isr.next_check(At(3)) == At(3));
    CHECK(isr.Propose(At(3)) == Servers{kLeader, kSecond, kThird});
  }
  SECTION("a member leaves") {
    isr.OnLeaderLog(LogOffset(200), LogOffset(200));
    CHECK(isr.next_check(At(5)) < At(20'000));
    CHECK(isr.Propose(At(15'000)) == Servers{kLeader});
  }
}

}  // namespace strom::tablet
