// Replicas that are out of service while their servers live.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/coordinator/state/state_samples.h"

namespace strom::coordinator {
namespace {

constexpr CoordinatorEpoch kEpoch{6};

// Bucket 0 of db.t: server 1 leads, 2 and 3 are in sync. Bucket 1: server 2 leads, with 1.
ClusterState TwoBuckets() {
  ClusterState state;
  state.Start(Ids({1, 2, 3}));
  state.AddTable(Table(1, "t"), Lists({{1, 2, 3}, {2, 1}}));
  return state;
}

const Leadership& Now(const ClusterState& state, int32_t bucket = 0) {
  return *state.Find(Bucket(1, bucket))->leadership;
}

Result<Leadership> Propose(ClusterState& state, std::initializer_list<int> isr) {
  Effects effects;
  const Leadership& seen = Now(state);
  return state.AdjustIsr({.bucket = Bucket(1, 0),
                          .leader = seen.leader,
                          .coordinator_epoch = kEpoch,
                          .leader_epoch = seen.leader_epoch,
                          .bucket_epoch = seen.bucket_epoch,
                          .isr = List(isr)},
                         kEpoch, effects);
}

}  // namespace

TEST_CASE("where a leader failed another one of the ISR leads, and all replicas hear of it",
          "[coordinator_state]") {
  ClusterState state = TwoBuckets();
  const Effects effects = state.OnReplicasFailed(ServerId(1), {Bucket(1, 0)});
  CHECK(Now(state) == Of(2, 1, 1, {2, 3}));
  CHECK(effects.write == LeadershipMap{{Bucket(1, 0), Now(state)}});
  for (const int server : {1, 2, 3}) {
    CHECK(effects.notify.at(ServerId(server)).at(Bucket(1, 0)) == Now(state));
  }
  // One bucket only: the server is as able as before.
  CHECK(Now(state, 1) == Of(2, 0, 0, {2, 1}));
  CHECK(state.is_able(ServerId(1)));

  SECTION("said again, it is no news") {
    CHECK(state.OnReplicasFailed(ServerId(1), {Bucket(1, 0)}).empty());
  }
  SECTION("it joins no ISR") {
    CHECK(Propose(state, {2, 3, 1}).status().code() == ErrorCode::kIneligibleReplica);
  }
  SECTION("it is not elected where the others go away") {
    state.ChangeServers(Ids({2}), {});
    state.ChangeServers(Ids({3}), {});
    CHECK(Now(state).leader == kNoServer);
    CHECK(Now(state).isr == List({3}));
    CHECK(Now(state, 1) == Of(1, 1, 1, {1}));
  }
  SECTION("until its server begins another life") {
    state.ChangeServers(Ids({1}), Ids({1}));
    CHECK(Propose(state, {2, 3, 1}).ok());
    CHECK(state.OnReplicasFailed(ServerId(1), {Bucket(1, 0)}).write.at(Bucket(1, 0)).isr ==
          List({2, 3}));
  }
}

TEST_CASE("a follower that failed leaves the ISR, and no proposal under way brings it back",
          "[coordinator_state]") {
  ClusterState state = TwoBuckets();
  SECTION("from within the ISR") {
    state.OnReplicasFailed(ServerId(3), {Bucket(1, 0)});
    CHECK(Now(state) == Of(1, 0, 1, {1, 2}));
  }
  SECTION("from outside") {
    REQUIRE(Propose(state, {1, 2}).ok());
    state.OnReplicasFailed(ServerId(3), {Bucket(1, 0)});
    CHECK(Now(state) == Of(1, 0, 2, {1, 2}));
  }
  CHECK(Propose(state, {1, 2, 3}).status().code() == ErrorCode::kIneligibleReplica);
  CHECK(Propose(state, {1}).ok());
}

TEST_CASE("where the last member of an ISR failed nobody leads until its server starts anew",
          "[coordinator_state]") {
  ClusterState state = TwoBuckets();
  REQUIRE(Propose(state, {1}).ok());
  state.OnReplicasFailed(ServerId(1), {Bucket(1, 0)});
  CHECK(Now(state) == Of(-1, 0, 2, {1}));

  SECTION("not when others, or it itself, can be reached again") {
    for (const int server : {1, 2}) {
      state.OnRefused(ServerId(server));
      state.OnReached(ServerId(server));
    }
    state.ChangeServers(Ids({3}), Ids({3}));
    CHECK(Now(state).leader == kNoServer);
    CHECK(Now(state).isr == List({1}));
  }
  state.ChangeServers(Ids({1}), Ids({1}));
  CHECK(Now(state).leader == ServerId(1));
  CHECK(Now(state).leader_epoch == LeaderEpoch(1));
  CHECK(Now(state).isr == List({1}));
}

TEST_CASE("members that cannot serve now are waited for where the leader failed",
          "[coordinator_state]") {
  ClusterState state = TwoBuckets();
  state.OnStopping(ServerId(2));  // It led bucket 1, and now 1 does.
  REQUIRE(Now(state, 1) == Of(1, 1, 1, {1}));
  REQUIRE(Propose(state, {1, 3}).ok());
  state.OnReplicasFailed(ServerId(3), {Bucket(1, 0)});
  state.OnReplicasFailed(ServerId(1), {Bucket(1, 0), Bucket(1, 1)});
  CHECK(Now(state).leader == kNoServer);
  CHECK(Now(state).isr == List({1}));
  CHECK(Now(state, 1).leader == kNoServer);
}

TEST_CASE("failures of buckets that are gone, or are none of the server's, do nothing",
          "[coordinator_state]") {
  ClusterState state = TwoBuckets();
  CHECK(state.OnReplicasFailed(ServerId(3), {Bucket(1, 1), Bucket(9, 0)}).empty());
  state.RemoveTable(TableId(1));
  CHECK(state.OnReplicasFailed(ServerId(1), {Bucket(1, 0)}).empty());
  CHECK(state.ChangeServers(Ids({1}), Ids({1})).write.empty());
}

}  // namespace strom::coordinator
