#include "pipeline/worker/projection.h"

#include <nlohmann/json.hpp>

namespace strom::worker {
namespace {

using Json = nlohmann::json;

std::string Text(const Json& node, const char* key) {
  const auto at = node.find(key);
  return at != node.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool IsEmpty(const Json& node, const char* key) {
  const auto at = node.find(key);
  return at == node.end() || at->is_null() || (at->is_array() && at->empty());
}

Status More(std::string_view what) {
  return Error(
      ErrorCode::kInvalidSql,
      "a CDC job copies columns of its table, but this query {}: copy the table first, and "
      "compute in a query over the copy",
      what);
}

}  // namespace

Result<std::vector<std::string>> CopiedColumns(const sql::BoundQuery& query) {
  const Json document = Json::parse(query.tree, nullptr, false);
  const Json* node = &document;
  if (document.is_object() && document.contains("statements")) {
    node = &document["statements"][0]["node"];
  }
  if (!node->is_object() || Text(*node, "type") != "SELECT_NODE") return More("combines queries");
  if (query.sources.size() != 1 || !node->contains("from_table") ||
      Text((*node)["from_table"], "type") != "BASE_TABLE") {
    return More("reads something other than one table");
  }
  if (!IsEmpty(*node, "where_clause")) return More("has a WHERE");
  if (!IsEmpty(*node, "group_expressions") || !IsEmpty(*node, "having") ||
      !IsEmpty(*node, "qualify")) {
    return More("groups rows");
  }
  if (!IsEmpty(*node, "modifiers")) return More("has DISTINCT, ORDER BY or LIMIT");
  std::vector<std::string> columns;
  for (const Json& item : (*node)["select_list"]) {
    const Json* expression = &item;
    while (Text(*expression, "class") == "CAST") expression = &(*expression)["child"];
    if (Text(*expression, "class") == "STAR") {
      for (const Column& column : query.sources[0].columns) columns.push_back(column.name);
      continue;
    }
    if (Text(*expression, "class") != "COLUMN_REF") return More("computes a column");
    columns.push_back((*expression)["column_names"].back().get<std::string>());
  }
  return columns;
}

}  // namespace strom::worker
