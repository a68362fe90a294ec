// Several servers with replicas of one bucket.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/replica/replica_group.h"

namespace strom::tablet {
namespace {

constexpr ServerId kOne{1}, kTwo{2}, kThree{3};
using Servers = std::vector<ServerId>;

ReplicaGroup::Options Seeded(Durability durability = Durability::kReplicated, int servers = 3) {
  ReplicaGroup::Options options;
  options.seed = static_cast<uint64_t>(GENERATE(range(1, 6)));
  options.servers = servers;
  options.replicas.durability.standard = durability;
  options.replicas.lag_max = Seconds(10);
  return options;
}

std::vector<int> AllValues(const ReplicaGroup& group, ServerId server) {
  return Values(group.LogBytes(server));
}

std::vector<int> Committed(const ReplicaGroup& group) {
  return Values(
      group.leader()
          ->ReadCommitted({.offset = LogOffset(-2), .size_max = 1 << 20, .projection = {}})
          .value()
          .records);
}

void CheckIdentical(const ReplicaGroup& group) {
  for (const ServerId server : group.committed().replicas) {
    CHECK(group.LogBytes(server) == group.LogBytes(kOne));
  }
}

}  // namespace

TEST_CASE("an append with acks=all is answered once the whole ISR has it", "[replica]") {
  ReplicaGroup group(Seeded());
  const MonoTime before = group.now();
  const auto answer = group.Append(kOne, Batch({1, 2}));
  CHECK_FALSE(answer->has_value());
  CHECK(group.Await(answer).value().base_offset == LogOffset(0));
  CHECK(group.now() - before < Millis(50));  // Woken, not polled for.
  for (const ServerId server : {kOne, kTwo, kThree}) {
    CHECK(AllValues(group, server) == std::vector<int>{1, 2});
  }
  CHECK(group.leader()->high_watermark() == LogOffset(2));
  REQUIRE(group.Settle());
  CHECK(Committed(group) == std::vector<int>{1, 2});
  CheckIdentical(group);
}

TEST_CASE("acks=1 does not wait for followers", "[replica]") {
  ReplicaGroup group(Seeded());
  for (const ServerId server : {kTwo, kThree}) group.CutOff(server, true);
  const auto answer = group.Append(kOne, Batch({1}), {.acks = Acks::kLeader});
  CHECK(group.Await(answer).ok());
  CHECK(group.leader()->high_watermark() == LogOffset(0));
}

TEST_CASE("in `leader` acks=all is answered as acks=1", "[replica]") {
  ReplicaGroup group(Seeded(Durability::kLeader));
  for (const ServerId server : {kTwo, kThree}) group.CutOff(server, true);
  CHECK(group.Await(group.Append(kOne, Batch({1}))).ok());
  CHECK(group.leader()->high_watermark() == LogOffset(0));
}

TEST_CASE("a write that is not committed by its deadline times out, and may be committed later",
          "[replica]") {
  ReplicaGroup group(Seeded());
  group.CutOff(kTwo, true);
  const MonoTime deadline = group.now() + Seconds(3);
  const auto answer = group.Append(kOne, Batch({1}), {.deadline = deadline});
  CHECK(group.Await(answer).status().code() == ErrorCode::kRequestTimeOut);
  CHECK(group.now() == deadline);
  CHECK(group.leader()->high_watermark() == LogOffset(0));
  group.CutOff(kTwo, false);
  REQUIRE(group.Settle());
  CHECK(Committed(group) == std::vector<int>{1});
}

TEST_CASE("a follower that lags leaves the ISR, and comes back when it has caught up",
          "[replica]") {
  ReplicaGroup group(Seeded());
  group.CutOff(kThree, true);
  const MonoTime before = group.now();
  CHECK(group.Await(group.Append(kOne, Batch({1}))).ok());  // Waits until the ISR is smaller.
  CHECK(group.now() - before > Seconds(9));
  CHECK(group.now() - before < Seconds(11));
  CHECK(group.committed().isr == Servers{kOne, kTwo});
  CHECK(group.Await(group.Append(kOne, Batch({2}))).ok());
  group.CutOff(kThree, false);
  REQUIRE(group.Settle());
  CHECK(group.committed().isr == Servers{kOne, kTwo, kThree});
  CheckIdentical(group);
}

TEST_CASE("with fewer in sync than there must be nothing is written", "[replica]") {
  ReplicaGroup group(Seeded());
  for (const ServerId server : {kTwo, kThree}) {
    group.Crash(server);
    group.NoticeLost(server);
  }
  group.scheduler().RunFor(Seconds(1));
  CHECK(group.Await(group.Append(kOne, Batch({1}))).status().code() ==
        ErrorCode::kNotEnoughReplicas);
  CHECK(group.leader()->log().log_end_offset() == LogOffset(0));
  group.Start(kTwo);
  group.NoticeBack(kTwo);
  REQUIRE(
      group.scheduler().RunUntil([&] { return group.committed().isr.size() == 2; }, Seconds(5)));
  group.scheduler().RunFor(Seconds(1));
  CHECK(group.Await(group.Append(kOne, Batch({1}))).ok());
}

TEST_CASE("a leader that becomes a follower ends its waiting writes, which may be cut",
          "[replica]") {
  ReplicaGroup group(Seeded());
  for (const ServerId server : {kTwo, kThree}) group.CutOff(server, true);
  const auto answer = group.Append(kOne, Batch({1}));
  group.CutOff(kOne, true);
  for (const ServerId server : {kTwo, kThree}) group.CutOff(server, false);
  group.NoticeLost(kOne);
  REQUIRE(group.leader_id() != kOne);
  group.scheduler().RunFor(Seconds(1));
  CHECK_FALSE(answer->has_value());
  CHECK(group.Await(group.Append(group.leader_id(), Batch({7}))).ok());
  group.CutOff(kOne, false);
  group.NoticeBack(kOne);
  CHECK(group.Await(answer).status().code() == ErrorCode::kNotLeaderOrFollower);
  REQUIRE(group.Settle());
  CHECK(Committed(group) == std::vector<int>{7});
  CheckIdentical(group);
}

TEST_CASE("an ISR change whose answers get lost is found out", "[replica]") {
  ReplicaGroup group(Seeded());
  group.answers_proposals = false;
  group.CutOff(kThree, true);
  CHECK(group.Await(group.Append(kOne, Batch({1}))).ok());
  CHECK(group.committed().isr == Servers{kOne, kTwo});
  group.CutOff(kThree, false);
  REQUIRE(group.Settle());
  CHECK(group.Await(group.Append(kOne, Batch({2}))).ok());
}

TEST_CASE("leaders take turns, and every record stays where it was", "[replica]") {
  ReplicaGroup group(Seeded());
  std::vector<int> values;
  for (int i = 0; i < 9; ++i) {
    values.push_back(i);
    REQUIRE(group.Await(group.Append(group.leader_id(), Batch({i}))).ok());
    const ServerId next(1 + i % 3);
    group.Elect(next);
    REQUIRE(group.scheduler().RunUntil(
        [&] { return group.leader()->is_leader() && group.leader()->FindOffset({}).ok(); },
        Seconds(5)));
    CHECK(Committed(group) == values);
  }
  REQUIRE(group.Settle());
  CheckIdentical(group);
}

TEST_CASE("a new leader does not tell the latest offset before it knows it", "[replica]") {
  ReplicaGroup group(Seeded());
  REQUIRE(group.Await(group.Append(kOne, Batch({1}))).ok());
  group.Crash(kOne);
  for (const ServerId server : {kTwo, kThree}) CHECK(AllValues(group, server).size() == 1);
  group.CutOff(kThree, true);  // But in the ISR.
  group.NoticeLost(kOne);
  REQUIRE(group.leader_id() == kTwo);
  REQUIRE(group.scheduler().RunUntil([&] { return group.leader()->is_leader(); }, Seconds(5)));
  if (group.leader()->high_watermark() == LogOffset(0)) {
    CHECK(group.leader()->FindOffset({}).status().code() == ErrorCode::kLeaderNotAvailable);
    CHECK(group.leader()->CountCommitted().status().code() == ErrorCode::kLeaderNotAvailable);
  }
  group.CutOff(kThree, false);
  group.NoticeBack(kThree);
  REQUIRE(group.scheduler().RunUntil(
      [&] { return group.leader()->high_watermark() == LogOffset(1); }, Seconds(5)));
  CHECK(group.leader()->FindOffset({}).value() == LogOffset(1));
}

TEST_CASE("after a restart the high watermark is the one last written down", "[replica]") {
  ReplicaGroup group(Seeded());
  REQUIRE(group.Await(group.Append(kOne, Batch({1, 2}))).ok());
  REQUIRE(group.Settle());
  group.scheduler().RunFor(Seconds(6));
  group.Crash(kThree);
  group.NoticeLost(kThree);
  group.Start(kThree);
  group.NoticeBack(kThree);
  REQUIRE(group.scheduler().RunUntil([&] { return group.replica(kThree) != nullptr; }, Seconds(5)));
  CHECK(group.replica(kThree)->high_watermark() == LogOffset(2));
}

}  // namespace strom::tablet
