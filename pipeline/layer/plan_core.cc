#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"

namespace strom::layer {

using ast::Json;

namespace {

std::vector<size_t> PositionsOf(const Leaf& leaf, const std::vector<size_t>& columns) {
  std::vector<size_t> out;
  for (const size_t column : columns) out.push_back(PositionOf(leaf, column));
  return out;
}

}  // namespace

// Which leaf the block hangs on: preserved, and with all others within reach of its links. Best is
// one that the others are looked up from: a change there concerns one row of the result.
Result<size_t> Planner::PlanCore(Select select, const Scope& scope, bool clock_values_matter) {
  STROM_ASSIGN_OR_RETURN(const std::optional<size_t> timed, PlanTimed(select, clock_values_matter));
  if (timed) return *timed;
  STROM_RETURN_IF_ERROR(LiftSubqueries(select, scope));
  for (const Json& conjunct : ast::Conjuncts(select.node["where_clause"])) {
    if (auto link = LinkOf(conjunct, select.operands)) {
      link->children.assign(select.operands.size(), true);
      select.links.push_back(std::move(*link));
    }
  }

  Block block;
  size_t data = 0;
  for (const Operand& operand : select.operands) data += operand.is_data ? 1 : 0;
  std::optional<LinkTree> best;
  for (size_t i = 0; i < select.operands.size(); ++i) {
    const Operand& operand = select.operands[i];
    if (!operand.is_data || !operand.in_from) continue;
    if (operand.null_supplied && !broken_.null_supplied_anchors) continue;
    LinkTree tree = SpanFrom(i, select.operands, select.links);
    const bool better =
        !best || tree.unreached < best->unreached ||
        (tree.unreached == best->unreached && tree.lookups_only && !best->lookups_only);
    if (better) best = std::move(tree);
  }

  bool mixes_clock = false;
  const Json& items = select.node["select_list"];
  for (size_t i = 0; i < items.size(); ++i) {
    if (!ast::UsesClock(items[i])) continue;
    if (ast::ColumnsIn(items[i], ast::Subqueries::kEnter).empty() &&
        ast::SubqueriesIn(const_cast<Json&>(items[i])).empty() && !clock_values_matter) {
      block.clock_columns.push_back(i);
    } else {
      mixes_clock = true;
      if (clock_values_matter) STROM_RETURN_IF_ERROR(WatchClock(block, items[i]));
    }
  }
  STROM_RETURN_IF_ERROR(WatchClock(block, select.node["where_clause"]));
  STROM_RETURN_IF_ERROR(WatchClock(block, select.node["from_table"]));

  const bool stateless = data == 1 && best && !mixes_clock && block.clock_filters.empty();
  block.block_class = stateless ? BlockClass::kRowWise
                      : best    ? BlockClass::kJoin
                                : BlockClass::kFull;
  if (!best && select.has_twins && data == select.operands.size() && data == 2) {
    block.block_class = BlockClass::kJoin;
  }
  return Finish(select, std::move(block), best ? &*best : nullptr);
}

Result<size_t> Planner::PlanFull(Select select, const Scope& scope) {
  STROM_RETURN_IF_ERROR(LiftSubqueries(select, scope));
  Block block;
  STROM_RETURN_IF_ERROR(WatchClock(block, select.node));
  return Finish(select, std::move(block), nullptr);
}

// Makes leaves of the operands, with the columns in use, and the statement.
Result<size_t> Planner::Finish(Select& select, Block block, const LinkTree* tree) {
  const bool twins = tree == nullptr && block.block_class == BlockClass::kJoin;
  const std::vector<std::string> names = ast::NamesIn(select.node);
  const auto is_used = [&](const std::string& name) {
    return std::binary_search(names.begin(), names.end(), ast::Lower(name)) ||
           std::binary_search(names.begin(), names.end(), "*");
  };
  std::vector<size_t> leaf_of(select.operands.size(), SIZE_MAX);
  for (size_t i = 0; i < select.operands.size(); ++i) {
    Operand& operand = select.operands[i];
    if (!operand.is_data) continue;
    const bool is_anchor = (tree != nullptr && tree->anchor == i) || twins;
    const bool by_source_key =
        is_anchor && operand.port.is_source && !operand.unique.empty() && !twins;
    std::vector<Column> columns;
    for (size_t c = 0; c < operand.columns.size(); ++c) {
      const bool in_key =
          by_source_key && block.block_class != BlockClass::kRowWise &&
          std::find(operand.unique.begin(), operand.unique.end(), c) != operand.unique.end();
      if (is_used(operand.columns[c].name) || in_key)
        columns.push_back({c, operand.columns[c].name});
    }
    if (columns.empty()) columns.push_back({0, operand.columns[0].name});
    Leaf leaf = MakeLeaf(operand, columns);
    leaf.three_valued = operand.three_valued;
    leaf.anchor = is_anchor;
    if (is_anchor && !twins) {
      leaf.key = by_source_key ? PositionsOf(leaf, operand.unique) : std::vector<size_t>();
      const bool has_key =
          !leaf.key.empty() &&
          *std::max_element(leaf.key.begin(), leaf.key.end()) < leaf.columns.size();
      if (!has_key) {
        leaf.key.clear();
        for (size_t c = 0; c < leaf.columns.size(); ++c) leaf.key.push_back(c);
      }
    }
    leaf_of[i] = block.leaves.size();
    block.leaves.push_back(std::move(leaf));
  }
  for (size_t i = 0; tree != nullptr && i < select.operands.size(); ++i) {
    const LinkTree::Edge& edge = tree->edges[i];
    if (leaf_of[i] == SIZE_MAX || !edge.parent) continue;
    Leaf& leaf = block.leaves[leaf_of[i]];
    leaf.parent = leaf_of[*edge.parent];
    leaf.own_columns = PositionsOf(leaf, edge.own_columns);
    leaf.parent_columns = PositionsOf(block.leaves[*leaf.parent], edge.parent_columns);
  }
  if (twins) {
    for (const Link& link : select.links) {
      if (!link.full) continue;
      block.leaves[link.a].key.push_back(PositionOf(block.leaves[link.a], link.a_column));
      block.leaves[link.b].key.push_back(PositionOf(block.leaves[link.b], link.b_column));
    }
  }
  for (size_t i = 0; i < select.operands.size(); ++i) {
    if (leaf_of[i] == SIZE_MAX) continue;
    Leaf& leaf = block.leaves[leaf_of[i]];
    STROM_ASSIGN_OR_RETURN(leaf.handle, MakeInput(leaf.input, leaf.fields, leaf.anchor));
    (*select.operands[i].table)["table_name"] = leaf.input;
  }

  // What of the anchor's key shows up in the result is its key, if the others are looked up.
  if (tree != nullptr && tree->lookups_only) {
    const Operand& anchor = select.operands[tree->anchor];
    for (const size_t column : anchor.unique) {
      const Json& items = select.node["select_list"];
      for (size_t i = 0; i < items.size(); ++i) {
        if (!ast::IsColumn(items[i])) continue;
        const auto owner = FindOwner(items[i], select.operands);
        if (owner && owner->operand == tree->anchor && owner->column == column) {
          block.unique.push_back(i);
          break;
        }
      }
    }
    if (block.unique.size() != anchor.unique.size()) block.unique.clear();
  }

  if (block.block_class == BlockClass::kRowWise) {
    STROM_RETURN_IF_ERROR(PlanPick(select, block));
  }

  Json key;
  if (tree != nullptr) {
    key = ast::Column(select.operands[tree->anchor].alias, "__k");
  } else if (twins) {
    STROM_ASSIGN_OR_RETURN(
        key, language_.ParseExpression(fmt::format("COALESCE({}.__k, {}.__k)",
                                                   ast::Quoted(select.operands[0].alias),
                                                   ast::Quoted(select.operands[1].alias))));
  } else {
    STROM_ASSIGN_OR_RETURN(key, language_.ParseExpression("CAST(0 AS BIGINT)"));
    // A LIMIT's ORDER BY and DISTINCT see one more column, the same in every row.
  }
  select.node["select_list"].push_back(ast::Alias(std::move(key), "__k"));
  STROM_ASSIGN_OR_RETURN(block.sql, language_.Print(select.node));
  STROM_RETURN_IF_ERROR(Describe(block));
  return Add(std::move(block));
}

}  // namespace strom::layer
