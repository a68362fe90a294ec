#include "common/types/auto_partition.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

// 2024-11-11 09:05 UTC.
constexpr int64_t kNow = 1731315900000;
constexpr int64_t kHour = 3600000;

AutoPartitioner Partitioner(AutoPartitionOptions options, std::string_view server_zone = "UTC") {
  return AutoPartitioner::Make(options, server_zone).value();
}

std::string ValueAt(PartitionTimeUnit unit, int64_t offset) {
  return Partitioner({.unit = unit}).ValueAt(kNow, offset);
}

Result<PartitionTimeFormat> Format(PartitionTimeUnit unit, const char* pattern) {
  return PartitionTimeFormat::Make(unit, pattern);
}

using Unit = PartitionTimeUnit;

}  // namespace

TEST_CASE("automatic partitions have the values of the reference", "[types]") {
  const std::vector<std::pair<Unit, std::vector<std::string>>> expected = {
      {Unit::kYear, {"2024", "2025", "2023"}},
      {Unit::kQuarter, {"20244", "20251", "20243"}},
      {Unit::kMonth, {"202411", "202412", "202410"}},
      {Unit::kDay, {"20241111", "20241112", "20241110"}},
      {Unit::kHour, {"2024111109", "2024111110", "2024111108"}},
  };
  for (const auto& [unit, values] : expected) {
    CHECK(ValueAt(unit, 0) == values[0]);
    CHECK(ValueAt(unit, 1) == values[1]);
    CHECK(ValueAt(unit, -1) == values[2]);
  }
}

TEST_CASE("offsets carry into larger units", "[types]") {
  CHECK(ValueAt(Unit::kMonth, 2) == "202501");
  CHECK(ValueAt(Unit::kMonth, -11) == "202312");
  CHECK(ValueAt(Unit::kQuarter, -4) == "20234");
  CHECK(ValueAt(Unit::kDay, 20) == "20241201");
  CHECK(ValueAt(Unit::kDay, 110) == "20250301");  // February 2025 has 28 days.
  CHECK(ValueAt(Unit::kHour, -10) == "2024111023");
  const AutoPartitioner monthly = Partitioner({.unit = Unit::kMonth});
  CHECK(monthly.ValueAt(1706659200000, 1) == "202402");  // From January 31.
}

TEST_CASE("times end with the years 0 and 9999", "[types]") {
  CHECK(ValueAt(Unit::kYear, 100000) == "9999");
  CHECK(ValueAt(Unit::kDay, -INT64_MAX) == "00000101");
  CHECK(ValueAt(Unit::kMonth, INT64_MAX) == "999912");
  CHECK(ValueAt(Unit::kHour, INT64_MAX) == "9999123123");
  CHECK(Partitioner({}).ValueAt(INT64_MIN, 0) == "00000101");
  CHECK(Partitioner({.time_zone = "+18:00"}).ValueAt(INT64_MAX, 1) == "99991231");
}

TEST_CASE("the zone of the table counts, else the server's", "[types]") {
  const int64_t evening = kNow + 10 * kHour;  // 19:05 UTC.
  CHECK(Partitioner({}, "UTC").ValueAt(evening, 0) == "20241111");
  CHECK(Partitioner({}, "Asia/Shanghai").ValueAt(evening, 0) == "20241112");
  CHECK(Partitioner({.time_zone = "America/New_York"}, "Asia/Shanghai").ValueAt(evening, 0) ==
        "20241111");
  CHECK(Partitioner({.unit = Unit::kHour, .time_zone = "GMT+8"}).ValueAt(kNow, 0) == "2024111117");
}

TEST_CASE("hours are hours of the clock that never jumps", "[types]") {
  // Berlin turned 03:00 back to 02:00 on 2024-10-27, at 01:00 UTC.
  const AutoPartitioner hourly = Partitioner({.unit = Unit::kHour, .time_zone = "Europe/Berlin"});
  const int64_t midnight_utc = 1729987200000;
  CHECK(hourly.ValueAt(midnight_utc, 0) == "2024102702");
  CHECK(hourly.ValueAt(midnight_utc, 1) == "2024102702");
  CHECK(hourly.ValueAt(midnight_utc, 2) == "2024102703");
}

TEST_CASE("partitions are created ahead", "[types]") {
  CHECK(Partitioner({}).ValuesToCreate(kNow) == std::vector<std::string>{"20241111", "20241112"});
  CHECK(Partitioner({.num_precreate = 0}).ValuesToCreate(kNow).empty());
  CHECK(Partitioner({.num_precreate = 10000}).ValuesToCreate(kNow).size() == 10000);
}

TEST_CASE("partitions expire by the order of their values", "[types]") {
  const AutoPartitioner keeps_two = Partitioner({.num_retention = 2});
  CHECK(keeps_two.IsExpired("20241108", kNow));
  CHECK_FALSE(keeps_two.IsExpired("20241109", kNow));
  CHECK_FALSE(keeps_two.IsExpired("__historical__", kNow));
  CHECK(Partitioner({.num_retention = 0}).IsExpired("20241110", kNow));
  CHECK_FALSE(Partitioner({.num_retention = -1}).IsExpired("00000101", kNow));
  CHECK_FALSE(Partitioner({.num_retention = INT32_MAX}).IsExpired("00000101", kNow));
}

TEST_CASE("a client creates only partitions that are times and kept", "[types]") {
  const AutoPartitioner daily = Partitioner({.num_retention = 7});
  CHECK(daily.CheckNewValue("20241104", kNow).ok());
  CHECK(daily.CheckNewValue("20991231", kNow).ok());
  CHECK(daily.CheckNewValue("20241103", kNow).message() ==
        "partition 20241103 would expire at once: the oldest kept is 20241104");
  CHECK(daily.CheckNewValue("2024-11-04", kNow).code() == ErrorCode::kPartitionSpecInvalid);
  CHECK(daily.CheckNewValue("today", kNow).message() ==
        "'today' is no time of unit DAY, which is written like 20241111");
  CHECK(Partitioner({.num_retention = -1}).CheckNewValue("20241111", kNow).ok());
}

TEST_CASE("a time format has exactly the unit's fields, largest first", "[types]") {
  const CivilTime time{.year = 2024, .month = 5, .day = 7, .hour = 9};
  CHECK(Format(Unit::kDay, "yyyy-MM-dd").value().Format(time) == "2024-05-07");
  CHECK(Format(Unit::kDay, "uuuuLLdd").value().Format(time) == "20240507");
  CHECK(Format(Unit::kQuarter, "yyyy'Q'q").value().Format(time) == "2024Q2");
  CHECK(Format(Unit::kHour, "'h_'yyyy_MM_dd-HH").value().Format(time) == "h_2024_05_07-09");
  const std::pair<Unit, const char*> bad[] = {
      {Unit::kDay, ""},           {Unit::kDay, "yyyyMM"},     {Unit::kDay, "yyyyMMddHH"},
      {Unit::kDay, "ddMMyyyy"},   {Unit::kDay, "yyMMdd"},     {Unit::kDay, "yyyyMdd"},
      {Unit::kDay, "yyyyMMddEE"}, {Unit::kDay, "yyyy/MM/dd"}, {Unit::kDay, "yyyy[MMdd]"},
      {Unit::kDay, "yyyy MM dd"}, {Unit::kDay, "yyyyMMdd'x"}, {Unit::kDay, "yyyy''MMdd"},
      {Unit::kYear, "__yyyy"},    {Unit::kQuarter, "yyyyMM"}, {Unit::kMonth, "yyyyQMM"},
  };
  for (const auto& [unit, pattern] : bad) {
    INFO(pattern);
    CHECK(Format(unit, pattern).status().code() == ErrorCode::kInvalidTable);
  }
  CHECK(PartitionTimeFormat::Make(Unit::kDay, std::string(10000, 'y')).status().message().size() <
        300);
  CHECK(Format(Unit::kDay, "yyyyMM").status().message() ==
        "partition time format 'yyyyMM': unit DAY needs the fields of yyyyMMdd in this order");
}

TEST_CASE("a time format knows its own values", "[types]") {
  const PartitionTimeFormat day = Format(Unit::kDay, "yyyy-MM-dd").value();
  CHECK(day.Matches("2024-02-29"));
  for (const char* bad : {"", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-01", "2024-1-01",
                          "2024-01-01 ", "2024-01-010", "-024-01-01", "2024-01-0x", "20240101"}) {
    INFO(bad);
    CHECK_FALSE(day.Matches(bad));
  }
  const PartitionTimeFormat quarter = Format(Unit::kQuarter, "yyyyQ").value();
  CHECK(quarter.Matches("20244"));
  CHECK_FALSE(quarter.Matches("20245"));
  CHECK_FALSE(quarter.Matches("20240"));
  const PartitionTimeFormat hour = Format(Unit::kHour, "yyyyMMddHH").value();
  CHECK(hour.Matches("2024010123"));
  CHECK_FALSE(hour.Matches("2024010124"));
}

}  // namespace strom
