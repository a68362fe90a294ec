// What `durable` adds to replication: positions count once they are synced.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/replica/replica_group.h"

namespace strom::tablet {
namespace {

constexpr ServerId kOne{1}, kTwo{2}, kThree{3};
using Servers = std::vector<ServerId>;

ReplicaGroup::Options Seeded(Durability durability = Durability::kDurable, int servers = 3) {
  ReplicaGroup::Options options;
  options.seed = static_cast<uint64_t>(GENERATE(range(1, 6)));
  options.servers = servers;
  options.replicas.durability.standard = durability;
  options.replicas.lag_max = Seconds(10);
  return options;
}

}  // namespace

TEST_CASE("in durable an acknowledged write is on every disk of the ISR", "[replica]") {
  ReplicaGroup group(Seeded());
  for (int i = 0; i < 5; ++i) REQUIRE(group.Await(group.Append(kOne, Batch({i}))).ok());
  for (const ServerId server : {kOne, kTwo, kThree}) {
    CHECK(group.replica(server)->log().recovery_point() == LogOffset(5));
  }
  // The power fails everywhere.
  for (const ServerId server : {kOne, kTwo, kThree}) group.PowerFail(server);
  group.NoticeLost(kOne);
  CHECK(group.leader_id() == kNoServer);
  for (const ServerId server : {kThree, kTwo, kOne}) {
    group.Start(server);
    group.NoticeBack(server);
  }
  group.scheduler().RunFor(Seconds(1));
  REQUIRE(group.leader_id() != kNoServer);
  REQUIRE(group.Settle());
  for (const ServerId server : {kOne, kTwo, kThree}) {
    CHECK(Values(group.LogBytes(server)) == std::vector<int>{0, 1, 2, 3, 4});
  }
}

TEST_CASE("a leader that was started anew unnoticed does not write over what others copied",
          "[replica]") {
  auto options = Seeded();
  options.disk_delay_max = Millis(100);
  ReplicaGroup group(options);
  const LeaderEpoch before = group.committed().leader_epoch;
  group.Append(kOne, Batch({1}));
  REQUIRE(group.scheduler().RunUntil(
      [&] { return group.replica(kTwo)->log().log_end_offset() == LogOffset(1); }, Seconds(1)));
  group.PowerFail(kOne);
  group.Start(kOne);
  group.NoticeBack(kOne);
  REQUIRE(group.scheduler().RunUntil([&] { return group.leader() && group.leader()->is_leader(); },
                                     Seconds(1)));
  CHECK(group.committed().leader_epoch > before);
  REQUIRE(group.Await(group.Append(kOne, Batch({2}))).ok());
  REQUIRE(group.Settle());
  for (const ServerId server : {kTwo, kThree}) {
    CHECK(Values(group.LogBytes(server)) == Values(group.LogBytes(kOne)));
  }
}

TEST_CASE("the only replica leads on under its epoch after a restart: nobody copied anything",
          "[replica]") {
  ReplicaGroup group(Seeded(Durability::kDurable, 1));
  const LeaderEpoch before = group.committed().leader_epoch;
  REQUIRE(group.Await(group.Append(kOne, Batch({1}))).ok());
  group.Crash(kOne);
  group.Start(kOne);
  group.NoticeBack(kOne);
  REQUIRE(group.Settle());
  CHECK(group.committed().leader_epoch == before);
}

TEST_CASE("in replicated nobody waits for a disk", "[replica]") {
  ReplicaGroup group(Seeded(Durability::kReplicated));
  REQUIRE(group.Await(group.Append(kOne, Batch({1}))).ok());
  for (const ServerId server : {kOne, kTwo, kThree}) {
    CHECK(group.replica(server)->log().recovery_point() == LogOffset(0));
  }
}

TEST_CASE("appends that come during a sync share the next one", "[replica]") {
  ReplicaGroup group(Seeded());
  std::vector<ReplicaGroup::Answer> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(group.Append(kOne, Batch({i})));
  for (const auto& answer : answers) REQUIRE(group.Await(answer).ok());
  REQUIRE(group.Settle());
}

TEST_CASE("a table of its own with one replica may be durable, too", "[replica]") {
  auto options = Seeded(Durability::kReplicated, 1);
  options.spec.properties.durability = Durability::kDurable;
  ReplicaGroup group(options);
  REQUIRE(group.Await(group.Append(kOne, Batch({1}))).ok());
  group.PowerFail(kOne);
  group.NoticeLost(kOne);
  group.Start(kOne);
  group.NoticeBack(kOne);
  REQUIRE(group.Settle());
  CHECK(Values(group.LogBytes(kOne)) == std::vector<int>{1});
}

TEST_CASE("a leader whose sync fails acknowledges nothing any more", "[replica]") {
  ReplicaGroup group(Seeded());
  REQUIRE(group.Await(group.Append(kOne, Batch({1}))).ok());
  group.disk(kOne).faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
  CHECK(group.Await(group.Append(kOne, Batch({2}))).status().code() ==
        ErrorCode::kNotLeaderOrFollower);
  CHECK(group.Await(group.Append(kOne, Batch({3}), {.acks = Acks::kNone})).status().code() ==
        ErrorCode::kNotLeaderOrFollower);
  // Not even under a new epoch; the others go on.
  group.Elect(kOne);
  group.scheduler().RunFor(Seconds(1));
  CHECK_FALSE(group.replica(kOne)->is_leader());
  group.CutOff(kOne, true);
  group.NoticeLost(kOne);
  group.scheduler().RunFor(Seconds(1));
  CHECK(group.Await(group.Append(group.leader_id(), Batch({4}))).ok());
  // Until a new process has read what is there.
  group.Crash(kOne);
  group.Start(kOne);
  group.CutOff(kOne, false);
  group.NoticeBack(kOne);
  REQUIRE(group.Settle());
  CHECK(group.LogBytes(kOne) == group.LogBytes(kTwo));
  CHECK(Values(group.LogBytes(kOne)).back() == 4);
}

TEST_CASE("a follower whose sync fails follows no more", "[replica]") {
  ReplicaGroup group(Seeded());
  group.disk(kThree).faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
  const MonoTime before = group.now();
  CHECK(group.Await(group.Append(kOne, Batch({1}))).ok());
  CHECK(group.now() - before > Seconds(9));  // It said nothing until it had lapsed.
  CHECK(group.committed().isr == Servers{kOne, kTwo});
  group.scheduler().RunFor(Seconds(60));
  CHECK(group.committed().isr == Servers{kOne, kTwo});
}

TEST_CASE("once the coordinator has heard of a failed sync, nobody waits for that replica",
          "[replica]") {
  ReplicaGroup group(Seeded());
  group.hears_failures = true;
  SECTION("of the leader: another one leads") {
    group.disk(kOne).faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
    CHECK_FALSE(group.Await(group.Append(kOne, Batch({1}))).ok());
    REQUIRE(group.scheduler().RunUntil(
        [&] { return group.leader_id() != kOne && group.leader()->is_leader(); }, Millis(100)));
    CHECK(group.committed().isr == Servers{kTwo, kThree});
  }
  SECTION("of a follower: writes are acknowledged without it") {
    group.disk(kThree).faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
    CHECK(group.Await(group.Append(kOne, Batch({1}))).ok());
    CHECK(group.committed().isr == Servers{kOne, kTwo});
  }
  const MonoTime before = group.now();
  CHECK(group.Await(group.Append(group.leader_id(), Batch({2}))).ok());
  CHECK(group.now() - before < Millis(100));
}

}  // namespace strom::tablet
