// That remembering what was read changes nothing: the logs end where plain reading says they do.
#include "tests/sim/cluster/disk_logs.h"

#include <catch2/catch_test_macros.hpp>

#include "common/record/log_batch.h"
#include "tablet/log/log_files.h"
#include "tests/sim/cluster/sim_cluster.h"
#include "tests/sim/logs/replica_logs.h"
#include "tests/sim/world/synced_view.h"

namespace strom::sim {
namespace {

const TableBucket kBucket{.table = TableId(7), .partition = {}, .bucket = BucketId(1)};
const std::string kTable = std::string(kDataDirectory) + "/db/t-7";
const std::string kLog = kTable + "/log-1";

Bytes BatchAt(LogOffset base, int64_t timestamp) {
  record::LogBatchHeader header;
  header.base_offset = base;
  header.commit_timestamp_ms = timestamp;
  Bytes batch(header.header_size(), '\0');
  record::SealLogBatch(header, batch);
  return batch;
}

// What may happen to the files of a log, whoever does it.
class Scribble {
 public:
  explicit Scribble(uint64_t seed) : random_(seed), disk_({.seed = seed}) {
    REQUIRE(disk_.CreateDirectories(kLog).ok());
    Roll();
  }

  SimDisk& disk() { return disk_; }

  void Act() {
    switch (random_.Uniform(9)) {
      case 0:
        return Roll();
      case 1:
        return Sync();
      case 2:
        return Cut();
      case 3:
        return LoseOldest();
      case 4:
        return PowerFail();
      default:
        return Append();
    }
  }

 private:
  static std::string Path(LogOffset base) {
    return tablet::LogFilePath(kLog, base, tablet::kLogSuffix);
  }
  void Roll() {
    const auto created = disk_.Create(Path(end_));
    if (created.ok()) segments_.push_back(end_);
  }
  void Append() {
    const auto file = disk_.OpenForWrite(Path(segments_.back())).value();
    REQUIRE(file->Append(BatchAt(end_, static_cast<int64_t>(random_.Uniform(9)))).ok());
    end_ = end_.Next();
  }
  void Sync() {
    const LogOffset segment = segments_[random_.Uniform(segments_.size())];
    REQUIRE(disk_.OpenForWrite(Path(segment)).value()->Sync().ok());
    if (random_.Chance(0.5)) REQUIRE(disk_.SyncDirectory(kLog).ok());
  }
  // And goes on from there, often at once, so that the file is as long as it was.
  void Cut() {
    const auto file = disk_.OpenForWrite(Path(segments_.back())).value();
    const auto count = static_cast<uint64_t>(end_.value() - segments_.back().value());
    if (count == 0) return;
    const uint64_t stay = random_.Uniform(count);
    REQUIRE(file->Truncate(file->Size().value() / count * stay).ok());
    end_ = LogOffset(segments_.back().value() + static_cast<int64_t>(stay));
    if (random_.Chance(0.2)) end_ = end_.Next();  // Nonsense: what follows is not the log's.
    while (random_.Chance(0.7)) Append();
  }
  void LoseOldest() {
    if (segments_.size() < 2) return;
    REQUIRE(disk_.RemoveFile(Path(segments_.front())).ok());
    segments_.erase(segments_.begin());
  }
  // A new life on what is left, under the same names.
  void PowerFail() {
    disk_.PowerFail(random_.Next());
    segments_.clear();
    for (const io::DirectoryEntry& entry : disk_.List(kLog).value()) {
      const auto base = tablet::ParseLogFileName(entry.name, tablet::kLogSuffix);
      segments_.push_back(*base);
    }
    end_ = ReadLogEnd(disk_, kDataDirectory, kBucket).value_or(end_);
    if (segments_.empty()) return Roll();
    end_ = std::max(end_, segments_.back());
  }

  SimRandom random_;
  SimDisk disk_;
  LogOffset end_;
  std::vector<LogOffset> segments_;
};

}  // namespace

TEST_CASE("a log ends where plain reading of its files says, whatever happened to them", "[sim]") {
  size_t compared = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    Scribble log(seed);
    SyncedView synced(log.disk());
    DiskLogs logs(log.disk());
    for (int i = 0; i < 200; ++i) {
      INFO("step " << i);
      log.Act();
      const auto written = ReadLogEnd(log.disk(), kDataDirectory, kBucket);
      REQUIRE(logs.EndOf(kBucket) == written);
      REQUIRE(logs.EndOf(kBucket, DiskLogs::View::kSynced) ==
              ReadLogEnd(synced, kDataDirectory, kBucket));
      compared += written > LogOffset(0) ? 1 : 0;
    }
  }
  CHECK(compared > 4000);
}

TEST_CASE("a log that was set aside is found by itself", "[sim]") {
  SimDisk disk({});
  DiskLogs logs(disk);
  CHECK(logs.EndOf(kBucket) == std::nullopt);
  REQUIRE(disk.CreateDirectories(kLog).ok());
  const auto file = disk.Create(tablet::LogFilePath(kLog, LogOffset(4), ".log")).value();
  REQUIRE(file->Append(BatchAt(LogOffset(4), 0)).ok());
  CHECK(logs.EndOf(kBucket) == LogOffset(5));
  CHECK(logs.EndOfSetAside(kBucket) == std::nullopt);
  REQUIRE(disk.Rename(kLog, kTable + "/broken-1").ok());
  CHECK(logs.EndOf(kBucket) == std::nullopt);
  CHECK(logs.EndOfSetAside(kBucket) == LogOffset(5));
}

}  // namespace strom::sim
