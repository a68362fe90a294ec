#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"

namespace strom::layer {

using ast::Json;

Result<size_t> Planner::PlanSetOperation(const Json& node, const Scope& scope) {
  bool limit = false;
  for (const Json& modifier : node["modifiers"]) {
    limit = limit || ast::TypeOf(modifier) != "ORDER_MODIFIER";
  }
  if (limit) {
    // SELECT * FROM (the set operation) ORDER BY … LIMIT …
    Json inner = node;
    inner["modifiers"] = Json::array();
    STROM_ASSIGN_OR_RETURN(Json outer, language_.Parse("SELECT * FROM (SELECT 1) AS __set"));
    outer["from_table"]["subquery"]["node"] = std::move(inner);
    outer["modifiers"] = node["modifiers"];
    return PlanSelect(std::move(outer), scope);
  }

  const auto type = node["setop_type"].get<std::string>();
  const bool all = node.value("setop_all", false);
  std::vector<size_t> arms;
  for (const char* side : {"left", "right"}) {
    STROM_ASSIGN_OR_RETURN(const size_t arm, PlanQuery(node[side], scope));
    arms.push_back(arm);
  }
  if (blocks_[arms[0]].fields.size() != blocks_[arms[1]].fields.size()) {
    return Error(ErrorCode::kInvalidSql, "{}: one side has {} columns, the other {}", type,
                 blocks_[arms[0]].fields.size(), blocks_[arms[1]].fields.size());
  }
  STROM_ASSIGN_OR_RETURN(arms, CastArms(std::move(arms)));
  if (type == "UNION") {
    Block block;
    block.block_class = BlockClass::kUnionAll;
    block.fields = blocks_[arms[0]].fields;
    for (const size_t arm : arms) {
      Operand operand;
      operand.port = {false, arm};
      block.leaves.push_back(MakeLeaf(operand, {}));
    }
    const size_t both = Add(std::move(block));
    return all ? both : PlanCombine(CombineKind::kDistinct, {both});
  }
  if (type == "INTERSECT") {
    return PlanCombine(all ? CombineKind::kIntersectAll : CombineKind::kIntersect, std::move(arms));
  }
  if (type == "EXCEPT") {
    return PlanCombine(all ? CombineKind::kExceptAll : CombineKind::kExcept, std::move(arms));
  }
  return Error(ErrorCode::kInvalidSql, "{} cannot be kept up to date", type);
}

Result<size_t> Planner::PlanCombine(CombineKind kind, std::vector<size_t> arms) {
  Block block;
  block.block_class = BlockClass::kCombine;
  block.combine = kind;
  block.fields = blocks_[arms[0]].fields;
  for (const size_t arm : arms) {
    Operand operand;
    operand.port = {false, arm};
    block.leaves.push_back(MakeLeaf(operand, {}));
  }
  if (kind == CombineKind::kDistinct) {
    for (size_t i = 0; i < block.fields.size(); ++i) block.unique.push_back(i);
  }
  return Add(std::move(block));
}

// Arms whose rows have the types of the whole.
Result<std::vector<size_t>> Planner::CastArms(std::vector<size_t> arms) {
  std::vector<std::string> inputs(arms.size());
  std::vector<std::unique_ptr<duck::Input>> handles;
  std::string all;
  for (size_t i = 0; i < arms.size(); ++i) {
    std::vector<duck::Field> fields = blocks_[arms[i]].fields;
    for (size_t c = 0; c < fields.size(); ++c) fields[c].name = fmt::format("c{}", c);
    STROM_ASSIGN_OR_RETURN(handles.emplace_back(), MakeInput(inputs[i], std::move(fields), false));
    all += fmt::format("{}SELECT * FROM {}", i == 0 ? "" : " UNION ALL ", inputs[i]);
  }
  STROM_ASSIGN_OR_RETURN(const std::vector<duck::Field> target, connection_.Describe(all));
  for (size_t& arm : arms) {
    const std::vector<duck::Field>& fields = blocks_[arm].fields;
    std::string items;
    bool same = true;
    for (size_t c = 0; c < fields.size(); ++c) {
      same = same && fields[c].type == target[c].type;
      items += fmt::format("CAST(c{} AS {}) AS {}, ", c, duck::SqlType(target[c].type),
                           ast::Quoted(blocks_[arms[0]].fields[c].name));
    }
    if (same) continue;
    Block block;
    block.block_class = BlockClass::kRowWise;
    Operand operand;
    operand.port = {false, arm};
    std::vector<Column> columns;
    for (size_t c = 0; c < fields.size(); ++c) columns.push_back({c, fmt::format("c{}", c)});
    Leaf leaf = MakeLeaf(operand, columns);
    leaf.anchor = true;
    STROM_ASSIGN_OR_RETURN(leaf.handle, MakeInput(leaf.input, leaf.fields, true));
    block.sql = fmt::format("SELECT {}__k FROM {}", items, leaf.input);
    block.leaves.push_back(std::move(leaf));
    STROM_RETURN_IF_ERROR(Describe(block));
    arm = Add(std::move(block));
  }
  return arms;
}

}  // namespace strom::layer
