// Three servers, one of which at a time may be down or cut off, and a writer that tries again until
// it is answered: what was acknowledged is there in the end, once, on all of them.
#include <algorithm>
#include <map>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/replica/replica_group.h"

namespace strom::tablet {
namespace {

constexpr ServerId kIds[] = {ServerId(1), ServerId(2), ServerId(3)};

// Writes 0, 1, 2, … as one idempotent writer; each is sent again until somebody acknowledges it.
class Writer {
 public:
  explicit Writer(ReplicaGroup& group) : group_(group) {}

  // Takes the answer to the write under way, and sends one if there is none.
  void Step() {
    if (pending_ && pending_->has_value()) {
      if ((*pending_)->ok()) {
        const AppendInfo& info = (*pending_)->value();
        const bool fresh = acknowledged.emplace(info.base_offset, next_).second;
        CHECK(fresh);  // No offset is given twice.
        ++next_;
      }
      pending_.reset();
    }
    // A server that died took the answer with it.
    if (pending_ && (!group_.is_up(sent_to_) || group_.now() > give_up_at_)) pending_.reset();
    if (pending_ || stopped) return;
    const auto leader = group_.leader();
    if (!leader || !leader->is_leader()) return;
    sent_to_ = group_.leader_id();
    give_up_at_ = group_.now() + Seconds(5);
    pending_ = group_.Append(sent_to_,
                             Batch({next_}, LogFormat::kIndexed, WriterId(1), BatchSequence(next_)),
                             {.deadline = group_.now() + Seconds(3)});
  }

  std::map<LogOffset, int> acknowledged;
  bool stopped = false;
  bool idle() const { return !pending_; }

 private:
  ReplicaGroup& group_;
  int next_ = 0;
  ReplicaGroup::Answer pending_;
  ServerId sent_to_;
  MonoTime give_up_at_;
};

// What holds at any moment.
class Checker {
 public:
  explicit Checker(ReplicaGroup& group) : group_(group) {}

  void Check() {
    for (const ServerId id : kIds) {
      const auto replica = group_.replica(id);
      if (!replica) continue;
      INFO("server " << id);
      REQUIRE(replica->high_watermark() <= replica->log().log_end_offset());  // S7
    }
    const auto leader = group_.leader();
    if (!leader || !leader->is_leader()) return;
    const LogOffset high_watermark = leader->high_watermark();
    // S7: under one leader epoch it does not go back, and every member is there.
    LogOffset& highest = highest_[group_.committed().leader_epoch];
    REQUIRE(high_watermark >= highest);
    highest = std::max(highest, high_watermark);
    for (const ServerId id : group_.committed().isr) {
      const auto member = group_.replica(id);
      if (!member) continue;
      INFO("member " << id);
      REQUIRE(member->log().log_end_offset() >= high_watermark);
    }
    // S7 across epochs: the latest offset that is told does not go back either.
    if (const auto latest = leader->FindOffset({}); latest.ok()) {
      REQUIRE(*latest >= latest_);
      latest_ = *latest;
    }
    ReadCommitted(*leader);
  }

  // S3: at one offset there is one value, whoever reads, whenever.
  void See(LogOffset offset, int value) {
    const auto [seen, is_new] = values_.emplace(offset, value);
    INFO("offset " << offset);
    REQUIRE((is_new || seen->second == value));
  }

 private:
  void ReadCommitted(const Replica& leader) {
    const auto read = leader.ReadCommitted(
        {.offset = read_to_, .size_max = 1 << 20, .at_least_one = true, .projection = {}});
    if (!read.ok()) return;  // A new leader that does not know yet how far its log is committed.
    LogOffset offset = read_to_;
    for (const int value : Values(read->records, LogFormat::kIndexed, read_to_)) {
      See(offset, value);
      offset = offset.Next();
    }
    read_to_ = std::max(read_to_, offset);
  }

  ReplicaGroup& group_;
  std::map<LeaderEpoch, LogOffset> highest_;
  std::map<LogOffset, int> values_;
  LogOffset latest_, read_to_;
};

// Takes down or cuts off one server at a time, and brings it back.
class Trouble {
 public:
  Trouble(ReplicaGroup& group, bool power_failures)
      : group_(group), power_failures_(power_failures) {}

  void Step() {
    sim::SimRandom& random = group_.scheduler().random();
    if (group_.now() < next_at_) return;
    next_at_ = group_.now() + Millis(static_cast<int64_t>(random.Uniform(3000)));
    if (victim_) return Heal();
    const ServerId victim = kIds[random.Uniform(3)];
    if (const uint64_t kind = random.Uniform(8); kind < 3) {
      power_failures_&& random.Chance(0.5) ? group_.PowerFail(victim) : group_.Crash(victim);
    } else if (kind < 5) {
      group_.CutOff(victim, true);
    } else {
      return Reelect();
    }
    victim_ = victim;
    noticed_ = random.Chance(0.7);
    if (noticed_) group_.NoticeLost(victim);
  }

  void Heal() {
    if (!victim_) return;
    const ServerId victim = *std::exchange(victim_, std::nullopt);
    // A process that is gone is noticed before its next one is heard of.
    const bool restarted = !group_.is_up(victim);
    if (restarted && !noticed_) group_.NoticeLost(victim);
    if (restarted) group_.Start(victim);
    group_.CutOff(victim, false);
    group_.NoticeBack(victim);
  }

 private:
  void Reelect() {
    std::vector<ServerId> able;
    for (const ServerId id : group_.committed().isr) {
      if (group_.is_up(id)) able.push_back(id);
    }
    if (!able.empty()) group_.Elect(able[group_.scheduler().random().Uniform(able.size())]);
  }

  ReplicaGroup& group_;
  const bool power_failures_;
  std::optional<ServerId> victim_;
  bool noticed_ = false;
  MonoTime next_at_;
};

void RunStorm(uint64_t seed, Durability durability) {
  INFO("seed " << seed);
  ReplicaGroup::Options options;
  options.seed = seed;
  options.disk_delay_max = Millis(30);
  options.replicas.durability.standard = durability;
  options.replicas.lag_max = Seconds(2);
  options.replicas.high_watermark_checkpoint_interval = Millis(500);
  options.replicas.recovery_checkpoint_interval = Seconds(3);
  options.replicas.log.segment.size_max_bytes = 1000;  // A dozen batches.
  options.replicas.log.segment.index_interval_bytes = 1;
  ReplicaGroup group(options);
  Writer writer(group);
  Checker checker(group);
  Trouble trouble(group, durability == Durability::kDurable);
  sim::SimRandom& random = group.scheduler().random();

  for (int step = 0; step < 600; ++step) {
    writer.Step();
    trouble.Step();
    // Records that nobody is promised, so that logs part.
    const ServerId id = kIds[random.Uniform(3)];
    if (const auto replica = group.replica(id); replica && replica->is_leader() && step % 5 == 0) {
      group.Append(id, Batch({1'000'000 + step}), {.acks = Acks::kLeader});
    }
    group.scheduler().RunFor(Micros(static_cast<int64_t>(random.Uniform(60'000))));
    checker.Check();
  }
  trouble.Heal();
  REQUIRE(group.Settle());
  checker.Check();

  // S1, S2, S4: all that was acknowledged, where it was acknowledged, once and in order.
  const Bytes log = group.LogBytes(ServerId(1));
  const std::vector<int> values = Values(log);
  for (const auto& [offset, value] : writer.acknowledged) {
    REQUIRE(offset.value() < static_cast<int64_t>(values.size()));
    CHECK(values[static_cast<size_t>(offset.value())] == value);
  }
  for (size_t i = 0; i < values.size(); ++i)
    checker.See(LogOffset(static_cast<int64_t>(i)), values[i]);
  std::vector<int> numbered;
  std::ranges::copy_if(values, std::back_inserter(numbered), [](int v) { return v < 1'000'000; });
  for (size_t i = 0; i < numbered.size(); ++i) CHECK(numbered[i] == static_cast<int>(i));
  CHECK(writer.acknowledged.size() > 20);
  // S9.
  for (const ServerId id : kIds) CHECK(group.LogBytes(id) == log);
}

}  // namespace

TEST_CASE("replicated: no acknowledged write is lost while one process at a time is killed",
          "[replica]") {
  RunStorm(static_cast<uint64_t>(GENERATE(range(1, 41))), Durability::kReplicated);
}

TEST_CASE("durable: no acknowledged write is lost while one machine at a time loses its power",
          "[replica]") {
  RunStorm(static_cast<uint64_t>(GENERATE(range(1001, 1041))), Durability::kDurable);
}

}  // namespace strom::tablet
