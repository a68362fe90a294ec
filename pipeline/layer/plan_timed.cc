#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"

// WHERE column >= a function of the clock: as a block of its own below the rest of the SELECT, it
// needs the rows of its table once, and what is above sees rows come and go and no clock.
namespace strom::layer {

using ast::Json;

namespace {

bool IsPure(const Json& item) {
  return ast::ColumnsIn(item, ast::Subqueries::kEnter).empty() &&
         ast::SubqueriesIn(const_cast<Json&>(item)).empty();
}

// The operand whose columns are the only ones in `conjunct`.
std::optional<size_t> OnlyOperand(const Json& conjunct, const std::vector<Operand>& operands) {
  if (!ast::SubqueriesIn(const_cast<Json&>(conjunct)).empty()) return std::nullopt;
  std::optional<size_t> only;
  for (const Json* column : ast::ColumnsIn(conjunct, ast::Subqueries::kEnter)) {
    const auto owner = FindOwner(*column, operands);
    if (!owner || (only && *only != owner->operand)) return std::nullopt;
    only = owner->operand;
  }
  return only;
}

}  // namespace

// A filter on one operand in WHERE may come before the joins, unless the operand is on a
// NULL-supplied side. All conjuncts over the operand go with the one that looks at the clock.
//
// Not done if an item mixes clock and data: it is brought up to date when the clock moves.
Result<std::optional<size_t>> Planner::PlanTimed(Select& select, bool clock_values_matter) {
  const std::optional<size_t> no;
  Json& node = select.node;
  const Json& items = node["select_list"];
  for (const Json& item : items) {
    if (ast::UsesClock(item) && (clock_values_matter || !IsPure(item))) return no;
  }
  for (size_t i = 0; i < select.operands.size(); ++i) {
    Operand& operand = select.operands[i];
    if (!operand.is_data || operand.null_supplied) continue;
    std::vector<Json> own;
    std::vector<Json> rest;
    for (Json& conjunct : ast::Conjuncts(node["where_clause"])) {
      const bool is_own = OnlyOperand(conjunct, select.operands) == i;
      (is_own ? own : rest).push_back(std::move(conjunct));
    }
    if (std::none_of(own.begin(), own.end(), [](const Json& c) { return ast::UsesClock(c); })) {
      continue;
    }
    const bool plain = std::all_of(items.begin(), items.end(), [&](const Json& item) {
      const auto owner = ast::IsColumn(item) ? FindOwner(item, select.operands) : std::nullopt;
      return owner && owner->operand == i && owner->parts == item["column_names"].size();
    });
    std::vector<Column> outputs;
    if (plain && rest.empty() && select.operands.size() == 1) {
      for (const Json& item : items) {
        outputs.push_back(
            {FindOwner(item, select.operands)->column, item["alias"].get<std::string>()});
      }
      STROM_ASSIGN_OR_RETURN(const size_t block, AddTimed(operand, own, outputs));
      return std::optional(block);
    }

    node["where_clause"] = ast::And(std::move(rest));
    const std::vector<std::string> names = ast::NamesIn(node);
    for (size_t c = 0; c < operand.columns.size(); ++c) {
      const std::string name = ast::Lower(operand.columns[c].name);
      if (std::binary_search(names.begin(), names.end(), name) ||
          std::binary_search(names.begin(), names.end(), "*")) {
        outputs.push_back({c, operand.columns[c].name});
      }
    }
    if (outputs.empty()) outputs.push_back({0, operand.columns[0].name});
    STROM_ASSIGN_OR_RETURN(const size_t block, AddTimed(operand, own, outputs));

    // The operand is that block from here on.
    const auto place_of = [&](size_t column) {
      const auto at = std::find_if(outputs.begin(), outputs.end(),
                                   [&](const Column& output) { return output.position == column; });
      STROM_CHECK(at != outputs.end()) << operand.columns[column].name << " is not handed on";
      return static_cast<size_t>(at - outputs.begin());
    };
    for (Link& link : select.links) {
      if (link.a == i) link.a_column = place_of(link.a_column);
      if (link.b == i) link.b_column = place_of(link.b_column);
    }
    operand.port = {false, block};
    operand.columns = blocks_[block].fields;
    operand.unique = blocks_[block].unique;
  }
  return no;
}

Result<size_t> Planner::AddTimed(const Operand& operand, const std::vector<Json>& conjuncts,
                                 const std::vector<Column>& outputs) {
  std::set<size_t> used;
  for (const Column& output : outputs) used.insert(output.position);
  for (const Json& conjunct : conjuncts) {
    for (const Json* column : ast::ColumnsIn(conjunct, ast::Subqueries::kEnter)) {
      used.insert(FindOwner(*column, {operand})->column);
    }
  }
  std::vector<Column> columns;
  for (const size_t column : used) columns.push_back({column, operand.columns[column].name});

  Block block;
  block.block_class = BlockClass::kTimed;
  Leaf leaf = MakeLeaf(operand, columns);
  leaf.anchor = true;
  STROM_ASSIGN_OR_RETURN(leaf.handle, MakeInput(leaf.input, leaf.fields, true));
  STROM_ASSIGN_OR_RETURN(block.filter, NativeFilter(conjuncts, operand, leaf));
  for (const Json& conjunct : conjuncts) STROM_RETURN_IF_ERROR(WatchClock(block, conjunct));

  STROM_ASSIGN_OR_RETURN(Json query,
                         language_.Parse(fmt::format("SELECT 1 FROM {} AS {}", leaf.input,
                                                     ast::Quoted(operand.alias))));
  const Json key = ast::Alias(ast::Column(operand.alias, "__k"), "__k");
  Json items = Json::array();
  for (const Column& output : outputs) {
    block.picks.push_back(PositionOf(leaf, output.position));
    items.push_back(
        ast::Alias(ast::Column(operand.alias, operand.columns[output.position].name), output.name));
  }
  items.push_back(key);
  query["select_list"] = std::move(items);
  STROM_ASSIGN_OR_RETURN(block.sql, language_.Print(query));
  STROM_RETURN_IF_ERROR(Describe(block));
  query["select_list"] = Json::array({key});
  query["where_clause"] = ast::And(conjuncts);
  STROM_ASSIGN_OR_RETURN(block.sql, language_.Print(query));

  block.keeps_all_columns = true;
  for (size_t i = 0; i < leaf.columns.size(); ++i) {
    block.keeps_all_columns =
        block.keeps_all_columns &&
        std::find(block.picks.begin(), block.picks.end(), i) != block.picks.end();
  }
  for (const size_t column : operand.unique) {
    const auto at = std::find_if(outputs.begin(), outputs.end(),
                                 [&](const Column& output) { return output.position == column; });
    if (at != outputs.end()) block.unique.push_back(static_cast<size_t>(at - outputs.begin()));
  }
  if (block.unique.size() != operand.unique.size()) block.unique.clear();
  block.leaves.push_back(std::move(leaf));
  return Add(std::move(block));
}

}  // namespace strom::layer
