#include <cerrno>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tablet/log/log_files.h"
#include "tests/unit/tablet/log/log_fixture.h"

namespace strom::tablet {
namespace {

LogOptions SmallSegments() {
  LogOptions options;
  options.segment.size_max_bytes = 400;
  options.segment.index_interval_bytes = 100;
  return options;
}

std::string PathOf(int64_t base, std::string_view suffix) {
  return LogFilePath(LogFixture::kDirectory, LogOffset(base), suffix);
}

}  // namespace

TEST_CASE("a log that was closed in order opens without a scan, with its writers", "[log]") {
  LogFixture f(SmallSegments());
  const WriterId writer(9);
  for (int i = 0; i < 20; ++i) REQUIRE(f.Append(2, writer, BatchSequence(i)).ok());
  REQUIRE(f.log().Close().ok());
  CHECK(f.log().recovery_point() == LogOffset(40));
  f.Reopen(true, LogOffset(40));
  CHECK(f.ReadAll() == LogFixture::Counting(0, 40));
  CHECK(f.Append(2, writer, BatchSequence(16)).value().duplicate);  // Five batches back.
  CHECK(f.Append(2, writer, BatchSequence(20)).value().base_offset == LogOffset(40));
}

TEST_CASE("after a crash everything written is there, writers too", "[log]") {
  LogFixture f(SmallSegments());
  const WriterId writer(9);
  for (int i = 0; i < 20; ++i) REQUIRE(f.Append(2, writer, BatchSequence(i)).ok());
  f.Crash();
  CHECK(f.ReadAll() == LogFixture::Counting(0, 40));
  const AppendInfo again = f.Append(2, writer, BatchSequence(19)).value();
  CHECK(again.duplicate);
  CHECK(again.base_offset == LogOffset(38));
  CHECK(again.next_offset == LogOffset(40));
  CHECK(f.Append(2, writer, BatchSequence(22)).status().message().find("expected 20") !=
        std::string::npos);
}

TEST_CASE("what a failed sync left in memory only is written again after a crash", "[log]") {
  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 30)));
  LogFixture f(SmallSegments());
  for (int i = 0; i < 5; ++i) REQUIRE(f.Append(2).ok());
  REQUIRE(f.log().Sync().ok());
  const LogOffset synced = f.log().recovery_point();
  CHECK(synced == LogOffset(10));
  for (int i = 0; i < 12; ++i) REQUIRE(f.Append(2).ok());
  f.disk().faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
  CHECK_FALSE(f.log().Sync().ok());
  f.Crash(synced);  // The page cache still has it all.
  CHECK(f.ReadAll() == LogFixture::Counting(0, 34));
  REQUIRE(f.Append(2).ok());
  REQUIRE(f.log().Sync().ok());
  f.PowerFail(seed, synced);
  CHECK(f.ReadAll() == LogFixture::Counting(0, 36));
}

TEST_CASE("a torn tail is cut at the last whole batch, wherever it is torn", "[log]") {
  const auto cut = static_cast<uint64_t>(GENERATE(range(1, 58)));
  LogFixture f;
  REQUIRE(f.Append(3).ok());
  REQUIRE(f.Append(1).ok());  // 58 bytes.
  {
    auto file = f.disk().OpenForWrite(PathOf(0, kLogSuffix)).value();
    REQUIRE(file->Truncate(file->Size().value() - cut).ok());
  }
  f.Crash();
  CHECK(f.ReadAll() == LogFixture::Counting(0, 3));
  REQUIRE(f.Append(1).ok());
  CHECK(f.ReadAll() == LogFixture::Counting(0, 4));
}

TEST_CASE("a batch that rotted above the recovery point ends the log there", "[log]") {
  LogFixture f(SmallSegments());
  for (int i = 0; i < 20; ++i) REQUIRE(f.Append(2).ok());
  {
    auto file = f.disk().OpenForWrite(PathOf(0, kLogSuffix)).value();
    REQUIRE(file->WriteAt(68 + 50, "\xff").ok());  // Inside the second batch.
  }
  f.Crash();
  CHECK(f.ReadAll() == LogFixture::Counting(0, 2));
  CHECK(f.log().segment_count() == 1);
  REQUIRE(f.Append(1).ok());
  f.Crash();
  CHECK(f.ReadAll() == LogFixture::Counting(0, 3));
}

TEST_CASE("a hole in what was synced is an error, and nothing is removed", "[log]") {
  LogFixture f(SmallSegments());
  for (int i = 0; i < 20; ++i) REQUIRE(f.Append(2).ok());
  REQUIRE(f.log().Close().ok());
  const auto names = f.FileNames();
  REQUIRE(f.log().segment_count() > 3);
  REQUIRE(f.disk().RemoveFile(PathOf(10, kLogSuffix)).ok());
  f.disk().CrashProcess();
  const TableBucket bucket{.table = TableId(7), .partition = {}, .bucket = BucketId(0)};
  const auto reopened = LogTablet::Open(f.disk(), f.clock(), LogFixture::kDirectory, bucket,
                                        SmallSegments(), LogOffset(40), false);
  REQUIRE_FALSE(reopened.ok());
  CHECK(reopened.status().code() == ErrorCode::kCorruptRecord);
  CHECK(reopened.status().message().find("table 7 bucket 0: segment 20") != std::string::npos);
  CHECK(f.FileNames().size() >= names.size() - 3);
}

TEST_CASE("missing and broken indexes are rebuilt", "[log]") {
  LogFixture f(SmallSegments());
  for (int i = 0; i < 20; ++i) REQUIRE(f.Append(2).ok());
  REQUIRE(f.log().Close().ok());
  REQUIRE(f.disk().RemoveFile(PathOf(0, kOffsetIndexSuffix)).ok());
  {
    auto file = f.disk().OpenForWrite(PathOf(10, kTimeIndexSuffix)).value();
    REQUIRE(file->Append("odd").ok());
  }
  f.Reopen(true, LogOffset(40));
  for (int from = 0; from < 40; ++from) {
    CHECK(f.ReadAll(LogOffset(from), 60) == LogFixture::Counting(from, 40));
  }
}

TEST_CASE("an index without a log and foreign files do no harm", "[log]") {
  LogFixture f;
  REQUIRE(f.Append(2).ok());
  REQUIRE(f.disk().Create(PathOf(99, kOffsetIndexSuffix)).ok());
  REQUIRE(f.disk().Create(std::string(LogFixture::kDirectory) + "/notes.txt").ok());
  f.Crash();
  CHECK(f.ReadAll() == LogFixture::Counting(0, 2));
  CHECK_FALSE(f.disk().Exists(PathOf(99, kOffsetIndexSuffix)).value());
  CHECK(f.disk().Exists(std::string(LogFixture::kDirectory) + "/notes.txt").value());
}

TEST_CASE("a writer snapshot that does not read is passed over", "[log]") {
  LogFixture f(SmallSegments());
  const WriterId writer(9);
  for (int i = 0; i < 20; ++i) REQUIRE(f.Append(2, writer, BatchSequence(i)).ok());
  for (const std::string& name : f.FileNames()) {
    if (!ParseLogFileName(name, kWriterSnapshotSuffix)) continue;
    auto file = f.disk().OpenForWrite(std::string(LogFixture::kDirectory) + "/" + name).value();
    REQUIRE(file->Truncate(5).ok());
  }
  f.Crash();
  CHECK(f.Append(2, writer, BatchSequence(19)).value().duplicate);
  CHECK(f.Append(2, writer, BatchSequence(20)).ok());
}

TEST_CASE("what was synced survives a power failure, whatever becomes of the rest", "[log]") {
  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 60)));
  LogFixture f(SmallSegments());
  const WriterId writer(9);
  int sequence = 0;
  for (; sequence < 12; ++sequence) REQUIRE(f.Append(2, writer, BatchSequence(sequence)).ok());
  REQUIRE(f.log().Sync().ok());
  const LogOffset synced = f.log().recovery_point();
  CHECK(synced == LogOffset(24));
  for (; sequence < 24; ++sequence) REQUIRE(f.Append(2, writer, BatchSequence(sequence)).ok());
  f.PowerFail(seed, synced);
  const auto end = static_cast<int>(f.log().log_end_offset().value());
  CHECK(end >= 24);
  CHECK(f.ReadAll() == LogFixture::Counting(0, end));
  // The writer goes on exactly where the log ends: a retry of what was lost is no duplicate.
  CHECK(f.Append(2, writer, BatchSequence(end / 2)).value().base_offset == LogOffset(end));
  CHECK(f.ReadAll() == LogFixture::Counting(0, end + 2));
}

}  // namespace strom::tablet
