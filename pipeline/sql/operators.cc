#include <algorithm>

#include "pipeline/duckdb/decimal_sql.h"
#include "pipeline/sql/binder.h"

namespace strom::sql {

using tree::Json;

Result<Json> Binder::Divide(Json a, const DataType& a_type, Json b, const DataType& b_type) {
  STROM_ASSIGN_OR_RETURN(const duck::TypedSql sql,
                         duck::DivideDecimals(database_, {"strom_a", a_type}, {"strom_b", b_type}));
  return Fill(sql.sql, a, b);
}

Result<Json> Binder::Multiply(Json a, const DataType& a_type, Json b, const DataType& b_type) {
  STROM_ASSIGN_OR_RETURN(
      const duck::TypedSql sql,
      duck::MultiplyDecimals(database_, {"strom_a", a_type}, {"strom_b", b_type}));
  return Fill(sql.sql, a, b);
}

Result<ExpressionType> Binder::OperatorCall(Json& e, Types types) {
  const std::string symbol = tree::Text(e, "function_name");
  Json& operands = e["children"];
  if (types.size() == 1) {
    if (symbol != "-" && symbol != "+") {
      return Fail(e, fmt::format("operator {} is not supported", symbol));
    }
    if (!types[0].IsNumeric() && types[0].kind == ExpressionType::Kind::kValue) {
      return Fail(e, fmt::format("{} of {}", symbol, types[0].ToString()));
    }
    return types[0];
  }
  if (symbol == "||") {
    for (size_t i = 0; i < 2; ++i) operands[i] = ToText(operands[i], types[i]);
    return ExpressionType::Of(DataType::String());
  }
  static constexpr std::string_view kPatterns[] = {"~~", "!~~"};
  if (std::ranges::count(kPatterns, symbol) > 0) return ExpressionType::Of(DataType::Boolean());
  static constexpr std::string_view kArithmetic = "+-*/%";
  if (symbol.size() != 1 || kArithmetic.find(symbol) == std::string_view::npos) {
    return Fail(e, fmt::format("operator {} is not supported", symbol));
  }
  const auto of_time = [](const ExpressionType& type) {
    return type.kind == ExpressionType::Kind::kInterval || type.IsTemporal();
  };
  if (std::ranges::any_of(types, of_time)) return TimeArithmetics(e, types);
  return Arithmetics(e, types);
}

Result<ExpressionType> Binder::TimeArithmetics(Json& e, const Types& types) {
  const std::string symbol = tree::Text(e, "function_name");
  const bool left_interval = types[0].kind == ExpressionType::Kind::kInterval;
  const bool right_interval = types[1].kind == ExpressionType::Kind::kInterval;
  const bool sum = symbol == "+" || symbol == "-";
  if (left_interval && right_interval && sum) return ExpressionType::Interval();
  if (left_interval && types[1].IsNumeric() && (symbol == "*" || symbol == "/")) {
    return ExpressionType::Interval();
  }
  const size_t temporal = left_interval ? 1 : 0;
  if (!sum || left_interval == right_interval || !types[temporal].IsTemporal() ||
      (left_interval && symbol == "-")) {
    return Fail(e, fmt::format("{} {} {} is not possible{}", types[0].ToString(), symbol,
                               types[1].ToString(),
                               left_interval || right_interval ? "" : ": see TIMESTAMPDIFF"));
  }
  const ExpressionType& type = types[temporal];
  Json& value = e["children"][temporal];
  if (type.IsLtz()) {
    // Days and months are the session zone's, whose offset is fixed: the same in UTC.
    value = tree::IsClass(value, "CAST") ? Json(value["child"])
                                         : tree::Cast(value, DataType::Timestamp(6));
    tree::Replace(e, tree::Cast(e, DataType::TimestampLtz(6)));
  } else if (type.IsDate()) {
    tree::Replace(e, tree::Cast(e, DataType::Date()));
  }
  return type;
}

Result<ExpressionType> Binder::Arithmetics(Json& e, const Types& types) {
  const std::string symbol = tree::Text(e, "function_name");
  Json& operands = e["children"];
  for (size_t i = 0; i < 2; ++i) {
    if (types[i].kind == ExpressionType::Kind::kNull) {  // NULL, of the other's type.
      const ExpressionType other = types[1 - i];
      if (other.kind == ExpressionType::Kind::kNull) {
        tree::Replace(e, tree::Null());
        return ExpressionType::Null();
      }
      tree::Replace(e, tree::Cast(tree::Null(), other.type));
      return other;
    }
    if (!types[i].IsNumeric()) {
      return Fail(e, fmt::format("{} {} {} is not possible: cast to a number first",
                                 types[0].ToString(), symbol, types[1].ToString()));
    }
  }
  const DataType& a = types[0].type;
  const DataType& b = types[1].type;
  const Arithmetic op = symbol == "*"   ? Arithmetic::kMultiply
                        : symbol == "/" ? Arithmetic::kDivide
                        : symbol == "%" ? Arithmetic::kModulo
                                        : Arithmetic::kAdd;
  const DataType result = NumericResult(op, a, b);
  if (result.kind() != TypeKind::kDecimal) {
    if (op == Arithmetic::kDivide && ExpressionType::Of(result).IsInteger()) {
      e["function_name"] = "//";  // Cut off towards zero.
    }
    return ExpressionType::Of(result);
  }
  if (op == Arithmetic::kMultiply || op == Arithmetic::kDivide) {
    auto made = op == Arithmetic::kMultiply ? Multiply(operands[0], a, operands[1], b)
                                            : Divide(operands[0], a, operands[1], b);
    if (!made.ok()) return Fail(e, made.status().message());
    tree::Replace(e, std::move(made).value());
    return ExpressionType::Of(result);
  }
  // DuckDB's + and - have the same type as long as it has at most 38 digits.
  const bool cast = op == Arithmetic::kModulo || result.precision() == 38;
  if (cast) tree::Replace(e, tree::Cast(e, result, true));
  return ExpressionType::Of(result);
}

}  // namespace strom::sql
