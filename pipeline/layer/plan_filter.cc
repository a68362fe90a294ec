#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"
#include "pipeline/layer/row_filter.h"

// Which comparisons are made here. Those where DuckDB, having brought both sides to one type, would
// do what CompareValues does to our values: integers of any width, decimals of one scale, dates,
// timestamps to the microsecond, booleans, text and bytes by their bytes (no collations). The
// other side is one value at an instant, of the column's family of types as it stands: literals
// that DuckDB would first turn into the column's type ('2024-05-10', 1 for a decimal) are left to
// it, and floats, TIME and nested types always.
namespace strom::layer {

using ast::Json;
using Kind = Condition::Kind;

namespace {

std::optional<Kind> KindOf(const std::string& type) {
  static const std::map<std::string, Kind> kinds = {
      {"COMPARE_EQUAL", Kind::kEqual},
      {"COMPARE_NOTEQUAL", Kind::kNotEqual},
      {"COMPARE_LESSTHAN", Kind::kLess},
      {"COMPARE_LESSTHANOREQUALTO", Kind::kLessOrEqual},
      {"COMPARE_GREATERTHAN", Kind::kGreater},
      {"COMPARE_GREATERTHANOREQUALTO", Kind::kGreaterOrEqual},
      {"COMPARE_DISTINCT_FROM", Kind::kDistinct},
      {"COMPARE_NOT_DISTINCT_FROM", Kind::kNotDistinct},
      {"COMPARE_IN", Kind::kIn},
      {"COMPARE_NOT_IN", Kind::kNotIn},
      {"OPERATOR_IS_NULL", Kind::kNull},
      {"OPERATOR_IS_NOT_NULL", Kind::kNotNull}};
  const auto found = kinds.find(type);
  return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

Kind Flipped(Kind kind) {
  switch (kind) {
    case Kind::kLess:
      return Kind::kGreater;
    case Kind::kLessOrEqual:
      return Kind::kGreaterOrEqual;
    case Kind::kGreater:
      return Kind::kLess;
    case Kind::kGreaterOrEqual:
      return Kind::kLessOrEqual;
    default:
      return kind;
  }
}

// A comparison as it is written.
struct Draft {
  Kind kind;
  const Json* column;
  std::vector<const Json*> bounds;
};

// CAST(x AS BOOLEAN), which stands around x in x IS TRUE.
const Json& WithoutBooleanCast(const Json& node) {
  const bool is_cast = ast::ClassOf(node) == "CAST" && !node.value("try_cast", false) &&
                       node["cast_type"].value("id", "") == "BOOLEAN";
  return is_cast && ast::IsColumn(node["child"]) ? node["child"] : node;
}

// The comparisons that `conjunct` is; none: it is something else.
std::vector<Draft> DraftsOf(const Json& conjunct) {
  const std::string kind_class = ast::ClassOf(conjunct);
  if (kind_class == "BETWEEN" && ast::TypeOf(conjunct) == "COMPARE_BETWEEN") {
    const Json& input = conjunct["input"];
    return {{Kind::kGreaterOrEqual, &input, {&conjunct["lower"]}},
            {Kind::kLessOrEqual, &input, {&conjunct["upper"]}}};
  }
  const auto kind = KindOf(ast::TypeOf(conjunct));
  if (!kind) return {};
  if (kind_class == "COMPARISON") {
    const Json& left = WithoutBooleanCast(conjunct["left"]);
    const Json& right = WithoutBooleanCast(conjunct["right"]);
    if (ast::IsColumn(left)) return {{*kind, &left, {&right}}};
    return {{Flipped(*kind), &right, {&left}}};
  }
  if (kind_class != "OPERATOR" || conjunct["children"].empty()) return {};
  Draft draft{*kind, &conjunct["children"][0], {}};
  for (size_t i = 1; i < conjunct["children"].size(); ++i) {
    draft.bounds.push_back(&conjunct["children"][i]);
  }
  return {std::move(draft)};
}

}  // namespace

Result<std::optional<Filter>> Planner::NativeFilter(const std::vector<Json>& conjuncts,
                                                    const Operand& operand, const Leaf& leaf) {
  const std::optional<Filter> no;
  Filter filter;
  std::vector<const DataType*> types;  // Of the column that each bound is compared with.
  Json bounds = Json::array();
  for (const Json& conjunct : conjuncts) {
    const std::vector<Draft> drafts = DraftsOf(conjunct);
    if (drafts.empty()) return no;
    for (const Draft& draft : drafts) {
      if (!ast::IsColumn(*draft.column)) return no;
      const auto owner = FindOwner(*draft.column, {operand});
      if (!owner || owner->parts != (*draft.column)["column_names"].size()) return no;
      Condition condition;
      condition.kind = draft.kind;
      condition.column = PositionOf(leaf, owner->column);
      const DataType& type = leaf.fields[condition.column].type;
      for (const Json* bound : draft.bounds) {
        if (!language_.IsSteady(*bound)) return no;
        condition.moves = condition.moves || ast::UsesClock(*bound);
        condition.bounds.push_back(bounds.size());
        types.push_back(&type);
        bounds.push_back(ast::Alias(*bound, fmt::format("b{}", bounds.size())));
      }
      // IS TRUE of another type than BOOLEAN: the cast is no mere wrapping.
      const bool is_cast = ast::ClassOf(conjunct) == "COMPARISON" &&
                           draft.column != &conjunct["left"] && draft.column != &conjunct["right"];
      if (is_cast && type.kind() != TypeKind::kBoolean) return no;
      filter.conditions.push_back(std::move(condition));
    }
  }
  if (bounds.empty()) return std::optional(std::move(filter));

  STROM_ASSIGN_OR_RETURN(Json query, language_.Parse("SELECT 1"));
  query["select_list"] = std::move(bounds);
  STROM_ASSIGN_OR_RETURN(filter.bounds_sql, language_.Print(query));
  const Result<std::vector<duck::Field>> fields = connection_.Describe(filter.bounds_sql);
  if (!fields.ok()) return no;  // An interval, say. DuckDB says what is wrong with the whole.
  for (size_t i = 0; i < types.size(); ++i) {
    if (!ComparedHere(*types[i], (*fields)[i].type)) return no;
  }
  return std::optional(std::move(filter));
}

Status Planner::PlanPick(const Select& select, Block& block) {
  Leaf& leaf = block.leaves[0];
  const Json& items = select.node["select_list"];
  std::vector<size_t> picks;
  for (const Json& item : items) {
    const auto owner = ast::IsColumn(item) ? FindOwner(item, select.operands) : std::nullopt;
    if (!owner || owner->parts != item["column_names"].size()) continue;
    const Operand& operand = select.operands[owner->operand];
    if (operand.is_data) picks.push_back(PositionOf(leaf, owner->column));
  }
  std::vector<bool> given(leaf.columns.size(), false);
  for (const size_t pick : picks) given[pick] = true;
  block.keeps_all_columns = std::all_of(given.begin(), given.end(), [](bool b) { return b; });
  if (select.operands.size() != 1 || picks.size() != items.size()) return Status::Ok();

  STROM_ASSIGN_OR_RETURN(block.filter, NativeFilter(ast::Conjuncts(select.node["where_clause"]),
                                                    select.operands[0], leaf));
  if (!block.filter) return Status::Ok();
  block.block_class = BlockClass::kPick;
  block.picks = std::move(picks);
  block.keeps_all_columns = block.keeps_all_columns && !leaf.port.is_source &&
                            leaf.columns.size() == FieldsOf(leaf.port).size();
  return Status::Ok();
}

}  // namespace strom::layer
