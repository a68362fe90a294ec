#include "common/types/aggregate_function.h"

#include <algorithm>

namespace strom {
namespace {

constexpr std::string_view kNames[] = {"sum",         "product",
                                       "max",         "min",
                                       "last_value",  "last_value_ignore_nulls",
                                       "first_value", "first_value_ignore_nulls",
                                       "listagg",     "string_agg",
                                       "bool_and",    "bool_or",
                                       "rbm32",       "rbm64"};

constexpr std::string_view kDelimiter = "delimiter";

bool IsNumeric(TypeKind kind) {
  return (kind >= TypeKind::kTinyInt && kind <= TypeKind::kDouble) || kind == TypeKind::kDecimal;
}

bool IsText(TypeKind kind) { return kind == TypeKind::kChar || kind == TypeKind::kString; }

bool IsTime(TypeKind kind) { return kind >= TypeKind::kDate && kind <= TypeKind::kTimestampLtz; }

bool Takes(AggregateKind function, TypeKind type) {
  switch (function) {
    case AggregateKind::kSum:
    case AggregateKind::kProduct:
      return IsNumeric(type);
    case AggregateKind::kMax:
    case AggregateKind::kMin:
      return IsNumeric(type) || IsText(type) || IsTime(type);
    case AggregateKind::kLastValue:
    case AggregateKind::kLastValueIgnoreNulls:
    case AggregateKind::kFirstValue:
    case AggregateKind::kFirstValueIgnoreNulls:
      return true;
    case AggregateKind::kListAgg:
    case AggregateKind::kStringAgg:
      return IsText(type);
    case AggregateKind::kBoolAnd:
    case AggregateKind::kBoolOr:
      return type == TypeKind::kBoolean;
    case AggregateKind::kRbm32:
    case AggregateKind::kRbm64:
      return type == TypeKind::kBytes;
  }
  STROM_UNREACHABLE();
}

bool TakesDelimiter(AggregateKind kind) {
  return kind == AggregateKind::kListAgg || kind == AggregateKind::kStringAgg;
}

}  // namespace

std::string AggregateFunction::delimiter() const {
  const auto found = parameters.find(kDelimiter);
  return found != parameters.end() ? found->second : ",";
}

std::string_view AggregateKindName(AggregateKind kind) { return kNames[static_cast<size_t>(kind)]; }

Result<AggregateKind> ParseAggregateKind(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  const auto* found = std::ranges::find(kNames, name);
  if (found == std::end(kNames)) {
    return Error(ErrorCode::kInvalidConfig, "'{:.100}' is no aggregation function", text);
  }
  return static_cast<AggregateKind>(found - std::begin(kNames));
}

Status CheckAggregate(const AggregateFunction& function, const DataType& type) {
  const std::string_view name = AggregateKindName(function.kind);
  if (!Takes(function.kind, type.kind())) {
    return Error(ErrorCode::kInvalidConfig, "aggregation function {} does not take {}", name,
                 type.ToString());
  }
  for (const auto& [key, value] : function.parameters) {
    if (key != kDelimiter || !TakesDelimiter(function.kind)) {
      return Error(ErrorCode::kInvalidConfig, "aggregation function {} has no parameter '{}'", name,
                   key);
    }
    if (value.empty()) {
      return Error(ErrorCode::kInvalidConfig, "the delimiter of {} is empty", name);
    }
  }
  return Status::Ok();
}

}  // namespace strom
