#include "tablet/kv/log_fit.h"

#include <catch2/catch_test_macros.hpp>

#include "common/record/log_batch_builder.h"
#include "common/record/log_record_reader.h"
#include "tests/testing/random_rows.h"

namespace strom::tablet {
namespace {

// `value` after a round trip through an ARROW batch.
Value ThroughArrow(const Value& value, const DataType& type) {
  const record::RecordSchema schema(LogFormat::kArrow, {type});
  record::LogBatchBuilder builder(schema, {.schema_id = SchemaId(1)});
  REQUIRE(builder.Append(record::ChangeType::kAppendOnly, {value}).ok());
  const Bytes bytes = builder.Build().value();
  const auto batch = record::LogBatchView::ParseFront(bytes).value();
  return record::ReadLogRecords(batch, schema).value().at(0).row.at(0);
}

void CheckFit(const Value& value, const DataType& type, bool changes = true) {
  INFO(value.ToString() << " as " << type.ToString());
  const auto fitted = FitToArrow(value, type);
  CHECK(fitted.has_value() == changes);
  CHECK(fitted.value_or(value) == ThroughArrow(value, type));
  if (changes) {
    CHECK(ChangesInArrow(type));
    CHECK_FALSE(FitToArrow(*fitted, type).has_value());  // Once is enough.
  }
}

}  // namespace

TEST_CASE("values that ARROW changes are changed the same way", "[kv]") {
  CheckFit(Value::String("ab"), DataType::Binary(4));
  CheckFit(Value::String("abcd"), DataType::Binary(4), false);
  CheckFit(Value::Int(12345), DataType::Time(0));
  CheckFit(Value::Int(12000), DataType::Time(0), false);
  CheckFit(Value::Time(-1), DataType::Timestamp(0));
  CheckFit(Value::Time(1234, 5678), DataType::Timestamp(3));
  CheckFit(Value::Time(-1234, 5678), DataType::TimestampLtz(6));
  CheckFit(Value::Time(-1234, 5000), DataType::TimestampLtz(6), false);
  CheckFit(Value::Time(1234, 567891), DataType::Timestamp(9), false);
  CheckFit(Value::Null(), DataType::Binary(4), false);
}

TEST_CASE("the fit reaches into nested values", "[kv]") {
  const DataType array = DataType::Array(DataType::Binary(2));
  CheckFit(Value::List({Value::String("ab"), Value::Null(), Value::String("c")}), array);
  CheckFit(Value::List({Value::String("ab"), Value::Null()}), array, false);
  const DataType map = DataType::Map(DataType::Binary(2), DataType::Time(0));
  CheckFit(Value::Map({{Value::String("a"), Value::Int(1)}, {Value::String("bb"), Value::Null()}}),
           map);
  CheckFit(Value::Map({{Value::String("bb"), Value::Int(5000)}}), map, false);
  const DataType row = DataType::Row({{.name = "x", .type = DataType::Int(), .description = {}},
                                      {.name = "y", .type = array, .description = {}}});
  CheckFit(Value::Struct({Value::Int(1), Value::List({Value::String("")})}), row);
  CheckFit(Value::Struct({Value::Int(1), Value::Null()}), row, false);
}

TEST_CASE("most types are never changed", "[kv]") {
  for (const DataType& type :
       {DataType::Int(), DataType::String(), DataType::Bytes(), DataType::Char(3),
        DataType::Decimal(38, 3), DataType::Double(), DataType::Timestamp(7),
        DataType::Map(DataType::Int(), DataType::Array(DataType::Date()))}) {
    CHECK_FALSE(ChangesInArrow(type));
  }
}

TEST_CASE("random values are fitted to what comes back", "[kv]") {
  testing::RandomRows random(17);
  for (int i = 0; i < 300; ++i) {
    const DataType type = random.RandomType().WithNullable(true);
    const Value value = random.RandomValue(type);
    INFO(value.ToString() << " as " << type.ToString());
    const auto fitted = FitToArrow(value, type);
    REQUIRE(fitted.value_or(value) == ThroughArrow(value, type));
    REQUIRE((!fitted || ChangesInArrow(type)));
  }
}

TEST_CASE("what ARROW cannot hold is left alone", "[kv]") {
  CHECK_FALSE(FitToArrow(Value::Time(INT64_MAX), DataType::Timestamp(6)).has_value());
  CHECK_FALSE(FitToArrow(Value::String("abc"), DataType::Binary(2)).has_value());
}

}  // namespace strom::tablet
