#include "pipeline/duckdb/decimal_sql.h"

#include <algorithm>

#include <fmt/core.h>

#include "common/base/check.h"
#include "common/types/decimal.h"
#include "pipeline/duckdb/decimal_math.h"
#include "pipeline/duckdb/decimal_types.h"
#include "pipeline/duckdb/rep.h"
#include "pipeline/duckdb/scalar_function.h"

namespace strom::duck {
namespace {

constexpr int kDigitsOfInt64 = 18;  // Beyond, DuckDB has a DECIMAL in 128 bits.

// Makes the function known unless it is.
Status Ensure(Database& database, ScalarFunction function) {
  Database::Rep& rep = database.rep();
  const std::string name = function.name;
  absl::MutexLock lock(&rep.mutex);
  if (rep.registered.contains(name)) return Status::Ok();
  std::vector<ScalarFunction> overloads;
  overloads.push_back(std::move(function));
  STROM_RETURN_IF_ERROR(Register(rep.registering.get(), std::move(overloads)));
  rep.registered.insert(name);
  return Status::Ok();
}

DataType Widest(const DataType& type) { return DataType::Decimal(kDecimalDigitsMax, type.scale()); }

void Set(Answer& answer, std::optional<__int128> value, int precision) {
  if (value && DecimalFits(*value, precision)) answer.Unscaled(*value);  // Else NULL, as Flink.
}

// f(a, b) with both as wide as can be: DuckDB widens without loss. The cast around it gives a
// folded NULL its type, and does nothing else.
TypedSql CallOf(const std::string& name, const TypedSql& a, const DataType& a_type,
                const TypedSql& b, const DataType& b_type, const DataType& result) {
  return {fmt::format("CAST({}(CAST({} AS {}), CAST({} AS {})) AS {})", name, a.sql,
                      SqlType(Widest(a_type)), b.sql, SqlType(Widest(b_type)), SqlType(result)),
          result};
}

// function(x), known from now on, with x as its parameter's type and the answer as `result`.
Result<TypedSql> CallOf(Database& database, ScalarFunction function, const TypedSql& x,
                        const DataType& result) {
  const std::string sql = fmt::format("CAST({}(CAST({} AS {})) AS {})", function.name, x.sql,
                                      SqlType(function.parameters[0]), SqlType(result));
  STROM_RETURN_IF_ERROR(Ensure(database, std::move(function)));
  return TypedSql{sql, result};
}

std::string NameOf(std::string_view operation, const DataType& a, const DataType& b,
                   const DataType& result) {
  return fmt::format("flink_{}_{}_{}_{}_{}", operation, a.scale(), b.scale(), result.precision(),
                     result.scale());
}

std::string AggregateOf(std::string_view function, const TypedSql& x, bool distinct,
                        std::string_view filter) {
  return fmt::format("{}({}{}){}", function, distinct ? "DISTINCT " : "", x.sql,
                     filter.empty() ? "" : fmt::format(" FILTER (WHERE {})", filter));
}

}  // namespace

Result<TypedSql> DivideDecimals(Database& database, const TypedSql& a, const TypedSql& b) {
  const DataType a_type = AsDecimal(a.type);
  const DataType b_type = AsDecimal(b.type);
  const DataType result = DivisionType(a_type, b_type);
  const std::string name = NameOf("divide", a_type, b_type, result);
  const int shift = result.scale() - a_type.scale() + b_type.scale();
  const auto divide = [shift, precision = result.precision()](const Arguments& arguments,
                                                              Answer& answer) {
    const __int128 divisor = arguments.Unscaled(1);
    if (divisor == 0) return Error(ErrorCode::kInvalidSql, "division by zero");
    Set(answer, DivideHalfUp(arguments.Unscaled(0), divisor, shift), precision);
    return Status::Ok();
  };
  STROM_RETURN_IF_ERROR(Ensure(database, {.name = name,
                                          .parameters = {Widest(a_type), Widest(b_type)},
                                          .result = result,
                                          .call = divide}));
  return CallOf(name, a, a_type, b, b_type, result);
}

Result<TypedSql> MultiplyDecimals(Database& database, const TypedSql& a, const TypedSql& b) {
  const DataType a_type = AsDecimal(a.type);
  const DataType b_type = AsDecimal(b.type);
  const DataType result = MultiplicationType(a_type, b_type);
  if (a_type.precision() + b_type.precision() < kDecimalDigitsMax) {  // DuckDB's own is exact.
    return TypedSql{fmt::format("CAST(CAST({} AS {}) * CAST({} AS {}) AS {})", a.sql,
                                SqlType(a_type), b.sql, SqlType(b_type), SqlType(result)),
                    result};
  }
  const std::string name = NameOf("multiply", a_type, b_type, result);
  const int digits_off = a_type.scale() + b_type.scale() - result.scale();
  const auto multiply = [digits_off, precision = result.precision()](const Arguments& arguments,
                                                                     Answer& answer) {
    Set(answer, MultiplyHalfUp(arguments.Unscaled(0), arguments.Unscaled(1), digits_off),
        precision);
    return Status::Ok();
  };
  STROM_RETURN_IF_ERROR(Ensure(database, {.name = name,
                                          .parameters = {Widest(a_type), Widest(b_type)},
                                          .result = result,
                                          .call = multiply}));
  return CallOf(name, a, a_type, b, b_type, result);
}

Result<TypedSql> AverageOf(Database& database, const TypedSql& x, bool distinct,
                           std::string_view filter) {
  const std::string sum = AggregateOf("sum", x, distinct, filter);
  const std::string count = AggregateOf("count", x, distinct, filter);
  if (x.type.kind() != TypeKind::kDecimal) {
    AsDecimal(x.type);  // Checks that it is an integer.
    // HUGEINT by BIGINT, cut off towards zero; NULL of no rows.
    return TypedSql{fmt::format("CAST({} // {} AS {})", sum, count, SqlType(x.type)),
                    AverageType(x.type)};
  }
  // The sum of no rows is NULL, and so is the quotient then.
  return DivideDecimals(database, {sum, SumType(x.type)}, {count, DataType::Decimal(20, 0)});
}

Result<TypedSql> TruncateDecimal(Database& database, const TypedSql& x, int digits) {
  STROM_CHECK(x.type.kind() == TypeKind::kDecimal) << x.type.ToString();
  const DataType type = x.type.WithNullable(true);
  const auto digits_off =
      static_cast<int>(std::clamp<int64_t>(int64_t{type.scale()} - digits, 0, kDecimalDigitsMax));
  const DataType wide = Widest(type);
  const std::string name = fmt::format("flink_truncate_{}_{}", type.scale(), digits_off);
  const auto truncate = [digits_off](const Arguments& arguments, Answer& answer) {
    const __int128 unit = PowerOfTen(digits_off);
    answer.Unscaled(arguments.Unscaled(0) / unit * unit);
    return Status::Ok();
  };
  return CallOf(database, {.name = name, .parameters = {wide}, .result = wide, .call = truncate}, x,
                type);
}

Result<TypedSql> ToDecimal(Database& database, const TypedSql& x, const DataType& target) {
  STROM_CHECK(target.kind() == TypeKind::kDecimal) << target.ToString();
  const DataType result = target.WithNullable(true);
  const bool floating = x.type.kind() == TypeKind::kFloat || x.type.kind() == TypeKind::kDouble;
  const bool wide = x.type.kind() == TypeKind::kDecimal && x.type.precision() > kDigitsOfInt64;
  if (!floating && !wide) {
    return TypedSql{fmt::format("TRY_CAST({} AS {})", x.sql, SqlType(result)), result};
  }
  // The number a FLOAT prints is that of the DOUBLE it widens to, as in Flink.
  const DataType from = floating ? DataType::Double() : Widest(x.type);
  const std::string name =
      fmt::format("flink_decimal_{}{}_{}", floating ? "" : fmt::format("{}_", from.scale()),
                  result.precision(), result.scale());
  const auto convert = [floating, from_scale = floating ? 0 : from.scale(),
                        precision = result.precision(),
                        scale = result.scale()](const Arguments& arguments, Answer& answer) {
    Set(answer,
        floating ? ShortestAtScale(arguments.Double(0), scale)
                 : AtScale(arguments.Unscaled(0), from_scale, scale),
        precision);
    return Status::Ok();
  };
  return CallOf(database, {.name = name, .parameters = {from}, .result = result, .call = convert},
                x, result);
}

}  // namespace strom::duck
