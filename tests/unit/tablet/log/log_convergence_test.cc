// Random lives of three replicas of one log: leaders come and go, followers take, cut by epoch
// (KIP-101) and take on, processes and machines die at any moment, disks fail. What was committed
// stays as it was, and in the end all logs are the same, byte for byte.
#include <array>
#include <cerrno>
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "common/base/crc32c.h"
#include "tests/unit/tablet/log/log_fixture.h"

namespace strom::tablet {
namespace {

constexpr LogOffset kEnd{INT64_MAX};
constexpr WriterId kWriter{9};
constexpr size_t kMembers = 3;

struct Position {
  LeaderEpoch under;
  LogOffset end;
};

// One server: its disk, its clock, its log.
class Member {
 public:
  explicit Member(uint64_t segment_size) {
    options_.segment.size_max_bytes = segment_size;
    options_.segment.index_interval_bytes = 100;
    STROM_CHECK(disk_.CreateDirectories(kDirectory).ok());
    Open(false);
  }

  LogTablet& log() { return *log_; }
  sim::SimDisk& disk() { return disk_; }
  sim::SimClock& clock() { return clock_; }

  // The server writes the recovery points of its logs now and then.
  void Checkpoint() { checkpoint_ = log_->recovery_point(); }
  void Kill() {
    log_.reset();
    disk_.CrashProcess();
    Open(false);
  }
  void PowerFail(uint64_t seed) {
    log_.reset();
    disk_.PowerFail(seed);
    Open(false);
  }
  // In order, if closing works.
  void Restart() {
    const bool closed = log_->Close().ok();
    if (closed) Checkpoint();
    log_.reset();
    disk_.CrashProcess();
    Open(closed);
  }

 private:
  void Open(bool clean) {
    const TableBucket bucket{.table = TableId(7), .partition = {}, .bucket = BucketId(0)};
    auto opened =
        LogTablet::Open(disk_, clock_, kDirectory, bucket, options_, checkpoint_, clean);
    INFO(opened.status().ToString());
    REQUIRE(opened.ok());
    log_ = *std::move(opened);
  }

  static constexpr const char* kDirectory = "/log-0";
  LogOptions options_;
  sim::SimScheduler scheduler_{1};
  sim::SimClock clock_{scheduler_};
  sim::SimDisk disk_{{}};
  LogOffset checkpoint_;
  std::unique_ptr<LogTablet> log_;
};

class Life {
 public:
  // `any_leader`: nobody cares for what is committed.
  Life(uint64_t seed, bool any_leader, bool retention)
      : engine_(seed), any_leader_(any_leader), retention_(retention) {}

  void Step() {
    Member& some = members_[Uniform(kMembers)];
    switch (Uniform(40)) {
      case 0:
        return Die(some, true);
      case 1:
        return Die(some, false);
      case 2:
        return Gone(some, [&] { some.Restart(); });
      case 3:
        return Elect();
      case 4:
        return FailNext(some);
      case 5:
        return some.clock().JumpWall(static_cast<int64_t>(Uniform(20000)) - 10000);
      case 6:
        if (retention_) Retain();
        return;
      case 7:
      case 8:
        return some.Checkpoint();
      case 9:
      case 10:
      case 11:
        return OnDisk(some, [&] { return some.log().Sync(); });
      default:
        return Uniform(3) == 0 ? Fetch(some) : Append();
    }
  }

  // No more faults: one leader, all take what it has.
  void Converge() {
    for (Member& member : members_) member.disk().faults().Heal();
    Elect();
    REQUIRE(leader_);
    for (Member& member : members_) {
      for (int i = 0; &member != leader_ && !(Same(member)); ++i) {
        REQUIRE(i < 200);
        Fetch(member);
      }
    }
  }

  void CheckAll() {
    CheckCommitted(*leader_);
    for (Member& member : members_) {
      const LogOffset from = std::max(member.log().log_start_offset(), start());
      const LogOffset end = leader_->log().log_end_offset();
      REQUIRE(member.log().log_end_offset() == end);
      REQUIRE(AllBytes(member.log(), from) == AllBytes(leader_->log(), from));
      for (LogOffset at = from; at < end; at = at.Next()) {
        REQUIRE(EpochAt(member.log(), at) == EpochAt(leader_->log(), at));
      }
    }
    if (retention_) return;
    // Every replica judges the writer as the leader does: one that takes over takes what follows.
    const int32_t next = NextSequence(leader_->log());
    for (Member& member : members_) {
      ++epoch_;
      REQUIRE(member.log().StartEpoch(LeaderEpoch(epoch_)).ok());
      const Bytes batch = LogFixture::Batch({1}, kWriter, BatchSequence(next));
      if (next > 0) {
        const Bytes last = LogFixture::Batch({1}, kWriter, BatchSequence(next - 1));
        REQUIRE(member.log().AppendAsLeader(last).value().duplicate);
      }
      const auto info = member.log().AppendAsLeader(batch);
      INFO(info.status().ToString());
      REQUIRE(info.ok());
      REQUIRE_FALSE(info->duplicate);
    }
  }

 private:
  uint64_t Uniform(uint64_t bound) { return engine_() % bound; }
  LogOffset start() const { return leader_->log().log_start_offset(); }

  static Bytes AllBytes(const LogTablet& log, LogOffset from) {
    Bytes all;
    while (from < log.log_end_offset()) {
      const Bytes bytes = log.Read(from, 1 << 20, true, kEnd).value();
      const auto batches = record::SplitBatches(bytes).value();
      for (const auto& batch : batches) REQUIRE(batch.CheckCrc().ok());
      from = batches.back().next_offset();
      all += bytes;
    }
    return all;
  }

  static std::vector<EpochStart> CoveringOne(const LogTablet& log, LogOffset at) {
    return log.EpochsCovering(at, at.Next());
  }
  static LeaderEpoch EpochAt(const LogTablet& log, LogOffset at) {
    const auto covering = CoveringOne(log, at);
    REQUIRE(covering.size() == 1);
    return covering.front().epoch;
  }

  static int32_t NextSequence(const LogTablet& log) {
    int32_t next = 0;
    const Bytes all = AllBytes(log, log.log_start_offset());
    for (const auto& batch : record::SplitBatches(all).value()) {
      next = batch.header().batch_sequence.value() + 1;
    }
    return next;
  }

  // An empty log has no last epoch to compare.
  bool Same(Member& member) const {
    const LogTablet& log = member.log();
    return log.log_end_offset() == leader_->log().log_end_offset() &&
           (log.log_start_offset() == log.log_end_offset() ||
            log.last_epoch() == leader_->log().last_epoch());
  }

  // What dies leads no more, and does not under the epoch it had.
  template <class Act>
  void Gone(Member& member, Act act) {
    if (leader_ == &member) leader_ = nullptr;
    positions_[IndexOf(member)] = {};
    act();
  }
  void Die(Member& member, bool power) {
    Gone(member, [&] { power ? member.PowerFail(engine_()) : member.Kill(); });
  }

  // Something of a disk; if it fails, nobody knows what is on it: the machine starts anew.
  template <class Act>
  void OnDisk(Member& member, Act act) {
    const Status status = act();
    if (status.ok()) return;
    INFO(status.ToString());
    REQUIRE(status.message().find("[injected]") != std::string_view::npos);
    member.disk().faults().Heal();
    Die(member, true);
  }

  void FailNext(Member& member) {
    static constexpr std::array kOperations = {
        sim::DiskOperation::kWrite,         sim::DiskOperation::kTruncate,
        sim::DiskOperation::kSync,          sim::DiskOperation::kRemove,
        sim::DiskOperation::kSyncDirectory, sim::DiskOperation::kRename};
    // Not while it opens: that fails as a whole and is tried again.
    member.disk().faults().FailNext(kOperations[Uniform(kOperations.size())], "", EIO,
                                    static_cast<int>(Uniform(6)));
    const auto act = [&]() -> Status {
      const LogOffset end = member.log().log_end_offset();
      if (&member == leader_) return AppendOnce();
      if (Uniform(2) == 0) return member.log().Sync();
      // As if the leader had said so; above what is committed.
      const LogOffset to(committed() + static_cast<int64_t>(Uniform(20)));
      positions_[IndexOf(member)] = {};
      return to < end ? member.log().TruncateTo(to) : Status::Ok();
    };
    OnDisk(member, act);
    member.disk().faults().Heal();
  }

  void Elect() {
    // The ISR are all three: each has what is committed.
    for (Member& member : members_) {
      REQUIRE((any_leader_ || member.log().log_end_offset().value() >= committed()));
    }
    leader_ = &members_[Uniform(kMembers)];
    ++epoch_;
    REQUIRE(leader_->log().StartEpoch(LeaderEpoch(epoch_)).ok());
    if (!any_leader_) CheckCommitted(*leader_);
  }

  Status AppendOnce() {
    std::vector<int> values(1 + Uniform(4));
    for (int& value : values) value = ++last_value_;
    const int32_t sequence = retention_ ? -1 : NextSequence(leader_->log());
    return leader_->log()
        .AppendAsLeader(LogFixture::Batch(values, retention_ ? kNoWriter : kWriter,
                                          BatchSequence(sequence)))
        .status();
  }
  void Append() {
    if (leader_) OnDisk(*leader_, [&] { return AppendOnce(); });
  }

  // One round of `follower`: says where it is, having synced it, and does what its leader says.
  void Fetch(Member& follower) {
    if (!leader_ || leader_ == &follower) return;
    OnDisk(follower, [&] { return FetchOnce(follower); });
  }
  Status FetchOnce(Member& follower) {
    STROM_RETURN_IF_ERROR(follower.log().Sync());
    LogTablet& mine = follower.log();
    const LogTablet& leaders = leader_->log();
    const LogOffset at = mine.log_end_offset();
    const LeaderEpoch last = mine.last_epoch().value_or(kNoEpoch);
    const EpochEnd end = leaders.EndOfEpoch(last);
    const bool empty = at == mine.log_start_offset();
    if (at < leaders.log_start_offset()) return mine.RestartAt(leaders.log_start_offset());
    if (empty ? at > leaders.log_end_offset() : end.epoch != last || end.end_offset < at) {
      const LogOffset to = std::min(mine.EndOfEpoch(end.epoch).end_offset, end.end_offset);
      REQUIRE(to < at);
      // What retention took from the leader it may lose.
      if (!any_leader_ && leaders.log_start_offset().value() < committed()) {
        REQUIRE(to.value() >= committed());
      }
      // Below the leader's start in one step: on the way it would have less than is committed.
      return to < std::max(mine.log_start_offset(), leaders.log_start_offset())
                 ? mine.RestartAt(leaders.log_start_offset())
                 : mine.TruncateTo(to);
    }
    Note(follower, at);
    if (at == leaders.log_end_offset()) return Status::Ok();
    const Bytes bytes = leaders.Read(at, Uniform(600), true, kEnd).value();
    const LogOffset next = record::SplitBatches(bytes).value().back().next_offset();
    const auto taken = mine.AppendAsFollower(bytes, leaders.EpochsCovering(at, next));
    // Its disk may have failed, but what the leader gives always fits.
    INFO(taken.status().ToString());
    REQUIRE(taken.status().code() != ErrorCode::kCorruptRecord);
    return taken.status();
  }

  int64_t committed() const { return static_cast<int64_t>(committed_.size()); }

  // The leader learns what a follower has; what all three have synced is committed.
  void Note(Member& follower, LogOffset end) {
    positions_[IndexOf(follower)] = {LeaderEpoch(epoch_), end};
    int64_t all = leader_->log().recovery_point().value();
    for (Member& member : members_) {
      if (&member == leader_) continue;
      const Position& position = positions_[IndexOf(member)];
      all = std::min(all, position.under == LeaderEpoch(epoch_) ? position.end.value() : 0);
    }
    while (committed() < all) {
      const Bytes bytes = leader_->log().Read(LogOffset(committed()), 1, true, kEnd).value();
      const LogOffset next = record::SplitBatches(bytes).value().back().next_offset();
      if (next.value() > all) break;
      committed_.resize(static_cast<size_t>(next.value()), Crc32c(bytes));
    }
  }

  void CheckCommitted(Member& member) {
    if (any_leader_) return;
    LogOffset at = member.log().log_start_offset();
    while (at.value() < committed()) {
      const Bytes bytes = member.log().Read(at, 1, true, kEnd).value();
      REQUIRE_FALSE(bytes.empty());
      REQUIRE(committed_[static_cast<size_t>(at.value())] == Crc32c(bytes));
      at = record::SplitBatches(bytes).value().back().next_offset();
    }
  }

  void Retain() {
    if (!leader_) return;
    OnDisk(*leader_, [&] {
      return leader_->log()
          .DeleteOldSegments({.size_max_bytes = 500, .keep_from = LogOffset(committed())})
          .status();
    });
  }

  size_t IndexOf(const Member& member) const {
    return static_cast<size_t>(&member - members_.data());
  }

  std::mt19937_64 engine_;
  const bool any_leader_;
  const bool retention_;
  std::array<Member, kMembers> members_{Member(300), Member(400), Member(1000)};
  Member* leader_ = nullptr;
  int epoch_ = 0;
  int last_value_ = 0;
  std::array<Position, kMembers> positions_{};
  std::vector<uint32_t> committed_;  // By offset: the CRC of the batch that holds it.
};

}  // namespace

TEST_CASE("replicas that cut by epoch end with the same log, and keep what is committed", "[log]") {
  const bool any_leader = GENERATE(false, true);
  const bool retention = GENERATE(false, true);
  const uint64_t seed = GENERATE(take(25, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed << (any_leader ? ", any leader" : "") << (retention ? ", retention" : ""));
  Life life(seed, any_leader, retention);
  for (int i = 0; i < 400; ++i) {
    INFO("step " << i);
    life.Step();
  }
  life.Converge();
  life.CheckAll();
}

}  // namespace strom::tablet
