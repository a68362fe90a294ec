#include <algorithm>
#include <utility>

#include "pipeline/layer/planner.h"
#include "pipeline/layer/row_filter.h"

// SELECT … FROM (SELECT …, ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) AS n …) WHERE n <= 10: no
// row behind the tenth is ever seen, so the block below keeps its rows in the window's order and
// computes with the first ones only.
namespace strom::layer {

using ast::Json;

namespace {

constexpr int64_t kFirstMax = 10'000;

// What a comparison of the row number says.
struct First {
  int64_t rows;  // Those behind fail.
  bool all;      // And the others pass.
};

std::optional<int64_t> IntegerOf(const Json& node) {
  if (ast::ClassOf(node) != "CONSTANT" || !node["value"].contains("value") ||
      !node["value"]["value"].is_number_integer()) {
    return std::nullopt;
  }
  const std::string type = node["value"]["type"].value("id", "");
  if (type.find("INT") == std::string::npos) return std::nullopt;  // TINYINT to HUGEINT.
  return node["value"]["value"].get<int64_t>();
}

template <class IsNumber>
std::optional<First> FirstOf(const Json& conjunct, const IsNumber& is_number) {
  const std::string type = ast::TypeOf(conjunct);
  if (ast::ClassOf(conjunct) == "BETWEEN" && type == "COMPARE_BETWEEN") {
    const auto lower = IntegerOf(conjunct["lower"]);
    const auto upper = IntegerOf(conjunct["upper"]);
    if (!is_number(conjunct["input"]) || !lower || !upper) return std::nullopt;
    return First{*upper, *lower <= 1};
  }
  if (ast::ClassOf(conjunct) != "COMPARISON") return std::nullopt;
  const bool on_left = is_number(conjunct["left"]);
  if (!on_left && !is_number(conjunct["right"])) return std::nullopt;
  const auto bound = IntegerOf(conjunct[on_left ? "right" : "left"]);
  if (!bound) return std::nullopt;
  if (type == "COMPARE_EQUAL") return First{*bound, *bound == 1};
  if (type == (on_left ? "COMPARE_LESSTHANOREQUALTO" : "COMPARE_GREATERTHANOREQUALTO")) {
    return First{*bound, true};
  }
  if (type == (on_left ? "COMPARE_LESSTHAN" : "COMPARE_GREATERTHAN")) {
    return First{*bound - 1, true};
  }
  return std::nullopt;
}

// Where `leaf` has the plain column `node` of the block's statement.
std::optional<size_t> PlainColumn(const Json& node, const Leaf& leaf) {
  if (!ast::IsColumn(node) || node["column_names"].size() != 2) return std::nullopt;
  const std::string name = ast::ColumnName(node);
  for (size_t i = 0; i < leaf.fields.size(); ++i) {
    if (leaf.fields[i].name == name) return i;
  }
  return std::nullopt;
}

bool IsRanked(const DataType& type) { return ComparedHere(type, type); }

}  // namespace

Status Planner::PlanRanking(Select& select) {
  const Operand& operand = select.operands[0];
  Json& node = select.node;
  if (operand.port.is_source || operand.port.index + 1 != blocks_.size()) return Status::Ok();
  Block& inner = blocks_.back();
  const bool recomputed =
      inner.block_class == BlockClass::kKeyed || inner.block_class == BlockClass::kFull;
  if (!recomputed || inner.ranking || inner.leaves.size() != 1 || !inner.clock_filters.empty()) {
    return Status::Ok();
  }
  Leaf& leaf = inner.leaves[0];

  // Nothing but one window over the leaf.
  STROM_ASSIGN_OR_RETURN(Json query, language_.Parse(inner.sql));
  Json& items = query["select_list"];
  for (const char* part :
       {"modifiers", "group_expressions", "group_sets", "having", "qualify", "where_clause"}) {
    if (!ast::Empty(query, part)) return Status::Ok();
  }
  if (query["from_table"].value("table_name", "") != leaf.input || language_.HasAggregate(items)) {
    return Status::Ok();
  }
  const std::vector<const Json*> windows = ast::WindowsIn(items);
  if (windows.empty()) return Status::Ok();
  const Json window = ast::Alias(*windows[0], "");
  for (const Json* other : windows) {
    if (ast::Alias(*other, "") != window) return Status::Ok();
  }
  STROM_ASSIGN_OR_RETURN(Json plain, language_.ParseExpression("row_number() OVER ()"));
  for (const char* part : {"partitions", "orders"}) plain[part] = window[part];
  if (window != plain || window["partitions"].size() != leaf.key.size()) return Status::Ok();

  Ranking ranking;
  ranking.partition = leaf.key;
  for (const size_t column : leaf.key) {
    if (!IsRanked(leaf.fields[column].type)) return Status::Ok();
  }
  for (const Json& order : window["orders"]) {
    const auto column = PlainColumn(order["expression"], leaf);
    if (!column || !IsRanked(leaf.fields[*column].type)) return Status::Ok();
    // NULLS LAST is DuckDB's default, whichever the direction.
    const bool nulls_first = order["null_order"] == "NULLS FIRST" && !broken_.nulls_ranked_last;
    ranking.orders.push_back({*column, order["type"] == "DESCENDING", nulls_first});
  }

  // How many rows.
  const auto is_number = [&](const Json& column) {
    const auto owner = ast::IsColumn(column) ? FindOwner(column, select.operands) : std::nullopt;
    return owner && owner->parts == column["column_names"].size() &&
           ast::Alias(items[owner->column], "") == window;
  };
  std::vector<Json> rest;
  int64_t first = kFirstMax + 1;
  for (Json& conjunct : ast::Conjuncts(node["where_clause"])) {
    const auto said = FirstOf(conjunct, is_number);
    if (said) first = std::min(first, said->rows);
    if (!said || !said->all) rest.push_back(std::move(conjunct));
  }
  if (first < 1 || first > kFirstMax) return Status::Ok();
  ranking.first = static_cast<size_t>(first);
  node["where_clause"] = ast::And(std::move(rest));

  std::vector<size_t> picks;
  for (size_t i = 0; i < inner.fields.size(); ++i) {
    const auto column = PlainColumn(items[i], leaf);
    if (column) picks.push_back(*column);
    if (ast::Alias(items[i], "") == window) picks.push_back(leaf.fields.size());
  }
  if (picks.size() == inner.fields.size()) inner.picks = std::move(picks);
  inner.ranking = std::move(ranking);

  const Json number = ast::Column(query["from_table"].value("alias", ""), "__n");
  ast::Walk(items, ast::Subqueries::kSkip, [&](Json& n) {
    if (ast::ClassOf(n) != "WINDOW") return true;
    n = ast::Alias(number, n.value("alias", ""));
    return false;
  });
  STROM_ASSIGN_OR_RETURN(inner.sql, language_.Print(query));
  std::vector<duck::Field> fields = leaf.fields;
  fields.push_back({"__n", DataType::BigInt()});
  leaf.handle.reset();
  STROM_ASSIGN_OR_RETURN(leaf.handle, MakeInput(leaf.input, std::move(fields), true));
  return Describe(inner);
}

}  // namespace strom::layer
