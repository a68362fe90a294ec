// A log as its leader's follower: what it takes, what it refuses, what it cuts.
#include <cerrno>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/io/atomic_file.h"
#include "tests/unit/tablet/log/log_fixture.h"

namespace strom::tablet {
namespace {

constexpr LogOffset kEnd{INT64_MAX};
constexpr WriterId kWriter{9};

LogOptions SmallSegments(uint64_t size = 400) {
  LogOptions options;
  options.segment.size_max_bytes = size;
  options.segment.index_interval_bytes = 100;
  return options;
}

EpochStart Start(int epoch, int64_t offset) { return {LeaderEpoch(epoch), LogOffset(offset)}; }

// A leader of epochs 1, 3 and 4, with 10 batches of 2 records under each, of one writer.
struct Leader : LogFixture {
  explicit Leader(LogOptions options = SmallSegments()) : LogFixture(options) {
    for (const int epoch : {1, 3, 4}) Lead(epoch, 10);
  }
  void Lead(int epoch, int batches) {
    REQUIRE(log().StartEpoch(LeaderEpoch(epoch)).ok());
    for (int i = 0; i < batches; ++i) {
      REQUIRE(Append(2, kWriter, BatchSequence(next_sequence++)).ok());
    }
  }
  int next_sequence = 0;
};

Bytes AllBytes(const LogTablet& log, LogOffset from = LogOffset(0)) {
  Bytes all;
  while (from < log.log_end_offset()) {
    const Bytes bytes = log.Read(from, 1 << 20, true, kEnd).value();
    from = record::SplitBatches(bytes).value().back().next_offset();
    all += bytes;
  }
  return all;
}

}  // namespace

TEST_CASE("a log knows the epochs of its records and where each ends", "[log]") {
  Leader leader;
  LogTablet& log = leader.log();
  CHECK(log.last_epoch() == LeaderEpoch(4));
  CHECK(log.EndOfEpoch(LeaderEpoch(1)) == EpochEnd{LeaderEpoch(1), LogOffset(20)});
  CHECK(log.EndOfEpoch(LeaderEpoch(2)) == EpochEnd{LeaderEpoch(1), LogOffset(20)});
  CHECK(log.EndOfEpoch(LeaderEpoch(9)) == EpochEnd{LeaderEpoch(4), LogOffset(60)});
  CHECK(log.EndOfEpoch(LeaderEpoch(0)) == EpochEnd{kNoEpoch, LogOffset(0)});
  CHECK(log.EpochsCovering(LogOffset(19), LogOffset(41)) ==
        std::vector{Start(1, 0), Start(3, 20), Start(4, 40)});
  // Nothing written under it yet.
  REQUIRE(log.StartEpoch(LeaderEpoch(6)).ok());
  CHECK(log.last_epoch() == LeaderEpoch(4));
  CHECK(log.EndOfEpoch(LeaderEpoch(4)) == EpochEnd{LeaderEpoch(4), LogOffset(60)});
  CHECK(log.EndOfEpoch(LeaderEpoch(6)) == EpochEnd{LeaderEpoch(6), LogOffset(60)});
  const Status old = log.StartEpoch(LeaderEpoch(5));
  CHECK(old.code() == ErrorCode::kFencedLeaderEpoch);
  CHECK(old.message().find("table 7 bucket 0") != std::string_view::npos);
}

TEST_CASE("an empty log has no last epoch, also under a leader", "[log]") {
  LogFixture f;
  CHECK(f.log().last_epoch() == std::nullopt);
  CHECK(f.log().EndOfEpoch(LeaderEpoch(3)) == EpochEnd{kNoEpoch, LogOffset(0)});
  REQUIRE(f.log().StartEpoch(LeaderEpoch(3)).ok());
  CHECK(f.log().last_epoch() == std::nullopt);
  f.Crash();  // Led without a record: known all the same.
  CHECK(f.log().last_epoch() == std::nullopt);
  CHECK(f.log().StartEpoch(LeaderEpoch(2)).code() == ErrorCode::kFencedLeaderEpoch);
  REQUIRE(f.log().StartEpoch(LeaderEpoch(4)).ok());
}

TEST_CASE("a follower's log is its leader's, byte for byte, whatever the segments", "[log]") {
  Leader leader;
  const auto size_max = static_cast<size_t>(GENERATE(1, 200, 1 << 20));
  LogFixture follower(SmallSegments(GENERATE(uint64_t{150}, uint64_t{400}, uint64_t{1} << 20)));
  follower.clock().JumpWall(-100000);  // Its own clock has no say.
  REQUIRE(follower.Follow(leader.log(), size_max).ok());
  CHECK(AllBytes(follower.log()) == AllBytes(leader.log()));
  CHECK(follower.log().last_epoch() == LeaderEpoch(4));
  CHECK(follower.log().EpochsCovering(LogOffset(0), kEnd) ==
        leader.log().EpochsCovering(LogOffset(0), kEnd));
  follower.Crash();
  CHECK(AllBytes(follower.log()) == AllBytes(leader.log()));
  CHECK(follower.log().EndOfEpoch(LeaderEpoch(3)).end_offset == LogOffset(40));
}

TEST_CASE("a follower knows its leader's writers, and goes on for them as leader", "[log]") {
  Leader leader;
  LogFixture follower(SmallSegments());
  REQUIRE(follower.Follow(leader.log(), 200).ok());
  if (GENERATE(false, true)) follower.Crash();
  REQUIRE(follower.log().StartEpoch(LeaderEpoch(5)).ok());
  const AppendInfo again = follower.Append(2, kWriter, BatchSequence(28)).value();
  CHECK(again.duplicate);
  CHECK(again.base_offset == LogOffset(56));
  CHECK(follower.Append(2, kWriter, BatchSequence(31)).status().code() ==
        ErrorCode::kOutOfOrderSequence);
  CHECK(follower.Append(2, kWriter, BatchSequence(30)).value().base_offset == LogOffset(60));
}

TEST_CASE("a follower refuses what does not go on from its log, and stays as it was", "[log]") {
  Leader leader;
  LogFixture f(SmallSegments());
  const auto read = [&](int64_t from, size_t size) {
    return leader.log().Read(LogOffset(from), size, true, kEnd).value();
  };
  REQUIRE(f.log().AppendAsFollower(read(0, 200), std::vector{Start(1, 0)}).ok());
  REQUIRE(f.log().log_end_offset() == LogOffset(4));
  const auto refused = [&](Bytes bytes, const std::vector<EpochStart>& epochs = {Start(1, 0)}) {
    const auto result = f.log().AppendAsFollower(std::move(bytes), epochs);
    CHECK(result.status().code() == ErrorCode::kCorruptRecord);
    CHECK(f.log().log_end_offset() == LogOffset(4));
    CHECK(f.log().EpochsCovering(LogOffset(0), kEnd) == std::vector{Start(1, 0)});
    return std::string(result.status().message());
  };
  const size_t batch = read(0, 1).size();

  CHECK(refused(read(6, 100)) == "table 7 bucket 0: batch [6, 8) from the leader where 4 is next");
  CHECK(refused(read(2, 100)).find("[2, 4) from the leader where 4 is next") != std::string::npos);
  CHECK(refused(read(4, batch) + read(8, batch)).find("where 6 is next") != std::string::npos);
  Bytes rotten = read(4, 100);
  rotten.back() = static_cast<char>(rotten.back() ^ 1);
  CHECK(refused(rotten).find("CRC") != std::string::npos);
  CHECK(refused(read(4, 100).substr(0, 50)).find("50 of 50 bytes left") != std::string::npos);
  Bytes early = read(4, batch);
  record::SetCommitTimestamp(early, f.log().max_timestamp_ms() - 1);
  CHECK(refused(early).find("was committed at") != std::string::npos);
  CHECK(refused(read(4, 100), {}).find("names no epoch") != std::string::npos);
  CHECK(refused(read(4, 100), {Start(0, 4)}).find("behind epoch 1") != std::string::npos);
  CHECK(refused(read(4, 100), {Start(2, 3)}).find("wrote up to 4") != std::string::npos);
  CHECK(refused(read(4, 100), {Start(1, 0), Start(2, 5)}).find("inside of batch [4, 6)") !=
        std::string::npos);
  CHECK(f.log().AppendAsFollower("", {}).value() == LogOffset(4));
  REQUIRE(f.Follow(leader.log()).ok());
}

TEST_CASE("the epoch is on the disk before the first record under it", "[log]") {
  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 20)));
  Leader leader;
  LogFixture follower(SmallSegments());
  REQUIRE(follower.Follow(leader.log(), 200).ok());
  follower.PowerFail(seed);
  // Whatever is left of the log, its history fits it.
  const LogOffset end = follower.log().log_end_offset();
  if (end > LogOffset(0)) {
    CHECK(follower.log().EpochsCovering(LogOffset(0), end) ==
          leader.log().EpochsCovering(LogOffset(0), end));
  } else {
    CHECK(follower.log().EpochsCovering(LogOffset(0), kEnd).size() <= 1);
  }
  CHECK(follower.log().EpochsCovering(end, kEnd).size() <= 1);
  REQUIRE(follower.Follow(leader.log(), 200).ok());
  CHECK(AllBytes(follower.log()) == AllBytes(leader.log()));
}

TEST_CASE("the newest epoch stays known when the power takes its records", "[log]") {
  LogFixture f(SmallSegments());
  CHECK(f.log().former_epoch() == kNoEpoch);
  REQUIRE(f.log().StartEpoch(LeaderEpoch(2)).ok());
  REQUIRE(f.Append(2).ok());
  REQUIRE(f.log().Sync().ok());
  REQUIRE(f.log().StartEpoch(LeaderEpoch(5)).ok());
  REQUIRE(f.Append(2).ok());
  CHECK(f.log().former_epoch() == kNoEpoch);  // As it was opened.

  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 10)));
  for (uint64_t i = 0; i < 3; ++i) {  // Also over a life in which nothing happened.
    f.PowerFail(seed + i, LogOffset(2));
    CHECK(f.log().former_epoch() == LeaderEpoch(5));
  }
  const LogOffset end = f.log().log_end_offset();
  CHECK(f.log().last_epoch() == LeaderEpoch(end == LogOffset(2) ? 2 : 5));
  CHECK(f.log().EndOfEpoch(LeaderEpoch(2)).end_offset == LogOffset(2));
  REQUIRE(f.log().StartEpoch(LeaderEpoch(6)).ok());
  REQUIRE(f.Append(2).ok());
  CHECK(f.log().last_epoch() == LeaderEpoch(6));
  CHECK(f.log().EndOfEpoch(LeaderEpoch(5)).end_offset == end);
}

TEST_CASE("a follower that lost its tail takes older epochs than the newest it knew", "[log]") {
  LogFixture f(SmallSegments());
  REQUIRE(f.log().StartEpoch(LeaderEpoch(7)).ok());
  f.Crash();
  REQUIRE(f.log().former_epoch() == LeaderEpoch(7));
  Leader leader;
  REQUIRE(f.Follow(leader.log()).ok());
  CHECK(AllBytes(f.log()) == AllBytes(leader.log()));
  CHECK(f.log().last_epoch() == LeaderEpoch(4));
}

TEST_CASE("truncation takes the epochs along, and the writers go back", "[log]") {
  Leader f;
  REQUIRE(f.log().TruncateTo(LogOffset(31)).ok());
  CHECK(f.log().last_epoch() == LeaderEpoch(3));
  REQUIRE(f.log().TruncateTo(LogOffset(20)).ok());
  CHECK(f.log().last_epoch() == LeaderEpoch(1));
  CHECK(f.log().EndOfEpoch(LeaderEpoch(4)) == EpochEnd{LeaderEpoch(1), LogOffset(20)});
  f.Crash();
  CHECK(f.log().EpochsCovering(LogOffset(0), kEnd) == std::vector{Start(1, 0)});
  REQUIRE(f.log().StartEpoch(LeaderEpoch(2)).ok());  // 3 and 4 wrote nothing that is left.
  CHECK(f.Append(2, kWriter, BatchSequence(9)).value().duplicate);
  CHECK(f.Append(2, kWriter, BatchSequence(10)).value().base_offset == LogOffset(20));
  REQUIRE(f.log().TruncateTo(LogOffset(0)).ok());
  CHECK(f.log().last_epoch() == std::nullopt);
  CHECK(f.Append(2, kWriter, BatchSequence(0)).ok());
}

TEST_CASE("a recovery point from before a cut is not believed for what came after it", "[log]") {
  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 30)));
  Leader f;
  REQUIRE(f.log().Sync().ok());
  REQUIRE(f.log().TruncateTo(LogOffset(20)).ok());
  CHECK(f.log().recovery_point() <= LogOffset(20));
  REQUIRE(f.log().StartEpoch(LeaderEpoch(5)).ok());
  for (int i = 0; i < 30; ++i) REQUIRE(f.Append(3).ok());
  f.PowerFail(seed, LogOffset(60));  // None of it was synced; the checkpoint says it was.
  const LogOffset end = f.log().log_end_offset();
  CHECK(end >= LogOffset(20));
  CHECK(f.ReadAll() == LogFixture::Counting(0, static_cast<int>(end.value())));
  const Bytes bytes = AllBytes(f.log());
  for (const auto& batch : record::SplitBatches(bytes).value()) CHECK(batch.CheckCrc().ok());
  CHECK(f.log().EndOfEpoch(LeaderEpoch(4)) == EpochEnd{LeaderEpoch(1), LogOffset(20)});
  // Once more is synced than it could say, it counts again.
  REQUIRE(f.log().Sync().ok());
  for (int i = 0; i < 30; ++i) REQUIRE(f.Append(3).ok());
  REQUIRE(f.log().Sync().ok());
  const LogOffset synced = f.log().recovery_point();
  f.PowerFail(seed, synced);
  CHECK(f.log().recovery_point() == synced);
}

TEST_CASE("a log begins anew where it is told to, empty of records, writers and epochs", "[log]") {
  Leader f;
  const auto offset = GENERATE(LogOffset(0), LogOffset(30), LogOffset(500));
  SECTION("asked for") { REQUIRE(f.log().RestartAt(offset).ok()); }
  SECTION("and after a crash") {
    REQUIRE(f.log().Sync().ok());
    REQUIRE(f.log().RestartAt(offset).ok());
    f.Crash(LogOffset(60));  // The checkpoint file is from before.
  }
  CHECK(f.log().log_start_offset() == offset);
  CHECK(f.log().log_end_offset() == offset);
  CHECK(f.log().size_bytes() == 0);
  CHECK(f.log().last_epoch() == std::nullopt);
  CHECK(f.log().EndOfEpoch(LeaderEpoch(4)).epoch == kNoEpoch);
  CHECK(f.log().max_timestamp_ms() == -1);
  CHECK(f.Append(1, kWriter, BatchSequence(30)).status().code() == ErrorCode::kOutOfOrderSequence);
  REQUIRE(f.log().StartEpoch(LeaderEpoch(2)).ok());
  REQUIRE(f.Append(2, kWriter, BatchSequence(0)).ok());
  CHECK(f.ReadAll(offset).size() == 2);
  CHECK(f.log().EpochsCovering(LogOffset(0), kEnd) == std::vector{Start(2, offset.value())});
}

TEST_CASE("a cut below the log's start begins it anew there", "[log]") {
  LogFixture f(SmallSegments());
  REQUIRE(f.log().RestartAt(LogOffset(100)).ok());
  REQUIRE(f.Append(3).ok());
  REQUIRE(f.log().TruncateTo(LogOffset(40)).ok());
  CHECK(f.log().log_start_offset() == LogOffset(40));
  CHECK(f.log().log_end_offset() == LogOffset(40));
}

TEST_CASE("readers go on reading what they had when the log begins anew", "[log]") {
  Leader f;
  const auto before = f.log().Read(LogOffset(0), 1 << 20, true, kEnd).value();
  REQUIRE(f.log().RestartAt(LogOffset(200)).ok());
  CHECK(f.log().Read(LogOffset(0), 1, true, kEnd).status().code() ==
        ErrorCode::kLogOffsetOutOfRange);
  CHECK(before.size() > 100);
}

TEST_CASE("retention leaves the epochs of what is left", "[log]") {
  Leader f;
  f.clock().JumpWall(100000);
  REQUIRE(f.log().StartEpoch(LeaderEpoch(8)).ok());
  REQUIRE(f.log().DeleteOldSegments({.size_max_bytes = 1100, .keep_from = kEnd}).value() > 2);
  const int64_t start = f.log().log_start_offset().value();
  REQUIRE(start > 20);
  REQUIRE(start < 40);
  // With that of the record before the first, and the one led now.
  CHECK(f.log().EpochsCovering(LogOffset(0), kEnd) ==
        std::vector{Start(3, start - 1), Start(4, 40), Start(8, 60)});
  CHECK(f.log().EndOfEpoch(LeaderEpoch(1)) == EpochEnd{kNoEpoch, LogOffset(start)});
  f.Crash();
  CHECK(f.log().EpochsCovering(LogOffset(0), kEnd) ==
        std::vector{Start(3, start - 1), Start(4, 40), Start(8, 60)});
}

TEST_CASE("a follower that ends where its leader's log now starts goes on from there", "[log]") {
  Leader leader;  // Segments end, as epoch 3 does, at 40.
  LogFixture follower(SmallSegments());
  while (follower.log().log_end_offset() < LogOffset(40)) {
    const LogOffset at = follower.log().log_end_offset();
    REQUIRE(follower.log()
                .AppendAsFollower(leader.log().Read(at, 1, true, kEnd).value(),
                                  leader.log().EpochsCovering(at, at.Next()))
                .ok());
  }
  REQUIRE(leader.log().DeleteOldSegments({.size_max_bytes = 700, .keep_from = kEnd}).ok());
  REQUIRE(leader.log().log_start_offset() == LogOffset(40));
  // Not diverging: the same epoch, and it does not end below.
  CHECK(leader.log().EndOfEpoch(LeaderEpoch(3)) == EpochEnd{LeaderEpoch(3), LogOffset(40)});
  CHECK(leader.log().EndOfEpoch(LeaderEpoch(2)) == EpochEnd{kNoEpoch, LogOffset(40)});
  REQUIRE(follower.Follow(leader.log()).ok());
  CHECK(follower.log().last_epoch() == LeaderEpoch(4));
}

TEST_CASE("a log older than its history has records of no epoch", "[log]") {
  LogFixture old(SmallSegments());
  for (int i = 0; i < 10; ++i) REQUIRE(old.Append(2).ok());
  old.Crash();
  CHECK(old.log().last_epoch() == std::nullopt);
  CHECK(old.log().EndOfEpoch(kNoEpoch) == EpochEnd{kNoEpoch, LogOffset(20)});
  REQUIRE(old.log().StartEpoch(LeaderEpoch(7)).ok());
  REQUIRE(old.Append(2).ok());
  CHECK(old.log().EndOfEpoch(LeaderEpoch(3)) == EpochEnd{kNoEpoch, LogOffset(20)});
  LogFixture follower(SmallSegments());
  REQUIRE(follower.Follow(old.log(), 100).ok());
  CHECK(follower.log().EpochsCovering(LogOffset(0), kEnd) == std::vector{Start(7, 20)});
}

TEST_CASE("a history that does not read keeps the log from opening, and says which", "[log]") {
  Leader f;
  f.disk().CrashProcess();
  const std::string path = std::string(LogFixture::kDirectory) + "/" + LeaderEpochs::kFileName;
  REQUIRE(io::WriteFileAtomically(f.disk(), path, "0\n2\n1 0\n").ok());
  const TableBucket bucket{.table = TableId(7), .partition = {}, .bucket = BucketId(0)};
  const auto opened = LogTablet::Open(f.disk(), f.clock(), LogFixture::kDirectory, bucket,
                                      f.options(), LogOffset(0), false);
  CHECK(opened.status().code() == ErrorCode::kCorruptRecord);
  CHECK(opened.status().message() ==
        "table 7 bucket 0: leader epochs " + path + ": 1 entries in 3 lines, announced 2");
}

TEST_CASE("a follower's failed write leaves whole batches, and the next answer goes on", "[log]") {
  Leader leader;
  LogFixture f(SmallSegments());
  f.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", EIO, GENERATE(0, 1, 3));
  CHECK(f.Follow(leader.log()).code() == ErrorCode::kStorage);
  REQUIRE(f.Follow(leader.log(), 300).ok());
  CHECK(AllBytes(f.log()) == AllBytes(leader.log()));
  CHECK(f.log().EpochsCovering(LogOffset(0), kEnd) ==
        leader.log().EpochsCovering(LogOffset(0), kEnd));
}

TEST_CASE("a cut that fails half-way leaves a log that opens, and takes nothing before", "[log]") {
  const auto operation = GENERATE(sim::DiskOperation::kTruncate, sim::DiskOperation::kSync,
                                  sim::DiskOperation::kRemove, sim::DiskOperation::kSyncDirectory,
                                  sim::DiskOperation::kRename, sim::DiskOperation::kCreate);
  const int skip = GENERATE(range(0, 14));
  const bool restart = GENERATE(false, true);
  Leader f;
  REQUIRE(f.log().Sync().ok());
  f.disk().faults().FailNext(operation, "", EIO, skip);
  const Status cut = restart ? f.log().RestartAt(LogOffset(25)) : f.log().TruncateTo(LogOffset(24));
  f.disk().faults().Heal();
  if (!cut.ok() && f.Append(1).ok()) {
    CHECK(f.log().log_end_offset() == LogOffset(61));  // It had not begun.
  } else if (!cut.ok()) {
    CHECK(f.Append(1).status().message().find("failed half-way") != std::string_view::npos);
    CHECK_FALSE(f.log().TruncateTo(LogOffset(2)).ok());
    CHECK_FALSE(f.log().Close().ok());
  }
  f.PowerFail(static_cast<uint64_t>(skip) + 1, LogOffset(60));  // The checkpoint is from before.
  const LogOffset start = f.log().log_start_offset(), end = f.log().log_end_offset();
  const bool anew = restart && start == LogOffset(25);
  if (restart && !anew) CHECK(end == LogOffset(60));  // The old one, whole.
  CHECK(start == LogOffset(anew ? 25 : 0));
  CHECK(f.ReadAll(start) == LogFixture::Counting(anew ? 25 : 0, static_cast<int>(end.value())));
  if (cut.ok()) CHECK(end == LogOffset(restart ? 25 : 24));
  for (const EpochStart& epoch : f.log().EpochsCovering(LogOffset(0), kEnd)) {
    CHECK(epoch.start_offset <= end);
  }
  if (end > LogOffset(20) && !anew) {
    CHECK(f.log().EndOfEpoch(LeaderEpoch(1)).end_offset == LogOffset(20));
  }
}

}  // namespace strom::tablet
