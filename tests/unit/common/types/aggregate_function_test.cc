#include "common/types/aggregate_function.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

bool Takes(AggregateKind kind, const DataType& type) {
  const Status s = CheckAggregate({kind, {}}, type);
  if (!s.ok()) CHECK(s.code() == ErrorCode::kInvalidConfig);
  return s.ok();
}

}  // namespace

TEST_CASE("aggregation functions have names in any case and with either dash", "[types]") {
  for (int i = 0; i <= static_cast<int>(AggregateKind::kRbm64); ++i) {
    const auto kind = static_cast<AggregateKind>(i);
    CHECK(ParseAggregateKind(AggregateKindName(kind)).value() == kind);
  }
  CHECK(ParseAggregateKind("Last-Value-Ignore_Nulls").value() ==
        AggregateKind::kLastValueIgnoreNulls);
  CHECK(ParseAggregateKind("avg").status().message() == "'avg' is no aggregation function");
  CHECK_FALSE(ParseAggregateKind("").ok());
}

TEST_CASE("an aggregation function takes certain types", "[types]") {
  CHECK(Takes(AggregateKind::kSum, DataType::TinyInt()));
  CHECK(Takes(AggregateKind::kSum, DataType::Decimal(10, 2)));
  CHECK_FALSE(Takes(AggregateKind::kSum, DataType::String()));
  CHECK_FALSE(Takes(AggregateKind::kProduct, DataType::Date()));
  CHECK(Takes(AggregateKind::kMax, DataType::Date()));
  CHECK(Takes(AggregateKind::kMin, DataType::TimestampLtz(3)));
  CHECK(Takes(AggregateKind::kMin, DataType::Char(3)));
  CHECK_FALSE(Takes(AggregateKind::kMax, DataType::Boolean()));
  CHECK_FALSE(Takes(AggregateKind::kMax, DataType::Bytes()));
  CHECK(Takes(AggregateKind::kLastValue, DataType::Array(DataType::Int())));
  CHECK(Takes(AggregateKind::kBoolAnd, DataType::Boolean()));
  CHECK_FALSE(Takes(AggregateKind::kBoolOr, DataType::Int()));
  CHECK(Takes(AggregateKind::kRbm32, DataType::Bytes()));
  CHECK_FALSE(Takes(AggregateKind::kRbm64, DataType::Binary(3)));
  CHECK(CheckAggregate({AggregateKind::kListAgg, {}}, DataType::Int()).message() ==
        "aggregation function listagg does not take INT");
}

TEST_CASE("only listagg and string_agg have a delimiter, which is not empty", "[types]") {
  const AggregateFunction semicolon{AggregateKind::kListAgg, {{"delimiter", ";"}}};
  CHECK(CheckAggregate(semicolon, DataType::String()).ok());
  CHECK(semicolon.delimiter() == ";");
  CHECK(AggregateFunction{AggregateKind::kStringAgg, {}}.delimiter() == ",");
  CHECK_FALSE(
      CheckAggregate({AggregateKind::kListAgg, {{"delimiter", ""}}}, DataType::String()).ok());
  CHECK_FALSE(CheckAggregate({AggregateKind::kListAgg, {{"sep", ";"}}}, DataType::String()).ok());
  CHECK(CheckAggregate({AggregateKind::kSum, {{"delimiter", ";"}}}, DataType::Int()).message() ==
        "aggregation function sum has no parameter 'delimiter'");
}

}  // namespace strom
