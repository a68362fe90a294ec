#include "pipeline/duckdb/java_pattern.h"

#include <catch2/catch_test_macros.hpp>

#include "pipeline/duckdb/micros.h"

namespace strom::duck {
namespace {

using Kind = JavaPattern::Kind;
constexpr Kind kStrict = Kind::kDateTimeFormatter;
constexpr Kind kLenient = Kind::kSimpleDateFormat;

constexpr CivilTime kTime{
    .year = 2024, .month = 6, .day = 9, .hour = 15, .minute = 7, .second = 8, .nanos = 45678901};

std::string Format(std::string_view pattern, Kind kind, const CivilTime& time = kTime) {
  const auto parsed = JavaPattern::Parse(pattern, kind);
  return parsed.ok() ? parsed.value().Format(time) : std::string(parsed.status().message());
}

// What was read, in one form; "none" if nothing was.
std::string Read(std::string_view text, std::string_view pattern, Kind kind) {
  const auto micros = JavaPattern::Parse(pattern, kind).value().ParseMicros(text);
  return micros ? Format("yyyy-MM-dd HH:mm:ss.SSSSSS", kStrict, *CivilFromMicros(*micros)) : "none";
}

TEST_CASE("patterns format every letter", "[duckdb]") {
  CHECK(Format("y yy yyyy uuuuu", kStrict) == "2024 24 2024 02024");
  CHECK(Format("M MM MMM MMMM LL", kStrict) == "6 06 Jun June 06");
  CHECK(Format("d dd D DDD", kStrict) == "9 09 161 161");
  CHECK(Format("H HH k h hh K a", kStrict) == "15 15 15 3 03 3 PM");
  CHECK(Format("H k h K a", kStrict, {.year = 2024}) == "0 24 12 0 AM");
  CHECK(Format("m mm s ss", kStrict) == "7 07 8 08");
  CHECK(Format("S SSS SSSSSSSSS", kStrict) == "0 045 045678901");
  CHECK(Format("S SSS SSSS", kLenient) == "45 045 0045");  // Milliseconds there.
  CHECK(Format("E EEE EEEE", kStrict) == "Sun Sun Sunday");
  CHECK(Format("u", kLenient) == "7");  // Monday is 1.
  CHECK(Format("Q QQ QQQ QQQQ", kStrict) == "2 02 Q2 2nd quarter");
  CHECK(Format("yyyy'年'MM''dd 'o''clock'", kStrict) == "2024年06'09 o'clock");
  CHECK(Format("yyyy[-MM[-dd]]", kStrict) == "2024-06-09");
  CHECK(Format("[yyyy]", kLenient) == "[2024]");
}

TEST_CASE("week years are those of the week's Saturday", "[duckdb]") {
  CHECK(Format("YYYY w", kStrict, {.year = 2024, .month = 12, .day = 28}) == "2024 52");
  CHECK(Format("YYYY w", kStrict, {.year = 2024, .month = 12, .day = 29}) == "2025 1");
  CHECK(Format("YYYY ww", kStrict, {.year = 2023, .month = 1, .day = 1}) == "2023 01");
  CHECK(Format("YYYY w", kStrict, {.year = 9999, .month = 12, .day = 31}) == "10000 1");
}

TEST_CASE("patterns that mean nothing are refused by name", "[duckdb]") {
  CHECK(Format("yyyy-MM-dd z", kStrict) ==
        "date pattern 'yyyy-MM-dd z': the letter z is not supported");
  CHECK(Format("HHH", kStrict) == "date pattern 'HHH': the letter H comes 3 times, at most 2");
  CHECK(Format("yyyy'T", kStrict) == "date pattern 'yyyy'T': a quote is not closed");
  CHECK(Format("yyyy]", kStrict) == "date pattern 'yyyy]': a ']' without '['");
  CHECK(Format("{yyyy}", kStrict).find("reserved") != std::string::npos);
  CHECK(Format(std::string(20, '['), kStrict).find("too many") != std::string::npos);
  CHECK(Format(std::string(1000, '-'), kStrict).find("1000 bytes") != std::string::npos);
}

TEST_CASE("the strict kind wants widths, ranges and the whole text", "[duckdb]") {
  CHECK(Read("2024-06-09", "yyyy-MM-dd", kStrict) == "2024-06-09 00:00:00.000000");
  CHECK(Read("20240609150708045", "yyyyMMddHHmmssSSS", kStrict) == "2024-06-09 15:07:08.045000");
  CHECK(Read("2024-6-9", "yyyy-M-d", kStrict) == "2024-06-09 00:00:00.000000");
  CHECK(Read("2024-6-9", "yyyy-MM-dd", kStrict) == "none");
  CHECK(Read("2024-06-09 ", "yyyy-MM-dd", kStrict) == "none");
  CHECK(Read("2024-13-09", "yyyy-MM-dd", kStrict) == "none");
  CHECK(Read("2024-06-31", "yyyy-MM-dd", kStrict) == "2024-06-30 00:00:00.000000");
  CHECK(Read("2023-02-31", "yyyy-MM-dd", kStrict) == "2023-02-28 00:00:00.000000");
  CHECK(Read("24:00", "HH:mm", kStrict) == "none");
  CHECK(Read("24", "kk", kStrict) == "1970-01-01 00:00:00.000000");
  CHECK(Read("12:30 AM", "hh:mm a", kStrict) == "1970-01-01 00:30:00.000000");
  CHECK(Read("12:30 PM", "hh:mm a", kStrict) == "1970-01-01 12:30:00.000000");
  CHECK(Read("12:30 pm", "hh:mm a", kStrict) == "none");
  CHECK(Read("03:30", "hh:mm", kStrict) == "1970-01-01 00:30:00.000000");  // No AM or PM: no hour.
  CHECK(Read("9 Jun 2024", "d MMM yyyy", kStrict) == "2024-06-09 00:00:00.000000");
  CHECK(Read("9 June 24", "d MMMM yy", kStrict) == "2024-06-09 00:00:00.000000");
  CHECK(Read("9 june 24", "d MMMM yy", kStrict) == "none");
  CHECK(Read("Sun 2024-06-09", "EEE yyyy-MM-dd", kStrict) == "2024-06-09 00:00:00.000000");
  CHECK(Read("Mon 2024-06-09", "EEE yyyy-MM-dd", kStrict) == "none");
  CHECK(Read("2024-366", "yyyy-DDD", kStrict) == "2024-12-31 00:00:00.000000");
  CHECK(Read("2023-366", "yyyy-DDD", kStrict) == "none");
  CHECK(Read("2024-06", "yyyy-MM[-dd][ HH]", kStrict) == "2024-06-01 00:00:00.000000");
  CHECK(Read("2024-06 07", "yyyy-MM[-dd][ HH]", kStrict) == "2024-06-01 07:00:00.000000");
  CHECK(Read("99999999999999999999", "y", kStrict) == "none");
  CHECK(Read("", "yyyy", kStrict) == "none");
}

TEST_CASE("the lenient kind takes what it can read", "[duckdb]") {
  CHECK(Read("2024-6-9", "yyyy-MM-dd", kLenient) == "2024-06-09 00:00:00.000000");
  CHECK(Read("2024-06-09 and more", "yyyy-MM-dd", kLenient) == "2024-06-09 00:00:00.000000");
  CHECK(Read("20240609", "yyyyMMdd", kLenient) == "2024-06-09 00:00:00.000000");
  CHECK(Read("2024-06-31", "yyyy-MM-dd", kLenient) == "2024-07-01 00:00:00.000000");
  CHECK(Read("2024-00-01", "yyyy-MM-dd", kLenient) == "2023-12-01 00:00:00.000000");
  CHECK(Read("2024-01-01 25:61:61", "yyyy-MM-dd HH:mm:ss", kLenient) ==
        "2024-01-02 02:02:01.000000");
  CHECK(Read("10:00:00.1500", "HH:mm:ss.SSS", kLenient) == "1970-01-01 10:00:01.500000");
  CHECK(Read("9 jUNE 24", "d MMM yy", kLenient) == "2024-06-09 00:00:00.000000");
  CHECK(Read("1/1/71", "M/d/yy", kLenient) == "1971-01-01 00:00:00.000000");
  CHECK(Read("1/1/0071", "M/d/yy", kLenient) == "0071-01-01 00:00:00.000000");
  CHECK(Read("x", "yyyy", kLenient) == "none");
  CHECK(Read("99999-01-01", "yyyy-MM-dd", kLenient) == "none");
  CHECK(Read("2024 9999999999 9999999999", "yyyy HH ss", kLenient) == "none");
}

}  // namespace
}  // namespace strom::duck
