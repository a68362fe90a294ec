// Reports of Apache Fluss and Kafka on replication, each as a test of ours.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/replica/replica_group.h"

namespace strom::tablet {
namespace {

constexpr ServerId kOne{1}, kTwo{2}, kThree{3};

ReplicaGroup::Options Seeded(int servers = 3) {
  ReplicaGroup::Options options;
  options.seed = static_cast<uint64_t>(GENERATE(range(1, 6)));
  options.servers = servers;
  options.replicas.durability.standard = Durability::kReplicated;
  return options;
}

Bytes Numbered(int value, int sequence, WriterId writer = WriterId(5)) {
  return Batch({value}, LogFormat::kIndexed, writer, BatchSequence(sequence));
}

void Restart(ReplicaGroup& group, ServerId server) {
  group.Start(server);
  group.NoticeBack(server);
}

}  // namespace

// https://github.com/apache/fluss/issues/674
TEST_CASE("upstream_674: a follower that knows little is committed becomes leader and cuts nothing",
          "[replica]") {
  ReplicaGroup group(Seeded());
  for (int i = 0; i < 5; ++i) REQUIRE(group.Await(group.Append(kOne, Batch({i}))).ok());
  // The followers have all of it, and have not heard yet that it is committed.
  group.Crash(kOne);
  CHECK(group.replica(kTwo)->high_watermark() < LogOffset(5));
  group.Crash(kTwo);  // Uncleanly, and back with what it wrote down: nothing.
  group.Start(kTwo);
  group.NoticeLost(kOne);
  group.scheduler().RunFor(Seconds(2));
  CHECK(group.leader_id() == kTwo);
  CHECK(Values(group.LogBytes(kTwo)) == std::vector<int>{0, 1, 2, 3, 4});
  REQUIRE(group.Await(group.Append(kTwo, Batch({5}))).ok());
  Restart(group, kOne);
  REQUIRE(group.Settle());
  for (const ServerId server : {kOne, kTwo, kThree}) {
    CHECK(Values(group.LogBytes(server)) == std::vector<int>{0, 1, 2, 3, 4, 5});
  }
}

// https://github.com/apache/fluss/issues/673; KIP-101, scenario 2.
TEST_CASE("upstream_673: replicas that differ at one offset after a double crash end identical",
          "[replica]") {
  ReplicaGroup group(Seeded(2));
  REQUIRE(group.Await(group.Append(kOne, Batch({1}))).ok());
  REQUIRE(group.Settle());
  // One more on the leader alone, which nobody was promised.
  group.CutOff(kTwo, true);
  REQUIRE(group.Await(group.Append(kOne, Batch({2}), {.acks = Acks::kLeader})).ok());
  group.Crash(kOne);
  group.Crash(kTwo);
  group.CutOff(kTwo, false);
  group.Start(kTwo);
  group.NoticeLost(kOne);
  group.scheduler().RunFor(Seconds(1));
  REQUIRE(group.leader_id() == kTwo);
  // At the same offset and of the same size: nothing in the batches themselves gives it away.
  REQUIRE(group.Await(group.Append(kTwo, Batch({3}), {.acks = Acks::kLeader})).ok());
  Restart(group, kOne);
  REQUIRE(group.Settle());
  CHECK(Values(group.LogBytes(kTwo)) == std::vector<int>{1, 3});
  CHECK(group.LogBytes(kOne) == group.LogBytes(kTwo));
}

// https://github.com/apache/fluss/issues/596
TEST_CASE("upstream_596: a server that fails, or loses its power, empties nobody's log",
          "[replica]") {
  ReplicaGroup group(Seeded());
  std::vector<int> values;
  for (int i = 0; i < 12; ++i) {
    values.push_back(i);
    REQUIRE(group.Await(group.Append(group.leader_id(), Batch({i}))).ok());
    const ServerId victim(1 + i % 3);
    i % 2 == 0 ? group.Crash(victim) : group.PowerFail(victim);
    group.NoticeLost(victim);
    group.scheduler().RunFor(Seconds(1));
    for (const ServerId server : {kOne, kTwo, kThree}) {
      if (server != victim) CHECK(Values(group.LogBytes(server)) == values);
    }
    Restart(group, victim);
    REQUIRE(group.Settle());
    CHECK(Values(group.LogBytes(victim)) == values);
  }
}

// https://github.com/apache/fluss/issues/709
TEST_CASE(
    "upstream_709: a batch that failed for its client and is there is known by the new leader",
    "[replica]") {
  ReplicaGroup group(Seeded());
  REQUIRE(group.Await(group.Append(kOne, Numbered(0, 0))).ok());
  const auto lost = group.Append(kOne, Numbered(1, 1));
  REQUIRE(group.scheduler().RunUntil(
      [&] {
        return Values(group.LogBytes(kTwo)).size() == 2 &&
               Values(group.LogBytes(kThree)).size() == 2;
      },
      Seconds(5)));
  group.Crash(kOne);
  group.Crash(kThree);
  group.NoticeLost(kOne);
  group.NoticeLost(kThree);
  group.scheduler().RunFor(Seconds(1));
  REQUIRE(group.leader_id() == kTwo);
  Restart(group, kThree);
  REQUIRE(
      group.scheduler().RunUntil([&] { return group.committed().isr.size() == 2; }, Seconds(9)));
  group.scheduler().RunFor(Seconds(1));
  const AppendInfo retry = group.Await(group.Append(kTwo, Numbered(1, 1))).value();
  CHECK(retry.duplicate);
  CHECK(retry.base_offset == LogOffset(1));
  REQUIRE(group.Await(group.Append(kTwo, Numbered(2, 2))).ok());
  Restart(group, kOne);
  REQUIRE(group.Settle());
  for (const ServerId server : {kOne, kTwo, kThree}) {
    CHECK(Values(group.LogBytes(server)) == std::vector<int>{0, 1, 2});
  }
}

// https://github.com/apache/fluss/issues/589
TEST_CASE("upstream_589: upserts of one writer go on after their leader was killed", "[replica]") {
  auto options = Seeded();
  options.spec = KeyedSpec(Bucket(0));
  ReplicaGroup group(options);
  const auto put = [&](int sequence) {
    return group.Await(
        group.PutKv(group.leader_id(),
                    KvBatch({Put(1, "v" + std::to_string(sequence)), Put(10 + sequence, "x")},
                            WriterId(7), BatchSequence(sequence))));
  };
  for (int sequence = 0; sequence < 9; ++sequence) {
    REQUIRE(put(sequence).ok());
    if (sequence % 3 != 2) continue;
    const ServerId victim = group.leader_id();
    group.Crash(victim);
    group.NoticeLost(victim);
    REQUIRE(group.scheduler().RunUntil(
        [&] { return group.leader() && group.leader()->Rows().ok(); }, Seconds(9)));
    CHECK(put(sequence).value().duplicate);  // Its client tries again.
    const auto rows = group.leader()->Rows().value();
    const std::vector<Bytes> keys{KeyOf(1), KeyOf(10 + sequence)};
    const auto found = rows->Lookup(std::vector<BytesView>{keys[0], keys[1]}).value();
    CHECK(RowText(found[0].value()) == "1/0 v" + std::to_string(sequence));
    CHECK(found[1].has_value());
    Restart(group, victim);
    REQUIRE(group.Settle());
  }
  CHECK(group.leader()->CountCommitted().value() == 10);
  CHECK(group.LogBytes(kOne) == group.LogBytes(kTwo));
  CHECK(group.LogBytes(kOne) == group.LogBytes(kThree));
}

}  // namespace strom::tablet
