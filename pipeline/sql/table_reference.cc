#include <algorithm>

#include "pipeline/sql/binder.h"
#include "pipeline/sql/token.h"

namespace strom::sql {

using tree::Json;

namespace {

// The parts of a table's name as written.
ObjectName NameOf(const Json& table, Position at) {
  ObjectName name{.parts = {}, .at = at};
  for (const char* key : {"catalog_name", "schema_name", "table_name"}) {
    std::string part = tree::Text(table, key);
    if (!part.empty()) name.parts.push_back(std::move(part));
  }
  return name;
}

}  // namespace

Status Binder::TableReference(Json& table, Scope& scope) {
  const std::string type = tree::Text(table, "type");
  if (type == "EMPTY") return Status::Ok();
  if (!table["sample"].is_null()) return Fail(table, "TABLESAMPLE is not supported");
  if (type == "BASE_TABLE") return BaseTable(table, scope);
  if (type == "JOIN") return Join(table, scope);
  if (type == "TABLE_FUNCTION") return Unnest(table, scope);
  if (type == "EXPRESSION_LIST") return Values(table, scope);
  if (type != "SUBQUERY") return Fail(table, fmt::format("{} is not supported in FROM", type));
  STROM_ASSIGN_OR_RETURN(std::vector<BoundColumn> columns,
                         Query(table["subquery"]["node"], scope.outer, scope.ctes));
  if (!table["column_name_alias"].empty()) {
    STROM_RETURN_IF_ERROR(Rename(table["subquery"]["node"], columns,
                                 table["column_name_alias"].get<std::vector<std::string>>()));
    table["column_name_alias"] = Json::array();
  }
  if (tree::Text(table, "alias").empty()) {
    table["alias"] = fmt::format("strom_q{}", scope.relations.size());
  }
  scope.relations.push_back({.alias = tree::Text(table, "alias"), .columns = std::move(columns)});
  return Status::Ok();
}

// `node` with other names for its columns: a query around it.
Status Binder::Rename(Json& node, std::vector<BoundColumn>& columns,
                      const std::vector<std::string>& names) const {
  if (names.size() != columns.size()) {
    return Fail(node, fmt::format("{} names for {} columns", names.size(), columns.size()));
  }
  std::vector<Json> items;
  for (size_t i = 0; i < names.size(); ++i) {
    Json item = tree::Column({columns[i].name});
    item["alias"] = names[i];
    items.push_back(std::move(item));
    columns[i].name = names[i];
  }
  node = tree::Select(std::move(items), tree::Subquery(std::move(node), "strom_named"));
  return Status::Ok();
}

Result<const CreateView*> Binder::FindView(const Json& table) const {
  const ObjectName name = NameOf(table, {});
  for (const CreateView& view : views_) {
    if (name.parts == view.name.parts) return &view;
  }
  return nullptr;
}

Result<const SourceTable*> Binder::Source(const Json& table) {
  const Position at = text_->MarkOf(tree::Location(table).value_or(0)).at;
  Result<SourceTable> resolved = resolver_(NameOf(table, at));
  if (!resolved.ok()) {
    const std::string where =
        open_views_.empty() ? "" : fmt::format("view {}: ", open_views_.back());
    return Error(resolved.status().code(), "line {}, column {}: {}{}", at.line, at.column, where,
                 resolved.status().message());
  }
  const auto known = std::ranges::find(sources_, resolved->path, &SourceTable::path);
  if (known != sources_.end()) return &*known;
  sources_.push_back(std::move(resolved).value());
  return &sources_.back();
}

Status Binder::BaseTable(Json& table, Scope& scope) {
  const std::string name = tree::Text(table, "table_name");
  const std::vector<std::string> names = table["column_name_alias"].get<std::vector<std::string>>();
  if (tree::Text(table, "alias").empty()) table["alias"] = name;
  Relation relation{.alias = tree::Text(table, "alias"), .columns = {}};
  const auto cte = scope.ctes.find(Lower(name));
  if (tree::Text(table, "schema_name").empty() && cte != scope.ctes.end()) {
    relation.columns = cte->second;
  } else {
    STROM_ASSIGN_OR_RETURN(const CreateView* view, FindView(table));
    if (view != nullptr) return View(table, *view, scope);
    STROM_ASSIGN_OR_RETURN(const SourceTable* source, Source(table));
    table["table_name"] = source->name;
    table["schema_name"] = "";
    table["catalog_name"] = "";
    for (const Column& column : source->columns) {
      relation.columns.push_back({.name = column.name, .type = ExpressionType::Of(column.type)});
    }
  }
  if (!names.empty()) {
    if (names.size() != relation.columns.size()) {
      return Fail(table,
                  fmt::format("{} names for {} columns", names.size(), relation.columns.size()));
    }
    for (size_t i = 0; i < names.size(); ++i) relation.columns[i].name = names[i];
  }
  scope.relations.push_back(std::move(relation));
  return Status::Ok();
}

Status Binder::View(Json& table, const CreateView& view, Scope& scope) {
  const std::string name = view.name.parts.back();
  if (std::ranges::count(open_views_, name) > 0) {
    return Fail(table, fmt::format("view {} reads itself", name));
  }
  open_views_.push_back(name);
  auto bound = Bind(view.query, view.query_at);
  open_views_.pop_back();
  if (!bound.ok()) return bound.status();
  auto [node, columns] = std::move(bound).value();
  if (!view.columns.empty()) STROM_RETURN_IF_ERROR(Rename(node, columns, view.columns));
  const auto names = table["column_name_alias"].get<std::vector<std::string>>();
  if (!names.empty()) STROM_RETURN_IF_ERROR(Rename(node, columns, names));
  const std::string alias = tree::Text(table, "alias");
  table = tree::Subquery(std::move(node), alias);
  scope.relations.push_back({.alias = alias, .columns = std::move(columns)});
  return Status::Ok();
}

Status Binder::Join(Json& table, Scope& scope) {
  const std::string kind = tree::Text(table, "ref_type");
  if (!table["using_columns"].empty()) {
    return Fail(table, "JOIN … USING is not supported: write ON");
  }
  if (kind != "REGULAR" && kind != "CROSS") {
    return Fail(table, fmt::format("{} JOIN is not supported", kind));
  }
  STROM_RETURN_IF_ERROR(TableReference(table["left"], scope));
  STROM_RETURN_IF_ERROR(TableReference(table["right"], scope));
  if (!table["condition"].is_null()) STROM_RETURN_IF_ERROR(Boolean(table["condition"], scope));
  return Status::Ok();
}

// UNNEST(array) AS t (column): one row an element.
Status Binder::Unnest(Json& table, Scope& scope) {
  Json& call = table["function"];
  const std::string function = tree::Text(call, "function_name");
  if (function != "unnest") {
    return Fail(table, fmt::format("table function {} is not supported", function));
  }
  STROM_ASSIGN_OR_RETURN(const Types types, Expressions(call["children"], scope));
  if (types.size() != 1 || !types[0].Is(TypeKind::kArray)) {
    return Fail(table, "UNNEST needs one array");
  }
  if (tree::Text(table, "with_ordinality") == "WITH_ORDINALITY") {
    return Fail(table, "WITH ORDINALITY is not supported");
  }
  const DataType& element = types[0].type.element();
  if (element.kind() == TypeKind::kRow) return Fail(table, "UNNEST of ROWs is not supported");
  auto names = table["column_name_alias"].get<std::vector<std::string>>();
  if (names.size() > 1) return Fail(table, "UNNEST of this array gives one column");
  if (names.empty()) names.push_back("EXPR$0");
  table["column_name_alias"] = names;
  if (tree::Text(table, "alias").empty()) {
    table["alias"] = fmt::format("strom_u{}", scope.relations.size());
  }
  scope.relations.push_back({.alias = tree::Text(table, "alias"),
                             .columns = {{.name = names[0], .type = ExpressionType::Of(element)}}});
  return Status::Ok();
}

Status Binder::Values(Json& table, Scope& scope) {
  std::vector<Types> columns;
  for (Json& row : table["values"]) {
    STROM_ASSIGN_OR_RETURN(const Types types, Expressions(row, scope));
    if (columns.empty()) columns.resize(types.size());
    if (columns.size() != types.size()) return Fail(row, "the rows of VALUES differ in length");
    for (size_t i = 0; i < types.size(); ++i) columns[i].push_back(types[i]);
  }
  const auto names = table["column_name_alias"].is_array()
                         ? table["column_name_alias"].get<std::vector<std::string>>()
                         : std::vector<std::string>();
  Relation relation{.alias = tree::Text(table, "alias"), .columns = {}};
  for (size_t i = 0; i < columns.size(); ++i) {
    STROM_ASSIGN_OR_RETURN(const ExpressionType type, Common(table, columns[i]));
    relation.columns.push_back(
        {.name = i < names.size() ? names[i] : fmt::format("col{}", i), .type = type});
  }
  scope.relations.push_back(std::move(relation));
  return Status::Ok();
}

}  // namespace strom::sql
