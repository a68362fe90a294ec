#include "common/arrow/time_units.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::arrow {
namespace {

TEST_CASE("the precision picks the unit", "[arrow]") {
  CHECK(UnitOf(0) == TimeUnit::kSecond);
  for (const int precision : {1, 2, 3}) CHECK(UnitOf(precision) == TimeUnit::kMilli);
  for (const int precision : {4, 5, 6}) CHECK(UnitOf(precision) == TimeUnit::kMicro);
  for (const int precision : {7, 8, 9}) CHECK(UnitOf(precision) == TimeUnit::kNano);
}

TEST_CASE("a time of day keeps its milliseconds but in seconds", "[arrow]") {
  constexpr int64_t kLast = 86399999;
  CHECK(TimeToUnit(kLast, TimeUnit::kSecond) == 86399);
  CHECK(TimeToUnit(kLast, TimeUnit::kMilli) == kLast);
  CHECK(TimeToUnit(kLast, TimeUnit::kMicro) == kLast * 1000);
  CHECK(TimeToUnit(kLast, TimeUnit::kNano) == kLast * 1000000);
  CHECK(TimeFromUnit(86399, TimeUnit::kSecond) == 86399000);
  CHECK(TimeFromUnit(kLast, TimeUnit::kMilli) == kLast);
  CHECK(TimeFromUnit(kLast * 1000 + 999, TimeUnit::kMicro) == kLast);
  CHECK(TimeFromUnit(kLast * 1000000 + 999999, TimeUnit::kNano) == kLast);
}

TEST_CASE("timestamps before 1970 come back whole", "[arrow]") {
  const Timestamp time{-1, 999999};  // One nanosecond before 1970.
  CHECK(TimestampToUnit(time, TimeUnit::kNano) == -1);
  CHECK(TimestampFromUnit(-1, TimeUnit::kNano) == time);
  CHECK(TimestampToUnit(time, TimeUnit::kMicro) == -1);
  CHECK(TimestampFromUnit(-1, TimeUnit::kMicro) == Timestamp{-1, 999000});
  CHECK(TimestampToUnit(time, TimeUnit::kMilli) == -1);
  CHECK(TimestampFromUnit(-1, TimeUnit::kMilli) == Timestamp{-1, 0});
  CHECK(TimestampFromUnit(-1000, TimeUnit::kMicro) == Timestamp{-1, 0});
}

TEST_CASE("seconds are cut toward zero, as Java writes them", "[arrow]") {
  CHECK(TimestampToUnit({-1, 0}, TimeUnit::kSecond) == 0);
  CHECK(TimestampToUnit({-1001, 0}, TimeUnit::kSecond) == -1);
  CHECK(TimestampToUnit({1999, 0}, TimeUnit::kSecond) == 1);
  CHECK(TimestampFromUnit(-1, TimeUnit::kSecond) == Timestamp{-1000, 0});
}

TEST_CASE("timestamps beyond the reach of the unit are none", "[arrow]") {
  CHECK(TimestampToUnit({INT64_MAX, 0}, TimeUnit::kSecond) == INT64_MAX / 1000);
  CHECK(TimestampToUnit({INT64_MIN, 0}, TimeUnit::kMilli) == INT64_MIN);
  CHECK(TimestampToUnit({INT64_MAX, 0}, TimeUnit::kMicro) == std::nullopt);
  CHECK(TimestampToUnit({INT64_MAX / 1000000 + 1, 0}, TimeUnit::kNano) == std::nullopt);
  CHECK(TimestampFromUnit(INT64_MAX, TimeUnit::kSecond) == std::nullopt);
  CHECK(TimestampFromUnit(INT64_MIN, TimeUnit::kSecond) == std::nullopt);
}

TEST_CASE("the extreme counts of every fine unit come back", "[arrow]") {
  for (const TimeUnit unit : {TimeUnit::kMilli, TimeUnit::kMicro, TimeUnit::kNano}) {
    for (const int64_t count : {INT64_MIN, INT64_MIN + 1, int64_t{0}, INT64_MAX}) {
      const std::optional<Timestamp> time = TimestampFromUnit(count, unit);
      REQUIRE(time.has_value());
      CHECK(time->nanos_of_milli >= 0);
      CHECK(time->nanos_of_milli <= 999999);
      CHECK(TimestampToUnit(*time, unit) == count);
    }
  }
}

}  // namespace
}  // namespace strom::arrow
