#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/duckdb/evaluate.h"

namespace strom::duck {
namespace {

std::string Diff(const std::string& unit, const std::string& a, const std::string& b) {
  return Eval("flink_timestampdiff('" + unit + "', TIMESTAMP '" + a + "', TIMESTAMP '" + b + "')");
}
std::string Add(const std::string& unit, int64_t count, const std::string& time) {
  return Eval("CAST(flink_timestampadd('" + unit + "', " + std::to_string(count) + ", TIMESTAMP '" +
              time + "') AS VARCHAR)");
}

TEST_CASE("TIMESTAMPDIFF counts full units", "[duckdb]") {
  CHECK(Diff("SECOND", "2024-01-01 00:00:00.900", "2024-01-01 00:00:02.100") == "1");
  CHECK(Diff("SECOND", "2024-01-01 00:00:02", "2024-01-01 00:00:00.5") == "-1");
  CHECK(Diff("MINUTE", "2024-01-01 00:00:59", "2024-01-01 00:01:00") == "0");
  CHECK(Diff("hour", "2024-01-01 00:30:00", "2024-01-01 02:29:59") == "1");
  CHECK(Diff("DAY", "2024-01-01 12:00:00", "2024-01-03 11:59:59") == "1");
  CHECK(Diff("WEEK", "2024-01-01 00:00:00", "2024-01-15 00:00:00") == "2");
  CHECK(Diff("MONTH", "2024-01-31 00:00:00", "2024-02-29 00:00:00") == "1");
  CHECK(Diff("MONTH", "2024-01-15 10:00:00", "2024-02-15 09:59:59") == "0");
  CHECK(Diff("MONTH", "2024-02-15 10:00:00", "2024-01-15 10:00:00") == "-1");
  CHECK(Diff("QUARTER", "2023-01-01 00:00:00", "2024-06-30 00:00:00") == "5");
  CHECK(Diff("YEAR", "2020-02-29 00:00:00", "2021-02-28 00:00:00") == "1");
  CHECK(Diff("SQL_TSI_YEAR", "2020-03-01 00:00:00", "2021-02-28 00:00:00") == "0");
  CHECK(Diff("FORTNIGHT", "2020-03-01", "2021-02-28").find("'FORTNIGHT' is no unit of time") !=
        std::string::npos);
  CHECK(Eval("flink_timestampdiff('DAY', DATE '2024-02-28', DATE '2024-03-01')") == "2");
  CHECK(Eval("flink_timestampdiff('DAY', 'infinity'::TIMESTAMP, TIMESTAMP '2024-03-01')") ==
        "NULL");
}

TEST_CASE("TIMESTAMPADD keeps to the days a month has", "[duckdb]") {
  CHECK(Add("SECOND", -1, "2024-01-01 00:00:00") == "'2023-12-31 23:59:59'");
  CHECK(Add("HOUR", 25, "2024-02-28 23:00:00.000001") == "'2024-03-01 00:00:00.000001'");
  CHECK(Add("WEEK", 1, "2024-01-01 00:00:00") == "'2024-01-08 00:00:00'");
  CHECK(Add("MONTH", 1, "2024-01-31 01:02:03") == "'2024-02-29 01:02:03'");
  CHECK(Add("MONTH", -13, "2024-03-31 00:00:00") == "'2023-02-28 00:00:00'");
  CHECK(Add("QUARTER", 1, "2023-11-30 00:00:00") == "'2024-02-29 00:00:00'");
  CHECK(Add("YEAR", 1, "2024-02-29 12:00:00") == "'2025-02-28 12:00:00'");
  CHECK(Add("DAY", 1, "1969-12-31 12:00:00") == "'1970-01-01 12:00:00'");
  CHECK(Add("YEAR", 9000, "2024-02-29 12:00:00").find("out of range") != std::string::npos);
  CHECK(Add("DAY", INT64_MAX, "2024-02-29 12:00:00").find("out of range") != std::string::npos);
}

TEST_CASE("weeks start on Sunday, day 1", "[duckdb]") {
  CHECK(Eval("flink_dayofweek(DATE '1970-01-01')") == "5");
  CHECK(Eval("flink_dayofweek(DATE '2024-06-09')") == "1");
  CHECK(Eval("flink_dayofweek(DATE '2024-06-15')") == "7");
  CHECK(Eval("flink_dayofweek(DATE '1969-12-28')") == "1");
}

TEST_CASE("DATE_FORMAT writes timestamps and texts", "[duckdb]") {
  CHECK(Eval("flink_date_format(TIMESTAMP '2024-06-09 05:07:09.123', 'yyyyMMdd HH:mm:ss.SSS')") ==
        "'20240609 05:07:09.123'");
  CHECK(Eval("flink_date_format(TIMESTAMPTZ '2024-06-09 05:07:09+08', 'yyyy-MM-dd HH')") ==
        "'2024-06-08 21'");
  CHECK(Eval("flink_date_format('2024-06-09 05:07:09', 'yyyyMMdd')") == "'20240609'");
  CHECK(Eval("flink_date_format('no time', 'yyyyMMdd')") == "NULL");
  CHECK(Eval("flink_date_format(DATE '2024-06-09', 'yyyy/M/d')") == "'2024/6/9'");
  CHECK(Eval("flink_date_format(TIMESTAMP '2024-06-09 00:00:00', p) FROM (VALUES ('yyyy')) t(p)") ==
        "'2024'");
  CHECK(Eval("flink_date_format(TIMESTAMP '2024-06-09 00:00:00', 'yyyy-VV')")
            .find("the letter V is not supported") != std::string::npos);
}

std::string ToTimestamp(const std::string& arguments) {
  return Eval("CAST(flink_to_timestamp(" + arguments + ") AS VARCHAR)");
}

TEST_CASE("TO_TIMESTAMP reads Flink's form and patterns", "[duckdb]") {
  CHECK(ToTimestamp("'2024-06-09 05:07:09'") == "'2024-06-09 05:07:09'");
  CHECK(ToTimestamp("'2024-6-9 5:7:9.1239'") == "'2024-06-09 05:07:09.123'");
  CHECK(ToTimestamp("'2024-06-09'") == "'2024-06-09 00:00:00'");
  CHECK(ToTimestamp("'2024-06-09 05:07:09.'") == "'2024-06-09 05:07:09'");
  CHECK(ToTimestamp("'2024-02-30'") == "'2024-02-29 00:00:00'");  // ResolverStyle.SMART.
  CHECK(ToTimestamp("'2024-06-09T05:07:09'") == "NULL");
  CHECK(ToTimestamp("'2024-13-09'") == "NULL");
  CHECK(ToTimestamp("'2024-06-09.5'") == "NULL");
  CHECK(ToTimestamp("''") == "NULL");
  CHECK(ToTimestamp("'20240609050709', 'yyyyMMddHHmmss'") == "'2024-06-09 05:07:09'");
  CHECK(ToTimestamp("'09/06/24 05', 'dd/MM/yy HH'") == "'2024-06-09 05:00:00'");
  CHECK(ToTimestamp("'2024-06-09T05:07:09.5Z', 'yyyy-MM-dd''T''HH:mm:ss.S''Z'''") ==
        "'2024-06-09 05:07:09.5'");
  CHECK(ToTimestamp("'2024-06-09 05:07:09', 'yyyyMMdd'") ==
        "'2024-06-09 05:07:09'");  // Falls back.
  CHECK(ToTimestamp("'9 June 2024', 'yyyyMMdd'") == "NULL");
}

TEST_CASE("TO_DATE reads dates with missing parts", "[duckdb]") {
  const auto date = [](const std::string& arguments) {
    return Eval("CAST(flink_to_date(" + arguments + ") AS VARCHAR)");
  };
  CHECK(date("'2024-06-09'") == "'2024-06-09'");
  CHECK(date("'2024-6-9 23:59:59'") == "'2024-06-09'");
  CHECK(date("'2024'") == "'2024-01-01'");
  CHECK(date("'2024-02'") == "'2024-02-01'");
  CHECK(date("'2023-02-29'") == "NULL");
  CHECK(date("'20240609'") == "NULL");  // A year of eight digits.
  CHECK(date("'x'") == "NULL");
  CHECK(date("''") == "NULL");
  CHECK(date("'20240609', 'yyyyMMdd'") == "'2024-06-09'");
  CHECK(date("'2024-13-01', 'yyyy-MM-dd'") == "'2025-01-01'");  // SimpleDateFormat is lenient.
  CHECK(date("'x', 'yyyy-MM-dd'") == "NULL");
}

TEST_CASE("seconds since the epoch go both ways", "[duckdb]") {
  CHECK(Eval("flink_unix_timestamp(TIMESTAMP '2024-06-09 05:07:09.999')") == "1717909629");
  CHECK(Eval("flink_unix_timestamp('2024-06-09 05:07:09')") == "1717909629");
  CHECK(Eval("flink_unix_timestamp('20240609', 'yyyyMMdd')") == "1717891200");
  CHECK(Eval("flink_unix_timestamp('nonsense')") == "-9223372036854775808");
  CHECK(Eval("flink_from_unixtime(1717909629)") == "'2024-06-09 05:07:09'");
  CHECK(Eval("flink_from_unixtime(-1)") == "'1969-12-31 23:59:59'");
  CHECK(Eval("flink_from_unixtime(1717909629, 'HH')") == "'05'");
  CHECK(Eval("flink_from_unixtime(9223372036854775807)") == "NULL");
  CHECK(Eval("CAST(flink_to_timestamp_ltz(1717909629, 0) AS VARCHAR)") ==
        "'2024-06-09 05:07:09+00'");
  CHECK(Eval("CAST(flink_to_timestamp_ltz(1717909629123, 3) AS VARCHAR)") ==
        "'2024-06-09 05:07:09.123+00'");
  CHECK(Eval("flink_to_timestamp_ltz(9223372036854775807, 3)") == "NULL");
  CHECK(Eval("flink_to_timestamp_ltz(1, 6)").find("the precision is 6") != std::string::npos);
}

}  // namespace
}  // namespace strom::duck
