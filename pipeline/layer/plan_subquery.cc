#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"

namespace strom::layer {

using ast::Json;

namespace {

void ConjunctsAt(Json& expression, std::vector<Json*>& out) {
  if (expression.is_null()) return;
  if (ast::TypeOf(expression) != "CONJUNCTION_AND") {
    out.push_back(&expression);
    return;
  }
  for (Json& child : expression["children"]) ConjunctsAt(child, out);
}

bool IsQuery(const Json& node) {
  const std::string type = ast::TypeOf(node);
  return type == "SELECT_NODE" || type == "SET_OPERATION_NODE";
}

// SELECT … FROM one table WHERE …, nothing nested.
bool IsSimple(Json& query) {
  return ast::TypeOf(query) == "SELECT_NODE" && ast::TypeOf(query["from_table"]) == "BASE_TABLE" &&
         query["cte_map"]["map"].empty() && ast::SubqueriesIn(query).empty();
}

}  // namespace

Status Planner::LiftSubqueries(Select& select, const Scope& scope) {
  std::vector<Json*> conjuncts;
  ConjunctsAt(select.node["where_clause"], conjuncts);
  const auto lift = [&](Json& part, bool is_conjunct, bool may_link) -> Status {
    for (Json* subquery : ast::SubqueriesIn(part)) {
      STROM_RETURN_IF_ERROR(LiftSubquery(*subquery, is_conjunct, may_link, select, scope));
    }
    return Status::Ok();
  };
  for (Json* conjunct : conjuncts) {
    STROM_RETURN_IF_ERROR(lift(*conjunct, ast::ClassOf(*conjunct) == "SUBQUERY", true));
  }
  for (const char* part : {"select_list", "having", "qualify", "group_expressions", "modifiers"}) {
    if (select.node.contains(part)) STROM_RETURN_IF_ERROR(lift(select.node[part], false, true));
  }
  // What is left in FROM stands in conditions of joins.
  return lift(select.node["from_table"], false, false);
}

// A subquery of one table whose WHERE equates its columns with ours is linked by them. One that
// does not look at our columns is a block of its own. Of all others every row is handed over.
Status Planner::LiftSubquery(Json& subquery, bool is_conjunct, bool may_link, Select& select,
                             const Scope& scope) {
  Json& query = subquery["subquery"]["node"];
  const size_t own = select.operands.size();

  // Not correlated, if it can be planned alone.
  const size_t blocks_before = blocks_.size();
  Result<size_t> alone = PlanQuery(query, scope);
  if (alone.ok()) {
    const size_t block = *alone;
    Operand operand;
    operand.port = {false, block};
    operand.columns = blocks_[block].fields;
    operand.alias = fmt::format("__sub{}", block);
    operand.in_from = false;
    STROM_ASSIGN_OR_RETURN(
        query, language_.Parse(fmt::format("SELECT * FROM x AS {}", ast::Quoted(operand.alias))));
    if (subquery.value("subquery_type", "") != "EXISTS") {
      Json items = Json::array();
      for (const duck::Field& field : operand.columns) {
        items.push_back(ast::Column(operand.alias, field.name));
      }
      query["select_list"] = std::move(items);
    }
    operand.table = &query["from_table"];
    const bool is_in = subquery.value("subquery_type", "") == "ANY" &&
                       subquery.value("comparison_type", "") == "COMPARE_EQUAL" &&
                       operand.columns.size() == 1 && ast::IsColumn(subquery["child"]);
    const auto owner = is_in ? FindOwner(subquery["child"], select.operands) : std::nullopt;
    operand.every_row = true;
    if (may_link && owner && select.operands[owner->operand].is_data &&
        owner->parts == subquery["child"]["column_names"].size() &&
        Comparable(select.operands[owner->operand].columns[owner->column].type,
                   operand.columns[0].type)) {
      operand.every_row = false;
      operand.three_valued = !is_conjunct && !broken_.not_in_as_in;
      Link link{owner->operand, own, owner->column, 0, std::vector<bool>(own + 1, false), false};
      link.children[own] = true;
      select.links.push_back(std::move(link));
    }
    select.operands.push_back(std::move(operand));
    return Status::Ok();
  }
  for (auto& [name, cte] : scope) {
    if (cte->block && *cte->block >= blocks_before) cte->block.reset();
  }
  blocks_.resize(blocks_before);

  if (!IsSimple(query)) return LiftComplex(query, select, scope);
  Json& table = query["from_table"];
  const auto name = table["table_name"].get<std::string>();
  STROM_ASSIGN_OR_RETURN(Operand operand, ResolveTable(ast::Lower(name), scope));
  operand.alias = ast::Empty(table, "alias") ? name : table["alias"].get<std::string>();
  table["alias"] = operand.alias;
  operand.in_from = false;
  operand.table = &table;
  std::vector<Link> links;
  for (const Json& conjunct : ast::Conjuncts(query["where_clause"])) {
    // Inside, the subquery's own columns come before ours.
    if (!may_link || ast::TypeOf(conjunct) != "COMPARE_EQUAL" || !ast::IsColumn(conjunct["left"]) ||
        !ast::IsColumn(conjunct["right"])) {
      continue;
    }
    for (const bool left_is_own : {true, false}) {
      const Json& inner = conjunct[left_is_own ? "left" : "right"];
      const Json& outer = conjunct[left_is_own ? "right" : "left"];
      const auto own_owner = FindOwner(inner, {operand});
      const auto outer_owner = FindOwner(outer, select.operands);
      if (!own_owner || FindOwner(outer, {operand}) || !outer_owner) continue;
      if (own_owner->parts != inner["column_names"].size() ||
          outer_owner->parts != outer["column_names"].size() ||
          !select.operands[outer_owner->operand].is_data ||
          !Comparable(operand.columns[own_owner->column].type,
                      select.operands[outer_owner->operand].columns[outer_owner->column].type)) {
        continue;
      }
      Link link{outer_owner->operand,
                own,
                outer_owner->column,
                own_owner->column,
                std::vector<bool>(own + 1, false),
                false};
      link.children[own] = true;
      links.push_back(std::move(link));
    }
  }
  // All links lead to one parent: those of the first.
  std::erase_if(links, [&](const Link& link) { return link.a != links[0].a; });
  operand.every_row = links.empty();
  for (Link& link : links) select.links.push_back(std::move(link));
  select.operands.push_back(std::move(operand));
  return Status::Ok();
}

Status Planner::LiftComplex(Json& query, Select& select, const Scope& scope) {
  Status status;
  ast::Walk(query, ast::Subqueries::kEnter, [&](Json& node) {
    if (IsQuery(node) && !node["cte_map"]["map"].empty()) {
      status = Error(ErrorCode::kInvalidSql,
                     "WITH inside a correlated subquery cannot be kept up to date");
    }
    if (!status.ok() || ast::TypeOf(node) != "BASE_TABLE") return status.ok();
    const auto name = node["table_name"].get<std::string>();
    Result<Operand> operand = ResolveTable(ast::Lower(name), scope);
    if (!operand.ok()) {
      status = operand.status();
      return false;
    }
    operand->alias = ast::Empty(node, "alias") ? name : node["alias"].get<std::string>();
    node["alias"] = operand->alias;
    operand->in_from = false;
    operand->every_row = true;
    operand->table = &node;
    select.operands.push_back(std::move(*operand));
    return true;
  });
  return status;
}

}  // namespace strom::layer
