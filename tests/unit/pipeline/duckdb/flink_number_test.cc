#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/duckdb/evaluate.h"

namespace strom::duck {
namespace {

std::string Text(const std::string& expression) {
  return Eval("flink_to_string(" + expression + ")");
}

TEST_CASE("ROUND decides on the decimal that Java prints", "[duckdb]") {
  CHECK(Text("flink_round(1.005::DOUBLE, 2)") == "'1.01'");
  CHECK(Text("flink_round(-1.005::DOUBLE, 2)") == "'-1.01'");
  CHECK(Text("flink_round(2.5::DOUBLE, 0)") == "'3.0'");
  CHECK(Text("flink_round(9.995::DOUBLE, 2)") == "'10.0'");
  CHECK(Text("flink_round(1234.5::DOUBLE, -2)") == "'1200.0'");
  CHECK(Text("flink_round(50::DOUBLE, -2)") == "'100.0'");
  CHECK(Text("flink_round(49::DOUBLE, -2)") == "'0.0'");
  CHECK(Text("flink_round(5::DOUBLE, -2)") == "'0.0'");
  CHECK(Text("flink_round(0.1::DOUBLE, 20)") == "'0.1'");
  CHECK(Text("flink_round('inf'::DOUBLE, 2)") == "'Infinity'");
  CHECK(Text("flink_round(1e300::DOUBLE, 2147483647)") == "'1.0E300'");
  CHECK(Text("flink_round(1e300::DOUBLE, -2147483648)") == "'0.0'");
}

TEST_CASE("TRUNCATE cuts digits off", "[duckdb]") {
  CHECK(Text("flink_truncate(42.329::DOUBLE, 2)") == "'42.32'");
  CHECK(Text("flink_truncate(-42.329::DOUBLE, 1)") == "'-42.3'");
  CHECK(Text("flink_truncate(42.9::DOUBLE, 0)") == "'42.0'");
  CHECK(Text("flink_truncate(42.9::DOUBLE, -1)") == "'40.0'");
  CHECK(Eval("flink_truncate(1299::BIGINT, -2)") == "1200");
  CHECK(Eval("flink_truncate(-1299::BIGINT, -2)") == "-1200");
  CHECK(Eval("flink_truncate(1299::BIGINT, 2)") == "1299");
  CHECK(Eval("flink_truncate(9223372036854775807::BIGINT, -18)") == "9000000000000000000");
  CHECK(Eval("flink_truncate(1299::BIGINT, -19)") == "0");
}

TEST_CASE("numbers and times become the text Java gives them", "[duckdb]") {
  CHECK(Text("1::DOUBLE") == "'1.0'");
  CHECK(Text("1e10::DOUBLE") == "'1.0E10'");
  CHECK(Text("0.0001::DOUBLE") == "'1.0E-4'");
  CHECK(Text("0.1::FLOAT") == "'0.1'");
  CHECK(Text("'nan'::DOUBLE") == "'NaN'");
  CHECK(Text("true") == "'TRUE'");
  CHECK(Text("NULL::DOUBLE") == "NULL");
  CHECK(Text("TIMESTAMP '2024-06-09 05:07:09', 0") == "'2024-06-09 05:07:09'");
  CHECK(Text("TIMESTAMP '2024-06-09 05:07:09', 3") == "'2024-06-09 05:07:09.000'");
  CHECK(Text("TIMESTAMP '2024-06-09 05:07:09.120', 3") == "'2024-06-09 05:07:09.120'");
  CHECK(Text("TIMESTAMP '2024-06-09 05:07:09.123456', 3") == "'2024-06-09 05:07:09.123456'");
  CHECK(Text("TIMESTAMP '1969-12-31 23:59:59.999999', 6") == "'1969-12-31 23:59:59.999999'");
}

}  // namespace
}  // namespace strom::duck
