#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"

namespace strom::layer {

using ast::Json;

namespace {

bool HasModifier(const Json& node, std::string_view type) {
  return std::any_of(node["modifiers"].begin(), node["modifiers"].end(),
                     [&](const Json& modifier) { return ast::TypeOf(modifier) == type; });
}

void DropModifier(Json& node, std::string_view type) {
  Json kept = Json::array();
  for (Json& modifier : node["modifiers"]) {
    if (ast::TypeOf(modifier) != type) kept.push_back(std::move(modifier));
  }
  node["modifiers"] = std::move(kept);
}

// The partition expressions that all windows have, without aliases.
std::vector<Json> CommonPartitions(const std::vector<const Json*>& windows, bool first_only) {
  std::vector<Json> common;
  for (size_t i = 0; i < windows.size() && !(first_only && i > 0); ++i) {
    std::vector<Json> own;
    for (const Json& expression : (*windows[i])["partitions"]) {
      own.push_back(ast::Alias(expression, ""));
    }
    if (i == 0) common = own;
    std::erase_if(common,
                  [&](const Json& e) { return std::find(own.begin(), own.end(), e) == own.end(); });
  }
  return common;
}

constexpr const char* kUpperParts[] = {"select_list", "group_expressions", "having", "qualify"};

}  // namespace

Result<size_t> Planner::PlanSelect(Json node, const Scope& scope) {
  Select select;
  select.node = std::move(node);
  if (!ast::Empty(select.node, "sample")) {
    return Error(ErrorCode::kInvalidSql, "USING SAMPLE cannot be kept up to date");
  }
  const bool over_subquery = ast::TypeOf(select.node["from_table"]) == "SUBQUERY";
  STROM_RETURN_IF_ERROR(PlanFrom(select.node["from_table"], false, scope, select));
  STROM_RETURN_IF_ERROR(ExpandStars(select));
  STROM_RETURN_IF_ERROR(NormalizeGroups(select));
  if (over_subquery) STROM_RETURN_IF_ERROR(PlanRanking(select));

  const bool limit = HasModifier(select.node, "LIMIT_MODIFIER") ||
                     HasModifier(select.node, "LIMIT_PERCENT_MODIFIER");
  const bool distinct = HasModifier(select.node, "DISTINCT_MODIFIER");
  bool distinct_on = false;
  for (const Json& modifier : select.node["modifiers"]) {
    distinct_on = distinct_on || !ast::Empty(modifier, "distinct_on_targets");
  }
  if (limit || distinct_on) return PlanFull(std::move(select), scope);
  DropModifier(select.node, "ORDER_MODIFIER");
  DropModifier(select.node, "DISTINCT_MODIFIER");

  const Json& items = select.node["select_list"];
  const bool groups = !select.node["group_expressions"].empty() ||
                      !select.node["group_sets"].empty() || !select.node["having"].is_null() ||
                      language_.HasAggregate(items) ||
                      select.node.value("aggregate_handling", "") == "FORCE_AGGREGATES";
  const bool windows = !ast::WindowsIn(items).empty() || !select.node["qualify"].is_null();
  if (over_subquery && !groups && !windows) {
    STROM_ASSIGN_OR_RETURN(const bool fused, FuseWithInner(select));
    if (fused) {
      const size_t block = blocks_.size() - 1;
      return distinct ? PlanCombine(CombineKind::kDistinct, {block}) : Result<size_t>(block);
    }
  }
  Result<size_t> block = groups || windows ? PlanAggregation(std::move(select), scope)
                                           : PlanCore(std::move(select), scope, false);
  if (!block.ok() || !distinct) return block;
  return PlanCombine(CombineKind::kDistinct, {*block});
}

// SELECT … FROM (SELECT … OVER …) WHERE n <= 3: one block that recomputes both, so that the rows
// the outer one leaves out need not be kept.
Result<bool> Planner::FuseWithInner(Select& select) {
  Json& node = select.node;
  const Operand& operand = select.operands[0];
  if (operand.port.is_source || operand.port.index + 1 != blocks_.size()) return false;
  Block& inner = blocks_.back();
  const bool recomputed =
      inner.block_class == BlockClass::kKeyed || inner.block_class == BlockClass::kFull;
  if (!recomputed || !inner.clock_columns.empty() || ast::UsesClock(node) ||
      !ast::SubqueriesIn(node).empty()) {
    return false;
  }
  if (!inner.picks.empty()) {  // Ranked without a statement: stays so, or is left as it is.
    std::vector<size_t> picks;
    for (const Json& item : node["select_list"]) {
      const auto owner = ast::IsColumn(item) ? FindOwner(item, select.operands) : std::nullopt;
      if (!owner || owner->parts != item["column_names"].size()) return false;
      picks.push_back(inner.picks[owner->column]);
    }
    if (!node["where_clause"].is_null()) return false;
    inner.picks = std::move(picks);
  }
  std::vector<std::string> names;
  for (const duck::Field& field : operand.columns) names.push_back(field.name);
  STROM_ASSIGN_OR_RETURN(node["from_table"], Nested(inner.sql, operand.alias, std::move(names)));
  node["select_list"].push_back(ast::Alias(ast::Column(operand.alias, "__k"), "__k"));
  STROM_ASSIGN_OR_RETURN(inner.sql, language_.Print(node));
  inner.unique.clear();
  STROM_RETURN_IF_ERROR(Describe(inner));
  return true;
}

// GROUP BY 1 and GROUP BY alias as the expressions they stand for.
Status Planner::NormalizeGroups(Select& select) {
  const Json& items = select.node["select_list"];
  for (Json& group : select.node["group_expressions"]) {
    if (ast::ClassOf(group) == "CONSTANT" && group["value"]["value"].is_number_integer()) {
      const auto place = group["value"]["value"].get<int64_t>();
      if (place < 1 || place > static_cast<int64_t>(items.size())) {
        return Error(ErrorCode::kInvalidSql, "GROUP BY {}: there are {} columns", place,
                     items.size());
      }
      group = items[static_cast<size_t>(place - 1)];
    } else if (ast::IsColumn(group) && group["column_names"].size() == 1 &&
               !FindOwner(group, select.operands)) {
      for (const Json& item : items) {
        if (ast::Lower(item["alias"].get<std::string>()) == ast::ColumnName(group)) {
          group = item;
          break;
        }
      }
    }
    group["alias"] = "";
  }
  return Status::Ok();
}

// Two blocks: a core that gives the columns the upper parts of the SELECT use and the key, and the
// upper parts over that one leaf. The key: group expressions common to all grouping sets and
// partitions common to all windows; any subset of them is right, only coarser.
Result<size_t> Planner::PlanAggregation(Select select, const Scope& scope) {
  Json& node = select.node;
  for (const char* part : kUpperParts) {
    if (!ast::SubqueriesIn(node[part]).empty()) return PlanFull(std::move(select), scope);
  }

  // Of each column in use, its place in the core's result.
  std::vector<std::pair<size_t, size_t>> used;  // (operand, column)
  const auto place_of = [&](const ColumnOwner& owner) {
    const std::pair<size_t, size_t> column(owner.operand, owner.column);
    const auto found = std::find(used.begin(), used.end(), column);
    if (found != used.end()) return static_cast<size_t>(found - used.begin());
    used.push_back(column);
    return used.size() - 1;
  };

  // Group keys and partitions, before columns get their new names.
  const bool grouped = !node["group_expressions"].empty() || !node["group_sets"].empty();
  std::vector<Json> keys;
  const bool aggregates =
      grouped || !node["having"].is_null() || language_.HasAggregate(node["select_list"]);
  if (aggregates) {
    for (size_t i = 0; i < node["group_expressions"].size(); ++i) {
      const bool common = std::all_of(
          node["group_sets"].begin(), node["group_sets"].end(),
          [&](const Json& set) { return std::find(set.begin(), set.end(), i) != set.end(); });
      if (common) keys.push_back(node["group_expressions"][i]);
    }
  }
  std::vector<const Json*> windows = ast::WindowsIn(node["select_list"]);
  for (const Json* window : ast::WindowsIn(node["qualify"])) windows.push_back(window);
  if (!windows.empty()) {
    std::vector<Json> common = CommonPartitions(windows, broken_.first_window_only);
    if (!aggregates) {
      keys = std::move(common);
    } else {
      std::erase_if(keys, [&](const Json& key) {
        return std::find(common.begin(), common.end(), key) == common.end();
      });
    }
  }
  std::erase_if(keys, [&](const Json& key) {
    return ast::ColumnsIn(key, ast::Subqueries::kEnter).empty() || ast::UsesClock(key) ||
           language_.HasAggregate(key) || !ast::WindowsIn(key).empty();
  });

  if (windows.empty() && !broken_.never_algebraic) {
    STROM_ASSIGN_OR_RETURN(const std::optional<size_t> algebraic, PlanAlgebraic(select, scope));
    if (algebraic) return *algebraic;
  }

  // The upper part over one leaf "__p".
  Json upper = node;
  for (const char* part : kUpperParts) {
    for (Json* column : ast::ColumnsIn(upper[part], ast::Subqueries::kSkip)) {
      const auto owner = FindOwner(*column, select.operands);
      if (!owner) continue;  // An alias of the select list, or DuckDB says what it is.
      Json parts = Json::array({"__p", fmt::format("c{}", place_of(*owner))});
      const Json& old = (*column)["column_names"];
      for (size_t i = owner->parts; i < old.size(); ++i) parts.push_back(old[i]);
      (*column)["column_names"] = std::move(parts);
    }
  }
  Json core_items = Json::array();
  std::vector<size_t> key_places;
  std::vector<Json> computed;
  for (const Json& key : keys) {
    const auto owner = ast::IsColumn(key) ? FindOwner(key, select.operands) : std::nullopt;
    if (owner && owner->parts == key["column_names"].size()) {
      key_places.push_back(place_of(*owner));
    } else {
      key_places.push_back(SIZE_MAX);
      computed.push_back(key);
    }
  }
  for (size_t i = 0, c = used.size(); i < keys.size(); ++i) {
    if (key_places[i] == SIZE_MAX) key_places[i] = c++;
  }
  const bool direct = select.operands.size() == 1 && select.operands[0].is_data &&
                      node["where_clause"].is_null() && computed.empty() && !used.empty();
  Operand from;
  std::vector<Column> columns;
  if (direct) {
    from = select.operands[0];
    for (size_t i = 0; i < used.size(); ++i)
      columns.push_back({used[i].second, fmt::format("c{}", i)});
  } else {
    for (size_t i = 0; i < used.size(); ++i) {
      const Operand& operand = select.operands[used[i].first];
      core_items.push_back(ast::Alias(
          ast::Column(operand.alias, operand.columns[used[i].second].name), fmt::format("c{}", i)));
    }
    for (const Json& key : computed) {
      core_items.push_back(ast::Alias(key, fmt::format("c{}", core_items.size())));
    }
    if (core_items.empty()) {  // count(*) alone.
      STROM_ASSIGN_OR_RETURN(Json one, language_.ParseExpression("TRUE"));
      core_items.push_back(ast::Alias(std::move(one), "c0"));
    }
    Select core = std::move(select);
    core.node["select_list"] = std::move(core_items);
    core.node["group_expressions"] = Json::array();
    core.node["group_sets"] = Json::array();
    core.node["having"] = nullptr;
    core.node["qualify"] = nullptr;
    core.node["aggregate_handling"] = "STANDARD_HANDLING";
    STROM_ASSIGN_OR_RETURN(const size_t block, PlanCore(std::move(core), scope, true));
    from.port = {false, block};
    for (size_t i = 0; i < blocks_[block].fields.size(); ++i) {
      columns.push_back({i, fmt::format("c{}", i)});
    }
  }

  Block block;
  block.block_class = keys.empty() ? BlockClass::kFull : BlockClass::kKeyed;
  Leaf leaf = MakeLeaf(from, columns);
  leaf.anchor = !keys.empty();
  leaf.key = key_places;
  STROM_ASSIGN_OR_RETURN(leaf.handle, MakeInput(leaf.input, leaf.fields, leaf.anchor));
  STROM_ASSIGN_OR_RETURN(Json source,
                         language_.Parse(fmt::format("SELECT * FROM {} AS __p", leaf.input)));
  upper["from_table"] = source["from_table"];
  upper["where_clause"] = nullptr;
  Json& items = upper["select_list"];
  for (size_t i = 0; i < items.size(); ++i) {
    const bool pure = ast::ColumnsIn(items[i], ast::Subqueries::kEnter).empty() &&
                      !language_.HasAggregate(items[i]) && ast::WindowsIn(items[i]).empty();
    if (!ast::UsesClock(items[i])) continue;
    if (pure) {
      block.clock_columns.push_back(i);
      continue;
    }
    Status watched;
    ast::Walk(items[i], ast::Subqueries::kSkip, [&](const Json& n) {
      if (watched.ok() && (ast::ClassOf(n) == "WINDOW" || language_.IsAggregate(n))) {
        watched = WatchClock(block, n);
      }
      return watched.ok();
    });
    STROM_RETURN_IF_ERROR(watched);
  }
  for (const char* part : {"group_expressions", "having", "qualify"}) {
    STROM_RETURN_IF_ERROR(WatchClock(block, upper[part]));
  }
  if (upper["group_sets"].size() == 1) {
    for (const Json& group : upper["group_expressions"]) {
      for (size_t i = 0; i < items.size(); ++i) {
        if (ast::Alias(items[i], "") == group) {
          block.unique.push_back(i);
          break;
        }
      }
    }
    if (block.unique.size() != upper["group_expressions"].size()) block.unique.clear();
  }
  if (leaf.anchor) {
    const Json key = ast::Column("__p", "__k");
    if (aggregates) {
      const size_t place = upper["group_expressions"].size();
      upper["group_expressions"].push_back(key);
      for (Json& set : upper["group_sets"]) set.push_back(place);
    }
    items.push_back(ast::Alias(key, "__k"));
  } else {
    STROM_ASSIGN_OR_RETURN(Json zero, language_.ParseExpression("CAST(0 AS BIGINT)"));
    items.push_back(ast::Alias(std::move(zero), "__k"));
  }
  block.leaves.push_back(std::move(leaf));
  STROM_ASSIGN_OR_RETURN(block.sql, language_.Print(upper));
  STROM_RETURN_IF_ERROR(Describe(block));
  return Add(std::move(block));
}

}  // namespace strom::layer
