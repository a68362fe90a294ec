#include "coordinator/state/election.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/coordinator/state/state_samples.h"

namespace strom::coordinator {
namespace {

const std::vector<ServerId> kReplicas = List({1, 2, 3});

}  // namespace

TEST_CASE("the first leader is the first live replica, and all live replicas are in sync",
          "[coordinator_state]") {
  CHECK(ElectFirst(kReplicas, Ids({1, 2, 3})) == Of(1, 0, 0, {1, 2, 3}));
  CHECK(ElectFirst(kReplicas, Ids({3, 2, 9})) == Of(2, 0, 0, {2, 3}));
  CHECK(ElectFirst(kReplicas, Ids({9})) == std::nullopt);
  CHECK(ElectFirst({}, Ids({1})) == std::nullopt);
}

TEST_CASE("a lost leader is followed by the first live member of the ISR", "[coordinator_state]") {
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1, 2, 3}), ServerId(1), Ids({2, 3})) ==
        Of(2, 5, 8, {2, 3}));
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1, 3}), ServerId(1), Ids({2, 3})) ==
        Of(3, 5, 8, {3}));
}

TEST_CASE("there is no unclean election", "[coordinator_state]") {
  // 2 and 3 live, but did not keep up.
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1}), ServerId(1), Ids({2, 3})) ==
        Of(-1, 4, 8, {1}));
  CHECK(ElectAfterReturn(kReplicas, Of(-1, 4, 8, {1}), Ids({2, 3})) == std::nullopt);
}

TEST_CASE("a lost follower leaves the ISR, and the leader stays", "[coordinator_state]") {
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1, 2, 3}), ServerId(3), Ids({1, 2})) ==
        Of(1, 4, 8, {1, 2}));
}

// KIP-903: what the leader proposes in view of the records that 3 had before it fell is void.
TEST_CASE("a lost server that was not in sync changes the bucket epoch alone",
          "[coordinator_state]") {
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1, 2}), ServerId(3), Ids({1, 2})) ==
        Of(1, 4, 8, {1, 2}));
  CHECK(ElectAfterLoss(kReplicas, Of(-1, 4, 7, {2}), ServerId(3), Ids({1})) == std::nullopt);
}

TEST_CASE("whoever leaves is replaced where somebody can, and else stays what it is",
          "[coordinator_state]") {
  SECTION("a leader") {
    CHECK(ElectWithout(kReplicas, Of(1, 4, 7, {1, 2, 3}), ServerId(1), Ids({2, 3})) ==
          Of(2, 5, 8, {2, 3}));
    CHECK(ElectWithout(kReplicas, Of(1, 4, 7, {1, 2, 3}), ServerId(1), Ids({3})) ==
          Of(3, 5, 8, {2, 3}));
  }
  SECTION("a leader that alone is in sync, or with others that cannot serve") {
    CHECK(ElectWithout(kReplicas, Of(1, 4, 7, {1}), ServerId(1), Ids({2, 3})) == std::nullopt);
    CHECK(ElectWithout(kReplicas, Of(1, 4, 7, {1, 2}), ServerId(1), Ids({3})) == std::nullopt);
  }
  SECTION("a follower") {
    CHECK(ElectWithout(kReplicas, Of(1, 4, 7, {1, 2}), ServerId(2), Ids({1})) == Of(1, 4, 8, {1}));
    CHECK(ElectWithout(kReplicas, Of(1, 4, 7, {1, 2}), ServerId(3), Ids({1})) == std::nullopt);
  }
  SECTION("one of those that may be needed") {
    CHECK(ElectWithout(kReplicas, Of(-1, 4, 7, {1, 2}), ServerId(1), Ids({})) == std::nullopt);
  }
}

// K1: nobody is elected from an empty log, and nobody over the one that has all records.
TEST_CASE("K1: who comes back with another disk leaves the ISR before anything is elected",
          "[coordinator_state]") {
  const std::string lost = "disk-a";
  SECTION("others have all records: one of them follows") {
    const Leadership without = AfterDirectoryLoss(Of(1, 4, 7, {1, 2}), ServerId(1), lost);
    CHECK(without == Of(-1, 4, 8, {2}));
    CHECK(ElectAfterReturn(kReplicas, without, Ids({1, 3})) == std::nullopt);
    CHECK(ElectAfterReturn(kReplicas, without, Ids({1, 2})) == Of(2, 5, 9, {2}));
  }
  SECTION("another one leads: it goes on") {
    CHECK(AfterDirectoryLoss(Of(2, 4, 7, {1, 2}), ServerId(1), lost) == Of(2, 4, 8, {2}));
    CHECK(AfterDirectoryLoss(Of(2, 4, 7, {2}), ServerId(1), lost) == Of(2, 4, 8, {2}));
  }
  SECTION("it alone had all records: nobody leads, neither it nor who lacks some") {
    const Leadership bereft = AfterDirectoryLoss(Of(1, 4, 7, {1}), ServerId(1), lost);
    CHECK(bereft == Of(-1, 4, 8, {1}, lost));
    CHECK(ElectAfterReturn(kReplicas, bereft, Ids({1, 2, 3})) == std::nullopt);

    SECTION("until its disk is back") {
      CHECK(AfterDirectoryReturn(bereft, ServerId(1), "disk-b") == std::nullopt);
      CHECK(AfterDirectoryReturn(bereft, ServerId(2), lost) == std::nullopt);
      const auto back = AfterDirectoryReturn(bereft, ServerId(1), lost);
      REQUIRE(back == Of(-1, 4, 9, {1}));
      CHECK(ElectAfterReturn(kReplicas, *back, Ids({1, 2, 3})) == Of(1, 5, 10, {1}));
    }
    SECTION("a third disk is not the first one") {
      CHECK(AfterDirectoryLoss(bereft, ServerId(1), "disk-b") == Of(-1, 4, 9, {1}, lost));
    }
  }
}

TEST_CASE("K1: the last one in sync that falls and rises with its disk leads, and nobody before",
          "[coordinator_state]") {
  Leadership now = Of(1, 4, 7, {1});
  now = *ElectAfterLoss(kReplicas, now, ServerId(1), Ids({2, 3}));
  CHECK(ElectAfterReturn(kReplicas, now, Ids({2, 3})) == std::nullopt);
  CHECK(ElectAfterReturn(kReplicas, now, Ids({1, 2, 3})) == Of(1, 5, 9, {1}));
}

TEST_CASE("the last member of the ISR is waited for, not replaced", "[coordinator_state]") {
  const auto gone = ElectAfterLoss(kReplicas, Of(2, 4, 7, {2}), ServerId(2), Ids({1, 3}));
  REQUIRE(gone == Of(-1, 4, 8, {2}));
  CHECK(ElectAfterReturn(kReplicas, *gone, Ids({1, 2, 3})) == Of(2, 5, 9, {2}));
}

TEST_CASE("a return changes nothing for a bucket that has a leader", "[coordinator_state]") {
  CHECK(ElectAfterReturn(kReplicas, Of(1, 4, 7, {1}), Ids({1, 2})) == std::nullopt);
}

TEST_CASE("when all die one after another, the last one to die leads first again",
          "[coordinator_state]") {
  Leadership now = *ElectFirst(kReplicas, Ids({1, 2, 3}));
  now = *ElectAfterLoss(kReplicas, now, ServerId(1), Ids({2, 3}));
  now = *ElectAfterLoss(kReplicas, now, ServerId(2), Ids({3}));
  now = *ElectAfterLoss(kReplicas, now, ServerId(3), Ids({}));
  CHECK(now == Of(-1, 2, 3, {3}));
  CHECK(ElectAfterReturn(kReplicas, now, Ids({1, 2})) == std::nullopt);
  CHECK(ElectAfterReturn(kReplicas, now, Ids({1, 3})) == Of(3, 3, 4, {3}));
}

// Every sequence of six losses and returns of three servers.
TEST_CASE("whatever happens, leaders live and are in sync, and epochs only rise",
          "[coordinator_state]") {
  for (int sequence = 0; sequence < 729; ++sequence) {
    std::set<ServerId> live = Ids({1, 2, 3});
    Leadership now = *ElectFirst(kReplicas, live);
    for (int step = 0, rest = sequence; step < 6; ++step, rest /= 3) {
      const ServerId server(rest % 3 + 1);
      const bool lost = live.contains(server);
      lost ? (void)live.erase(server) : (void)live.insert(server);
      const auto next = lost ? ElectAfterLoss(kReplicas, now, server, live)
                             : ElectAfterReturn(kReplicas, now, live);
      if (!next) continue;
      INFO("sequence " << sequence << " step " << step);
      CHECK(next->bucket_epoch == now.bucket_epoch.Next());
      const bool new_leader = next->leader != now.leader && next->leader != kNoServer;
      CHECK(next->leader_epoch == (new_leader ? now.leader_epoch.Next() : now.leader_epoch));
      REQUIRE_FALSE(next->isr.empty());
      if (next->leader != kNoServer) {
        CHECK(live.contains(next->leader));
        CHECK(std::count(next->isr.begin(), next->isr.end(), next->leader) == 1);
      }
      // Members join an ISR through AdjustIsr only.
      for (const ServerId member : next->isr) {
        CHECK(std::count(now.isr.begin(), now.isr.end(), member) == 1);
      }
      now = *next;
    }
  }
}

}  // namespace strom::coordinator
