#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "cli/ack_tracker.h"
#include "cli/append_progress.h"
#include "cli/log_ranges.h"

namespace strom::cli {
namespace {

BucketOffsets Offsets(std::initializer_list<int64_t> offsets) {
  BucketOffsets map;
  int32_t bucket = 0;
  for (const int64_t offset : offsets) map[BucketId(bucket++)] = LogOffset(offset);
  return map;
}

LogRange Range(int32_t bucket, int64_t start, int64_t stop) {
  return {BucketId(bucket), LogOffset(start), LogOffset(stop)};
}

}  // namespace

TEST_CASE("rows count as acknowledged once all before them are", "[cli]") {
  AckTracker tracker;
  tracker.Answered(1, Status::Ok());
  tracker.Answered(3, Status::Ok());
  CHECK(tracker.acknowledged() == 0);
  tracker.Answered(0, Status::Ok());
  CHECK(tracker.acknowledged() == 2);
  tracker.Answered(2, Status::Ok());
  CHECK(tracker.acknowledged() == 4);
  CHECK_FALSE(tracker.failure());
}

TEST_CASE("a row that fails holds the count for ever", "[cli]") {
  AckTracker tracker;
  tracker.Answered(0, Status::Ok());
  tracker.Answered(3, Error(ErrorCode::kNetwork, "later"));
  tracker.Answered(1, Error(ErrorCode::kStorage, "first"));
  tracker.Answered(2, Status::Ok());
  CHECK(tracker.acknowledged() == 1);
  REQUIRE(tracker.failure());
  CHECK(tracker.failure()->row == 1);
  CHECK(tracker.failure()->status.message() == "first");
}

TEST_CASE("progress is printed in steps, never backwards, and complete at the end", "[cli]") {
  std::ostringstream out;
  AppendProgress progress(10, out);
  for (int64_t row = 99; row >= 0; --row) progress.Answered(row, Status::Ok());
  progress.Stop();
  CHECK(out.str() == "acked 100\n");
  for (int64_t row = 100; row < 200; ++row) progress.Answered(row, Status::Ok());
  CHECK(out.str() == "acked 100\n");  // It was stopped.
  CHECK(progress.tracker().acknowledged() == 200);

  std::ostringstream steps;
  AppendProgress ahead(10, steps);
  for (int64_t row = 0; row < 1005; ++row) ahead.Answered(row, Status::Ok());
  ahead.Stop();
  CHECK(steps.str().ends_with("acked 1000\n"));
  int64_t last = 0;
  std::istringstream lines(steps.str());
  for (std::string word; lines >> word;) {
    int64_t count = 0;
    REQUIRE(lines >> count);
    CHECK(count > last);
    CHECK(count % 10 == 0);
    last = count;
  }

  std::ostringstream silent;
  AppendProgress none(0, silent);
  none.Answered(0, Status::Ok());
  none.Stop();
  CHECK(silent.str().empty());
}

TEST_CASE("a scan reads what is there, from where it was told", "[cli]") {
  const BucketOffsets earliest = Offsets({0, 10, 5});
  const BucketOffsets latest = Offsets({100, 10, 8});
  CHECK(RangesFrom("earliest", earliest, latest) ==
        std::vector{Range(0, 0, 100), Range(1, 10, 10), Range(2, 5, 8)});
  CHECK(RangesFrom("latest", earliest, latest) ==
        std::vector{Range(0, 100, 100), Range(1, 10, 10), Range(2, 8, 8)});
  CHECK(RangesFrom("7", earliest, latest) ==
        std::vector{Range(0, 7, 100), Range(1, 10, 10), Range(2, 7, 8)});
  CHECK(Range(1, 10, 10).empty());
  CHECK(Range(1, 10, 12).count() == 2);
}

TEST_CASE("offsets that moved between the two questions make no negative range", "[cli]") {
  CHECK(RangesFrom("earliest", Offsets({9}), Offsets({4})) == std::vector{Range(0, 9, 9)});
  CHECK(RangesFrom("earliest", Offsets({}), Offsets({4})).empty());
}

TEST_CASE("head and tail read the ends of every bucket", "[cli]") {
  const BucketOffsets earliest = Offsets({0, 5});
  const BucketOffsets latest = Offsets({100, 8});
  CHECK(HeadRanges(10, earliest, latest) == std::vector{Range(0, 0, 10), Range(1, 5, 8)});
  CHECK(TailRanges(10, earliest, latest) == std::vector{Range(0, 90, 100), Range(1, 5, 8)});
  CHECK(TailRanges(2, earliest, latest) == std::vector{Range(0, 98, 100), Range(1, 6, 8)});
}

TEST_CASE("a scan starts at earliest, latest or an offset", "[cli]") {
  for (const char* text : {"earliest", "latest", "0", "9223372036854775807"}) {
    CHECK(CheckScanStart(text).ok());
  }
  for (const char* text : {"", "-1", "first", "1.5", "9223372036854775808"}) {
    INFO(text);
    CHECK(CheckScanStart(text).code() == ErrorCode::kInvalidConfig);
  }
}

}  // namespace strom::cli
