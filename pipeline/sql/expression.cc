#include <algorithm>

#include <fmt/ranges.h>

#include "pipeline/sql/binder.h"
#include "pipeline/sql/token.h"

namespace strom::sql {

using tree::Json;

namespace {

// The type of a constant or cast as the tree has it; scalars only, others are never written by
// users (dialect.h turns CAST into a call).
ExpressionType TypeOfNode(const Json& type) {
  const std::string id = tree::Text(type, "id");
  if (id == "BOOLEAN") return ExpressionType::Of(DataType::Boolean());
  if (id == "INTEGER") return ExpressionType::Of(DataType::Int());
  if (id == "BIGINT") return ExpressionType::Of(DataType::BigInt());
  if (id == "HUGEINT") return ExpressionType::Of(DataType::Decimal(38, 0));
  if (id == "DOUBLE") return ExpressionType::Of(DataType::Double());
  if (id == "DATE") return ExpressionType::Of(DataType::Date());
  if (id == "TIME") return ExpressionType::Of(DataType::Time(3));
  if (id == "TIMESTAMP") return ExpressionType::Of(DataType::Timestamp(3));
  if (id == "DECIMAL") {
    const Json& info = type["type_info"];
    return ExpressionType::Of(
        DataType::Decimal(info["width"].get<int32_t>(), info["scale"].get<int32_t>()));
  }
  if (id == "VARCHAR") return ExpressionType::Of(DataType::String());
  return ExpressionType::Null();
}

const BoundColumn* FindColumn(const std::vector<BoundColumn>& columns, const std::string& name) {
  const std::string lower = Lower(name);
  const auto it = std::ranges::find_if(
      columns, [&](const BoundColumn& column) { return Lower(column.name) == lower; });
  return it == columns.end() ? nullptr : &*it;
}

}  // namespace

Result<ExpressionType> Binder::Expression(Json& e, const Scope& scope) {
  const std::string kind = tree::Text(e, "class");
  if (kind == "COLUMN_REF") return ColumnReference(e, scope);
  if (kind == "CONSTANT") return Constant(e);
  if (kind == "FUNCTION") return FunctionCall(e, scope);
  if (kind == "CAST") return EngineCast(e, scope);
  if (kind == "CASE") return CaseExpression(e, scope);
  if (kind == "OPERATOR") return OperatorNode(e, scope);
  if (kind == "SUBQUERY") return SubqueryExpression(e, scope);
  if (kind == "WINDOW") return Window(e, scope);
  if (kind == "COMPARISON") {
    STROM_ASSIGN_OR_RETURN(const ExpressionType left, Expression(e["left"], scope));
    STROM_ASSIGN_OR_RETURN(const ExpressionType right, Expression(e["right"], scope));
    Json* sides[] = {&e["left"], &e["right"]};
    const ExpressionType types[] = {left, right};
    AlignInstants(sides, types);
    return ExpressionType::Of(DataType::Boolean());
  }
  if (kind == "CONJUNCTION") {
    STROM_RETURN_IF_ERROR(Expressions(e["children"], scope).status());
    return ExpressionType::Of(DataType::Boolean());
  }
  if (kind == "BETWEEN") {
    STROM_RETURN_IF_ERROR(Between(e, scope));
    return ExpressionType::Of(DataType::Boolean());
  }
  return Fail(e, fmt::format("{} is not supported here", kind));
}

Result<Binder::Types> Binder::Expressions(Json& list, const Scope& scope) {
  Types types;
  for (Json& e : list) {
    STROM_ASSIGN_OR_RETURN(const ExpressionType type, Expression(e, scope));
    types.push_back(type);
  }
  return types;
}

Status Binder::Boolean(Json& e, const Scope& scope) {
  STROM_ASSIGN_OR_RETURN(const ExpressionType type, Expression(e, scope));
  if (type.kind != ExpressionType::Kind::kNull && !type.Is(TypeKind::kBoolean)) {
    return Fail(
        e, fmt::format("a condition is expected here, not a value of type {}", type.ToString()));
  }
  return Status::Ok();
}

Result<ExpressionType> Binder::Constant(const Json& e) const {
  if (e["value"].value("is_null", true)) return ExpressionType::Null();
  return TypeOfNode(e["value"]["type"]);
}

// What DuckDB's parser makes of TRUE, DATE '2024-01-01', TIMESTAMP '2024-01-01 00:00:00'.
Result<ExpressionType> Binder::EngineCast(Json& e, const Scope& scope) {
  STROM_RETURN_IF_ERROR(Expression(e["child"], scope).status());
  return TypeOfNode(e["cast_type"]);
}

Result<ExpressionType> Binder::ColumnReference(Json& e, const Scope& scope) {
  const auto parts = e["column_names"].get<std::vector<std::string>>();
  const std::string first = Lower(parts[0]);
  if (parts.size() == 1) {
    if (first == "current_timestamp" || first == "localtimestamp" || first == "current_date" ||
        first == "current_time" || first == "localtime") {
      return FunctionCall(e = tree::Call(first, {}), scope);
    }
    if (const BoundColumn* column = FindColumn(scope.aliases, parts[0])) return column->type;
  }
  for (const Scope* s = &scope; s != nullptr; s = s->outer) {
    const BoundColumn* found = nullptr;
    size_t rest = 1;  // Parts behind the column's name: fields of a ROW.
    for (const Relation& relation : s->relations) {
      if (const BoundColumn* column = FindColumn(relation.columns, parts[0])) {
        if (found != nullptr && parts.size() == 1) {
          return Fail(e, fmt::format("column {} is ambiguous: say of which table", parts[0]));
        }
        found = column;
      }
    }
    for (const Relation& relation : s->relations) {
      if (parts.size() < 2 || Lower(relation.alias) != first) continue;
      found = FindColumn(relation.columns, parts[1]);
      rest = 2;
      if (found == nullptr) {
        return Fail(e, fmt::format("table {} has no column {}", parts[0], parts[1]));
      }
      break;
    }
    if (found == nullptr) continue;
    ExpressionType type = found->type;
    for (; rest < parts.size(); ++rest) {
      if (!type.Is(TypeKind::kRow)) break;
      const auto& fields = type.type.fields();
      const auto field = std::ranges::find(fields, parts[rest], &RowField::name);
      if (field == fields.end()) {
        return Fail(e, fmt::format("{} has no field {}", type.ToString(), parts[rest]));
      }
      type = ExpressionType::Of(DataType(field->type));
    }
    if (rest == parts.size()) return type;
  }
  return Fail(e, fmt::format("there is no column {}", fmt::join(parts, ".")));
}

Result<ExpressionType> Binder::Common(const Json& at, std::span<const ExpressionType> types) {
  const auto common = CommonType(types);
  if (common) return *common;
  std::string list;
  for (const ExpressionType& type : types) list += (list.empty() ? "" : ", ") + type.ToString();
  return Fail(at, fmt::format("these types have nothing in common: {}", list));
}

Result<ExpressionType> Binder::CaseExpression(Json& e, const Scope& scope) {
  Types types;
  std::vector<Json*> values;
  for (Json& check : e["case_checks"]) {
    STROM_RETURN_IF_ERROR(Boolean(check["when_expr"], scope));
    STROM_ASSIGN_OR_RETURN(const ExpressionType type, Expression(check["then_expr"], scope));
    types.push_back(type);
    values.push_back(&check["then_expr"]);
  }
  STROM_ASSIGN_OR_RETURN(const ExpressionType type, Expression(e["else_expr"], scope));
  types.push_back(type);
  values.push_back(&e["else_expr"]);
  AlignInstants(values, types);
  return Common(e, types);
}

Status Binder::Between(Json& e, const Scope& scope) {
  Types types;
  for (const char* part : {"input", "lower", "upper"}) {
    STROM_ASSIGN_OR_RETURN(const ExpressionType type, Expression(e[part], scope));
    types.push_back(type);
  }
  Json* nodes[] = {&e["input"], &e["lower"], &e["upper"]};
  AlignInstants(nodes, types);
  return Status::Ok();
}

void Binder::AlignInstants(std::span<Json*> nodes, std::span<const ExpressionType> types) const {
  const auto is_ltz = [](const ExpressionType& type) { return type.IsLtz(); };
  const auto is_local = [](const ExpressionType& type) {
    return type.IsTimestamp() || type.IsDate();
  };
  if (std::ranges::none_of(types, is_ltz) || std::ranges::none_of(types, is_local)) return;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (types[i].IsLtz()) tree::Replace(*nodes[i], ToLocal(*nodes[i]));
  }
}

Result<ExpressionType> Binder::OperatorNode(Json& e, const Scope& scope) {
  const std::string type = tree::Text(e, "type");
  STROM_ASSIGN_OR_RETURN(const Types types, Expressions(e["children"], scope));
  if (type == "OPERATOR_COALESCE") {
    std::vector<Json*> nodes;
    for (Json& child : e["children"]) nodes.push_back(&child);
    AlignInstants(nodes, types);
    return Common(e, types);
  }
  if (type == "ARRAY_EXTRACT" && types.size() == 2) {
    if (types[0].Is(TypeKind::kArray)) return ExpressionType::Of(types[0].type.element());
    if (types[0].Is(TypeKind::kMap)) return ExpressionType::Of(types[0].type.value());
    return Fail(e, fmt::format("{} has no elements", types[0].ToString()));
  }
  if (type == "ARRAY_CONSTRUCTOR") {
    STROM_ASSIGN_OR_RETURN(const ExpressionType element, Common(e, types));
    return ExpressionType::Of(DataType::Array(element.type));
  }
  if (type == "GROUPING_FUNCTION") return ExpressionType::Of(DataType::BigInt());
  if (type == "OPERATOR_NOT" || type == "OPERATOR_IS_NULL" || type == "OPERATOR_IS_NOT_NULL" ||
      type == "COMPARE_IN" || type == "COMPARE_NOT_IN") {
    return ExpressionType::Of(DataType::Boolean());
  }
  return Fail(e, fmt::format("{} is not supported", type));
}

Result<ExpressionType> Binder::SubqueryExpression(Json& e, const Scope& scope) {
  if (!e["child"].is_null()) STROM_RETURN_IF_ERROR(Expression(e["child"], scope).status());
  STROM_ASSIGN_OR_RETURN(const std::vector<BoundColumn> columns,
                         Query(e["subquery"]["node"], &scope, scope.ctes));
  const std::string type = tree::Text(e, "subquery_type");
  if (type == "EXISTS" || type == "NOT_EXISTS" || type == "ANY") {
    return ExpressionType::Of(DataType::Boolean());
  }
  if (type != "SCALAR") return Fail(e, fmt::format("a subquery of kind {} is not supported", type));
  if (columns.size() != 1) {
    return Fail(
        e, fmt::format("a subquery that gives a value has one column, not {}", columns.size()));
  }
  return columns[0].type;
}

Result<ExpressionType> Binder::Window(Json& e, const Scope& scope) {
  STROM_ASSIGN_OR_RETURN(const Types types, Expressions(e["children"], scope));
  STROM_RETURN_IF_ERROR(Expressions(e["partitions"], scope).status());
  STROM_RETURN_IF_ERROR(Orders(e["orders"], scope));
  for (const char* part : {"start_expr", "end_expr", "offset_expr", "default_expr"}) {
    if (!e[part].is_null()) STROM_RETURN_IF_ERROR(Expression(e[part], scope).status());
  }
  if (!e["filter_expr"].is_null()) STROM_RETURN_IF_ERROR(Boolean(e["filter_expr"], scope));
  const std::string name = Lower(tree::Text(e, "function_name"));
  static constexpr std::string_view kRanks[] = {"row_number", "rank", "dense_rank", "ntile"};
  static constexpr std::string_view kShares[] = {"percent_rank", "cume_dist"};
  static constexpr std::string_view kValues[] = {"lag", "lead", "first_value", "last_value",
                                                 "nth_value"};
  if (std::ranges::count(kRanks, name) > 0) return ExpressionType::Of(DataType::BigInt());
  if (std::ranges::count(kShares, name) > 0) return ExpressionType::Of(DataType::Double());
  if (std::ranges::count(kValues, name) > 0 && !types.empty()) return types[0];
  return Aggregate(e, types);
}

Result<ExpressionType> Binder::AskEngine(const Json& call, const Types& types) {
  Json probe = call;
  Json& children = probe["children"];
  for (size_t i = 0; i < types.size(); ++i) {
    if (tree::IsClass(children[i], "CONSTANT")) continue;
    if (types[i].kind == ExpressionType::Kind::kInterval) {
      children[i] = tree::Call("to_days", {tree::Integer(1)});
    } else if (types[i].kind == ExpressionType::Kind::kValue) {
      children[i] = tree::Cast(tree::Null(), types[i].type);
    } else {
      children[i] = tree::Null();
    }
  }
  probe["alias"] = "";
  probe["query_location"] = 0;
  if (probe.contains("filter")) probe["filter"] = nullptr;
  const auto [it, added] = engine_types_.try_emplace(probe.dump());
  if (!added) return it->second;
  Result<std::string> text = tree::PrintExpression(connection_, probe);
  const auto fields = text.ok() ? connection_.Describe("SELECT " + *text)
                                : Result<std::vector<duck::Field>>(text.status());
  if (!fields.ok()) {
    engine_types_.erase(it);
    return Fail(call, fields.status().message());
  }
  it->second = ExpressionType::Of(fields->at(0).type);
  return it->second;
}

Result<Json> Binder::Fill(const std::string& sql, const Json& a, const Json& b) {
  if (!parsed_.contains(sql)) {
    STROM_ASSIGN_OR_RETURN(Json document, tree::Parse(connection_, "SELECT " + sql));
    STROM_ASSIGN_OR_RETURN(const Json node, tree::QueryNode(std::move(document)));
    parsed_[sql] = node["select_list"][0];
  }
  const auto fill = [&](const auto& self, const Json& node) -> Json {
    if (tree::IsClass(node, "COLUMN_REF")) {
      const std::string name = node["column_names"][0].get<std::string>();
      if (name == "strom_a") return a;
      if (name == "strom_b") return b;
    }
    Json out = node;
    if (out.is_object() && out.contains("query_location")) out["query_location"] = UINT64_MAX;
    if (out.is_structured()) {
      for (Json& child : out) child = self(self, child);
    }
    return out;
  };
  return fill(fill, parsed_[sql]);
}

}  // namespace strom::sql
