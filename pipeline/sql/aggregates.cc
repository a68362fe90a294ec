#include <algorithm>

#include "pipeline/duckdb/decimal_types.h"
#include "pipeline/sql/binder.h"

namespace strom::sql {

using tree::Json;

namespace {

Json WithName(Json call, std::string_view name) {
  call["function_name"] = name;
  call["alias"] = "";
  return call;
}

// DuckDB's names of Flink's statistics.
std::string_view StatisticOf(std::string_view name) {
  if (name == "stddev") return "stddev_samp";
  if (name == "variance") return "var_samp";
  static constexpr std::string_view kSame[] = {"stddev_samp", "stddev_pop", "var_samp", "var_pop"};
  return std::ranges::count(kSame, name) > 0 ? name : "";
}

}  // namespace

// AVG as a quotient of SUM and COUNT, which is what it is in Flink too.
Result<ExpressionType> Binder::Average(Json& call, const ExpressionType& type) {
  if (type.IsFloating()) {
    if (type.Is(TypeKind::kFloat)) tree::Replace(call, tree::Cast(call, type.type));
    return type;
  }
  Json sum = WithName(call, "sum");
  Json count = WithName(call, "count");
  if (type.IsInteger()) {
    tree::Replace(call,
                  tree::Cast(tree::Operator("//", {std::move(sum), std::move(count)}), type.type));
    return type;
  }
  auto quotient =
      Divide(std::move(sum), duck::SumType(type.type), std::move(count), DataType::Decimal(20, 0));
  if (!quotient.ok()) return Fail(call, quotient.status().message());
  const DataType result = duck::AverageType(type.type);
  tree::Replace(call, tree::Cast(std::move(quotient).value(), result));
  return ExpressionType::Of(result);
}

Result<ExpressionType> Binder::Aggregate(Json& call, const Types& types) {
  const std::string name = Lower(tree::Text(call, "function_name"));
  if (name == "count" || name == "count_star") return ExpressionType::Of(DataType::BigInt());
  if (types.empty()) return Fail(call, fmt::format("{} needs a value", name));
  const ExpressionType& type = types[0];
  if (name == "min" || name == "max") return type;
  if (name == "first_value" || name == "last_value") {
    call["function_name"] = name == "first_value" ? "first" : "last";
    return type;
  }
  if (name == "listagg") {
    call["function_name"] = "string_agg";
    if (types.size() == 1) call["children"].push_back(tree::String(","));
    call["children"][0] = ToText(call["children"][0], type);
    return ExpressionType::Of(DataType::String());
  }
  if (name == "collect" || name == "array_agg") {
    call["function_name"] = "list";
    return ExpressionType::Of(DataType::Array(type.type));
  }
  const std::string_view statistic = StatisticOf(name);
  if (name != "sum" && name != "avg" && statistic.empty()) {
    return Fail(call, fmt::format("there is no aggregate function {}", name));
  }
  if (!type.IsNumeric()) {
    return Fail(call, fmt::format("{} of {} is not possible", name, type.ToString()));
  }
  if (name == "avg") return Average(call, type);
  if (name == "sum") {
    // DuckDB sums integers up in HUGEINT, FLOAT in DOUBLE.
    if (type.IsInteger() || type.Is(TypeKind::kFloat)) {
      tree::Replace(call, tree::Cast(call, type.type));
    }
    return ExpressionType::Of(duck::SumType(type.type));
  }
  // Flink computes them with doubles (POWER) and gives them the type of AVG.
  call["function_name"] = statistic;
  if (!type.Is(TypeKind::kDouble)) {
    call["children"][0] = tree::Cast(call["children"][0], DataType::Double());
  }
  const DataType result = duck::AverageType(type.type);
  STROM_ASSIGN_OR_RETURN(Json cast,
                         CastValue(call, ExpressionType::Of(DataType::Double()), result, false, 0));
  tree::Replace(call, std::move(cast));
  return ExpressionType::Of(result);
}

}  // namespace strom::sql
