// Reports on replication in Apache Fluss, Kafka, etcd and NATS, each as a test of ours.
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

// https://github.com/etcd-io/etcd/issues/14370
TEST_CASE("E1: a single replica keeps what it acknowledged, however it falls", "[replica]") {
  const bool power = GENERATE(false, true);
  auto options = Seeded(1);
  if (power) options.spec.properties.durability = Durability::kDurable;
  ReplicaGroup group(options);
  std::vector<int> acknowledged;
  for (int life = 0; life < 5; ++life) {
    for (int i = 0; i < 4; ++i) {
      const int value = life * 10 + i;
      REQUIRE(group.Await(group.Append(kOne, Batch({value}))).ok());
      acknowledged.push_back(value);
    }
    group.Append(kOne, Batch({life * 10 + 9}));  // Whether it is there nobody was told.
    power ? group.PowerFail(kOne) : group.Crash(kOne);
    Restart(group, kOne);
    REQUIRE(group.Settle());
    std::vector<int> there = Values(group.LogBytes(kOne));
    std::erase_if(there, [](int value) { return value % 10 == 9; });
    CHECK(there == acknowledged);
  }
}

// https://github.com/etcd-io/etcd/issues/15271
TEST_CASE("E2: whoever is asked after a partition, what was shown as committed stays",
          "[replica]") {
  ReplicaGroup group(Seeded());
  for (int i = 0; i < 5; ++i) REQUIRE(group.Await(group.Append(kOne, Batch({i}))).ok());
  const auto read = [&group](ServerId server) {
    const auto records =
        group.replica(server)->ReadCommitted({.offset = LogOffset(0), .size_max = 1 << 20});
    return records.ok() ? Values(records->records) : std::vector<int>();
  };
  const std::vector<int> before = read(kOne);
  CHECK(before == std::vector<int>{0, 1, 2, 3, 4});
  // The former leader goes on to answer its readers, and has more than anybody else.
  group.CutOff(kOne, true);
  group.Append(kOne, Batch({77}));
  group.NoticeLost(kOne);
  REQUIRE(group.scheduler().RunUntil(
      [&] { return group.leader() != nullptr && group.leader()->is_leader(); }, Seconds(9)));
  const ServerId next = group.leader_id();
  CHECK(read(kOne) == before);
  for (int i = 5; i < 8; ++i) {
    REQUIRE(group.Await(group.Append(next, Batch({i}))).ok());
    CHECK(read(kOne) == before);
    CHECK(read(next).size() == static_cast<size_t>(i + 1));
  }
  group.CutOff(kOne, false);
  group.NoticeBack(kOne);
  REQUIRE(group.Settle());
  CHECK(read(kOne).empty());  // It follows: nobody reads of it.
  group.Elect(kOne);
  const std::vector<int> all{0, 1, 2, 3, 4, 5, 6, 7};
  CHECK(group.scheduler().RunUntil([&] { return read(kOne) == all; }, Seconds(5)));
}

// https://github.com/nats-io/nats-server/issues/7564
TEST_CASE("N1: a power failure minutes after a bucket was made leaves whole files", "[replica]") {
  auto options = Seeded();
  options.replicas.durability.standard = Durability::kDurable;
  ReplicaGroup group(options);
  const bool written = GENERATE(false, true);
  if (written) REQUIRE(group.Await(group.Append(kOne, Batch({1, 2, 3}))).ok());
  group.scheduler().RunFor(Seconds(300));
  for (const ServerId server : {kOne, kTwo, kThree}) group.PowerFail(server);
  group.NoticeLost(kOne);
  for (const ServerId server : {kThree, kTwo, kOne}) Restart(group, server);
  group.scheduler().RunFor(Seconds(1));
  REQUIRE(group.leader_id() != kNoServer);
  REQUIRE(group.Settle());
  REQUIRE(group.Await(group.Append(group.leader_id(), Batch({4}))).ok());
  const std::vector<int> all = written ? std::vector<int>{1, 2, 3, 4} : std::vector<int>{4};
  REQUIRE(group.Settle());
  for (const ServerId server : {kOne, kTwo, kThree}) CHECK(Values(group.LogBytes(server)) == all);
}

}  // namespace strom::tablet
