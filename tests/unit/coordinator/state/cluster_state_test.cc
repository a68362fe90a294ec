#include "coordinator/state/cluster_state.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/coordinator/state/state_samples.h"

namespace strom::coordinator {
TEST_CASE("a new table's buckets get leaders, and all their replicas hear of it",
          "[coordinator_state]") {
  ClusterState state;
  CHECK(state.Start(Ids({1, 2, 3})).empty());
  const Effects effects = state.AddTable(Table(7, "t"), Lists({{1, 2}, {2, 3}}));
  REQUIRE(effects.write.size() == 2);
  CHECK(effects.write.at(Bucket(7, 0)).leader == ServerId(1));
  CHECK(effects.write.at(Bucket(7, 1)).leader == ServerId(2));
  CHECK(effects.write.at(Bucket(7, 1)).leader_epoch == LeaderEpoch(0));
  CHECK(effects.notify.at(ServerId(1)).size() == 1);
  CHECK(effects.notify.at(ServerId(2)).size() == 2);
  CHECK(effects.notify.at(ServerId(3)) ==
        LeadershipMap{{Bucket(7, 1), effects.write.at(Bucket(7, 1))}});
  CHECK(effects.remove.empty());

  SECTION("and can be found by path, id and bucket") {
    REQUIRE(state.Find(TablePath{"db", "t"}));
    CHECK(state.Find(TablePath{"db", "t"})->id == TableId(7));
    CHECK(state.Find(TableId(7))->path == TablePath{"db", "t"});
    CHECK_FALSE(state.Find(TablePath{"db", "u"}));
    CHECK_FALSE(state.Find(TableId(8)));
    CHECK(state.Find(Bucket(7, 1))->replicas == std::vector<ServerId>{ServerId(2), ServerId(3)});
    CHECK_FALSE(state.Find(Bucket(7, 2)));
    CHECK(state.BucketsOf(TableId(7)).size() == 2);
    CHECK(state.BucketsOf(TableId(6)).empty());
  }
  SECTION("and weighs on its servers") {
    const std::vector<ServerLoad> loads = state.Loads();
    REQUIRE(loads.size() == 3);
    CHECK(loads[0].replicas == 1);
    CHECK(loads[1].replicas == 2);
    CHECK(loads[1].leaders == 1);
    CHECK(loads[2].leaders == 0);
  }
  SECTION("and is served once each leader has said so, in its epoch") {
    CHECK(state.CountUnserved(TableId(7)) == 2);
    CHECK_FALSE(state.OnLeaderServes(Bucket(7, 0), ServerId(2), LeaderEpoch(0)));  // A follower.
    CHECK_FALSE(state.OnLeaderServes(Bucket(7, 0), ServerId(1), LeaderEpoch(1)));
    CHECK_FALSE(state.OnLeaderServes(Bucket(9, 0), ServerId(1), LeaderEpoch(0)));
    CHECK(state.CountUnserved(TableId(7)) == 2);
    CHECK(state.OnLeaderServes(Bucket(7, 0), ServerId(1), LeaderEpoch(0)));
    CHECK_FALSE(state.OnLeaderServes(Bucket(7, 0), ServerId(1), LeaderEpoch(0)));
    CHECK(state.OnLeaderServes(Bucket(7, 1), ServerId(2), LeaderEpoch(0)));
    CHECK(state.CountUnserved(TableId(7)) == 0);
  }
}

TEST_CASE("a bucket without a live replica waits for one", "[coordinator_state]") {
  ClusterState state;
  state.Start(Ids({1}));
  const Effects none = state.AddTable(Table(1, "t"), Lists({{2}}));
  CHECK(none.empty());
  CHECK(state.CountUnserved(TableId(1)) == 1);
  const Effects effects = state.ChangeServers({}, Ids({2}));
  CHECK(effects.write.at(Bucket(1, 0)).leader == ServerId(2));
  CHECK(effects.notify.at(ServerId(2)).contains(Bucket(1, 0)));
}

TEST_CASE("a lost server's buckets go to others, who are told, and it is not",
          "[coordinator_state]") {
  ClusterState state;
  state.Start(Ids({1, 2, 3}));
  state.AddTable(Table(1, "t"), Lists({{1, 2}, {2, 3}, {3, 1}}));
  const Effects effects = state.ChangeServers(Ids({1}), {});
  CHECK(effects.write.size() == 2);
  CHECK(effects.write.at(Bucket(1, 0)).leader == ServerId(2));
  CHECK(effects.write.at(Bucket(1, 0)).leader_epoch == LeaderEpoch(1));
  CHECK(effects.write.at(Bucket(1, 2)).leader == ServerId(3));
  CHECK(effects.write.at(Bucket(1, 2)).leader_epoch == LeaderEpoch(0));
  CHECK(effects.write.at(Bucket(1, 2)).bucket_epoch == BucketEpoch(1));
  CHECK(effects.notify.size() == 2);
  CHECK(effects.notify.at(ServerId(2)).size() == 1);
  CHECK(effects.notify.at(ServerId(3)).size() == 1);
  CHECK(state.live() == Ids({2, 3}));

  SECTION("and when it is back it hears of all it has, though nothing changes") {
    const Effects back = state.ChangeServers({}, Ids({1}));
    CHECK(back.write.empty());
    CHECK(back.notify.size() == 1);
    CHECK(back.notify.at(ServerId(1)).size() == 2);
    CHECK(back.notify.at(ServerId(1)).at(Bucket(1, 0)).leader == ServerId(2));
  }
}

TEST_CASE("a server that was started anew leads its only replicas in the next epoch",
          "[coordinator_state]") {
  ClusterState state;
  state.Start(Ids({1, 2}));
  state.AddTable(Table(1, "t"), Lists({{1}, {2}}));
  REQUIRE(state.OnLeaderServes(Bucket(1, 0), ServerId(1), LeaderEpoch(0)));

  SECTION("seen in one step") {
    const Effects effects = state.ChangeServers(Ids({1}), Ids({1}));
    REQUIRE(effects.write.size() == 1);
    CHECK(effects.write.at(Bucket(1, 0)).leader == ServerId(1));
    CHECK(effects.write.at(Bucket(1, 0)).leader_epoch == LeaderEpoch(1));
    CHECK(effects.notify.at(ServerId(1)).at(Bucket(1, 0)) == effects.write.at(Bucket(1, 0)));
  }
  SECTION("seen in two steps") {
    const Effects lost = state.ChangeServers(Ids({1}), {});
    CHECK(lost.write.at(Bucket(1, 0)).leader == kNoServer);
    CHECK(lost.notify.empty());
    const Effects back = state.ChangeServers({}, Ids({1}));
    CHECK(back.write.at(Bucket(1, 0)).leader_epoch == LeaderEpoch(1));
    CHECK(back.write.at(Bucket(1, 0)).bucket_epoch == BucketEpoch(2));
  }
  CHECK(state.CountUnserved(TableId(1)) == 2);  // What it said in its former life is void.
}

TEST_CASE("two servers lost at once do not elect each other", "[coordinator_state]") {
  ClusterState state;
  state.Start(Ids({1, 2, 3}));
  state.AddTable(Table(1, "t"), Lists({{1, 2, 3}}));
  const Effects effects = state.ChangeServers(Ids({1, 2}), {});
  CHECK(effects.write.at(Bucket(1, 0)).leader == ServerId(3));
  CHECK(effects.write.at(Bucket(1, 0)).isr == std::vector<ServerId>{ServerId(3)});
}

TEST_CASE("a dropped table is forgotten, and its replicas are to be deleted",
          "[coordinator_state]") {
  ClusterState state;
  state.Start(Ids({1, 2}));
  state.AddTable(Table(1, "keep"), Lists({{1}}));
  state.AddTable(Table(2, "drop"), Lists({{1, 2}, {2, 3}}));
  state.AddTable(Table(3, "keep_too"), Lists({{2}}));
  const Effects effects = state.RemoveTable(TableId(2));
  CHECK(effects.write.empty());
  CHECK(effects.notify.empty());
  CHECK(effects.remove.at(ServerId(1)).size() == 1);
  CHECK(effects.remove.at(ServerId(2)).size() == 2);
  CHECK_FALSE(effects.remove.contains(ServerId(3)));
  CHECK_FALSE(state.Find(TablePath{"db", "drop"}));
  CHECK(state.BucketsOf(TableId(2)).empty());
  CHECK(state.BucketsOf(TableId(1)).size() == 1);
  CHECK(state.BucketsOf(TableId(3)).size() == 1);
  CHECK(state.Loads()[0].replicas == 1);
  CHECK(state.Loads()[0].leaders == 1);

  SECTION("its name is free") {
    CHECK_FALSE(state.AddTable(Table(4, "drop"), Lists({{1}})).empty());
  }
  SECTION("a server that was away is told on its return") {
    const Effects back = state.ChangeServers({}, Ids({3}));
    CHECK(back.remove.at(ServerId(3)).contains(Bucket(2, 1)));
  }
  SECTION("one that has not said that it is done is told again in its next life") {
    state.OnRemoved(Bucket(2, 0), ServerId(2));
    const Effects back = state.ChangeServers(Ids({1, 2}), Ids({1, 2}));
    CHECK(back.remove.at(ServerId(1)).size() == 1);
    CHECK(back.remove.at(ServerId(2)).size() == 1);
    CHECK(back.remove.at(ServerId(2)).contains(Bucket(2, 1)));
  }
  SECTION("the last replica to go is the end of it") {
    CHECK(state.AwaitsRemovals(TableId(2)));
    CHECK_FALSE(state.AwaitsRemovals(TableId(1)));
    CHECK_FALSE(state.OnRemoved(Bucket(2, 0), ServerId(1)));
    CHECK_FALSE(state.OnRemoved(Bucket(2, 0), ServerId(1)));  // Said twice, counted once.
    CHECK_FALSE(state.OnRemoved(Bucket(2, 0), ServerId(2)));
    CHECK_FALSE(state.OnRemoved(Bucket(2, 1), ServerId(2)));
    CHECK(state.AwaitsRemovals(TableId(2)));
    CHECK(state.OnRemoved(Bucket(2, 1), ServerId(3)));
    CHECK_FALSE(state.AwaitsRemovals(TableId(2)));
  }
  SECTION("one that is done is left alone") {
    state.OnRemoved(Bucket(2, 0), ServerId(1));
    CHECK_FALSE(state.OnRemoved(Bucket(2, 0), ServerId(9)));  // Who?
    CHECK_FALSE(state.ChangeServers(Ids({1}), Ids({1})).remove.contains(ServerId(1)));
  }
}

TEST_CASE("tables are listed by database", "[coordinator_state]") {
  ClusterState state;
  state.Start({});
  for (const auto& [id, path] : std::map<int64_t, TablePath>{
           {1, {"b", "x"}}, {2, {"a", "y"}}, {3, {"b", "a"}}, {4, {"ba", "z"}}}) {
    TableInfo info = Table(id, path.table);
    info.path = path;
    state.AddTable(info, {});
  }
  CHECK(state.TablesIn("b") == std::vector<TablePath>{{"b", "a"}, {"b", "x"}});
  CHECK(state.TablesIn("c").empty());
  CHECK(state.tables().size() == 4);
}

TEST_CASE("a coordinator that begins to lead catches up with what happened before",
          "[coordinator_state]") {
  ClusterState state;
  state.LoadTable(Table(1, "t"), Lists({{1, 2}, {2, 1}, {3}, {1}, {3, 1}}));
  const auto leadership = [](int leader, std::vector<int> isr) {
    Leadership l{ServerId(leader), LeaderEpoch(5), BucketEpoch(9), {}};
    for (const int member : isr) l.isr.emplace_back(member);
    return l;
  };
  state.LoadLeadership(Bucket(1, 0), leadership(1, {1, 2}));  // Nothing to do.
  state.LoadLeadership(Bucket(1, 1), leadership(3, {3, 2}));  // Its leader died.
  state.LoadLeadership(Bucket(1, 2), leadership(3, {3}));     // So did this one, nobody follows.
  // Bucket 3: created, but never led.
  state.LoadLeadership(Bucket(1, 4), leadership(-1, {1}));  // Its last member is back.
  state.LoadLeadership(Bucket(8, 0), leadership(1, {1}));   // Of no table.
  CHECK(state.RemoveReplicas(TableId(2), Lists({{2, 3}})).empty());  // Nobody is there to be told.
  const Effects effects = state.Start(Ids({1, 2}));

  CHECK_FALSE(effects.write.contains(Bucket(1, 0)));
  CHECK(effects.write.at(Bucket(1, 1)).leader == ServerId(2));
  CHECK(effects.write.at(Bucket(1, 1)).leader_epoch == LeaderEpoch(6));
  CHECK(effects.write.at(Bucket(1, 2)).leader == kNoServer);
  CHECK(effects.write.at(Bucket(1, 3)).leader == ServerId(1));
  CHECK(effects.write.at(Bucket(1, 4)).leader == ServerId(1));
  CHECK(effects.write.size() == 4);
  // Everybody hears everything: nobody knows what the last coordinator got across.
  CHECK(effects.notify.at(ServerId(1)).size() == 4);
  CHECK(effects.notify.at(ServerId(2)).size() == 2);
  CHECK_FALSE(effects.notify.contains(ServerId(3)));
  CHECK(effects.remove.at(ServerId(2)).contains(Bucket(2, 0)));
  CHECK(state.ChangeServers({}, Ids({3})).remove.at(ServerId(3)).contains(Bucket(2, 0)));
  // Of a table that is found to be gone later.
  const Effects later = state.RemoveReplicas(TableId(3), Lists({{3, 4}}));
  CHECK(later.remove.at(ServerId(3)).contains(Bucket(3, 0)));
  CHECK_FALSE(later.remove.contains(ServerId(4)));
  CHECK(state.AwaitsRemovals(TableId(3)));
}

TEST_CASE("everything written is also told, and only to live servers with a replica",
          "[coordinator_state]") {
  ClusterState state;
  state.Start(Ids({1, 2, 3, 4}));
  state.AddTable(Table(1, "t"), AssignReplicas(9, 3, state.Loads(), 3).value());
  const auto check = [&](const Effects& effects) {
    for (const auto& [bucket, leadership] : effects.write) {
      CHECK(state.Find(bucket)->leadership == leadership);
      for (const ServerId server : state.Find(bucket)->replicas) {
        if (!state.live().contains(server)) continue;
        CHECK(effects.notify.at(server).at(bucket) == leadership);
      }
    }
    for (const auto& [server, told] : effects.notify) {
      CHECK(state.live().contains(server));
      for (const auto& [bucket, leadership] : told) {
        const std::vector<ServerId>& replicas = state.Find(bucket)->replicas;
        CHECK(std::count(replicas.begin(), replicas.end(), server) == 1);
      }
    }
  };
  // All orders of losing two of four servers and getting them back.
  for (int first = 1; first <= 4; ++first) {
    for (int second = 1; second <= 4; ++second) {
      if (first == second) continue;
      check(state.ChangeServers(Ids({first}), {}));
      check(state.ChangeServers(Ids({second}), Ids({first})));
      check(state.ChangeServers({}, Ids({second})));
    }
  }
  for (const auto& [bucket, bucket_state] : state.BucketsOf(TableId(1))) {
    CHECK(state.live().contains(bucket_state->leadership->leader));
  }
}

}  // namespace strom::coordinator
