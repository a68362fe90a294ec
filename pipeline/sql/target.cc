#include "pipeline/sql/binder.h"
#include "pipeline/sql/token.h"

// The result of an INSERT's query as its target wants it.
namespace strom::sql {

using tree::Json;

namespace {

// A column can be cast in its place; elsewhere (DISTINCT, ORDER BY, UNION) it could change what
// the query means.
bool CanCastInPlace(const Json& node) {
  return tree::Text(node, "type") == "SELECT_NODE" && node["modifiers"].empty();
}

}  // namespace

Status Binder::CastToTarget(Json& node, std::vector<BoundColumn>& columns,
                            const std::vector<Column>& target, Position at) {
  if (columns.size() != target.size()) {
    return ErrorAt(at, fmt::format("the query gives {} columns, the target takes {}",
                                   columns.size(), target.size()));
  }
  bool same = true;
  for (size_t i = 0; i < target.size(); ++i) {
    if (!CanAssign(columns[i].type, target[i].type)) {
      return ErrorAt(at, fmt::format("column {} ({}) is {}, the target's {} is {}: CAST it", i + 1,
                                     columns[i].name, columns[i].type.ToString(), target[i].name,
                                     target[i].type.ToString()));
    }
    same = same && columns[i].name == target[i].name &&
           columns[i].type.kind == ExpressionType::Kind::kValue &&
           columns[i].type.type == target[i].type.WithNullable(true);
  }
  if (same) return Status::Ok();
  if (!CanCastInPlace(node)) {
    std::vector<Json> items;
    for (const BoundColumn& column : columns) {
      items.push_back(tree::Column({column.name}));
      items.back()["alias"] = column.name;
    }
    node = tree::Select(std::move(items), tree::Subquery(std::move(node), "strom_result"));
  }
  for (size_t i = 0; i < target.size(); ++i) {
    Json& item = node["select_list"][i];
    const DataType& type = target[i].type;
    STROM_ASSIGN_OR_RETURN(item, CastValue(std::move(item), columns[i].type, type, false, 0));
    item["alias"] = target[i].name;
    columns[i] = {.name = target[i].name, .type = ExpressionType::Of(type)};
  }
  return Status::Ok();
}

}  // namespace strom::sql
