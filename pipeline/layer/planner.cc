#include "pipeline/layer/planner.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace strom::layer {

using ast::Json;

std::string_view BlockClassName(BlockClass block_class) {
  switch (block_class) {
    case BlockClass::kUnionAll:
      return "union-all";
    case BlockClass::kPick:
      return "pick";
    case BlockClass::kRowWise:
      return "row-wise";
    case BlockClass::kTimed:
      return "timed";
    case BlockClass::kCombine:
      return "combine";
    case BlockClass::kAlgebraic:
      return "algebraic";
    case BlockClass::kJoin:
      return "join";
    case BlockClass::kKeyed:
      return "keyed";
    case BlockClass::kFull:
      return "full";
  }
  STROM_UNREACHABLE();
}

size_t PositionOf(const Leaf& leaf, size_t column) {
  return static_cast<size_t>(std::find(leaf.columns.begin(), leaf.columns.end(), column) -
                             leaf.columns.begin());
}

namespace {

// The blocks that `root` needs, root last. Blocks come after those they read.
std::vector<Block> Reachable(std::vector<Block> blocks, size_t root) {
  std::vector<bool> needed(blocks.size(), false);
  needed[root] = true;
  for (size_t i = root + 1; i-- > 0;) {
    if (!needed[i]) continue;
    for (const Leaf& leaf : blocks[i].leaves) {
      if (!leaf.port.is_source) needed[leaf.port.index] = true;
    }
  }
  std::vector<size_t> places(blocks.size());
  std::vector<Block> out;
  for (size_t i = 0; i <= root; ++i) {
    if (!needed[i]) continue;
    places[i] = out.size();
    for (Leaf& leaf : blocks[i].leaves) {
      if (leaf.port.is_source) continue;
      leaf.port.index = places[leaf.port.index];
      leaf.name = fmt::format("b{}", leaf.port.index);
    }
    out.push_back(std::move(blocks[i]));
  }
  return out;
}

}  // namespace

Planner::Planner(duck::Connection& connection, const ast::Language& language,
                 const sql::BoundQuery& query, BrokenRules broken)
    : connection_(connection), language_(language), query_(query), broken_(broken) {
  for (const sql::SourceTable& source : query.sources) {
    std::vector<duck::Field>& fields = source_fields_.emplace_back();
    for (const strom::Column& column : source.columns) fields.push_back({column.name, column.type});
  }
}

Result<Plan> Planner::Run() {
  STROM_ASSIGN_OR_RETURN(Json node, language_.ParseTree(query_.tree));
  STROM_ASSIGN_OR_RETURN(const size_t root, PlanQuery(std::move(node), {}));
  std::vector<Block> blocks = Reachable(std::move(blocks_), root);
  STROM_RETURN_IF_ERROR(NestRowWise(blocks));
  const size_t last_block = blocks.size() - 1;
  blocks = Reachable(std::move(blocks), last_block);
  const Block& last = blocks.back();
  if (last.fields.size() != query_.columns.size()) {
    return Error(ErrorCode::kInvalidSql, "the query gives {} columns, its plan {}",
                 query_.columns.size(), last.fields.size());
  }
  return Plan{std::move(blocks)};
}

Result<size_t> Planner::PlanQuery(Json node, const Scope& outer) {
  auto scope = std::make_shared<Scope>(outer);
  if (node.contains("cte_map")) {
    for (Json& entry : node["cte_map"]["map"]) {
      auto cte = std::make_shared<Cte>();
      Json& value = entry["value"];
      cte->query = value.contains("query_node") ? value["query_node"] : value["query"]["node"];
      for (const Json& name : value["aliases"]) cte->names.push_back(name.get<std::string>());
      cte->scope = std::make_shared<const Scope>(*scope);
      (*scope)[ast::Lower(entry["key"].get<std::string>())] = std::move(cte);
    }
    node["cte_map"] = {{"map", Json::array()}};
  }
  const std::string type = ast::TypeOf(node);
  if (type == "SET_OPERATION_NODE") return PlanSetOperation(node, *scope);
  if (type == "SELECT_NODE") return PlanSelect(std::move(node), *scope);
  if (type == "RECURSIVE_CTE_NODE") {
    return Error(ErrorCode::kInvalidSql, "WITH RECURSIVE cannot be kept up to date");
  }
  return Error(ErrorCode::kInvalidSql, "{} cannot be kept up to date", type);
}

const std::vector<duck::Field>& Planner::FieldsOf(Port port) const {
  return port.is_source ? source_fields_[port.index] : blocks_[port.index].fields;
}

size_t Planner::Add(Block block) {
  blocks_.push_back(std::move(block));
  return blocks_.size() - 1;
}

Result<std::unique_ptr<duck::Input>> Planner::MakeInput(std::string& name,
                                                        std::vector<duck::Field> fields,
                                                        bool with_key) {
  if (name.empty()) name = fmt::format("__in{}", inputs_++);
  if (with_key) fields.push_back({"__k", DataType::BigInt()});
  return connection_.CreateInput(name, std::move(fields));
}

Leaf Planner::MakeLeaf(const Operand& operand, const std::vector<Column>& columns) {
  Leaf leaf;
  leaf.port = operand.port;
  leaf.name = operand.port.is_source ? query_.sources[operand.port.index].name
                                     : fmt::format("b{}", operand.port.index);
  const std::vector<duck::Field>& fields = FieldsOf(operand.port);
  for (const Column& column : columns) {
    leaf.columns.push_back(column.position);
    leaf.fields.push_back({column.name, fields[column.position].type});
  }
  return leaf;
}

Status Planner::Describe(Block& block) {
  STROM_ASSIGN_OR_RETURN(block.fields, connection_.Describe(block.sql));
  STROM_CHECK(!block.fields.empty());
  block.fields.pop_back();  // "__k".
  return Status::Ok();
}

Status Planner::WatchClock(Block& block, const Json& part) {
  std::vector<Json> expressions;
  ast::ClockExpressions(part, expressions);
  for (const Json& expression : expressions) {
    STROM_ASSIGN_OR_RETURN(Json query, language_.Parse("SELECT 1"));
    query["select_list"] = Json::array({ast::Alias(expression, "")});
    STROM_ASSIGN_OR_RETURN(std::string text, language_.Print(query));
    text = text.substr(std::string_view("SELECT ").size());
    if (std::find(block.clock_filters.begin(), block.clock_filters.end(), text) ==
        block.clock_filters.end()) {
      block.clock_filters.push_back(std::move(text));
    }
  }
  return Status::Ok();
}

}  // namespace strom::layer
