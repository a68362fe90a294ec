#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"

namespace strom::layer {

using ast::Json;

Result<Operand> Planner::ResolveTable(const std::string& name, const Scope& scope) {
  Operand operand;
  if (const auto found = scope.find(name); found != scope.end()) {
    Cte& cte = *found->second;
    if (!cte.block) {
      STROM_ASSIGN_OR_RETURN(cte.block, PlanQuery(cte.query, *cte.scope));
    }
    operand.port = {false, *cte.block};
    operand.columns = blocks_[*cte.block].fields;
    operand.unique = blocks_[*cte.block].unique;
    for (size_t i = 0; i < cte.names.size() && i < operand.columns.size(); ++i) {
      operand.columns[i].name = cte.names[i];
    }
    return operand;
  }
  for (size_t i = 0; i < query_.sources.size(); ++i) {
    if (ast::Lower(query_.sources[i].name) != name) continue;
    operand.port = {true, i};
    operand.columns = source_fields_[i];
    operand.unique = query_.sources[i].primary_key;
    return operand;
  }
  return Error(ErrorCode::kInvalidSql, "table {} is not known", name);
}

Status Planner::PlanFrom(Json& table, bool null_supplied, const Scope& scope, Select& select) {
  const std::string type = ast::TypeOf(table);
  if (type == "JOIN") return PlanJoin(table, null_supplied, scope, select);
  if (type == "EMPTY" || type == "EMPTY_FROM") return Status::Ok();
  if (!ast::Empty(table, "sample")) {
    return Error(ErrorCode::kInvalidSql, "TABLESAMPLE cannot be kept up to date");
  }

  Operand operand;
  std::string alias = table.value("alias", "");
  if (type == "BASE_TABLE") {
    const auto name = table["table_name"].get<std::string>();
    STROM_ASSIGN_OR_RETURN(operand, ResolveTable(ast::Lower(name), scope));
    if (alias.empty()) alias = name;
  } else if (type == "SUBQUERY") {
    STROM_ASSIGN_OR_RETURN(const size_t block, PlanQuery(table["subquery"]["node"], scope));
    operand.port = {false, block};
    operand.columns = blocks_[block].fields;
    operand.unique = blocks_[block].unique;
    if (alias.empty()) alias = fmt::format("__sub{}", block);
  } else if (type == "TABLE_FUNCTION" || type == "EXPRESSION_LIST") {
    operand.is_data = false;
    std::vector<std::string> names;
    for (const Json& name : table.value("column_name_alias", Json::array())) {
      names.push_back(name.get<std::string>());
    }
    if (type == "EXPRESSION_LIST" && names.empty() && !table["values"].empty()) {
      for (size_t i = 0; i < table["values"][0].size(); ++i)
        names.push_back(fmt::format("col{}", i));
    }
    if (type == "TABLE_FUNCTION" && names.empty()) {
      const auto function = table["function"]["function_name"].get<std::string>();
      names.push_back(alias.empty() || function != "unnest" ? function : alias);
      table["column_name_alias"] = Json::array({names[0]});
      if (alias.empty()) table["alias"] = alias = function;
    }
    for (std::string& name : names)
      operand.columns.push_back({std::move(name), DataType::String()});
    operand.alias = alias;
    operand.null_supplied = null_supplied;
    select.operands.push_back(std::move(operand));
    return Status::Ok();
  } else {
    return Error(ErrorCode::kInvalidSql, "{} in FROM cannot be kept up to date", type);
  }

  const Json names = table.value("column_name_alias", Json::array());
  for (size_t i = 0; i < names.size() && i < operand.columns.size(); ++i) {
    operand.columns[i].name = names[i].get<std::string>();
  }
  operand.alias = alias;
  operand.null_supplied = null_supplied;
  table = {{"type", "BASE_TABLE"}, {"alias", alias},      {"sample", nullptr},
           {"schema_name", ""},    {"table_name", ""},    {"column_name_alias", Json::array()},
           {"catalog_name", ""},   {"at_clause", nullptr}};
  operand.table = &table;
  select.operands.push_back(std::move(operand));
  return Status::Ok();
}

Status Planner::PlanJoin(Json& join, bool null_supplied, const Scope& scope, Select& select) {
  const auto type = join["join_type"].get<std::string>();
  const auto kind = join["ref_type"].get<std::string>();
  const bool left = type == "LEFT";
  const bool right = type == "RIGHT";
  const bool full = type == "FULL" || type == "OUTER";
  if (kind != "REGULAR" && kind != "CROSS" && kind != "DEPENDENT") {
    return Error(ErrorCode::kInvalidSql, "{} JOIN cannot be kept up to date", kind);
  }
  if (type != "INNER" && !left && !right && !full) {
    return Error(ErrorCode::kInvalidSql, "{} JOIN cannot be kept up to date", type);
  }
  const size_t first = select.operands.size();
  STROM_RETURN_IF_ERROR(PlanFrom(join["left"], null_supplied || right || full, scope, select));
  const size_t middle = select.operands.size();
  STROM_RETURN_IF_ERROR(PlanFrom(join["right"], null_supplied || left || full, scope, select));
  const size_t end = select.operands.size();

  // Rows of a side that the condition rejects may be left out, unless the side is preserved.
  std::vector<bool> children(end, false);
  for (size_t i = first; i < end; ++i) {
    const bool in_left = i < middle;
    children[i] = !full && !(left && in_left) && !(right && !in_left);
    if (broken_.outer_links_both_ways) children[i] = true;
  }
  std::vector<Link> links;
  for (const Json& conjunct : ast::Conjuncts(join.value("condition", Json()))) {
    if (auto link = LinkOf(conjunct, select.operands)) links.push_back(std::move(*link));
  }
  for (const Json& using_column : join.value("using_columns", Json::array())) {
    if (right || full) {
      return Error(ErrorCode::kInvalidSql, "USING of a {} JOIN cannot be kept up to date", type);
    }
    const auto name = using_column.get<std::string>();
    const std::vector<Operand> lefts(select.operands.begin(),
                                     select.operands.begin() + static_cast<ptrdiff_t>(middle));
    const auto a = FindOwner(ast::Column("", name), lefts);
    for (size_t i = middle; a && i < end; ++i) {
      const auto b = FindOwner(ast::Column("", name), {select.operands[i]});
      if (!b) continue;
      select.operands[i].merged.push_back(ast::Lower(name));
      if (auto link = LinkOf({{"class", "COMPARISON"},
                              {"type", "COMPARE_EQUAL"},
                              {"left", ast::Column(select.operands[a->operand].alias, name)},
                              {"right", ast::Column(select.operands[i].alias, name)}},
                             select.operands)) {
        links.push_back(std::move(*link));
      }
    }
  }
  for (Link& link : links) {
    link.children = children;
    link.full = full;
    select.links.push_back(std::move(link));
  }
  select.has_twins = full && first == 0 && end == 2 && !links.empty();
  return Status::Ok();
}

Status Planner::ExpandStars(Select& select) {
  Json expanded = Json::array();
  for (Json& item : select.node["select_list"]) {
    if (ast::ClassOf(item) != "STAR") {
      expanded.push_back(std::move(item));
      continue;
    }
    if (!ast::Empty(item, "replace_list") || !ast::Empty(item, "rename_list") ||
        item.value("columns", false)) {
      return Error(ErrorCode::kInvalidSql, "* with REPLACE, RENAME or COLUMNS is not supported");
    }
    std::vector<std::string> excluded;
    for (const Json& name : item.value("exclude_list", Json::array())) {
      if (name.is_string()) excluded.push_back(ast::Lower(name.get<std::string>()));
    }
    const std::string relation = ast::Lower(item.value("relation_name", ""));
    for (const Operand& operand : select.operands) {
      if (!relation.empty() && relation != ast::Lower(operand.alias)) continue;
      for (const duck::Field& field : operand.columns) {
        const std::string name = ast::Lower(field.name);
        const auto has = [&](const std::vector<std::string>& names) {
          return std::find(names.begin(), names.end(), name) != names.end();
        };
        if (has(excluded) || (relation.empty() && has(operand.merged))) continue;
        expanded.push_back(ast::Alias(ast::Column(operand.alias, field.name), field.name));
      }
    }
  }
  std::vector<std::string> taken;
  for (size_t i = 0; i < expanded.size(); ++i) {
    Json& item = expanded[i];
    std::string alias = item.value("alias", "");
    if (alias.empty()) {
      alias = ast::IsColumn(item) ? item["column_names"].back().get<std::string>()
                                  : fmt::format("col{}", i);
    }
    while (std::find(taken.begin(), taken.end(), ast::Lower(alias)) != taken.end()) alias += "_1";
    taken.push_back(ast::Lower(alias));
    item["alias"] = alias;
  }
  select.node["select_list"] = std::move(expanded);
  return Status::Ok();
}

}  // namespace strom::layer
