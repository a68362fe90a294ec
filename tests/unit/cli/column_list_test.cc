#include "cli/column_list.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "tests/testing/random_rows.h"

namespace strom::cli {
namespace {

std::string Problem(std::string_view text) {
  const Result<Schema> schema = ParseColumnList(text);
  REQUIRE_FALSE(schema.ok());
  CHECK(schema.status().code() == ErrorCode::kInvalidConfig);
  return std::string(schema.status().message());
}

}  // namespace

TEST_CASE("a column list reads as SQL does", "[cli]") {
  const Schema schema = ParseColumnList(
                            "id INT NOT NULL, `full name` string COMMENT 'it''s theirs',\n"
                            "price decimal(10, 2), tags ARRAY<STRING NOT NULL>")
                            .value();
  REQUIRE(schema.columns().size() == 4);
  CHECK(schema.columns()[0].name == "id");
  CHECK(schema.columns()[0].type == DataType::Int().NotNull());
  CHECK(schema.columns()[1].name == "full name");
  CHECK(schema.columns()[1].type == DataType::String());
  CHECK(schema.columns()[1].comment == "it's theirs");
  CHECK(schema.columns()[2].type == DataType::Decimal(10, 2));
  CHECK(schema.columns()[3].type == DataType::Array(DataType::String().NotNull()));
  CHECK_FALSE(schema.has_primary_key());
}

TEST_CASE("a primary key makes its columns NOT NULL", "[cli]") {
  const Schema schema = ParseColumnList("a INT, b STRING, c DATE, primary key (a, `b`)").value();
  CHECK(schema.primary_key() == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(schema.columns()[0].type.nullable());
  CHECK(schema.columns()[2].type.nullable());
}

TEST_CASE("what SQL lets one leave out has its default", "[cli]") {
  CHECK(ParseDataType("integer").value() == DataType::Int());
  CHECK(ParseDataType("DECIMAL").value() == DataType::Decimal(10, 0));
  CHECK(ParseDataType("DECIMAL(7)").value() == DataType::Decimal(7, 0));
  CHECK(ParseDataType("TIMESTAMP").value() == DataType::Timestamp(6));
  CHECK(ParseDataType("timestamp_ltz").value() == DataType::TimestampLtz(6));
  CHECK(ParseDataType("TIME").value() == DataType::Time(0));
  CHECK(ParseDataType("CHAR").value() == DataType::Char(1));
  CHECK(ParseDataType("INT NULL").value() == DataType::Int());
}

TEST_CASE("every type reads back from the text it prints", "[cli]") {
  const uint64_t seed = GENERATE(take(100, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  testing::RandomRows random(seed);
  for (int i = 0; i < 20; ++i) {
    const DataType type = random.RandomType();
    INFO(type.ToString());
    CHECK(ParseDataType(type.ToString()).value().ToString() == type.ToString());
  }
}

TEST_CASE("a wrong column list says where and what was expected", "[cli]") {
  CHECK(Problem("") == "column 1 of the text: expected a name but found its end");
  CHECK(Problem("id") == "column 3 of the text: expected a type but found its end");
  CHECK(Problem("id INT,") == "column 8 of the text: expected a name but found its end");
  CHECK(Problem("id INTT") == "column 4 of the text: expected a type but found 'INTT'");
  CHECK(Problem("id VARCHAR(3)").find("such as STRING") != std::string::npos);
  CHECK(Problem("id INT NOT") == "column 11 of the text: expected NULL but found its end");
  CHECK(Problem("id DECIMAL(39)").find("a number from 1 to 38") != std::string::npos);
  CHECK(Problem("id DECIMAL(5, 6)").find("a number from 0 to 5") != std::string::npos);
  CHECK(Problem("id CHAR(99999999999)").find("a number from 1 to") != std::string::npos);
  CHECK(Problem("id MAP<INT>").find("the type of the values") != std::string::npos);
  CHECK(Problem("id ARRAY<INT").find("expected >") != std::string::npos);
  CHECK(Problem("`id INT").find("closing quote") != std::string::npos);
  CHECK(Problem("id INT; drop").find("a comma or the end") != std::string::npos);
  CHECK(Problem("id INT, id INT").find("id") != std::string::npos);
  CHECK(Problem("id INT, PRIMARY KEY (x)").find("x") != std::string::npos);
}

TEST_CASE("types too deep inside each other are refused", "[cli]") {
  std::string text = "INT";
  for (int i = 0; i < 10'000; ++i) text = "ARRAY<" + text;
  CHECK(ParseDataType(text).status().message().find("less deep") != std::string::npos);
}

}  // namespace strom::cli
