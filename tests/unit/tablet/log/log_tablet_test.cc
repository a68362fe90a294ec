#include <cerrno>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/log/log_fixture.h"

namespace strom::tablet {
namespace {

constexpr LogOffset kEnd{INT64_MAX};

LogOptions SmallSegments() {
  LogOptions options;
  options.segment.size_max_bytes = 400;
  options.segment.index_interval_bytes = 100;
  return options;
}

}  // namespace

TEST_CASE("a log gives appended batches contiguous offsets and reads them back", "[log]") {
  LogFixture f;
  CHECK(f.log().log_end_offset() == LogOffset(0));
  const AppendInfo first = f.Append(3).value();
  CHECK(first.base_offset == LogOffset(0));
  CHECK(first.next_offset == LogOffset(3));
  CHECK(f.Append(2).value().base_offset == LogOffset(3));
  CHECK(f.ReadAll() == LogFixture::Counting(0, 5));
  CHECK(f.ReadAll(LogOffset(4)) == LogFixture::Counting(4, 5));
}

TEST_CASE("several batches of one request are appended as one piece", "[log]") {
  LogFixture f;
  const Bytes payload = LogFixture::Batch({0, 1}) + LogFixture::Batch({2});
  const AppendInfo info = f.log().AppendAsLeader(payload).value();
  CHECK(info.next_offset == LogOffset(3));
  CHECK(f.ReadAll() == LogFixture::Counting(0, 3));
}

TEST_CASE("the commit timestamp never goes back, whatever the wall clock does", "[log]") {
  LogFixture f;
  const int64_t first = f.Append(1).value().commit_timestamp_ms;
  f.clock().JumpWall(-60000);
  CHECK(f.Append(1).value().commit_timestamp_ms == first);
  f.clock().JumpWall(120000);
  CHECK(f.Append(1).value().commit_timestamp_ms > first);
}

TEST_CASE("a batch with a wrong CRC is refused and nothing is appended", "[log]") {
  LogFixture f;
  Bytes batch = LogFixture::Batch({1, 2, 3});
  batch.back() = static_cast<char>(batch.back() ^ 1);
  CHECK(f.log().AppendAsLeader(batch).status().code() == ErrorCode::kCorruptRecord);
  CHECK(f.log().AppendAsLeader("garbage").status().code() == ErrorCode::kCorruptRecord);
  CHECK(f.log().AppendAsLeader("").status().code() == ErrorCode::kCorruptRecord);
  CHECK(f.log().log_end_offset() == LogOffset(0));
  CHECK(f.log().size_bytes() == 0);
}

TEST_CASE("a read keeps to whole batches, its size and its upper bound", "[log]") {
  LogFixture f;
  for (int i = 0; i < 5; ++i) REQUIRE(f.Append(2).ok());  // 68 bytes each.
  const size_t batch = LogFixture::Batch({0, 1}).size();
  CHECK(f.log().Read(LogOffset(0), batch * 2 + 5, true, kEnd).value().size() == batch * 2);
  CHECK(f.log().Read(LogOffset(0), 3, true, kEnd).value().size() == batch);
  CHECK(f.log().Read(LogOffset(0), 3, false, kEnd).value().empty());
  CHECK(f.log().Read(LogOffset(0), 1 << 20, true, LogOffset(5)).value().size() == batch * 2);
  CHECK(f.log().Read(LogOffset(4), 1 << 20, true, LogOffset(4)).value().empty());
  CHECK(f.log().Read(LogOffset(10), 1 << 20, true, kEnd).value().empty());
  CHECK(f.log().Read(LogOffset(11), 1, true, kEnd).status().code() ==
        ErrorCode::kLogOffsetOutOfRange);
}

TEST_CASE("the log rolls by size and reads across segments", "[log]") {
  LogFixture f(SmallSegments());
  for (int i = 0; i < 40; ++i) REQUIRE(f.Append(1 + i % 3).ok());
  CHECK(f.log().segment_count() > 5);
  const auto end = static_cast<int>(f.log().log_end_offset().value());
  CHECK(f.ReadAll() == LogFixture::Counting(0, end));
  for (int from = 0; from < end; ++from) {
    CHECK(f.ReadAll(LogOffset(from), 100) == LogFixture::Counting(from, end));
  }
  CHECK(f.log().AppendAsLeader(LogFixture::Batch(LogFixture::Counting(0, 100))).status().code() ==
        ErrorCode::kRecordTooLarge);
}

TEST_CASE("offsets are found by timestamp and from the end", "[log]") {
  LogFixture f(SmallSegments());
  std::vector<int64_t> times;
  for (int i = 0; i < 30; ++i) {
    times.push_back(f.Append(2).value().commit_timestamp_ms);
    f.clock().JumpWall(10);
  }
  for (size_t i = 0; i < times.size(); ++i) {
    CHECK(f.log().OffsetOfTimestamp(times[i]).value() == LogOffset(static_cast<int64_t>(2 * i)));
    CHECK(f.log().OffsetOfTimestamp(times[i] - 5).value() ==
          LogOffset(static_cast<int64_t>(2 * i)));
  }
  CHECK(f.log().OffsetOfTimestamp(times.back() + 1).value() == f.log().log_end_offset());
  CHECK(f.log().OffsetOfLast(1, f.log().log_end_offset()).value() == LogOffset(58));
  CHECK(f.log().OffsetOfLast(1000, f.log().log_end_offset()).value() == LogOffset(0));
  CHECK(f.log().OffsetOfLast(3, LogOffset(20)).value() == LogOffset(16));
}

TEST_CASE("retention removes whole old segments, never what is needed or active", "[log]") {
  LogFixture f(SmallSegments());
  for (int i = 0; i < 20; ++i) {
    REQUIRE(f.Append(4).ok());
    f.clock().JumpWall(1000);
  }
  const size_t before = f.log().segment_count();
  REQUIRE(before > 3);
  CHECK(f.log().DeleteOldSegments({.keep_from = kEnd}).value() == 0);  // No limit, no deletion.
  CHECK(f.log().DeleteOldSegments({.ttl_ms = 1, .keep_from = LogOffset(0)}).value() == 0);
  CHECK(f.log().DeleteOldSegments({.ttl_ms = 10000, .keep_from = kEnd}).value() > 0);
  const LogOffset start = f.log().log_start_offset();
  CHECK(start > LogOffset(0));
  CHECK(f.log().Read(LogOffset(0), 1, true, kEnd).status().code() ==
        ErrorCode::kLogOffsetOutOfRange);
  CHECK(f.ReadAll(start).front() == static_cast<int>(start.value()));
  REQUIRE(f.log().DeleteOldSegments({.size_max_bytes = 1, .keep_from = kEnd}).ok());
  CHECK(f.log().segment_count() == 1);
  f.Reopen(false);
  CHECK(f.log().log_end_offset() == LogOffset(80));
}

TEST_CASE("truncation cuts at batch boundaries and the log goes on from there", "[log]") {
  LogFixture f(SmallSegments());
  const WriterId writer(5);
  for (int i = 0; i < 20; ++i) REQUIRE(f.Append(3, writer, BatchSequence(i)).ok());
  REQUIRE(f.log().TruncateTo(LogOffset(31)).ok());  // Inside batch [30, 33).
  CHECK(f.log().log_end_offset() == LogOffset(30));
  CHECK(f.ReadAll() == LogFixture::Counting(0, 30));
  CHECK(f.Append(3, writer, BatchSequence(11)).status().code() == ErrorCode::kOutOfOrderSequence);
  CHECK(f.Append(3, writer, BatchSequence(10)).value().base_offset == LogOffset(30));
  f.Crash();
  CHECK(f.ReadAll() == LogFixture::Counting(0, 33));
}

TEST_CASE("a failed write leaves the log as it was", "[log]") {
  LogFixture f;
  REQUIRE(f.Append(2).ok());
  f.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", ENOSPC);
  CHECK(f.Append(2).status().code() == ErrorCode::kDiskWriteLocked);
  CHECK(f.log().log_end_offset() == LogOffset(2));
  REQUIRE(f.Append(1).ok());
  CHECK(f.ReadAll() == LogFixture::Counting(0, 3));
  f.Crash();
  CHECK(f.ReadAll() == LogFixture::Counting(0, 3));
}

TEST_CASE("a log whose half-written tail cannot be cut refuses further appends", "[log]") {
  LogFixture f;
  REQUIRE(f.Append(2).ok());
  f.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", EIO);
  f.disk().faults().FailNext(sim::DiskOperation::kTruncate, ".log", EIO);
  CHECK_FALSE(f.Append(2).ok());
  CHECK(f.Append(2).status().code() == ErrorCode::kStorage);
  CHECK(f.ReadAll() == LogFixture::Counting(0, 2));
  f.Crash();
  REQUIRE(f.Append(1).ok());
  CHECK(f.ReadAll() == LogFixture::Counting(0, 3));
}

}  // namespace strom::tablet
