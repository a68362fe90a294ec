#include "pipeline/sql/functions.h"

#include <algorithm>
#include <array>

#include "common/base/nearest_name.h"
#include "pipeline/sql/token.h"
#include "pipeline/sql/type_parser.h"

namespace strom::sql {

using tree::Json;

namespace {

using F = Functions;
using T = ExpressionType;
using Types = Functions::Types;

Result<T> NullIf(Binder&, Json&, const Types& types) { return types[0]; }

Result<T> Cardinality(Binder&, Json& call, const Types& types) {
  call["function_name"] = types[0].Is(TypeKind::kMap) ? "cardinality" : "len";
  tree::Replace(call, tree::Cast(call, DataType::Int()));
  return T::Of(DataType::Int());
}

Result<T> ArrayOf(Binder& b, Json& call, const Types& types) {
  STROM_ASSIGN_OR_RETURN(const T common, F::Common(b, call, types));
  return T::Of(DataType::Array(common.type));
}

// map([keys], [values]), of MAP[…].
Result<T> MapOf(Binder& b, Json& call, const Types& types) {
  if (!types[0].Is(TypeKind::kArray) || !types[1].Is(TypeKind::kArray)) {
    return F::Fail(b, call, "MAP needs keys and values: MAP['key', value, …]");
  }
  return T::Of(DataType::Map(types[0].type.element(), types[1].type.element()));
}

Result<T> ArrayContains(Binder&, Json& call, const Types&) {
  call["function_name"] = "list_contains";
  return T::Of(DataType::Boolean());
}

Result<T> MapPart(Binder& b, Json& call, const Types& types) {
  if (!types[0].Is(TypeKind::kMap)) return F::Fail(b, call, "a MAP is expected");
  const bool keys = Lower(tree::Text(call, "function_name")) == "map_keys";
  const DataType& type = types[0].type;
  return T::Of(DataType::Array(keys ? type.key().WithNullable(true) : type.value()));
}

Result<T> JsonValue(Binder& b, Json& call, const Types&) {
  STROM_ASSIGN_OR_RETURN(const std::vector<Token> tokens,
                         Tokenize(tree::ConstantText(call["children"][2]).value_or("")));
  TokenCursor cursor(tokens);
  STROM_ASSIGN_OR_RETURN(const DataType type, ParseType(cursor));
  Json value = tree::Call("json_extract_string", {call["children"][0], call["children"][1]});
  STROM_ASSIGN_OR_RETURN(Json cast,
                         F::Cast(b, std::move(value), T::Of(DataType::String()), type, true));
  tree::Replace(call, std::move(cast));
  return T::Of(type);
}

Result<T> JsonText(Binder&, Json& call, const Types&) {
  if (Lower(tree::Text(call, "function_name")) == "json_query") {
    call["function_name"] = "json_extract";
  }
  tree::Replace(call, tree::Cast(call, DataType::String()));
  return T::Of(DataType::String());
}

Result<T> JsonExists(Binder&, Json&, const Types&) { return T::Of(DataType::Boolean()); }

// What the window functions' translation uses.
Result<T> TimeBucket(Binder& b, Json& call, const Types& types) {
  call["children"][1] = F::Timestamp(b, call["children"][1], types[1]);
  return T::Of(DataType::Timestamp(3));
}
Result<T> GenerateSeries(Binder&, Json&, const Types& types) {
  return T::Of(DataType::Array(types[0].type));
}
Result<T> Unnest(Binder& b, Json& call, const Types& types) {
  if (!types[0].Is(TypeKind::kArray)) return F::Fail(b, call, "UNNEST needs an array");
  return T::Of(types[0].type.element());
}

// TUMBLE(ts, interval) in GROUP BY and its TUMBLE_START, TUMBLE_END, …: one expression for all,
// so that DuckDB sees them to be the same.
Result<T> LegacyTumble(Binder& b, Json& call, const Types& types) {
  if (types[1].kind != T::Kind::kInterval)
    return F::Fail(b, call, "expected TUMBLE(time, INTERVAL …)");
  const std::string name = Lower(tree::Text(call, "function_name"));
  const Json interval = call["children"][1];
  Json origin = tree::Cast(tree::String("1970-01-01 00:00:00"), DataType::Timestamp(6));
  Json out =
      tree::Call("time_bucket", {interval, F::Timestamp(b, call["children"][0], types[0]), origin});
  if (name == "tumble_end" || name == "tumble_rowtime" || name == "tumble_proctime") {
    out = tree::Operator("+", {std::move(out), interval});
  }
  if (name == "tumble_rowtime") {
    out = tree::Operator("-", {std::move(out), tree::Call("to_milliseconds", {tree::Integer(1)})});
  }
  tree::Replace(call, std::move(out));
  return T::Of(DataType::Timestamp(3));
}

Result<T> LegacyOther(Binder& b, Json& call, const Types&) {
  return F::Fail(b, call,
                 fmt::format("{} in GROUP BY is not supported: use TABLE({}(TABLE t, …))",
                             tree::Text(call, "function_name"), tree::Text(call, "function_name")));
}

constexpr std::array kFunctions = {
    F::Entry{"nullif", 2, 2, NullIf},
    F::Entry{"cardinality", 1, 1, Cardinality},
    F::Entry{"list_value", 1, 10000, ArrayOf},
    F::Entry{"map", 2, 2, MapOf},
    F::Entry{"array_contains", 2, 2, ArrayContains},
    F::Entry{"map_keys", 1, 1, MapPart},
    F::Entry{"map_values", 1, 1, MapPart},
    F::Entry{"strom_json_value", 3, 3, JsonValue},
    F::Entry{"json_query", 2, 2, JsonText},
    F::Entry{"json_object", 0, 10000, JsonText},
    F::Entry{"json_exists", 2, 2, JsonExists},
    F::Entry{"time_bucket", 3, 3, TimeBucket},
    F::Entry{"generate_series", 3, 3, GenerateSeries},
    F::Entry{"unnest", 1, 1, Unnest},
    F::Entry{"tumble", 2, 2, LegacyTumble},
    F::Entry{"tumble_start", 2, 2, LegacyTumble},
    F::Entry{"tumble_end", 2, 2, LegacyTumble},
    F::Entry{"tumble_rowtime", 2, 2, LegacyTumble},
    F::Entry{"tumble_proctime", 2, 2, LegacyTumble},
    F::Entry{"hop", 3, 3, LegacyOther},
    F::Entry{"session", 2, 2, LegacyOther},
};

constexpr std::array kAggregates = {
    std::string_view("count"),       std::string_view("count_star"),
    std::string_view("sum"),         std::string_view("avg"),
    std::string_view("min"),         std::string_view("max"),
    std::string_view("stddev"),      std::string_view("stddev_samp"),
    std::string_view("stddev_pop"),  std::string_view("variance"),
    std::string_view("var_samp"),    std::string_view("var_pop"),
    std::string_view("first_value"), std::string_view("last_value"),
    std::string_view("listagg"),     std::string_view("collect"),
    std::string_view("array_agg")};

const Functions::Entry* Find(std::string_view name) {
  for (const auto functions :
       {F::TextFunctions(), F::NumberFunctions(), F::TimeFunctions(), F::OtherFunctions()}) {
    const auto it = std::ranges::find(functions, name, &F::Entry::name);
    if (it != functions.end()) return &*it;
  }
  return nullptr;
}

std::string_view Nearest(std::string_view name) {
  std::vector<std::string_view> names(kAggregates.begin(), kAggregates.end());
  for (const auto functions :
       {F::TextFunctions(), F::NumberFunctions(), F::TimeFunctions(), F::OtherFunctions()}) {
    for (const F::Entry& entry : functions) names.push_back(entry.name);
  }
  return NearestName(name, names);
}

}  // namespace

std::span<const Functions::Entry> Functions::OtherFunctions() { return kFunctions; }

Result<ExpressionType> Binder::FunctionCall(Json& e, const Scope& scope) {
  const std::string name = Lower(tree::Text(e, "function_name"));
  const std::string schema = tree::Text(e, "schema");
  if (!schema.empty() && schema != "main") {
    return Fail(e, fmt::format("there is no function {}.{}", schema, name));
  }
  e["schema"] = "";
  if (name == "strom_cast") return FlinkCast(e, scope, false);
  if (name == "strom_try_cast") return FlinkCast(e, scope, true);
  STROM_ASSIGN_OR_RETURN(Types types, Expressions(e["children"], scope));
  if (!e["filter"].is_null()) STROM_RETURN_IF_ERROR(Boolean(e["filter"], scope));
  STROM_RETURN_IF_ERROR(Orders(e["order_bys"]["orders"], scope));
  if (e.value("is_operator", false)) return OperatorCall(e, std::move(types));
  if (std::ranges::count(kAggregates, name) > 0) return Aggregate(e, types);
  const Functions::Entry* entry = Find(name);
  if (entry == nullptr) {
    const std::string_view nearest = Nearest(name);
    return Fail(e, fmt::format("there is no function {}{}", name,
                               nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
  }
  if (types.size() < entry->arguments_min || types.size() > entry->arguments_max) {
    return Fail(e, fmt::format("{} does not take {} arguments", name, types.size()));
  }
  Result<ExpressionType> type = entry->handler(*this, e, types);
  return type;
}

}  // namespace strom::sql
