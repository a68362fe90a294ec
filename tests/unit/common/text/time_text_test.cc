#include "common/text/time_text.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {

TEST_CASE("dates and times are written as ISO 8601", "[text]") {
  CHECK(DateToText(0) == "1970-01-01");
  CHECK(DateToText(-1) == "1969-12-31");
  CHECK(DateToText(99999999) == "99999999");  // Beyond the year 9999.
  CHECK(TimeToText(0) == "00:00:00");
  CHECK(TimeToText(86399999) == "23:59:59.999");
  CHECK(TimestampToText({1700000000123, 0}, false) == "2023-11-14T22:13:20.123");
  CHECK(TimestampToText({1700000000123, 456000}, true) == "2023-11-14T22:13:20.123456Z");
  CHECK(TimestampToText({1700000000000, 1}, false) == "2023-11-14T22:13:20.000000001");
  CHECK(TimestampToText({-1, 0}, false) == "1969-12-31T23:59:59.999");
  CHECK(TimestampToText({INT64_MAX, 0}, true) == "9223372036854775807");
}

TEST_CASE("dates and times are read in the forms people use", "[text]") {
  CHECK(DateFromText("2024-02-29").value() == 19782);
  CHECK(DateFromText("99999999").value() == 99999999);
  CHECK(TimeFromText("12:34").value() == 45240000);
  CHECK(TimeFromText("12:34:56.7").value() == 45296700);
  CHECK(TimestampFromText("2023-11-14T22:13:20.123456", false, 6).value() ==
        Timestamp{1700000000123, 456000});
  CHECK(TimestampFromText("2023-11-14 22:13", false, 6).value() == Timestamp{1699999980000, 0});
  CHECK(TimestampFromText("2023-11-15T00:13:20+02:00", true, 3).value() ==
        Timestamp{1700000000000, 0});
  CHECK(TimestampFromText("2023-11-14T19:43:20-02:30", true, 3).value() ==
        Timestamp{1700000000000, 0});
  CHECK(TimestampFromText("1969-12-31T23:59:59.999999999Z", true, 9).value() ==
        Timestamp{-1, 999999});
}

TEST_CASE("texts that are no dates and times are refused", "[text]") {
  for (const char* text :
       {"", "2023-02-29", "2024-1-31", "2024-01-31x", "31.1.2024", "yesterday"}) {
    INFO(text);
    CHECK(DateFromText(text).status().code() == ErrorCode::kCorruptRecord);
  }
  for (const char* text : {"24:00", "1:00", "12:60:00", "12:00:00.", "12:00:00.1234567890"}) {
    INFO(text);
    CHECK_FALSE(TimeFromText(text).ok());
  }
  for (const char* text : {"2024-01-31", "2024-01-31T", "2024-01-31T12:00:00Z", "now"}) {
    INFO(text);
    CHECK_FALSE(TimestampFromText(text, false, 9).ok());
  }
  CHECK(TimestampFromText("2024-01-31T12:00:00", true, 9).status().message().find("with Z") !=
        std::string::npos);
  CHECK_FALSE(TimestampFromText("2024-01-31T12:00:00+99:00", true, 9).ok());
}

TEST_CASE("digits that the type has no room for are refused, unless they are zeros", "[text]") {
  CHECK(TimeFromText("12:00:00.123000").ok());
  CHECK_FALSE(TimeFromText("12:00:00.1234").ok());
  CHECK(TimestampFromText("2024-01-31T12:00:00.000000", false, 0).ok());
  CHECK(TimestampFromText("2024-01-31T12:00:00.1234", false, 3).status().message() ==
        "'2024-01-31T12:00:00.1234' has 4 digits of a second, the type only 3");
}

}  // namespace strom
