#include "common/record/batch_statistics.h"

#include <algorithm>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "common/base/endian.h"
#include "tests/unit/common/record/record_vectors.h"
#include "tests/unit/common/record/samples.h"

namespace strom::record {

namespace {

const std::vector<DataType> kSampleTypes = {DataType::Int(), DataType::String()};

// The 71 bytes of statistics in L5.
Bytes SampleBytes() { return Bytes(LogBatchView::ParseFront(Vector("L5"))->statistics()); }

// The bounds that `values` of one column give.
std::pair<Value, Value> BoundsOf(const DataType& type, const std::vector<Value>& values) {
  StatisticsCollector collector(std::vector{type}, {0});
  for (const Value& value : values) collector.Add({value});
  const BatchStatistics parsed =
      ParseBatchStatistics(collector.Encode().value(), std::vector{type}).value().value();
  CHECK(parsed == collector.statistics());
  return {parsed.min[0], parsed.max[0]};
}

template <class T>
Result<std::optional<BatchStatistics>> ParsePatched(size_t position, T value) {
  Bytes bytes = SampleBytes();
  StoreLittle(bytes.data() + position, value);
  return ParseBatchStatistics(bytes, kSampleTypes);
}

}  // namespace

TEST_CASE("the statistics of a recorded batch are read and written again", "[record]") {
  const BatchStatistics statistics =
      ParseBatchStatistics(SampleBytes(), kSampleTypes).value().value();
  CHECK(statistics.columns == std::vector<int16_t>{0, 1});
  CHECK(statistics.null_counts == std::vector<int32_t>{0, 1});
  CHECK(statistics.min == Row{Value::Int(1), Value::String("a")});
  CHECK(statistics.max == Row{Value::Int(3), Value::String("ccc")});

  StatisticsCollector collector(kSampleTypes, {0, 1});
  for (const Row& row : SampleRows()) collector.Add(row);
  CHECK(collector.Encode().value() == SampleBytes());
}

TEST_CASE("bounds follow the order of the column's type", "[record]") {
  CHECK(BoundsOf(DataType::Int(), {Value::Int(3), Value::Int(-7), Value::Null()}) ==
        std::pair(Value::Int(-7), Value::Int(3)));
  CHECK(BoundsOf(DataType::Boolean(), {Value::Bool(true), Value::Bool(false)}) ==
        std::pair(Value::Bool(false), Value::Bool(true)));
  CHECK(BoundsOf(DataType::Decimal(30, 2), {Value::Dec(5), Value::Dec(-500), Value::Dec(40)}) ==
        std::pair(Value::Dec(-500), Value::Dec(40)));
  CHECK(
      BoundsOf(DataType::Timestamp(9), {Value::Time(5, 2), Value::Time(5, 1), Value::Time(4, 3)}) ==
      std::pair(Value::Time(4, 3), Value::Time(5, 2)));
  // Bytes count as unsigned, and a prefix comes first.
  CHECK(BoundsOf(DataType::String(),
                 {Value::String("z"), Value::String("\xc3\xa9 long enough not to be inline"),
                  Value::String("zz")}) ==
        std::pair(Value::String("z"), Value::String("\xc3\xa9 long enough not to be inline")));
}

TEST_CASE("floats have Java's total order: -0 below 0, NaN above all", "[record]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const bool backwards : {false, true}) {
    std::vector<Value> zeros = {Value::Float(-0.0F), Value::Float(0.0F)};
    std::vector<Value> all = {Value::Float(-infinity), Value::Float(1), Value::Float(infinity),
                              Value::Float(nan)};
    std::vector<Value> doubles = {Value::Double(-2.5), Value::Double(-0.0), Value::Double(0.0),
                                  Value::Double(std::numeric_limits<double>::quiet_NaN())};
    if (backwards) {
      std::reverse(zeros.begin(), zeros.end());
      std::reverse(all.begin(), all.end());
      std::reverse(doubles.begin(), doubles.end());
    }
    CHECK(BoundsOf(DataType::Float(), zeros) == std::pair(Value::Float(-0.0F), Value::Float(0.0F)));
    CHECK(BoundsOf(DataType::Float(), all) ==
          std::pair(Value::Float(-infinity), Value::Float(nan)));
    CHECK(BoundsOf(DataType::Double(), doubles) ==
          std::pair(Value::Double(-2.5), Value::Double(std::numeric_limits<double>::quiet_NaN())));
  }
}

TEST_CASE("a column of NULLs and a CHAR column have no bounds, only a null count", "[record]") {
  CHECK(BoundsOf(DataType::BigInt(), {Value::Null(), Value::Null()}) ==
        std::pair(Value::Null(), Value::Null()));
  CHECK(BoundsOf(DataType::Char(3), {Value::String("abc"), Value::Null()}) ==
        std::pair(Value::Null(), Value::Null()));
  StatisticsCollector collector(std::vector{DataType::Char(3)}, {0});
  collector.Add({Value::Null()});
  collector.Add({Value::String("x")});
  CHECK(collector.statistics().null_counts == std::vector{1});
}

TEST_CASE("bounds are those of the values a reader will get", "[record]") {
  // Arrow keeps TIME(0) in seconds and TIMESTAMP(3) in milliseconds.
  CHECK(BoundsOf(DataType::Time(0), {Value::Int(1999), Value::Int(5001)}) ==
        std::pair(Value::Int(1000), Value::Int(5000)));
  CHECK(BoundsOf(DataType::Timestamp(3), {Value::Time(7, 999'999), Value::Time(8, 1)}) ==
        std::pair(Value::Time(7), Value::Time(8)));
  const RecordSchema schema(LogFormat::kArrow, {DataType::Timestamp(3)});
  const Bytes bytes =
      MakeBatch(schema, {.schema_id = SchemaId(1), .magic = 1, .statistics_columns = {0}}, {},
                {{Value::Time(7, 999'999)}});
  const auto statistics =
      ParseBatchStatistics(LogBatchView::ParseFront(bytes)->statistics(), schema.column_types());
  CHECK(statistics.value()->min == ReadBatch(bytes, schema)->at(0).row);
}

TEST_CASE("columns may be collected in any choice", "[record]") {
  const std::vector<DataType> types = {DataType::Array(DataType::Int()), DataType::Int(),
                                       DataType::Bytes(), DataType::Date()};
  StatisticsCollector collector(types, {3, 1});
  collector.Add({Value::Null(), Value::Int(5), Value::Null(), Value::Int(100)});
  const auto parsed = ParseBatchStatistics(collector.Encode().value(), types).value().value();
  CHECK(parsed.columns == std::vector<int16_t>{3, 1});
  CHECK(parsed.min == Row{Value::Int(100), Value::Int(5)});
}

TEST_CASE("statistics exist for scalar types other than BINARY and BYTES", "[record]") {
  CHECK(SupportsStatistics(DataType::Char(1)));
  CHECK(SupportsStatistics(DataType::Decimal(38, 0)));
  CHECK(SupportsStatistics(DataType::TimestampLtz(9)));
  CHECK_FALSE(SupportsStatistics(DataType::Binary(1)));
  CHECK_FALSE(SupportsStatistics(DataType::Bytes()));
  CHECK_FALSE(SupportsStatistics(DataType::Array(DataType::Int())));
  CHECK_FALSE(SupportsStatistics(DataType::Map(DataType::Int(), DataType::Int())));
}

TEST_CASE("another version, no columns or an empty row mean no statistics", "[record]") {
  CHECK(ParseBatchStatistics("", kSampleTypes).value() == std::nullopt);
  CHECK(ParsePatched<int8_t>(0, 2).value() == std::nullopt);
  CHECK(ParsePatched<int16_t>(1, 0).value() == std::nullopt);
  CHECK(ParsePatched<int16_t>(1, -1).value() == std::nullopt);
  CHECK(ParsePatched<int32_t>(15, 0).value() == std::nullopt);
  CHECK(ParsePatched<int32_t>(43, -1).value() == std::nullopt);
}

TEST_CASE("statistics that do not fit are refused with their numbers", "[record]") {
  const auto message = [](const Result<std::optional<BatchStatistics>>& parsed) {
    CHECK(parsed.status().code() == ErrorCode::kCorruptRecord);
    return std::string(parsed.status().message());
  };
  CHECK(message(ParsePatched<int16_t>(1, INT16_MAX)) ==
        "batch statistics: 68 bytes cannot hold 32767 columns");
  CHECK(message(ParsePatched<int16_t>(5, 2)) ==
        "batch statistics: column 2 of a schema with 2 columns");
  CHECK(message(ParsePatched<int16_t>(3, -1)) ==
        "batch statistics: column -1 of a schema with 2 columns");
  CHECK(message(ParsePatched<int32_t>(11, -5)) ==
        "batch statistics: null count -5 of column 1 is negative");
  CHECK(message(ParsePatched<int32_t>(15, INT32_MAX)) ==
        "batch statistics: batch: needs 2147483647 bytes at position 19, has 52");
  const Bytes bytes = SampleBytes();
  for (size_t size = 1; size < bytes.size(); ++size) {
    const Bytes cut = bytes.substr(0, size);
    REQUIRE(ParseBatchStatistics(cut, kSampleTypes).status().code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("random damage to statistics gives statistics or an error", "[record]") {
  std::mt19937 random(20'240'817);
  int errors = 0;
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = SampleBytes();
    for (int change = 0; change < 2; ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto parsed = ParseBatchStatistics(bytes, kSampleTypes);
    if (!parsed.ok()) {
      ++errors;
    } else if (parsed->has_value()) {
      REQUIRE(parsed.value()->min.size() == parsed.value()->columns.size());
      REQUIRE(parsed.value()->max.size() == parsed.value()->columns.size());
    }
  }
  CHECK(errors > 1000);
}

}  // namespace strom::record
