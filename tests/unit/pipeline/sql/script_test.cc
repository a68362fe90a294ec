#include "pipeline/sql/script.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::sql {
namespace {

std::string ErrorOf(std::string_view text) {
  const auto statements = ParseScript(text);
  REQUIRE_FALSE(statements.ok());
  CHECK(statements.status().code() == ErrorCode::kInvalidSql);
  return std::string(statements.status().message());
}

TEST_CASE("a table's columns, key, watermark and options are read", "[sql]") {
  const auto statements = ParseScript(R"(
    -- a comment; with a semicolon
    CREATE TEMPORARY TABLE `a b`.t (
      id BIGINT COMMENT 'it''s', v DECIMAL(10, 2) NOT NULL, ts TIMESTAMP_LTZ(3),
      m MAP<STRING, ARRAY<ROW<x INT, y VARCHAR(3)>>>,
      WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,
      CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED
    ) PARTITIONED BY (v) WITH ('connector' = 'jdbc', 'url' = '${URL}');)");
  REQUIRE(statements.ok());
  REQUIRE(statements->size() == 1);
  const TableDefinition& table = std::get<CreateTable>(statements->at(0).body).table;
  CHECK(table.temporary);
  CHECK(table.name.parts == std::vector<std::string>{"a b", "t"});
  REQUIRE(table.columns.size() == 4);
  CHECK(table.columns[0].type == DataType::BigInt().NotNull());
  CHECK(table.columns[0].comment == "it's");
  CHECK(table.columns[1].type == DataType::Decimal(10, 2).NotNull());
  CHECK(table.columns[2].type == DataType::TimestampLtz(3));
  CHECK(table.columns[3].type.value().element().fields()[1].name == "y");
  CHECK(table.watermark->expression == "ts - INTERVAL '5' SECOND");
  CHECK(table.primary_key == std::vector<std::string>{"id"});
  CHECK(table.partition_keys == std::vector<std::string>{"v"});
  CHECK(table.options.at("url") == "${URL}");
}

TEST_CASE("a statement set gives its INSERTs with the places of their queries", "[sql]") {
  const auto statements = ParseScript(
      "EXECUTE STATEMENT SET BEGIN\nINSERT INTO t (a) SELECT 1;\n INSERT INTO u VALUES "
      "(';');\nEND;");
  REQUIRE(statements.ok());
  REQUIRE(statements->size() == 2);
  const auto& first = std::get<Insert>(statements->at(0).body);
  CHECK(first.query == "SELECT 1");
  CHECK(first.query_at.line == 2);
  CHECK(first.query_at.column == 19);
  CHECK(std::get<Insert>(statements->at(1).body).query == "VALUES (';')");
}

TEST_CASE("errors name the place and what was expected", "[sql]") {
  CHECK(ErrorOf("SELECT 1;\nSHOW TABLES").starts_with("line 2, column 1: expected CREATE"));
  CHECK(ErrorOf("CREATE TABLE t (a INT b INT)") ==
        "line 1, column 23: expected ',' or ')', found 'b'");
  CHECK(ErrorOf("CREATE TABLE t (变 INT, a FOO)") == "line 1, column 26: there is no type FOO");
  CHECK(ErrorOf("INSERT INTO t SELECT (1") == "line 1, column 22: this '(' is not closed");
  CHECK(ErrorOf("SET 'a = 1") == "line 1, column 5: the string does not end");
  CHECK(ErrorOf("CREATE TABLE t (a AS b)").find("computed") != std::string::npos);
  CHECK(ErrorOf("CREATE TABLE t (a INT METADATA)").find("METADATA") != std::string::npos);
  CHECK(ErrorOf("CREATE TABLE t AS SELECT 1").find("AS SELECT") != std::string::npos);
  CHECK(ErrorOf("CREATE VIEW v AS SELECT 1").find("TEMPORARY VIEW") != std::string::npos);
}

}  // namespace
}  // namespace strom::sql
