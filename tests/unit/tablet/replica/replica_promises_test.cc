// Rows without leases: a leader shows them while all who could follow it have promised not to serve.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/replica/replica_group.h"

namespace strom::tablet {
namespace {

constexpr ServerId kOne{1}, kTwo{2}, kThree{3};

// Three servers with a replica of a primary-key table each, of which the first one leads; no
// coordinator grants leases.
struct Promised : ReplicaGroup {
  Promised() : ReplicaGroup({.seed = static_cast<uint64_t>(GENERATE(range(1, 4))),
                             .spec = KeyedSpec(Bucket(0))}) {
    has_leases = false;
    ended_since.reset();
    REQUIRE(Await(PutKv(kOne, KvBatch({Put(1, "a")}))).ok());
    REQUIRE(Settle());
  }

  bool Shows(ServerId server) { return replica(server)->CheckShows().ok(); }
  // Whether it did so at every moment.
  bool ShowsFor(ServerId server, MonoDuration time) {
    return !scheduler().RunUntil([&] { return !Shows(server); }, time);
  }
  bool ShowsWithin(ServerId server, MonoDuration time) {
    return scheduler().RunUntil([&] { return Shows(server); }, time);
  }
  // Nobody hears of server 1 any more, and the coordinator elects another one.
  void Lose() {
    CutOff(kOne, true);
    NoticeLost(kOne);
    REQUIRE(leader_id() == kTwo);
  }
  bool Leads(ServerId server) { return replica(server) && replica(server)->is_leader(); }
};

}  // namespace

TEST_CASE("without a lease rows are shown while the whole ISR promises", "[replica]") {
  Promised g;
  CHECK(g.ShowsFor(kOne, Seconds(60)));
  CHECK(g.replica(kOne)->Rows().ok());
  CHECK_FALSE(g.Shows(kTwo));
}

TEST_CASE("a member of the ISR that is silent ends that, until it is one no more", "[replica]") {
  Promised g;
  g.CutOff(kThree, true);
  g.scheduler().RunFor(Millis(600));
  CHECK(g.Shows(kOne));
  g.scheduler().RunFor(Millis(400));
  CHECK(g.replica(kOne)->CheckShows().code() == ErrorCode::kLeaderNotAvailable);
  SECTION("it comes back") {
    g.CutOff(kThree, false);
    CHECK(g.ShowsWithin(kOne, Seconds(5)));
  }
  SECTION("it leaves the ISR") {
    g.NoticeLost(kThree);
    CHECK(g.ShowsWithin(kOne, Millis(50)));
    CHECK(g.ShowsFor(kOne, Seconds(10)));
  }
}

TEST_CASE("a leader that proposed to do without a member still needs its promise", "[replica]") {
  ReplicaOptions options;
  options.lag_max = Seconds(2);
  ReplicaGroup g({.replicas = options, .spec = KeyedSpec(Bucket(0))});
  g.has_leases = false;
  g.ended_since.reset();
  g.CutOff(kThree, true);
  const auto put = g.PutKv(kOne, KvBatch({Put(1, "a")}));
  REQUIRE(g.scheduler().RunUntil([&] { return g.committed().isr.size() == 2; }, Seconds(10)));
  CHECK_FALSE(g.leader()->CheckShows().ok());  // It has not heard that this is committed.
  CHECK(g.scheduler().RunUntil([&] { return g.leader()->CheckShows().ok(); }, Seconds(10)));
}

TEST_CASE("a leader that is alone in its ISR needs nobody", "[replica]") {
  Promised g;
  for (const ServerId server : {kTwo, kThree}) {
    g.Crash(server);
    g.NoticeLost(server);
  }
  CHECK(g.ShowsWithin(kOne, Millis(50)));
  CHECK(g.ShowsFor(kOne, Seconds(3600)));
}

TEST_CASE("a new leader keeps its promise", "[replica]") {
  Promised g;
  g.scheduler().RunFor(Millis(GENERATE(0, 130, 210)));
  const MonoTime lost = g.now();
  g.Lose();
  REQUIRE(g.scheduler().RunUntil([&] { return g.Leads(kTwo); }, Seconds(1)));
  const auto put = g.PutKv(kTwo, KvBatch({Put(1, "b")}));
  // Never may one have acknowledged while the other one shows what was before.
  CHECK_FALSE(
      g.scheduler().RunUntil([&] { return put->has_value() && g.Shows(kOne); }, Seconds(2)));
  REQUIRE(put->has_value());
  CHECK(g.now() >= lost + Seconds(1));
  CHECK_FALSE(g.Shows(kOne));
  CHECK(g.Shows(kTwo));
}

TEST_CASE("the wait is as long as the promise and no longer", "[replica]") {
  Promised g;
  const MonoTime lost = g.now();
  g.Lose();
  REQUIRE(g.scheduler().RunUntil([&] { return g.Leads(kTwo); }, Seconds(1)));
  const auto put = g.PutKv(kTwo, KvBatch({Put(1, "b")}));
  REQUIRE(g.scheduler().RunUntil([&] { return put->has_value(); }, Seconds(3)));
  CHECK(g.now() > lost + Millis(700));
  CHECK(g.now() <= lost + kPromiseGiven + Millis(20));
}

TEST_CASE("what was promised to a leader that is known to have ended need not be kept",
          "[replica]") {
  Promised g;
  const MonoTime lost = g.now();
  g.ended_since = LeaderEpoch(0);
  g.Elect(kTwo);
  REQUIRE(g.scheduler().RunUntil([&] { return g.Leads(kTwo); }, Seconds(1)));
  REQUIRE(g.Await(g.PutKv(kTwo, KvBatch({Put(1, "b")}))).ok());
  CHECK(g.now() < lost + Millis(300));
}

TEST_CASE("a process that was started anew keeps what the one before may have promised",
          "[replica]") {
  Promised g;
  g.Crash(kTwo);
  g.Start(kTwo);
  const MonoTime started = g.now();
  g.CutOff(kOne, true);
  g.NoticeBack(kTwo);  // It follows, but hears of no leader.
  g.scheduler().RunFor(Millis(50));
  g.NoticeLost(kOne);
  REQUIRE(g.leader_id() == kTwo);
  REQUIRE(g.scheduler().RunUntil([&] { return g.Leads(kTwo); }, Seconds(1)));
  const auto put = g.PutKv(kTwo, KvBatch({Put(1, "b")}));
  CHECK_FALSE(
      g.scheduler().RunUntil([&] { return put->has_value() && g.Shows(kOne); }, Seconds(2)));
  REQUIRE(put->has_value());
  CHECK(g.now() >= started + kPromiseGiven);
}

// Whoever joins has promised nothing to the leader before, and could be the next one.
TEST_CASE("while a new leader keeps a promise nobody joins its ISR", "[replica]") {
  Promised g;
  g.Crash(kThree);
  g.NoticeLost(kThree);
  REQUIRE(g.ShowsWithin(kOne, Millis(50)));
  g.scheduler().RunFor(Seconds(1));
  g.Start(kThree);
  g.Lose();
  const MonoTime lost = g.now();
  g.NoticeBack(kThree);
  REQUIRE(g.scheduler().RunUntil([&] { return g.committed().isr.size() == 2; }, Seconds(5)));
  CHECK_FALSE(g.Shows(kOne));
  CHECK(g.now() >= lost + Millis(700));
}

TEST_CASE("a leadership that is over shows nothing by what it was promised", "[replica]") {
  Promised g;
  const LeaderEpoch before = g.committed().leader_epoch;
  g.Elect(kTwo);
  REQUIRE(g.ShowsWithin(kTwo, Seconds(5)));
  g.Elect(kOne);  // Again: what it held before counts for nothing.
  REQUIRE(g.scheduler().RunUntil(
      [&] { return g.Leads(kOne) && g.replica(kOne)->position().leader_epoch > before; },
      Seconds(1)));
  const MonoTime leads = g.now();
  REQUIRE(g.ShowsWithin(kOne, Seconds(5)));
  CHECK(g.now() >= leads + Millis(700));  // What it promised to server 2 in between.
}

}  // namespace strom::tablet
