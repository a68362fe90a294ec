#include "coordinator/state/election.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

namespace strom::coordinator {
namespace {

std::vector<ServerId> Servers(std::initializer_list<int> ids) {
  std::vector<ServerId> servers;
  for (const int id : ids) servers.emplace_back(id);
  return servers;
}

std::set<ServerId> Live(std::initializer_list<int> ids) {
  std::set<ServerId> live;
  for (const int id : ids) live.insert(ServerId(id));
  return live;
}

Leadership Of(int leader, int leader_epoch, int bucket_epoch, std::initializer_list<int> isr) {
  return {ServerId(leader), LeaderEpoch(leader_epoch), BucketEpoch(bucket_epoch), Servers(isr)};
}

const std::vector<ServerId> kReplicas = Servers({1, 2, 3});

}  // namespace

TEST_CASE("the first leader is the first live replica, and all live replicas are in sync",
          "[coordinator_state]") {
  CHECK(ElectFirst(kReplicas, Live({1, 2, 3})) == Of(1, 0, 0, {1, 2, 3}));
  CHECK(ElectFirst(kReplicas, Live({3, 2, 9})) == Of(2, 0, 0, {2, 3}));
  CHECK(ElectFirst(kReplicas, Live({9})) == std::nullopt);
  CHECK(ElectFirst({}, Live({1})) == std::nullopt);
}

TEST_CASE("a lost leader is followed by the first live member of the ISR", "[coordinator_state]") {
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1, 2, 3}), ServerId(1), Live({2, 3})) ==
        Of(2, 5, 8, {2, 3}));
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1, 3}), ServerId(1), Live({2, 3})) ==
        Of(3, 5, 8, {3}));
}

TEST_CASE("there is no unclean election", "[coordinator_state]") {
  // 2 and 3 live, but did not keep up.
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1}), ServerId(1), Live({2, 3})) ==
        Of(-1, 4, 8, {1}));
  CHECK(ElectAfterReturn(kReplicas, Of(-1, 4, 8, {1}), Live({2, 3})) == std::nullopt);
}

TEST_CASE("a lost follower leaves the ISR, and the leader stays", "[coordinator_state]") {
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1, 2, 3}), ServerId(3), Live({1, 2})) ==
        Of(1, 4, 8, {1, 2}));
}

TEST_CASE("a lost server that was not in sync changes nothing", "[coordinator_state]") {
  CHECK(ElectAfterLoss(kReplicas, Of(1, 4, 7, {1, 2}), ServerId(3), Live({1, 2})) == std::nullopt);
}

TEST_CASE("the last member of the ISR is waited for, not replaced", "[coordinator_state]") {
  const auto gone = ElectAfterLoss(kReplicas, Of(2, 4, 7, {2}), ServerId(2), Live({1, 3}));
  REQUIRE(gone == Of(-1, 4, 8, {2}));
  CHECK(ElectAfterReturn(kReplicas, *gone, Live({1, 2, 3})) == Of(2, 5, 9, {2}));
}

TEST_CASE("a return changes nothing for a bucket that has a leader", "[coordinator_state]") {
  CHECK(ElectAfterReturn(kReplicas, Of(1, 4, 7, {1}), Live({1, 2})) == std::nullopt);
}

TEST_CASE("when all die one after another, the last one to die leads first again",
          "[coordinator_state]") {
  Leadership now = *ElectFirst(kReplicas, Live({1, 2, 3}));
  now = *ElectAfterLoss(kReplicas, now, ServerId(1), Live({2, 3}));
  now = *ElectAfterLoss(kReplicas, now, ServerId(2), Live({3}));
  now = *ElectAfterLoss(kReplicas, now, ServerId(3), Live({}));
  CHECK(now == Of(-1, 2, 3, {3}));
  CHECK(ElectAfterReturn(kReplicas, now, Live({1, 2})) == std::nullopt);
  CHECK(ElectAfterReturn(kReplicas, now, Live({1, 3})) == Of(3, 3, 4, {3}));
}

// Every sequence of six losses and returns of three servers.
TEST_CASE("whatever happens, leaders live and are in sync, and epochs only rise",
          "[coordinator_state]") {
  for (int sequence = 0; sequence < 729; ++sequence) {
    std::set<ServerId> live = Live({1, 2, 3});
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
