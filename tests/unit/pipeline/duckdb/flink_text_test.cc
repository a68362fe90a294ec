#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/duckdb/evaluate.h"

namespace strom::duck {
namespace {

TEST_CASE("hash codes are Java's without their sign", "[duckdb]") {
  CHECK(Eval("flink_hash_code('')") == "0");
  CHECK(Eval("flink_hash_code('a')") == "97");
  CHECK(Eval("flink_hash_code('hello')") == "99162322");
  CHECK(Eval("flink_hash_code('Hello World')") == "862545276");  // Java: -862545276.
  CHECK(Eval("flink_hash_code('变电站')") == "21588508");
  CHECK(Eval("flink_hash_code('😀')") == "1772899");                       // Two UTF-16 units.
  CHECK(Eval("flink_hash_code('polygenelubricants')") == "-2147483648");  // Math.abs leaves it.
  CHECK(Eval("flink_hash_code(NULL)") == "NULL");
}

TEST_CASE("substrings count characters from 1, or from the end", "[duckdb]") {
  CHECK(Eval("flink_substring('abcdef', 2)") == "'bcdef'");
  CHECK(Eval("flink_substring('abcdef', 2, 3)") == "'bcd'");
  CHECK(Eval("flink_substring('abcdef', 0, 2)") == "'ab'");
  CHECK(Eval("flink_substring('abcdef', -2)") == "'ef'");
  CHECK(Eval("flink_substring('abcdef', -3, 2)") == "'de'");
  CHECK(Eval("flink_substring('abcdef', -7, 3)") == "''");
  CHECK(Eval("flink_substring('abcdef', 7)") == "''");
  CHECK(Eval("flink_substring('abcdef', 2, 0)") == "''");
  CHECK(Eval("flink_substring('abcdef', 2, -1)") == "NULL");
  CHECK(Eval("flink_substring('abcdef', 2, 2147483647)") == "'bcdef'");
  CHECK(Eval("flink_substring('国家电网', 2, 2)") == "'家电'");
  CHECK(Eval("flink_substring('国家电网', -1)") == "'网'");
  CHECK(Eval("flink_substring('', 1)") == "''");
  CHECK(Eval("flink_substring(NULL, 1)") == "NULL");
  CHECK(Eval("flink_substring('abc', -2147483648)") == "''");
}

TEST_CASE("SPLIT_INDEX counts parts from 0 and keeps empty ones", "[duckdb]") {
  CHECK(Eval("flink_split_index('a,b,,d', ',', 0)") == "'a'");
  CHECK(Eval("flink_split_index('a,b,,d', ',', 2)") == "''");
  CHECK(Eval("flink_split_index('a,b,,d', ',', 3)") == "'d'");
  CHECK(Eval("flink_split_index('a,b,,d', ',', 4)") == "NULL");
  CHECK(Eval("flink_split_index('a,b', ',', -1)") == "NULL");
  CHECK(Eval("flink_split_index('a--b--', '--', 2)") == "''");
  CHECK(Eval("flink_split_index('', ',', 0)") == "NULL");
  CHECK(Eval("flink_split_index('a b', '', 1)") == "'b'");
  CHECK(Eval("flink_split_index('a|b', 124, 1)") == "'b'");
  CHECK(Eval("flink_split_index('aéb', 233, 1)") == "'b'");
  CHECK(Eval("flink_split_index('a|b', 0, 0)") == "NULL");
  CHECK(Eval("flink_split_index('a|b', 256, 0)") == "NULL");
}

TEST_CASE("LOCATE gives a position in characters", "[duckdb]") {
  CHECK(Eval("flink_locate('c', 'abcabc')") == "3");
  CHECK(Eval("flink_locate('c', 'abcabc', 4)") == "6");
  CHECK(Eval("flink_locate('c', 'abcabc', 7)") == "0");
  CHECK(Eval("flink_locate('c', 'abcabc', -5)") == "3");
  CHECK(Eval("flink_locate('网', '国家电网')") == "4");
  CHECK(Eval("flink_locate('x', 'abc')") == "0");
  CHECK(Eval("flink_locate('', 'abc')") == "1");
  CHECK(Eval("flink_locate(NULL, 'abc')") == "NULL");
}

TEST_CASE("padding cuts what is too long", "[duckdb]") {
  CHECK(Eval("flink_lpad('hi', 5, '?!')") == "'?!?hi'");
  CHECK(Eval("flink_rpad('hi', 5, '?!')") == "'hi?!?'");
  CHECK(Eval("flink_lpad('hello', 2, '?')") == "'he'");
  CHECK(Eval("flink_rpad('hello', 2, '?')") == "'he'");
  CHECK(Eval("flink_lpad('hi', 0, '?')") == "''");
  CHECK(Eval("flink_lpad('hi', -1, '?')") == "NULL");
  CHECK(Eval("flink_rpad('hi', 4, '')") == "NULL");
  CHECK(Eval("flink_lpad('7', 3, '零')") == "'零零7'");
  CHECK(Eval("flink_lpad('7', 2000000000, '0')").find("is more than") != std::string::npos);
}

TEST_CASE("INITCAP knows ASCII words", "[duckdb]") {
  CHECK(Eval("flink_initcap('hello WORLD')") == "'Hello World'");
  CHECK(Eval("flink_initcap('a1b-c_d')") == "'A1b-C_D'");
  CHECK(Eval("flink_initcap('éa')") == "'éA'");
}

TEST_CASE("CONCAT is NULL with a NULL, CONCAT_WS skips it", "[duckdb]") {
  CHECK(Eval("flink_concat('a', 'b', 'c')") == "'abc'");
  CHECK(Eval("flink_concat('a', NULL, 'c')") == "NULL");
  CHECK(Eval("flink_concat('a')") == "'a'");
  CHECK(Eval("flink_concat_ws('-', 'a', NULL, 'c', '')") == "'a-c-'");
  CHECK(Eval("flink_concat_ws('-', NULL::VARCHAR)") == "''");
  CHECK(Eval("flink_concat_ws(NULL, 'a', 'b')") == "NULL");
  CHECK(Eval("flink_concat_ws('-', NULL, x) FROM (VALUES ('a')) t(x)") == "'a'");
}

TEST_CASE("regular expressions give NULL for no match", "[duckdb]") {
  CHECK(Eval("flink_regexp_extract('foothebar', 'foo(.*?)(bar)', 2)") == "'bar'");
  CHECK(Eval("flink_regexp_extract('foothebar', 'o+')") == "'oo'");
  CHECK(Eval("flink_regexp_extract('foothebar', 'x(.)', 1)") == "NULL");
  CHECK(Eval("flink_regexp_extract(NULL, 'x')") == "NULL");
  CHECK(Eval(R"(flink_regexp_replace('a1b22', '\d+', '\0$1'))") == R"('a\0$1b\0$1')");
}

TEST_CASE("GREATEST and LEAST are NULL with a NULL", "[duckdb]") {
  CHECK(Eval("flink_greatest(1, 3, 2)") == "3");
  CHECK(Eval("flink_least(1, 3)") == "1");
  CHECK(Eval("flink_greatest(1, NULL)") == "NULL");
  CHECK(Eval("flink_least('b', 'a', 'c', 'd', 'e', 'f', 'g', 'h')") == "'a'");
  CHECK(Eval("flink_least(1, 2, 3, 4, 5, 6, 7, NULL)") == "NULL");
}

TEST_CASE("functions work on columns, row by row", "[duckdb]") {
  Engine engine;
  const auto rows = engine.connection
                        ->Query(
                            "SELECT flink_lpad(CASE WHEN i % 3 > 0 THEN i::VARCHAR END, 4, '0') "
                            "FROM range(3000) r(i)")
                        .value()
                        .rows;
  REQUIRE(rows.size() == 3000);
  CHECK(rows[0][0].is_null());
  CHECK(rows[7][0] == Value::String("0007"));
  CHECK(rows[2997][0].is_null());
  CHECK(rows[2999][0] == Value::String("2999"));
}

}  // namespace
}  // namespace strom::duck
