#include "common/types/partition.h"

#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

std::string Text(const Value& value, const DataType& type) {
  return FormatPartitionValue(value, type).value();
}

// 2025-05-31T03:42:35 in milliseconds.
constexpr int64_t kMay31 = 1748662955000;

}  // namespace

TEST_CASE("partition values have the texts of the reference", "[types]") {
  CHECK(Text(Value::Int(20235), DataType::Date()) == "2025-05-27");
  CHECK(Text(Value::Int(-1), DataType::Date()) == "1969-12-31");
  CHECK(Text(Value::Int(5402199), DataType::Time(3)) == "01-30-02_199");
  CHECK(Text(Value::Float(5.73F), DataType::Float()) == "5_73");
  CHECK(Text(Value::String("\x10\x20\x30\x40\x50\xff"), DataType::Bytes()) == "1020304050ff");
  CHECK(Text(Value::Double(-1.0e10), DataType::Double()) == "-1_0E10");
  CHECK(Text(Value::Double(1.0e-5), DataType::Double()) == "1_0E-5");
  CHECK(Text(Value::Bool(true), DataType::Boolean()) == "true");

  const DataType time = DataType::Timestamp(9);
  CHECK(Text(Value::Time(kMay31 + 428, 99988), time) == "2025-05-31-03-42-35_428099988");
  CHECK(Text(Value::Time(kMay31 + 428), time) == "2025-05-31-03-42-35_428");
  CHECK(Text(Value::Time(kMay31 + 420), time) == "2025-05-31-03-42-35_42");
  CHECK(Text(Value::Time(kMay31, 99988), time) == "2025-05-31-03-42-35_000099988");
  CHECK(Text(Value::Time(kMay31), DataType::TimestampLtz(0)) == "2025-05-31-03-42-35_");
  CHECK(Text(Value::Time(-1, 999999), time) == "1969-12-31-23-59-59_999999999");
}

TEST_CASE("other partition values", "[types]") {
  CHECK(Text(Value::Bool(false), DataType::Boolean()) == "false");
  CHECK(Text(Value::Int(INT64_MIN), DataType::BigInt()) == "-9223372036854775808");
  CHECK(Text(Value::String("us"), DataType::Char(5)) == "us");
  CHECK(Text(Value::String(""), DataType::Binary(5)).empty());
  CHECK(Text(Value::Float(std::numeric_limits<float>::quiet_NaN()), DataType::Float()) == "NaN");
  CHECK(Text(Value::Double(std::numeric_limits<double>::infinity()), DataType::Double()) == "Inf");
  CHECK(Text(Value::Float(-std::numeric_limits<float>::infinity()), DataType::Float()) == "-Inf");
  CHECK(Text(Value::Int(0), DataType::Time(0)) == "00-00-00_000");
  CHECK(Text(Value::Int(-719528), DataType::Date()) == "0000-01-01");
  CHECK(Text(Value::Int(2932896), DataType::Date()) == "9999-12-31");
}

TEST_CASE("some values and types cannot be a partition", "[types]") {
  const auto code = [](const Value& value, const DataType& type) {
    return FormatPartitionValue(value, type).status().code();
  };
  CHECK(code(Value(), DataType::Int()) == ErrorCode::kPartitionSpecInvalid);
  CHECK(code(Value::Int(2932897), DataType::Date()) == ErrorCode::kPartitionSpecInvalid);
  CHECK(code(Value::Int(-719529), DataType::Date()) == ErrorCode::kPartitionSpecInvalid);
  CHECK(code(Value::Time(INT64_MAX), DataType::Timestamp(3)) == ErrorCode::kPartitionSpecInvalid);
  CHECK(code(Value::Time(INT64_MIN), DataType::Timestamp(3)) == ErrorCode::kPartitionSpecInvalid);
  CHECK(code(Value::Dec(1), DataType::Decimal(3, 0)) == ErrorCode::kPartitionSpecInvalid);
  CHECK(code(Value::Int(1), DataType::String()) == ErrorCode::kCorruptRecord);
  CHECK(IsPartitionType(DataType::Double()));
  CHECK_FALSE(IsPartitionType(DataType::Decimal(3, 0)));
  CHECK_FALSE(IsPartitionType(DataType::Row({})));
}

TEST_CASE("partition values have the alphabet of names", "[types]") {
  CHECK(CheckPartitionValue("2024-01_a", true).ok());
  CHECK(CheckPartitionValue(kHistoricalPartition, false).ok());
  CHECK(CheckPartitionValue(kHistoricalPartition, true).code() == ErrorCode::kPartitionSpecInvalid);
  for (const char* bad : {"", ".", "..", "a$b", "a/b", "a b", "1.5"}) {
    CHECK(CheckPartitionValue(bad, false).code() == ErrorCode::kPartitionSpecInvalid);
  }
  CHECK(CheckPartitionValue(std::string(200, 'a'), true).ok());
  CHECK_FALSE(CheckPartitionValue(std::string(201, 'a'), true).ok());
}

TEST_CASE("a partition spec names every key once", "[types]") {
  const std::vector<std::string> keys{"year", "region"};
  CHECK(ResolvePartitionSpec({{"region", "us"}, {"year", "2024"}}, keys).value() ==
        std::vector<std::string>{"2024", "us"});
  const auto error = [&](const PartitionSpec& spec) {
    const Status s = ResolvePartitionSpec(spec, keys).status();
    CHECK(s.code() == ErrorCode::kPartitionSpecInvalid);
    return std::string(s.message());
  };
  CHECK(error({{"year", "2024"}}) == "partition key 'region' is missing");
  CHECK(error({}) == "partition key 'year' is missing");
  CHECK(error({{"year", "1"}, {"year", "2"}}) == "partition key 'year' is given twice");
  CHECK(error({{"month", "1"}}) == "'month' is no partition key; they are year,region");

  const auto partial = ResolvePartialPartitionSpec({{"region", "us"}}, keys).value();
  CHECK(partial == std::vector<std::optional<std::string>>{std::nullopt, "us"});
}

TEST_CASE("a partition name is its values joined", "[types]") {
  const std::vector<std::string> keys{"year", "region"}, values{"2024", "us"};
  CHECK(PartitionName(values) == "2024$us");
  CHECK(PartitionName(std::vector<std::string>{"2024"}) == "2024");
  CHECK(QualifiedPartitionName(keys, values) == "year=2024/region=us");
  CHECK(SplitPartitionName("2024$us", 2).value() == values);
  CHECK(SplitPartitionName("$", 2).value() == std::vector<std::string>{"", ""});
  CHECK(SplitPartitionName("2024$us", 1).status().message() ==
        "partition name '2024$us' has 2 values, there are 1 keys");
  CHECK_FALSE(SplitPartitionName("", 2).ok());
}

TEST_CASE("a row names its partition", "[types]") {
  const Schema schema = Schema::Make({.columns = {{"id", DataType::Int()},
                                                  {"region", DataType::String()},
                                                  {"day", DataType::Date()}}})
                            .value();
  const std::vector<std::string> keys{"day", "region"};
  const auto name = [&](Value region) {
    return PartitionNameOfRow({Value::Int(1), std::move(region), Value::Int(20235)}, schema, keys);
  };
  CHECK(name(Value::String("us")).value() == "2025-05-27$us");
  CHECK(name(Value()).status().message() == "partition column 'region': a partition value is NULL");
  CHECK(name(Value::String("u$s")).status().code() == ErrorCode::kPartitionSpecInvalid);
  const std::vector<std::string> unknown{"x"};
  CHECK(PartitionNameOfRow({Value(), Value(), Value()}, schema, unknown).status().code() ==
        ErrorCode::kInvalidTable);
}

}  // namespace strom
