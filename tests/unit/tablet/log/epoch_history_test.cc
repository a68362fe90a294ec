// Which leader wrote what: the history by itself, and its file.
#include <cerrno>

#include <catch2/catch_test_macros.hpp>

#include "common/io/atomic_file.h"
#include "tablet/log/leader_epochs.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::tablet {
namespace {

EpochStart Start(int epoch, int64_t offset) { return {LeaderEpoch(epoch), LogOffset(offset)}; }
EpochEnd End(int epoch, int64_t offset) { return {LeaderEpoch(epoch), LogOffset(offset)}; }

EpochHistory History(const std::vector<EpochStart>& entries) {
  EpochHistory history;
  for (const EpochStart& entry : entries) {
    REQUIRE(history.Begin(entry.epoch, entry.start_offset).ok());
  }
  return history;
}

constexpr LogOffset kStart{0}, kEnd{200};

// Takes records [end, next) into a log that is not empty.
Status Extend(EpochHistory& history, std::vector<EpochStart> epochs, int64_t end, int64_t next) {
  return history.Extend(epochs, false, LogOffset(end), LogOffset(next));
}

}  // namespace

TEST_CASE("an epoch ends where the next one starts, the last one where the log ends", "[log]") {
  const EpochHistory history = History({Start(2, 0), Start(4, 80), Start(7, 150)});
  CHECK(history.EndOf(LeaderEpoch(2), kStart, kEnd) == End(2, 80));
  CHECK(history.EndOf(LeaderEpoch(4), kStart, kEnd) == End(4, 150));
  CHECK(history.EndOf(LeaderEpoch(7), kStart, kEnd) == End(7, 200));
  // Not known: the largest below it.
  CHECK(history.EndOf(LeaderEpoch(3), kStart, kEnd) == End(2, 80));
  CHECK(history.EndOf(LeaderEpoch(9), kStart, kEnd) == End(7, 200));
  CHECK(history.EndOf(LeaderEpoch(1), kStart, kEnd) == EpochEnd{kNoEpoch, LogOffset(0)});
}

TEST_CASE("what was written before the first known epoch is of no epoch", "[log]") {
  CHECK(EpochHistory().EndOf(LeaderEpoch(3), LogOffset(5), kEnd) == EpochEnd{kNoEpoch, kEnd});
  const EpochHistory history = History({Start(4, 80)});
  CHECK(history.EndOf(kNoEpoch, kStart, kEnd) == EpochEnd{kNoEpoch, LogOffset(80)});
  CHECK(history.EpochBefore(LogOffset(80)) == std::nullopt);
  CHECK(history.EpochBefore(LogOffset(81)) == LeaderEpoch(4));
}

TEST_CASE("the epochs of a piece of the log begin with the one of its first record", "[log]") {
  const EpochHistory history = History({Start(2, 10), Start(4, 80), Start(7, 150)});
  const auto covering = [&](int64_t from, int64_t to) {
    return history.Covering(LogOffset(from), LogOffset(to));
  };
  CHECK(covering(80, 150) == std::vector{Start(4, 80)});
  CHECK(covering(79, 151) == std::vector{Start(2, 10), Start(4, 80), Start(7, 150)});
  CHECK(covering(180, 200) == std::vector{Start(7, 150)});
  CHECK(covering(0, 11) == std::vector{Start(2, 10)});  // From 10 on.
  CHECK(covering(0, 10).empty());
}

TEST_CASE("an epoch under which nothing was written leaves the history", "[log]") {
  EpochHistory history = History({Start(2, 0), Start(4, 80)});
  REQUIRE(history.Begin(LeaderEpoch(5), LogOffset(80)).ok());
  CHECK(history.entries() == std::vector{Start(2, 0), Start(5, 80)});
  REQUIRE(history.Begin(LeaderEpoch(5), LogOffset(90)).ok());  // Goes on.
  CHECK(history.entries() == std::vector{Start(2, 0), Start(5, 80)});
  const Status old = history.Begin(LeaderEpoch(4), LogOffset(90));
  CHECK(old.code() == ErrorCode::kFencedLeaderEpoch);
  CHECK(old.message() == "leader epoch 4 cannot begin at offset 90: epoch 5 began at 80");
}

TEST_CASE("a follower takes its leader's epochs as far as the records go", "[log]") {
  EpochHistory history = History({Start(2, 0), Start(4, 80)});
  REQUIRE(Extend(history, {Start(4, 80), Start(6, 110), Start(7, 130)}, 100, 120).ok());
  CHECK(history.entries() == std::vector{Start(2, 0), Start(4, 80), Start(6, 110)});
  REQUIRE(Extend(history, {Start(7, 120)}, 120, 130).ok());
  CHECK(history.entries().back() == Start(7, 120));
  SECTION("an epoch it led itself, without a record, goes") {
    REQUIRE(history.Begin(LeaderEpoch(9), LogOffset(130)).ok());
    REQUIRE(Extend(history, {Start(8, 130)}, 130, 140).ok());
    CHECK(history.entries().back() == Start(8, 130));
  }
  SECTION("an empty log begins with the epoch of its first record") {
    EpochHistory empty;
    REQUIRE(empty.Extend(std::vector{Start(3, 50)}, true, LogOffset(70), LogOffset(80)).ok());
    CHECK(empty.entries() == std::vector{Start(3, 70)});
  }
  SECTION("records of no epoch come before all that have one") {
    EpochHistory none;
    REQUIRE(Extend(none, {}, 10, 20).ok());
    CHECK(none.entries().empty());
    REQUIRE(Extend(none, {Start(1, 25)}, 20, 30).ok());
    CHECK(none.entries() == std::vector{Start(1, 25)});
  }
}

TEST_CASE("epochs that cannot be those of one log are refused", "[log]") {
  const EpochHistory before = History({Start(2, 0), Start(4, 80)});
  const auto refused = [&](const std::vector<EpochStart>& epochs) {
    EpochHistory history = before;
    const Status status = Extend(history, epochs, 100, 120);
    CHECK(history == before);
    CHECK(status.code() == ErrorCode::kCorruptRecord);
    return std::string(status.message());
  };
  CHECK(refused({}) == "the leader names no epoch for offset 100, where epoch 4 ends");
  CHECK(refused({Start(5, 101)}) == "the leader names no epoch for offset 100, where epoch 4 ends");
  CHECK(refused({Start(3, 100)}) == "epoch 3 from offset 100 on, behind epoch 4");
  CHECK(refused({Start(5, 90)}) ==
        "the leader says epoch 5 wrote from offset 90 on, here epoch 4 wrote up to 100");
  CHECK(refused({Start(4, 80), Start(4, 110)}) ==
        "the leader says epoch 4 starts at 110, after epoch 4 at 80");
  CHECK(refused({Start(5, 100), Start(6, 100)}) ==
        "the leader says epoch 6 starts at 100, after epoch 5 at 100");
  EpochHistory none;  // Of a log with records.
  CHECK_FALSE(Extend(none, {Start(5, 90)}, 100, 120).ok());
  CHECK_FALSE(Extend(none, {Start(-1, 100)}, 100, 120).ok());
}

TEST_CASE("a history is cut with its log, at either end", "[log]") {
  EpochHistory history = History({Start(2, 10), Start(4, 80), Start(7, 150)});
  SECTION("at the end") {
    history.CutFrom(LogOffset(150));
    CHECK(history.entries() == std::vector{Start(2, 10), Start(4, 80)});
    history.CutFrom(LogOffset(0));
    CHECK(history.entries().empty());
  }
  SECTION("at the start") {
    history.CutBelow(LogOffset(5));
    CHECK(history.entries().size() == 3);
    history.CutBelow(LogOffset(80));
    CHECK(history.entries() == std::vector{Start(4, 80), Start(7, 150)});
    history.CutBelow(LogOffset(170));
    CHECK(history.entries() == std::vector{Start(7, 170)});
  }
}

TEST_CASE("the file has Kafka's lines and reads back", "[log]") {
  sim::SimDisk disk({});
  LeaderEpochs epochs(disk, "/");
  REQUIRE(epochs.Load().ok());
  CHECK(epochs.get()->entries().empty());
  const EpochHistory history = History({Start(2, 0), Start(4, 80)});
  REQUIRE(epochs.Set(history).ok());
  const std::string path = std::string("//") + LeaderEpochs::kFileName;
  CHECK(io::ReadWholeFile(disk, path, 100).value() == "0\n2\n2 0\n4 80\n");
  disk.PowerFail(3);  // It was synced.
  LeaderEpochs later(disk, "/");
  REQUIRE(later.Load().ok());
  CHECK(*later.get() == history);
}

TEST_CASE("a history that cannot be is refused with its file and line", "[log]") {
  sim::SimDisk disk({});
  for (const char* bad : {"", "0\n", "1\n0\n", "0\n1\n", "0\n1\n4\n", "0\n1\n4 x\n", "0\n1\n-4 1\n",
                          "0\n1\n4 -1\n", "0\n2\n4 10\n4 20\n", "0\n2\n4 10\n5 10\n",
                          "0\n1\n4294967296 1\n"}) {
    INFO(bad);
    REQUIRE(io::WriteFileAtomically(disk, std::string("//") + LeaderEpochs::kFileName, bad).ok());
    LeaderEpochs epochs(disk, "/");
    const Status status = epochs.Load();
    CHECK(status.code() == ErrorCode::kCorruptRecord);
    CHECK(status.message().find(LeaderEpochs::kFileName) != std::string_view::npos);
  }
  REQUIRE(io::WriteFileAtomically(disk, std::string("//") + LeaderEpochs::kFileName,
                                  "0\n2\n4 10\n3 20\n")
              .ok());
  CHECK(LeaderEpochs(disk, "/").Load().message().ends_with("line 4: '3 20'"));
}

TEST_CASE("a write of the history that failed is done again, even to what it was", "[log]") {
  sim::SimDisk disk({});
  LeaderEpochs epochs(disk, "/");
  const EpochHistory old = History({Start(2, 0)}), next = History({Start(2, 0), Start(3, 9)});
  REQUIRE(epochs.Set(old).ok());
  disk.faults().FailNext(sim::DiskOperation::kSyncDirectory, "", EIO);
  CHECK_FALSE(epochs.Set(next).ok());  // The new file is there already.
  CHECK(*epochs.get() == old);
  REQUIRE(epochs.Set(old).ok());
  LeaderEpochs later(disk, "/");
  REQUIRE(later.Load().ok());
  CHECK(*later.get() == old);
}

}  // namespace strom::tablet
