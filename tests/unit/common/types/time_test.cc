#include <catch2/catch_test_macros.hpp>

#include "common/types/civil_time.h"
#include "common/types/time_zone.h"

namespace strom {
namespace {

int32_t Offset(std::string_view zone, int64_t epoch_seconds = 0) {
  return TimeZone::Parse(zone).value().OffsetSeconds(epoch_seconds);
}

}  // namespace

TEST_CASE("days and milliseconds become civil time", "[types]") {
  CHECK(CivilFromDays(0) == CivilTime{.year = 1970, .month = 1, .day = 1});
  CHECK(CivilFromDays(-1) == CivilTime{.year = 1969, .month = 12, .day = 31});
  CHECK(CivilFromDays(19782) == CivilTime{.year = 2024, .month = 2, .day = 29});
  CHECK(CivilFromDays(-719529) == std::nullopt);
  CHECK(CivilFromDays(2932897) == std::nullopt);
  CHECK(CivilFromMillis(-1, 7) == CivilTime{.year = 1969,
                                            .month = 12,
                                            .day = 31,
                                            .hour = 23,
                                            .minute = 59,
                                            .second = 59,
                                            .nanos = 999000007});
  CHECK(CivilFromMillis(INT64_MAX) == std::nullopt);
  CHECK(CivilFromMillis(INT64_MIN) == std::nullopt);
}

TEST_CASE("every day of four centuries becomes itself again", "[types]") {
  for (int64_t day = -100000; day < 46097; ++day) {
    if (DaysFromCivil(*CivilFromDays(day)) != day) FAIL(day);
  }
  SUCCEED();
}

TEST_CASE("civil times that do not exist are found", "[types]") {
  CHECK(IsValid({.year = 2024, .month = 2, .day = 29, .hour = 23, .minute = 59, .second = 59}));
  CHECK_FALSE(IsValid({.year = 2023, .month = 2, .day = 29}));
  CHECK_FALSE(IsValid({.year = 10000, .month = 1, .day = 1}));
  CHECK_FALSE(IsValid({.year = -1, .month = 1, .day = 1}));
  CHECK_FALSE(IsValid({.year = 2024, .month = 0, .day = 1}));
  CHECK_FALSE(IsValid({.year = 2024, .month = 13, .day = 1}));
  CHECK_FALSE(IsValid({.year = 2024, .month = 1, .day = 32}));
  CHECK_FALSE(IsValid({.year = 2024, .hour = 24}));
  CHECK_FALSE(IsValid({.year = 2024, .minute = 60}));
  CHECK_FALSE(IsValid({.year = 2024, .second = -1}));
}

TEST_CASE("offsets are written in many ways", "[types]") {
  for (const char* zero : {"Z", "UTC", "GMT", "UT", "+0", "+00:00", "-00:00", "UTC+0"}) {
    CHECK(Offset(zero) == 0);
  }
  for (const char* eight :
       {"+8", "+08", "+08:00", "+0800", "+08:00:00", "+080000", "GMT+8", "UTC+08:00", "UT+0800"}) {
    INFO(eight);
    CHECK(Offset(eight) == 8 * 3600);
  }
  CHECK(Offset("-03:30") == -12600);
  CHECK(Offset("+01:02:03") == 3723);
  CHECK(Offset("+18:00") == 64800);
  CHECK(Offset("-18") == -64800);
}

TEST_CASE("zones of the database know summer time", "[types]") {
  CHECK(Offset("Asia/Shanghai", 1731315900) == 8 * 3600);
  CHECK(Offset("Europe/Berlin", 1720000000) == 7200);  // July.
  CHECK(Offset("Europe/Berlin", 1731315900) == 3600);  // November.
  CHECK(TimeZone::Utc().OffsetSeconds(1731315900) == 0);
}

TEST_CASE("text that is no zone is refused", "[types]") {
  for (const char* bad : {"",
                          "+",
                          "-",
                          "8",
                          "+8:00",
                          "+19",
                          "+18:01",
                          "+08:60",
                          "+08:0",
                          "+08:00:0",
                          "+0800:00",
                          "+08:0000",
                          "GMT8",
                          "UTC+",
                          "Mars/Base",
                          "../../etc/passwd",
                          "/etc/localtime",
                          "Europe/../../etc/hosts",
                          "file:x",
                          "Europe/Berlin ",
                          "a b"}) {
    INFO(bad);
    CHECK(TimeZone::Parse(bad).status().code() == ErrorCode::kInvalidConfig);
  }
  CHECK(TimeZone::Parse(std::string(1000000, 'A')).status().message().size() < 200);
}

}  // namespace strom
