#include <algorithm>
#include <array>

#include "pipeline/duckdb/decimal_sql.h"
#include "pipeline/duckdb/decimal_types.h"
#include "pipeline/sql/functions.h"

namespace strom::sql {

using tree::Json;

namespace {

using F = Functions;
using T = ExpressionType;
using Types = Functions::Types;

Status NeedNumbers(Binder& b, const Json& call, const Types& types) {
  for (const T& type : types) {
    if (type.kind == T::Kind::kValue && !type.IsNumeric()) {
      return F::Fail(b, call,
                     fmt::format("{} needs a number, not {}", tree::Text(call, "function_name"),
                                 type.ToString()));
    }
  }
  return Status::Ok();
}

// SQRT, LN, …: DuckDB's function of the same name, in doubles.
Result<T> Real(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(NeedNumbers(b, call, types));
  for (size_t i = 0; i < types.size(); ++i) {
    if (!types[i].Is(TypeKind::kDouble)) {
      call["children"][i] = tree::Cast(call["children"][i], DataType::Double());
    }
  }
  return T::Of(DataType::Double());
}

Result<T> SameType(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(NeedNumbers(b, call, types));
  if (tree::Text(call, "function_name") == "sign" && types[0].kind == T::Kind::kValue) {
    tree::Replace(call, tree::Cast(call, types[0].type));
  }
  return types[0];
}

Result<T> Whole(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(NeedNumbers(b, call, types));
  if (types[0].IsInteger()) {
    tree::Replace(call, Json(call["children"][0]));
    return types[0];
  }
  if (!types[0].IsDecimal()) return types[0];
  const DataType result = DataType::Decimal(types[0].type.precision(), 0);
  tree::Replace(call, tree::Cast(call, result, true));
  return T::Of(result);
}

// The second argument of ROUND and TRUNCATE of decimals: the type depends on it.
Result<int32_t> Digits(Binder& b, const Json& call) {
  if (call["children"].size() < 2) return 0;
  const auto digits = tree::ConstantInteger(call["children"][1]);
  if (!digits || *digits < -38 || *digits > 38) {
    return F::Fail(b, call,
                   fmt::format("{} of a DECIMAL needs a constant number of digits",
                               tree::Text(call, "function_name")));
  }
  return static_cast<int32_t>(*digits);
}

Result<T> Round(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(NeedNumbers(b, call, types));
  const T& type = types[0];
  if (type.IsDecimal()) {
    STROM_ASSIGN_OR_RETURN(const int32_t digits, Digits(b, call));
    const DataType result = duck::RoundType(type.type, digits);
    if (digits >= type.type.scale()) {
      tree::Replace(call, Json(call["children"][0]));
      return type;
    }
    if (digits >= 0) {  // DuckDB's cast rounds half up, away from zero.
      tree::Replace(call, tree::Cast(call["children"][0], result, true));
    } else {
      tree::Replace(call, tree::Cast(call, result, true));
    }
    return T::Of(result);
  }
  if (type.IsFloating()) {
    if (types.size() == 1) call["children"].push_back(tree::Integer(0));
    F::MakeInt(call, types, 1);
    call["function_name"] = "flink_round";
    if (type.Is(TypeKind::kFloat)) tree::Replace(call, tree::Cast(call, type.type));
    return type;
  }
  if (type.IsInteger()) tree::Replace(call, tree::Cast(call, type.type));
  return type;
}

Result<T> Truncate(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(NeedNumbers(b, call, types));
  const T& type = types[0];
  if (type.IsDecimal()) {
    STROM_ASSIGN_OR_RETURN(const int32_t digits, Digits(b, call));
    STROM_ASSIGN_OR_RETURN(const duck::TypedSql sql,
                           duck::TruncateDecimal(F::Database(b), {"strom_a", type.type}, digits));
    STROM_ASSIGN_OR_RETURN(Json made, F::Fill(b, sql.sql, call["children"][0]));
    tree::Replace(call, std::move(made));
    return T::Of(sql.type);
  }
  if (types.size() == 1) call["children"].push_back(tree::Integer(0));
  F::MakeInt(call, types, 1);
  call["function_name"] = "flink_truncate";
  if (type.IsNumeric() && !type.Is(TypeKind::kDouble)) {
    tree::Replace(call, tree::Cast(call, type.type));
  }
  return type;
}

Result<T> Mod(Binder& b, Json& call, const Types& types) { return F::Modulo(b, call, types); }

Result<T> Extreme(Binder& b, Json& call, const Types& types) {
  if (types.size() > 8) return F::Fail(b, call, "at most 8 arguments are possible");
  STROM_ASSIGN_OR_RETURN(const T common, F::Common(b, call, types));
  if (types.size() == 1) {
    tree::Replace(call, Json(call["children"][0]));
    return common;
  }
  call["function_name"] = "flink_" + Lower(tree::Text(call, "function_name"));
  return common;
}

Result<T> Random(Binder& b, Json& call, const Types&) {
  return F::Fail(b, call,
                 fmt::format("{} is not supported: it gives a different answer each time",
                             tree::Text(call, "function_name")));
}

constexpr std::array kFunctions = {
    F::Entry{"abs", 1, 1, SameType},
    F::Entry{"sign", 1, 1, SameType},
    F::Entry{"ceil", 1, 1, Whole},
    F::Entry{"ceiling", 1, 1, Whole},
    F::Entry{"floor", 1, 1, Whole},
    F::Entry{"round", 1, 2, Round},
    F::Entry{"truncate", 1, 2, Truncate},
    F::Entry{"mod", 2, 2, Mod},
    F::Entry{"greatest", 1, 8, Extreme},
    F::Entry{"least", 1, 8, Extreme},
    F::Entry{"sqrt", 1, 1, Real},
    F::Entry{"power", 2, 2, Real},
    F::Entry{"exp", 1, 1, Real},
    F::Entry{"ln", 1, 1, Real},
    F::Entry{"log10", 1, 1, Real},
    F::Entry{"log2", 1, 1, Real},
    F::Entry{"log", 2, 2, Real},
    F::Entry{"sin", 1, 1, Real},
    F::Entry{"cos", 1, 1, Real},
    F::Entry{"tan", 1, 1, Real},
    F::Entry{"asin", 1, 1, Real},
    F::Entry{"acos", 1, 1, Real},
    F::Entry{"atan", 1, 1, Real},
    F::Entry{"atan2", 2, 2, Real},
    F::Entry{"degrees", 1, 1, Real},
    F::Entry{"radians", 1, 1, Real},
    F::Entry{"pi", 0, 0, Real},
    F::Entry{"rand", 0, 1, Random},
    F::Entry{"rand_integer", 1, 2, Random},
    F::Entry{"uuid", 0, 0, Random},
};

}  // namespace

std::span<const Functions::Entry> Functions::NumberFunctions() { return kFunctions; }

}  // namespace strom::sql
