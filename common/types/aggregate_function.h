#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "common/types/property_map.h"

namespace strom {

// How the aggregation merge engine combines the old and the new value of a column.
// The rules themselves are in tablet/kv. Same functions as Fluss: AggFunctionType.java.
enum class AggregateKind : uint8_t {
  kSum,
  kProduct,
  kMax,
  kMin,
  kLastValue,
  kLastValueIgnoreNulls,  // Of columns without a function, too.
  kFirstValue,
  kFirstValueIgnoreNulls,
  kListAgg,
  kStringAgg,
  kBoolAnd,
  kBoolOr,
  kRbm32,
  kRbm64,
};

// A column's function with its parameters; the only one there is: "delimiter" of listagg and
// string_agg.
struct AggregateFunction {
  AggregateKind kind;
  PropertyMap parameters;

  // What listagg and string_agg put between values: "," unless given.
  std::string delimiter() const;

  friend bool operator==(const AggregateFunction&, const AggregateFunction&) = default;
};

// "sum", "last_value_ignore_nulls": the name in schema documents.
std::string_view AggregateKindName(AggregateKind kind);

// Any case, and "-" equals "_". Errors: kInvalidConfig naming the text.
Result<AggregateKind> ParseAggregateKind(std::string_view text);

// Checks that `function` takes columns of `type` and has no unknown or bad parameters.
// Errors: kInvalidConfig naming the function and the type or parameter.
Status CheckAggregate(const AggregateFunction& function, const DataType& type);

}  // namespace strom
