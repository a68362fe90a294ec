#include "pipeline/sql/binder.h"

#include <algorithm>

#include "pipeline/sql/token.h"

namespace strom::sql {

using tree::Json;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Status Binder::Fail(const Json& node, std::string_view message) const {
  const Position at = text_->MarkOf(tree::Location(node).value_or(0)).at;
  if (open_views_.empty()) return ErrorAt(at, message);
  return ErrorAt(at, fmt::format("view {}: {}", open_views_.back(), message));
}

Result<std::pair<Json, std::vector<BoundColumn>>> Binder::Bind(std::string_view query,
                                                               Position at) {
  STROM_ASSIGN_OR_RETURN(const DialectText text, TranslateDialect(query, at));
  STROM_ASSIGN_OR_RETURN(Json document, tree::Parse(connection_, text));
  STROM_ASSIGN_OR_RETURN(Json node, tree::QueryNode(std::move(document)));
  const DialectText* before = std::exchange(text_, &text);
  Result<std::vector<BoundColumn>> columns = Query(node, nullptr, {});
  text_ = before;
  if (!columns.ok()) return columns.status();
  return std::pair(std::move(node), std::move(columns).value());
}

Result<std::vector<BoundColumn>> Binder::Query(Json& node, const Scope* outer,
                                               const CteMap& around) {
  CteMap ctes = around;
  STROM_RETURN_IF_ERROR(Ctes(node, outer, ctes));
  const std::string type = tree::Text(node, "type");
  if (type == "SELECT_NODE") {
    Scope scope{.outer = outer, .relations = {}, .aliases = {}, .ctes = std::move(ctes)};
    return SelectNode(node, scope);
  }
  if (type == "SET_OPERATION_NODE") return SetOperation(node, outer, ctes);
  if (type == "RECURSIVE_CTE_NODE") return Fail(node, "recursive queries are not supported");
  return Fail(node, fmt::format("this kind of query ({}) is not supported", type));
}

Status Binder::Ctes(Json& node, const Scope* outer, CteMap& ctes) {
  for (Json& entry : node["cte_map"]["map"]) {
    Json& value = entry["value"];
    Json& query = value["query"]["node"];
    STROM_ASSIGN_OR_RETURN(std::vector<BoundColumn> columns, Query(query, outer, ctes));
    if (!value["aliases"].empty()) {
      STROM_RETURN_IF_ERROR(
          Rename(query, columns, value["aliases"].get<std::vector<std::string>>()));
      value["aliases"] = Json::array();
    }
    ctes[Lower(entry["key"].get<std::string>())] = std::move(columns);
  }
  return Status::Ok();
}

Result<std::vector<BoundColumn>> Binder::SelectNode(Json& node, Scope& scope) {
  STROM_RETURN_IF_ERROR(TableReference(node["from_table"], scope));
  if (!node["where_clause"].is_null()) {
    STROM_RETURN_IF_ERROR(Boolean(node["where_clause"], scope));
  }
  for (Json& group : node["group_expressions"]) {
    STROM_ASSIGN_OR_RETURN(const ExpressionType type, Expression(group, scope));
  }
  STROM_ASSIGN_OR_RETURN(std::vector<BoundColumn> columns, SelectList(node["select_list"], scope));
  if (!node["having"].is_null()) STROM_RETURN_IF_ERROR(Boolean(node["having"], scope));
  if (!node["qualify"].is_null()) return Fail(node["qualify"], "QUALIFY is not supported");
  if (!node["sample"].is_null()) return Fail(node, "TABLESAMPLE is not supported");
  STROM_RETURN_IF_ERROR(Modifiers(node, scope, columns));
  return columns;
}

Result<std::vector<BoundColumn>> Binder::SetOperation(Json& node, const Scope* outer,
                                                      const CteMap& ctes) {
  STROM_ASSIGN_OR_RETURN(std::vector<BoundColumn> left, Query(node["left"], outer, ctes));
  STROM_ASSIGN_OR_RETURN(const std::vector<BoundColumn> right, Query(node["right"], outer, ctes));
  if (left.size() != right.size()) {
    return Fail(node["right"],
                fmt::format("{} has {} columns on one side and {} on the other",
                            tree::Text(node, "setop_type"), left.size(), right.size()));
  }
  for (size_t i = 0; i < left.size(); ++i) {
    const ExpressionType pair[] = {left[i].type, right[i].type};
    const auto common = CommonType(pair);
    if (!common) {
      return Fail(node["right"], fmt::format("column {}: {} and {} have no common type",
                                             left[i].name, pair[0].ToString(), pair[1].ToString()));
    }
    left[i].type = *common;
  }
  Scope scope{.outer = outer, .relations = {}, .aliases = {}, .ctes = ctes};
  STROM_RETURN_IF_ERROR(Modifiers(node, std::move(scope), left));
  return left;
}

Status Binder::ExpandStar(const Json& star, const Scope& scope, std::vector<Json>& items) const {
  const std::string relation_name = tree::Text(star, "relation_name");
  bool found = false;
  std::vector<std::string> excluded;
  for (const Json& name : star["exclude_list"]) excluded.push_back(Lower(name.get<std::string>()));
  for (const Relation& relation : scope.relations) {
    if (!relation_name.empty() && Lower(relation.alias) != Lower(relation_name)) continue;
    found = true;
    for (const BoundColumn& column : relation.columns) {
      if (std::ranges::count(excluded, Lower(column.name)) > 0) continue;
      Json item = tree::Column({relation.alias, column.name});
      item["alias"] = column.name;
      item["query_location"] = star["query_location"];
      items.push_back(std::move(item));
    }
  }
  if (!found) {
    return Fail(star, relation_name.empty() ? "* needs a FROM"
                                            : fmt::format("there is no table {}", relation_name));
  }
  return Status::Ok();
}

Result<std::vector<BoundColumn>> Binder::SelectList(Json& list, const Scope& scope) {
  std::vector<Json> items;
  for (Json& item : list) {
    if (tree::IsClass(item, "STAR")) {
      STROM_RETURN_IF_ERROR(ExpandStar(item, scope, items));
    } else {
      items.push_back(std::move(item));
    }
  }
  std::vector<BoundColumn> columns;
  for (size_t i = 0; i < items.size(); ++i) {
    Json& item = items[i];
    std::string name = tree::Text(item, "alias");
    if (name.empty() && tree::IsClass(item, "COLUMN_REF")) {
      name = item["column_names"].back().get<std::string>();
    }
    if (name.empty()) name = fmt::format("EXPR${}", i);  // As Flink calls it.
    STROM_ASSIGN_OR_RETURN(const ExpressionType type, Expression(item, scope));
    item["alias"] = name;
    columns.push_back({.name = std::move(name), .type = type});
  }
  list = std::move(items);
  return columns;
}

Status Binder::Orders(Json& orders, const Scope& scope) {
  for (Json& order : orders) {
    const auto place = tree::ConstantInteger(order["expression"]);
    if (!place) {
      STROM_ASSIGN_OR_RETURN(const ExpressionType type, Expression(order["expression"], scope));
    }
    // NULL is less than anything in Flink, and greater in DuckDB.
    if (tree::Text(order, "null_order") == "ORDER_DEFAULT") {
      const bool descending = tree::Text(order, "type") == "DESCENDING";
      order["null_order"] = descending ? "NULLS LAST" : "NULLS FIRST";
    }
  }
  return Status::Ok();
}

Status Binder::Modifiers(Json& node, Scope scope, const std::vector<BoundColumn>& columns) {
  scope.aliases = columns;
  for (Json& modifier : node["modifiers"]) {
    const std::string type = tree::Text(modifier, "type");
    if (type == "ORDER_MODIFIER") {
      STROM_RETURN_IF_ERROR(Orders(modifier["orders"], scope));
    } else if (type == "DISTINCT_MODIFIER") {
      if (!modifier["distinct_on_targets"].empty()) {
        return Fail(node, "DISTINCT ON is not supported");
      }
    } else if (type == "LIMIT_MODIFIER") {
      for (const char* part : {"limit", "offset"}) {
        if (!modifier[part].is_null() && !tree::ConstantInteger(modifier[part])) {
          return Fail(modifier[part], "LIMIT and OFFSET need whole numbers");
        }
      }
    } else {
      return Fail(node, fmt::format("{} is not supported", type));
    }
  }
  return Status::Ok();
}

}  // namespace strom::sql
