// ISRs that leaders want, and servers that stop, refuse connections, or come with other disks.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/coordinator/state/state_samples.h"

namespace strom::coordinator {
namespace {

constexpr CoordinatorEpoch kEpoch{6};

// Server 1 leads db.t's bucket 0 with all of 1, 2 and 3 in sync, at leader epoch 0.
ClusterState ThreeReplicas() {
  ClusterState state;
  state.Start(Ids({1, 2, 3}));
  state.AddTable(Table(1, "t"), Lists({{1, 2, 3}}));
  return state;
}

const Leadership& Now(const ClusterState& state, int32_t bucket = 0) {
  return *state.Find(Bucket(1, bucket))->leadership;
}

IsrProposal Proposal(const Leadership& seen, std::initializer_list<int> isr) {
  return {.bucket = Bucket(1, 0),
          .leader = seen.leader,
          .coordinator_epoch = kEpoch,
          .leader_epoch = seen.leader_epoch,
          .bucket_epoch = seen.bucket_epoch,
          .isr = List(isr)};
}

ErrorCode Refusal(ClusterState& state, const IsrProposal& proposal) {
  Effects effects;
  const auto answer = state.AdjustIsr(proposal, kEpoch, effects);
  CHECK(effects.write.empty());
  return answer.status().code();
}

}  // namespace

TEST_CASE("an ISR that its leader proposes is written, and only its leader hears of it",
          "[coordinator_state]") {
  ClusterState state = ThreeReplicas();
  Effects effects;
  const auto answer = state.AdjustIsr(Proposal(Now(state), {1, 3}), kEpoch, effects);
  REQUIRE(answer.ok());
  CHECK(*answer == Of(1, 0, 1, {1, 3}));
  CHECK(effects.write == LeadershipMap{{Bucket(1, 0), *answer}});
  CHECK(effects.notify.empty());
  CHECK(Now(state) == *answer);

  SECTION("a retry whose first answer got lost gets the same, also of a later coordinator") {
    IsrProposal again = Proposal(Of(1, 0, 0, {}), {3, 1});
    again.coordinator_epoch = CoordinatorEpoch(5);
    Effects nothing;
    CHECK(state.AdjustIsr(again, kEpoch, nothing).value() == *answer);
    CHECK(nothing.empty());
  }
  SECTION("members come back the same way") {
    CHECK(state.AdjustIsr(Proposal(Now(state), {1, 3, 2}), kEpoch, effects).value() ==
          Of(1, 0, 2, {1, 3, 2}));
    CHECK(effects.write.at(Bucket(1, 0)).isr == List({1, 3, 2}));
  }
  SECTION("one that was decided before in the same batch makes the next one stale") {
    CHECK(Refusal(state, Proposal(Of(1, 0, 0, {}), {1})) == ErrorCode::kInvalidUpdateVersion);
  }
}

TEST_CASE("an ISR proposed in view of another leadership is refused", "[coordinator_state]") {
  ClusterState state = ThreeReplicas();
  const Leadership before = Now(state);
  state.OnStopping(ServerId(1));
  REQUIRE(Now(state) == Of(2, 1, 1, {2, 3}));

  CHECK(Refusal(state, Proposal(before, {1, 2, 3})) == ErrorCode::kFencedLeaderEpoch);
  CHECK(Refusal(state, Proposal(Of(2, 0, 0, {}), {2})) == ErrorCode::kFencedLeaderEpoch);
  CHECK(Refusal(state, Proposal(Of(3, 1, 1, {}), {2, 3})) == ErrorCode::kFencedLeaderEpoch);
  CHECK(Refusal(state, Proposal(Of(2, 1, 0, {}), {2})) == ErrorCode::kInvalidUpdateVersion);
  CHECK(Refusal(state, Proposal(Of(2, 2, 1, {}), {2})) == ErrorCode::kInvalidCoordinator);
  CHECK(Refusal(state, Proposal(Of(2, 1, INT32_MAX, {}), {2})) == ErrorCode::kInvalidCoordinator);
  IsrProposal other = Proposal(Now(state), {2});
  other.coordinator_epoch = kEpoch.Next();
  CHECK(Refusal(state, other) == ErrorCode::kInvalidCoordinator);
  // Made under an older coordinator: who knows which lives began since then.
  other.coordinator_epoch = CoordinatorEpoch(5);
  CHECK(Refusal(state, other) == ErrorCode::kInvalidUpdateVersion);
  other.bucket = Bucket(1, 1);
  CHECK(Refusal(state, other) == ErrorCode::kUnknownTableOrBucket);
  CHECK(Now(state) == Of(2, 1, 1, {2, 3}));

  SECTION("a leader that lacks news is told them again, or it would wait for ever") {
    Effects effects;
    CHECK_FALSE(state.AdjustIsr(Proposal(Of(2, 1, 0, {}), {2}), kEpoch, effects).ok());
    CHECK(effects.notify.at(ServerId(2)).at(Bucket(1, 0)) == Now(state));
  }
  SECTION("a bucket without a leader takes no proposals, not even of nobody") {
    state.ChangeServers(Ids({2, 3}), {});
    REQUIRE(Now(state).leader == kNoServer);
    CHECK(Refusal(state, Proposal(Now(state), {2})) == ErrorCode::kFencedLeaderEpoch);
  }
}

TEST_CASE("a new member is a replica that can serve", "[coordinator_state]") {
  ClusterState state = ThreeReplicas();
  Effects effects;
  REQUIRE(state.AdjustIsr(Proposal(Now(state), {1, 2}), kEpoch, effects).ok());

  SECTION("not one that is gone") { state.ChangeServers(Ids({3}), {}); }
  SECTION("not one that wants to stop") { state.OnStopping(ServerId(3)); }
  SECTION("not one that refuses connections") { state.OnRefused(ServerId(3)); }
  CHECK(Refusal(state, Proposal(Now(state), {1, 2, 3})) == ErrorCode::kIneligibleReplica);
  CHECK(Refusal(state, Proposal(Now(state), {1, 2, 9})) == ErrorCode::kIneligibleReplica);
  CHECK(Refusal(state, Proposal(Now(state), {2})) == ErrorCode::kIneligibleReplica);
  CHECK(Refusal(state, Proposal(Now(state), {})) == ErrorCode::kIneligibleReplica);
  CHECK(Refusal(state, Proposal(Now(state), {1, 1})) == ErrorCode::kIneligibleReplica);
  // Whoever is in there already may stay, and the rest may go.
  CHECK(state.AdjustIsr(Proposal(Now(state), {1}), kEpoch, effects).ok());
}

// KIP-903.
TEST_CASE("a proposal that counts on a replica's former life is void", "[coordinator_state]") {
  ClusterState state = ThreeReplicas();
  Effects effects;
  REQUIRE(state.AdjustIsr(Proposal(Now(state), {1, 2}), kEpoch, effects).ok());
  const IsrProposal under_way = Proposal(Now(state), {1, 2, 3});

  const Effects restart = state.ChangeServers(Ids({3}), Ids({3}));
  CHECK(restart.write.at(Bucket(1, 0)) == Of(1, 0, 2, {1, 2}));
  CHECK(restart.notify.at(ServerId(1)).at(Bucket(1, 0)) == Of(1, 0, 2, {1, 2}));
  CHECK(Refusal(state, under_way) == ErrorCode::kInvalidUpdateVersion);
  CHECK(state.AdjustIsr(Proposal(Now(state), {1, 2, 3}), kEpoch, effects).ok());
}

TEST_CASE("a server that refuses connections loses what others can lead", "[coordinator_state]") {
  ClusterState state;
  state.Start(Ids({1, 2, 3}));
  state.AddTable(Table(1, "t"), Lists({{1, 2, 3}, {2, 1, 3}, {1}}));
  state.AddTable(Table(2, "rows", /*has_primary_key=*/true), Lists({{1, 2, 3}, {3, 1}}));
  const Effects effects = state.OnRefused(ServerId(1));

  CHECK(Now(state, 0) == Of(2, 1, 1, {2, 3}));
  CHECK(Now(state, 1) == Of(2, 0, 1, {2, 3}));
  CHECK(Now(state, 2) == Of(1, 0, 0, {1}));  // Nobody else could.
  CHECK(*state.Find(Bucket(2, 0))->leadership == Of(2, 1, 1, {2, 3}));
  CHECK(*state.Find(Bucket(2, 1))->leadership == Of(3, 0, 1, {3}));
  CHECK(effects.write.size() == 4);
  // It may be alive and answer lookups until its lease is over.
  REQUIRE(effects.deposed.size() == 1);
  CHECK(effects.deposed.at(ServerId(1)) ==
        std::map<TableBucket, Deposal>{
            {Bucket(2, 0), {.led = LeaderEpoch(0), .since = BucketEpoch(1)}}});
  // If it lives, it is the first that should know.
  CHECK(effects.notify.at(ServerId(1)).at(Bucket(1, 0)) == Now(state, 0));
  CHECK(effects.notify.at(ServerId(2)).at(Bucket(1, 0)) == Now(state, 0));
  CHECK(state.live().contains(ServerId(1)));
  CHECK(state.Loads().size() == 2);
  CHECK(state.LedBy(ServerId(1)) == std::vector{Bucket(1, 2)});
  CHECK(state.OnRefused(ServerId(1)).empty());

  SECTION("and the rest with its registration") {
    const Effects lost = state.ChangeServers(Ids({1}), {});
    CHECK(Now(state, 2) == Of(-1, 0, 1, {1}));
    CHECK(lost.deposed.empty());  // No table of rows was led by it any more.
    CHECK(state.LedBy(ServerId(1)).empty());
    // In its next life it is as any other.
    state.ChangeServers({}, Ids({1}));
    CHECK(state.is_able(ServerId(1)));
    CHECK(Now(state, 2) == Of(1, 1, 2, {1}));
  }
  SECTION("and is one that returned once it answers again") {
    const Effects back = state.OnReached(ServerId(1));
    CHECK(back.write.empty());
    CHECK(back.notify.at(ServerId(1)).size() == 5);
    CHECK(state.is_able(ServerId(1)));
    CHECK(state.OnReached(ServerId(1)).empty());
    Effects joined;
    IsrProposal join = Proposal(Now(state, 0), {2, 3, 1});
    CHECK(state.AdjustIsr(join, kEpoch, joined).ok());
  }
  SECTION("and may be needed after all when the others are lost") {
    state.ChangeServers(Ids({2, 3}), {});
    CHECK(*state.Find(Bucket(2, 1))->leadership == Of(-1, 0, 2, {3}));
    CHECK(Now(state, 0).leader == kNoServer);  // It left that ISR.
    const Effects back = state.OnReached(ServerId(1));
    CHECK(back.write.empty());
  }
}

TEST_CASE("a server that wants to stop is done without for the rest of its life",
          "[coordinator_state]") {
  ClusterState state;
  state.Start(Ids({1, 2, 3}));
  state.AddTable(Table(1, "t"), Lists({{1, 2, 3}, {2, 1}, {1}}));
  state.AddTable(Table(2, "rows", true), Lists({{1, 2}}));
  const Effects effects = state.OnStopping(ServerId(1));
  CHECK(effects.write.size() == 3);
  CHECK(Now(state, 0) == Of(2, 1, 1, {2, 3}));
  CHECK(Now(state, 1) == Of(2, 0, 1, {2}));
  CHECK(*state.Find(Bucket(2, 0))->leadership == Of(2, 1, 1, {2}));
  CHECK(state.LedBy(ServerId(1)) == std::vector{Bucket(1, 2)});
  CHECK(state.Loads().size() == 2);

  SECTION("it is elected nowhere") {
    state.ChangeServers(Ids({2, 3}), {});
    state.AddTable(Table(3, "u"), Lists({{1}}));
    CHECK(Now(state, 0).leader == kNoServer);
    CHECK_FALSE(state.Find(Bucket(3, 0))->leadership);
  }
  SECTION("asked again, it is done without where that has become possible") {
    state.ChangeServers(Ids({1}), Ids({1}));
    Effects joined;
    REQUIRE(state.AdjustIsr(Proposal(Now(state, 0), {2, 3, 1}), kEpoch, joined).ok());
    state.ChangeServers(Ids({2, 3}), {});
    REQUIRE(Now(state, 0).leader == ServerId(1));
    CHECK(state.OnStopping(ServerId(1)).empty());
    state.ChangeServers({}, Ids({2}));
    REQUIRE(state.AdjustIsr(Proposal(Now(state, 0), {1, 2}), kEpoch, joined).ok());
    CHECK(state.OnStopping(ServerId(1)).write.at(Bucket(1, 0)).leader == ServerId(2));
  }
}

TEST_CASE("a server's first directory is noted, and the same one later is no news",
          "[coordinator_state]") {
  ClusterState state = ThreeReplicas();
  state.ChangeServers(Ids({1}), {});
  CHECK_FALSE(state.KnowsDirectory(ServerId(1), "a"));
  const Effects first = state.TakeDirectories({{ServerId(1), "a"}});
  CHECK(first.directories == std::map<ServerId, std::string>{{ServerId(1), "a"}});
  CHECK(first.write.empty());
  CHECK(state.KnowsDirectory(ServerId(1), "a"));
  CHECK(state.KnowsDirectory(ServerId(1), ""));  // It tells none.
  CHECK(state.TakeDirectories({{ServerId(1), "a"}}).empty());
}

TEST_CASE("K1: a server with another disk leaves every ISR before anything is elected",
          "[coordinator_state]") {
  ClusterState state;
  state.LoadTable(Table(1, "t"), Lists({{1, 2}, {1, 2}, {1}, {2, 1}, {1, 2}}));
  state.LoadLeadership(Bucket(1, 0), Of(1, 5, 9, {1, 2}));
  state.LoadLeadership(Bucket(1, 1), Of(1, 5, 9, {1}));
  state.LoadLeadership(Bucket(1, 2), Of(1, 5, 9, {1}));
  state.LoadLeadership(Bucket(1, 3), Of(2, 5, 9, {2}));  // A proposal to add 1 is under way.
  // Bucket 4 never had a leader.
  state.LoadDirectory(ServerId(1), "a");
  state.LoadDirectory(ServerId(2), "c");
  const Effects taken = state.TakeDirectories({{ServerId(1), "b"}, {ServerId(2), "c"}});
  CHECK(taken.directories == std::map<ServerId, std::string>{{ServerId(1), "b"}});
  CHECK(taken.write == LeadershipMap{{Bucket(1, 0), Of(-1, 5, 10, {2})},
                                     {Bucket(1, 1), Of(-1, 5, 10, {1}, "a")},
                                     {Bucket(1, 2), Of(-1, 5, 10, {1}, "a")},
                                     {Bucket(1, 3), Of(2, 5, 10, {2})}});
  state.Start(Ids({1, 2}));
  CHECK(Now(state, 0) == Of(2, 6, 11, {2}));
  // Not over 1, which has more records than it, and not 1, which has none.
  CHECK(Now(state, 1) == Of(-1, 5, 10, {1}, "a"));
  CHECK(Now(state, 2) == Of(-1, 5, 10, {1}, "a"));
  CHECK(Now(state, 4) == Of(1, 0, 0, {1, 2}));
  CHECK(state.Count().bereft == 2);
  CHECK(state.Count().led == 3);
  CHECK(state.Count().buckets == 5);
  CHECK(state.Count().shrunk == 3);
  CHECK(state.Count().in_sync == 4);
  CHECK(state.Count().replicas == 9);

  SECTION("it stays so through any restart") {
    state.ChangeServers(Ids({1}), Ids({1}));
    state.ChangeServers(Ids({2}), Ids({2}));
    CHECK(state.TakeDirectories({}).empty());
    CHECK(Now(state, 1).leader == kNoServer);
    CHECK(Now(state, 1).awaited_directory == "a");
  }
  SECTION("its old disk brings the buckets back that waited for it") {
    state.ChangeServers(Ids({1}), {});
    const Effects back = state.TakeDirectories({{ServerId(1), "a"}});
    CHECK(back.write.at(Bucket(1, 1)) == Of(-1, 5, 11, {1}));
    // In the others the old disk is the stranger.
    CHECK(back.write.at(Bucket(1, 0)) == Of(2, 6, 12 + 1, {2}));
    CHECK(back.notify.at(ServerId(2)).contains(Bucket(1, 0)));
    state.ChangeServers({}, Ids({1}));
    CHECK(Now(state, 1) == Of(1, 6, 12, {1}));
    CHECK(Now(state, 2) == Of(1, 6, 12, {1}));
    CHECK(state.Count().bereft == 0);
  }
}

// Every sequence of five of these on three servers: loss, return with the same disk or another one,
// and leaders that shrink their ISR to themselves or grow it by all that can serve.
TEST_CASE("K1: whatever happens, whoever leads has every disk it ever had records on",
          "[coordinator_state]") {
  constexpr int kActions = 8;
  for (int sequence = 0; sequence < kActions * kActions * kActions * kActions * kActions;
       ++sequence) {
    ClusterState state = ThreeReplicas();
    std::map<ServerId, int> disk;  // 0 at first.
    for (int server = 1; server <= 3; ++server) {
      state.LoadDirectory(ServerId(server), "0");
      disk[ServerId(server)] = 0;
    }
    // The disks, by server, that hold all records: those of the ISR, as long as somebody leads.
    std::map<ServerId, int> complete = disk;
    Leadership before = Now(state);
    for (int step = 0, rest = sequence; step < 5; ++step, rest /= kActions) {
      const int action = rest % kActions;
      if (action < 6) {
        const ServerId server(action % 3 + 1);
        if (state.live().contains(server)) {
          state.ChangeServers(Ids({action % 3 + 1}), {});
        } else {
          if (action >= 3) ++disk[server];
          state.TakeDirectories({{server, std::to_string(disk[server])}});
          state.ChangeServers({}, Ids({action % 3 + 1}));
        }
      } else if (Now(state).leader != kNoServer) {
        IsrProposal proposal = Proposal(Now(state), {});
        proposal.isr = {Now(state).leader};
        for (const ServerId server : state.live()) {
          if (action == 7 && server != Now(state).leader) proposal.isr.push_back(server);
        }
        Effects effects;
        CHECK(state.AdjustIsr(proposal, kEpoch, effects).ok());
      }
      const Leadership& now = Now(state);
      INFO("sequence " << sequence << " step " << step);
      REQUIRE_FALSE(now.isr.empty());
      CHECK(now.bucket_epoch >= before.bucket_epoch);
      CHECK(now.leader_epoch >= before.leader_epoch);
      if (now.leader == kNoServer) continue;
      REQUIRE(state.is_able(now.leader));
      // It was complete before this step, on the disk that it has now.
      REQUIRE(complete.contains(now.leader));
      REQUIRE(complete.at(now.leader) == disk.at(now.leader));
      complete.clear();
      for (const ServerId member : now.isr) complete[member] = disk.at(member);
      before = now;
    }
  }
}

TEST_CASE(
    "a leader that refuses its epoch leads on under the next one, and all replicas hear of it",
    "[coordinator_state]") {
  ClusterState state = ThreeReplicas();
  state.OnLeaderServes(Bucket(1, 0), ServerId(1), LeaderEpoch(0));
  const std::map<TableBucket, LeaderEpoch> spent{{Bucket(1, 0), LeaderEpoch(0)},
                                                 {Bucket(9, 0), LeaderEpoch(0)}};
  const Effects effects = state.OnEpochsSpent(spent);
  CHECK(Now(state) == Of(1, 1, 1, {1, 2, 3}));
  CHECK_FALSE(state.Find(Bucket(1, 0))->serves());
  CHECK(effects.write == LeadershipMap{{Bucket(1, 0), Now(state)}});
  CHECK(effects.deposed.empty());
  for (const int server : {1, 2, 3}) {
    CHECK(effects.notify.at(ServerId(server)).at(Bucket(1, 0)) == Now(state));
  }

  SECTION("said of an epoch that is over, it changes nothing") {
    CHECK(state.OnEpochsSpent(spent).empty());
  }
  SECTION("nor where nobody leads by now") {
    state.ChangeServers(Ids({1, 2, 3}), {});
    CHECK(state.OnEpochsSpent({{Bucket(1, 0), Now(state).leader_epoch}}).empty());
  }
}

}  // namespace strom::coordinator
