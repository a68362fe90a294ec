#include "pipeline/postgres/pg_array.h"

#include <limits>

#include <catch2/catch_test_macros.hpp>

#include "common/types/decimal.h"
#include "tests/unit/pipeline/postgres/session_world.h"

namespace strom::postgres {
namespace {

// The array as PostgreSQL prints it; or the SQLSTATE of its refusal.
std::string Printed(SessionWorld& world, PgArray& array, const std::string& type) {
  const std::string sql = "INSERT INTO t VALUES (1, $1::" + type + "[]::text)";
  REQUIRE(world.session->Query("test", "DELETE FROM t").ok());
  const Status status =
      world.session->Transact({{.doing = "insert",
                                .sql = sql,
                                .parameters = {{.value = &array.Finish(), .binary = true}}}});
  return status.ok() ? world.Ask("SELECT note FROM t") : world.session->last_sqlstate();
}

// unscaled / 10^scale through the server.
std::string Numeric(SessionWorld& world, __int128 unscaled, int scale) {
  PgArray array(PgElement::kNumeric);
  array.AddNumeric(unscaled, scale);
  return Printed(world, array, "numeric");
}

}  // namespace

TEST_CASE("an array has the layout of array_recv", "[postgres]") {
  PgArray array(PgElement::kInt4);
  CHECK(ToHex(array.Finish()) ==
        "00000001"
        "00000000"
        "00000017"
        "00000000"
        "00000001");
  array.AddInt4(5);
  array.AddNull();
  array.AddInt4(-1);
  CHECK(array.size() == 3);
  CHECK(ToHex(array.Finish()) ==
        "00000001"
        "00000001"
        "00000017"
        "00000003"
        "00000001"
        "00000004"
        "00000005"
        "ffffffff"
        "00000004"
        "ffffffff");
  array.Clear();
  array.AddInt4(7);
  CHECK(array.size() == 1);
  CHECK(ToHex(array.Finish()) ==
        "00000001"
        "00000000"
        "00000017"
        "00000001"
        "00000001"
        "00000004"
        "00000007");
}

TEST_CASE("numbers of all widths are read by the server as they are", "[postgres]") {
  SessionWorld world;
  PgArray bools(PgElement::kBool);
  bools.AddBool(true);
  bools.AddNull();
  bools.AddBool(false);
  CHECK(Printed(world, bools, "boolean") == "{t,NULL,f}");
  PgArray small(PgElement::kInt2);
  small.AddInt2(-32768);
  CHECK(Printed(world, small, "smallint") == "{-32768}");
  PgArray large(PgElement::kInt8);
  large.AddInt8(INT64_MIN);
  large.AddInt8(1);
  CHECK(Printed(world, large, "bigint") == "{-9223372036854775808,1}");
  PgArray real(PgElement::kFloat4);
  real.AddFloat4(0.1F);
  CHECK(Printed(world, real, "real") == "{0.1}");
  PgArray wide(PgElement::kFloat8);
  wide.AddFloat8(0.1 + 0.2);
  wide.AddFloat8(-std::numeric_limits<double>::infinity());
  wide.AddFloat8(std::numeric_limits<double>::quiet_NaN());
  CHECK(Printed(world, wide, "double precision") == "{0.30000000000000004,-Infinity,NaN}");
}

TEST_CASE("a numeric of any scale is the number that its text is", "[postgres]") {
  SessionWorld world;
  const __int128 most = PowerOfTen(38) - 1;
  for (int scale = 0; scale <= 38; ++scale) {
    for (const __int128 unscaled :
         {__int128{0}, __int128{1}, __int128{-10'000}, __int128{123'456'789}, __int128{INT64_MIN},
          PowerOfTen(scale), PowerOfTen(20) - 1, most, -most}) {
      const std::string text = FormatDecimal(unscaled, scale);
      CHECK(Numeric(world, unscaled, scale) == "{" + text + "}");
    }
  }
  CHECK(Numeric(world, -1250, 2) == "{-12.50}");
}

TEST_CASE("texts and bytes need no escapes", "[postgres]") {
  SessionWorld world;
  PgArray texts(PgElement::kText);
  for (const char* const text : {"", "NULL", "a,b", "say \"hi\" \\", "水"}) texts.AddBytes(text);
  CHECK(Printed(world, texts, "text") == R"({"","NULL","a,b","say \"hi\" \\",水})");
  PgArray bytes(PgElement::kBytea);
  bytes.AddBytes(BytesView("\x00\xff", 2));
  CHECK(Printed(world, bytes, "bytea") == R"({"\\x00ff"})");
  PgArray names(PgElement::kVarchar);
  names.AddBytes("n");
  CHECK(Printed(world, names, "varchar") == "{n}");
  PgArray broken(PgElement::kText);
  broken.AddBytes("\xff");
  CHECK(Printed(world, broken, "text") == "22021");
}

TEST_CASE("dates and times are counted from 2000 on", "[postgres]") {
  SessionWorld world;
  PgArray dates(PgElement::kDate);
  for (const int64_t days : {0, 10'957, -719'163}) dates.AddDate(days);
  CHECK(Printed(world, dates, "date") == R"({1970-01-01,2000-01-01,"0001-12-31 BC"})");
  PgArray times(PgElement::kTime);
  times.AddTime(86'399'999);
  CHECK(Printed(world, times, "time") == "{23:59:59.999}");
  PgArray stamps(PgElement::kTimestamp);
  stamps.AddTimestamp(-1, 999'000);
  stamps.AddTimestamp(946'684'800'500);
  CHECK(Printed(world, stamps, "timestamp") ==
        R"({"1969-12-31 23:59:59.999999","2000-01-01 00:00:00.5"})");
}

TEST_CASE("a date that the server has no room for is refused, and not an infinity", "[postgres]") {
  SessionWorld world;
  for (const int64_t days : {int64_t{INT32_MIN}, int64_t{INT32_MIN} + 10'957, int64_t{INT32_MAX},
                             INT64_MIN, INT64_MAX}) {
    PgArray dates(PgElement::kDate);
    dates.AddDate(days);
    CHECK(Printed(world, dates, "date") == "22008");
    PgArray stamps(PgElement::kTimestamptz);
    stamps.AddTimestamp(days < 0 ? INT64_MIN : INT64_MAX, 999'999);
    CHECK(Printed(world, stamps, "timestamptz") == "22008");
  }
}

TEST_CASE("an array of another type than the parameter's is refused", "[postgres]") {
  SessionWorld world;
  PgArray array(PgElement::kInt4);
  array.AddInt4(1);
  CHECK(Printed(world, array, "bigint") == "42804");
}

}  // namespace strom::postgres
