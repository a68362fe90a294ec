#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"

namespace strom::layer {

using ast::Json;

// What the core has to give, and what is made of it.
struct Planner::Merged {
  std::vector<Json> items;                // Groups first, then arguments; each once.
  std::vector<Accumulator> accumulators;  // `argument`: place among the items.
  std::vector<size_t> sums;               // Places of items that must be exact numbers.
  std::vector<size_t> ordered;            // Places of items that must have an order.

  size_t Item(const Json& expression) {
    const auto found = std::find(items.begin(), items.end(), expression);
    if (found != items.end()) return static_cast<size_t>(found - items.begin());
    items.push_back(expression);
    return items.size() - 1;
  }
  size_t Accumulate(Accumulator::Kind kind, std::optional<size_t> argument) {
    for (size_t i = 0; i < accumulators.size(); ++i) {
      if (accumulators[i].kind == kind && accumulators[i].argument == argument) return i;
    }
    accumulators.push_back({kind, argument});
    return accumulators.size() - 1;
  }
};

namespace {

bool IsExact(const DataType& type) {
  return (type.kind() >= TypeKind::kTinyInt && type.kind() <= TypeKind::kBigInt) ||
         type.kind() == TypeKind::kDecimal;
}

Json OnlyIf(const Json& condition, Json expression) {
  const Json null = {
      {"class", "CONSTANT"},
      {"type", "VALUE_CONSTANT"},
      {"alias", ""},
      {"value", {{"type", {{"id", "NULL"}, {"type_info", nullptr}}}, {"is_null", true}}}};
  return {{"class", "CASE"},
          {"type", "CASE_EXPR"},
          {"alias", ""},
          {"case_checks", {{{"when_expr", condition}, {"then_expr", std::move(expression)}}}},
          {"else_expr", null}};
}

}  // namespace

// Puts columns of the group table "__g" in the place of groups and aggregates. False if an
// aggregate is none that can be merged.
Result<bool> Planner::RewriteMerged(Json& part, const Json& groups, Merged& merged) const {
  if (part.is_array()) {
    for (Json& child : part) {
      STROM_ASSIGN_OR_RETURN(const bool fine, RewriteMerged(child, groups, merged));
      if (!fine) return false;
    }
    return true;
  }
  if (!part.is_object()) return true;
  const std::string alias = part.value("alias", "");
  for (size_t i = 0; !ast::ClassOf(part).empty() && i < groups.size(); ++i) {
    if (ast::Alias(part, "") == groups[i]) {
      part = ast::Alias(ast::Column("__g", fmt::format("g{}", i)), alias);
      return true;
    }
  }
  if (ast::TypeOf(part) == "GROUPING_FUNCTION") return false;
  if (!language_.IsAggregate(part)) {
    for (auto& child : part) {
      STROM_ASSIGN_OR_RETURN(const bool fine, RewriteMerged(child, groups, merged));
      if (!fine) return false;
    }
    return true;
  }

  const std::string name = ast::Lower(part["function_name"].get<std::string>());
  const bool distinct = part.value("distinct", false);
  const Json& arguments = part["children"];
  if (!part["order_bys"]["orders"].empty() || arguments.size() > 1) return false;
  std::optional<size_t> argument;
  const Json& filter = part["filter"];
  if (arguments.size() == 1) {
    const Json plain = ast::Alias(arguments[0], "");
    argument = merged.Item(filter.is_null() ? plain : OnlyIf(filter, plain));
  } else if (!filter.is_null()) {
    STROM_ASSIGN_OR_RETURN(Json one, language_.ParseExpression("1"));
    argument = merged.Item(OnlyIf(filter, std::move(one)));
  }
  using Kind = Accumulator::Kind;
  std::string text;
  if (name == "count_star" || (name == "count" && !distinct)) {
    text = fmt::format("__g.a{}", merged.Accumulate(Kind::kCount, argument));
  } else if (!argument) {
    return false;
  } else if (name == "count") {
    merged.ordered.push_back(*argument);
    text = fmt::format("__g.a{}", merged.Accumulate(Kind::kCountDistinct, argument));
  } else if (name == "min" || name == "max") {
    merged.ordered.push_back(*argument);
    text = fmt::format("__g.a{}",
                       merged.Accumulate(name == "min" ? Kind::kMin : Kind::kMax, argument));
  } else if (name == "sum" && !distinct) {
    merged.sums.push_back(*argument);
    // "__sum" is replaced when the argument's type is known: sums of integers are HUGEINT.
    text = fmt::format("__sum(__g.a{})", merged.Accumulate(Kind::kSum, argument));
  } else if ((name == "avg" || name == "mean") && !distinct) {
    merged.sums.push_back(*argument);
    text =
        fmt::format("(CAST(__g.a{} AS DOUBLE) / __g.a{})", merged.Accumulate(Kind::kSum, argument),
                    merged.Accumulate(Kind::kCount, argument));
  } else {
    return false;
  }
  STROM_ASSIGN_OR_RETURN(Json replacement, language_.ParseExpression(text));
  part = ast::Alias(std::move(replacement), alias);
  return true;
}

// The types of expressions over the operands; nullopt if they cannot be told.
Result<std::optional<std::vector<duck::Field>>> Planner::TypesOver(const Select& select,
                                                                   const std::vector<Json>& items) {
  if (items.empty()) return std::optional(std::vector<duck::Field>());
  std::vector<std::unique_ptr<duck::Input>> inputs;
  std::string from;
  for (const Operand& operand : select.operands) {
    if (!operand.is_data) return std::optional<std::vector<duck::Field>>();
    std::string name;
    STROM_ASSIGN_OR_RETURN(inputs.emplace_back(), MakeInput(name, operand.columns, false));
    from += fmt::format("{}{} AS {}", from.empty() ? "" : ", ", name, ast::Quoted(operand.alias));
  }
  STROM_ASSIGN_OR_RETURN(Json query, language_.Parse("SELECT 1 FROM " + from));
  query["select_list"] = items;
  STROM_ASSIGN_OR_RETURN(const std::string text, language_.Print(query));
  Result<std::vector<duck::Field>> fields = connection_.Describe(text);
  if (!fields.ok()) return std::optional<std::vector<duck::Field>>();
  return std::optional(std::move(*fields));
}

Result<std::optional<size_t>> Planner::PlanAlgebraic(Select& select, const Scope& scope) {
  const std::optional<size_t> no;
  const Json& node = select.node;
  if (node["group_sets"].size() > 1 || !node["qualify"].is_null() || select.operands.empty())
    return no;
  const Json groups = node["group_expressions"];
  Merged merged;
  for (const Json& group : groups) {
    if (language_.HasAggregate(group)) return no;
    merged.items.push_back(group);
  }
  Json items = node["select_list"];
  Json having = node["having"];
  for (Json* part : {&items, &having}) {
    STROM_ASSIGN_OR_RETURN(const bool fine, RewriteMerged(*part, groups, merged));
    if (!fine) return no;
    for (const Json* column : ast::ColumnsIn(*part, ast::Subqueries::kEnter)) {
      if ((*column)["column_names"][0] != "__g") return no;
    }
  }
  if (ast::UsesClock(having)) return no;
  if (merged.items.empty() && select.operands[0].is_data) {  // count(*) alone: of any column.
    const Operand& operand = select.operands[0];
    merged.items.push_back(ast::Column(operand.alias, operand.columns[0].name));
  }
  STROM_ASSIGN_OR_RETURN(const auto types, TypesOver(select, merged.items));
  if (!types) return no;
  for (const size_t item : merged.sums) {
    if (!IsExact((*types)[item].type)) return no;
  }
  for (const size_t item : merged.ordered) {
    if ((*types)[item].type.IsNested()) return no;
  }

  Block block;
  block.block_class = BlockClass::kAlgebraic;
  Json core_items = Json::array();
  bool plain = true;
  std::vector<Column> columns;
  for (size_t i = 0; i < merged.items.size(); ++i) {
    const Json& item = merged.items[i];
    const auto owner = ast::IsColumn(item) ? FindOwner(item, select.operands) : std::nullopt;
    plain = plain && owner && owner->parts == item["column_names"].size();
    columns.push_back({plain ? owner->column : 0, fmt::format("c{}", i)});
    core_items.push_back(ast::Alias(item, columns.back().name));
  }
  Operand from;
  if (plain && !columns.empty() && select.operands.size() == 1 && node["where_clause"].is_null()) {
    from = select.operands[0];
  } else {
    if (core_items.empty()) {  // count(*) alone, of nothing.
      STROM_ASSIGN_OR_RETURN(Json one, language_.ParseExpression("TRUE"));
      core_items.push_back(ast::Alias(std::move(one), "c0"));
      columns.push_back({0, "c0"});
    }
    Select core = std::move(select);
    core.node["select_list"] = std::move(core_items);
    core.node["group_expressions"] = Json::array();
    core.node["group_sets"] = Json::array();
    core.node["having"] = nullptr;
    core.node["aggregate_handling"] = "STANDARD_HANDLING";
    STROM_ASSIGN_OR_RETURN(const size_t below, PlanCore(std::move(core), scope, true));
    from.port = {false, below};
    for (size_t i = 0; i < columns.size(); ++i) columns[i].position = i;
  }
  block.leaves.push_back(MakeLeaf(from, columns));
  const Leaf& leaf = block.leaves[0];

  std::vector<duck::Field> fields;
  for (size_t i = 0; i < groups.size(); ++i) {
    block.group_columns.push_back(i);
    fields.push_back({fmt::format("g{}", i), leaf.fields[i].type});
  }
  std::vector<bool> of_integers(merged.accumulators.size(), false);
  for (size_t i = 0; i < merged.accumulators.size(); ++i) {
    const Accumulator& accumulator = merged.accumulators[i];
    DataType type = DataType::BigInt();
    if (accumulator.kind == Accumulator::Kind::kSum) {
      const DataType& of = leaf.fields[*accumulator.argument].type;
      of_integers[i] = of.kind() != TypeKind::kDecimal;
      type = DataType::Decimal(38, of_integers[i] ? 0 : of.scale());
    } else if (accumulator.kind == Accumulator::Kind::kMin ||
               accumulator.kind == Accumulator::Kind::kMax) {
      type = leaf.fields[*accumulator.argument].type;
    }
    fields.push_back({fmt::format("a{}", i), type});
  }
  block.accumulators = std::move(merged.accumulators);

  STROM_ASSIGN_OR_RETURN(const Json as_huge, language_.ParseExpression("CAST(x AS HUGEINT)"));
  for (Json* part : {&items, &having}) {
    ast::Walk(*part, ast::Subqueries::kSkip, [&](Json& n) {
      if (ast::ClassOf(n) != "FUNCTION" || n["function_name"] != "__sum") return true;
      Json column = n["children"][0];
      const std::string alias = n.value("alias", "");
      const size_t place = std::stoul(column["column_names"].back().get<std::string>().substr(1));
      if (of_integers[place]) {
        Json cast = as_huge;
        cast["child"] = std::move(column);
        column = std::move(cast);
      }
      n = ast::Alias(std::move(column), alias);
      return false;
    });
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (ast::UsesClock(items[i]) && ast::ColumnsIn(items[i], ast::Subqueries::kEnter).empty()) {
      block.clock_columns.push_back(i);
    }
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (ast::Alias(items[i], "") == ast::Column("__g", fmt::format("g{}", g))) {
        block.unique.push_back(i);
        break;
      }
    }
  }
  if (block.unique.size() != groups.size()) block.unique.clear();

  std::string input;
  STROM_ASSIGN_OR_RETURN(block.groups, MakeInput(input, std::move(fields), true));
  STROM_ASSIGN_OR_RETURN(Json query,
                         language_.Parse(fmt::format("SELECT 1 FROM {} AS __g", input)));
  items.push_back(ast::Alias(ast::Column("__g", "__k"), "__k"));
  query["select_list"] = std::move(items);
  query["where_clause"] = std::move(having);
  STROM_ASSIGN_OR_RETURN(block.sql, language_.Print(query));
  STROM_RETURN_IF_ERROR(Describe(block));
  return std::optional(Add(std::move(block)));
}

}  // namespace strom::layer
