#include "pipeline/sql/tree.h"

#include <charconv>

#include "common/base/check.h"
#include "pipeline/sql/token.h"

namespace strom::sql::tree {
namespace {

constexpr uint64_t kNowhere = UINT64_MAX;

Result<std::string> OneText(duck::Connection& connection, const std::string& sql) {
  STROM_ASSIGN_OR_RETURN(const duck::RowSet rows, connection.Query(sql));
  if (rows.rows.size() != 1 || rows.rows[0].size() != 1) {
    return Error(ErrorCode::kInvalidSql, "DuckDB gave no answer to {}", sql.substr(0, 40));
  }
  const Bytes* text = rows.rows[0][0].get_if<Bytes>();
  if (text == nullptr) return Error(ErrorCode::kInvalidSql, "DuckDB gave NULL");
  return std::string(text->begin(), text->end());
}

Result<Json> Serialize(duck::Connection& connection, std::string_view sql) {
  STROM_ASSIGN_OR_RETURN(
      const std::string text,
      OneText(connection,
              fmt::format("SELECT CAST(json_serialize_sql({}) AS VARCHAR)", QuoteString(sql))));
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return Error(ErrorCode::kInvalidSql, "DuckDB's tree is no JSON");
  return document;
}

Json Node(std::string_view node_class, std::string_view type) {
  return Json{{"class", node_class}, {"type", type}, {"alias", ""}, {"query_location", kNowhere}};
}

Json TypeNode(const DataType& type) {
  const auto plain = [](std::string_view id) { return Json{{"id", id}, {"type_info", nullptr}}; };
  const auto with = [](std::string_view id, Json info) {
    info["alias"] = "";
    info["extension_info"] = nullptr;
    return Json{{"id", id}, {"type_info", std::move(info)}};
  };
  const auto child_types = [](std::vector<std::pair<std::string, Json>> children) {
    Json list = Json::array();
    for (auto& [name, child] : children) {
      list.push_back({{"first", name}, {"second", std::move(child)}});
    }
    return list;
  };
  switch (type.kind()) {
    case TypeKind::kDecimal:
      return with(
          "DECIMAL",
          {{"type", "DECIMAL_TYPE_INFO"}, {"width", type.precision()}, {"scale", type.scale()}});
    case TypeKind::kArray:
      return with("LIST", {{"type", "LIST_TYPE_INFO"}, {"child_type", TypeNode(type.element())}});
    case TypeKind::kMap: {
      Json entry =
          with("STRUCT", {{"type", "STRUCT_TYPE_INFO"},
                          {"child_types", child_types({{"key", TypeNode(type.key())},
                                                       {"value", TypeNode(type.value())}})}});
      return with("MAP", {{"type", "LIST_TYPE_INFO"}, {"child_type", std::move(entry)}});
    }
    case TypeKind::kRow: {
      std::vector<std::pair<std::string, Json>> children;
      for (const RowField& field : type.fields()) {
        children.emplace_back(field.name, TypeNode(field.type));
      }
      return with("STRUCT", {{"type", "STRUCT_TYPE_INFO"},
                             {"child_types", child_types(std::move(children))}});
    }
    default:
      return plain(duck::SqlType(type));
  }
}

}  // namespace

Result<Json> Parse(duck::Connection& connection, const DialectText& text) {
  STROM_ASSIGN_OR_RETURN(Json document, Serialize(connection, text.sql));
  if (!document.value("error", true)) return document;
  size_t offset = 0;
  const std::string position = document.value("position", "0");
  std::from_chars(position.data(), position.data() + position.size(), offset);
  return ErrorAt(text.MarkOf(offset).at, document.value("error_message", "syntax error"));
}

Result<Json> Parse(duck::Connection& connection, std::string_view sql) {
  STROM_ASSIGN_OR_RETURN(Json document, Serialize(connection, sql));
  if (!document.value("error", true)) return document;
  return Error(ErrorCode::kInvalidSql, "{}", document.value("error_message", "syntax error"));
}

Result<Json> QueryNode(Json document) {
  Json& statements = document["statements"];
  if (statements.size() != 1) {
    return Error(ErrorCode::kInvalidSql, "expected one query, found {}", statements.size());
  }
  return std::move(statements[0]["node"]);
}

Result<std::string> Print(duck::Connection& connection, const Json& query_node) {
  const Json document{
      {"error", false},
      {"statements",
       Json::array({Json{{"node", query_node}, {"named_param_map", Json::array()}}})}};
  return OneText(connection, fmt::format("SELECT json_deserialize_sql(CAST({} AS JSON))",
                                         QuoteString(document.dump())));
}

Result<std::string> PrintExpression(duck::Connection& connection, const Json& expression) {
  Json bare = expression;
  bare["alias"] = "";
  STROM_ASSIGN_OR_RETURN(
      const std::string text,
      Print(connection, Select({std::move(bare)}, Json{{"type", "EMPTY"},
                                                       {"alias", ""},
                                                       {"sample", nullptr},
                                                       {"query_location", kNowhere}})));
  static constexpr std::string_view kSelect = "SELECT ";
  STROM_CHECK(text.starts_with(kSelect)) << text;
  return text.substr(kSelect.size());
}

bool IsClass(const Json& node, std::string_view name) {
  return node.is_object() && Text(node, "class") == name;
}

bool IsFunction(const Json& node, std::string_view name) {
  return IsClass(node, "FUNCTION") && Text(node, "function_name") == name;
}

std::string Text(const Json& node, std::string_view key) {
  const auto it = node.find(key);
  return it != node.end() && it->is_string() ? it->get<std::string>() : "";
}

std::optional<size_t> Location(const Json& node) {
  if (node.is_object()) {
    const auto it = node.find("query_location");
    if (it != node.end() && it->is_number_unsigned() && it->get<uint64_t>() != kNowhere) {
      return it->get<size_t>();
    }
  }
  if (!node.is_structured()) return std::nullopt;
  for (const Json& child : node) {
    if (const auto found = Location(child)) return found;
  }
  return std::nullopt;
}

Json Call(std::string_view function, std::vector<Json> arguments) {
  Json node = Node("FUNCTION", "FUNCTION");
  node["function_name"] = function;
  node["schema"] = "";
  node["children"] = std::move(arguments);
  node["filter"] = nullptr;
  node["order_bys"] = {{"type", "ORDER_MODIFIER"}, {"orders", Json::array()}};
  node["distinct"] = false;
  node["is_operator"] = false;
  node["export_state"] = false;
  node["catalog"] = "";
  return node;
}

Json Operator(std::string_view symbol, std::vector<Json> arguments) {
  Json node = Call(symbol, std::move(arguments));
  node["is_operator"] = true;
  return node;
}

Json Integer(int64_t value) {
  Json node = Node("CONSTANT", "VALUE_CONSTANT");
  const bool small = value >= INT32_MIN && value <= INT32_MAX;
  node["value"] = {{"type", {{"id", small ? "INTEGER" : "BIGINT"}, {"type_info", nullptr}}},
                   {"is_null", false},
                   {"value", value}};
  return node;
}

Json String(std::string_view text) {
  Json node = Node("CONSTANT", "VALUE_CONSTANT");
  node["value"] = {
      {"type", {{"id", "VARCHAR"}, {"type_info", nullptr}}}, {"is_null", false}, {"value", text}};
  return node;
}

Json Null() {
  Json node = Node("CONSTANT", "VALUE_CONSTANT");
  node["value"] = {{"type", {{"id", "NULL"}, {"type_info", nullptr}}}, {"is_null", true}};
  return node;
}

Json Cast(Json child, const DataType& type, bool try_cast) {
  Json node = Node("CAST", "OPERATOR_CAST");
  child["alias"] = "";
  node["child"] = std::move(child);
  node["cast_type"] = TypeNode(type);
  node["try_cast"] = try_cast;
  return node;
}

Json Column(std::vector<std::string> parts) {
  Json node = Node("COLUMN_REF", "COLUMN_REF");
  node["column_names"] = std::move(parts);
  return node;
}

Json Case(Json when, Json then, Json otherwise) {
  Json node = Node("CASE", "CASE_EXPR");
  node["case_checks"] =
      Json::array({Json{{"when_expr", std::move(when)}, {"then_expr", std::move(then)}}});
  node["else_expr"] = std::move(otherwise);
  return node;
}

Json Compare(std::string_view type, Json left, Json right) {
  Json node = Node("COMPARISON", type);
  node["left"] = std::move(left);
  node["right"] = std::move(right);
  return node;
}

Json IsNull(Json child) {
  Json node = Node("OPERATOR", "OPERATOR_IS_NULL");
  node["children"] = Json::array({std::move(child)});
  return node;
}

Json Select(std::vector<Json> select_list, Json from) {
  return Json{{"type", "SELECT_NODE"},
              {"modifiers", Json::array()},
              {"cte_map", {{"map", Json::array()}}},
              {"select_list", std::move(select_list)},
              {"from_table", std::move(from)},
              {"where_clause", nullptr},
              {"group_expressions", Json::array()},
              {"group_sets", Json::array()},
              {"aggregate_handling", "STANDARD_HANDLING"},
              {"having", nullptr},
              {"sample", nullptr},
              {"qualify", nullptr}};
}

Json Subquery(Json query_node, std::string_view alias) {
  return Json{{"type", "SUBQUERY"},
              {"alias", alias},
              {"sample", nullptr},
              {"query_location", kNowhere},
              {"subquery", {{"node", std::move(query_node)}, {"named_param_map", Json::array()}}},
              {"column_name_alias", Json::array()}};
}

std::optional<std::string> ConstantText(const Json& node) {
  if (!IsClass(node, "CONSTANT")) return std::nullopt;
  const Json& value = node["value"];
  if (value.value("is_null", true) || !value["value"].is_string()) return std::nullopt;
  return value["value"].get<std::string>();
}

std::optional<int64_t> ConstantInteger(const Json& node) {
  if (IsFunction(node, "-") && node["children"].size() == 1) {
    const auto inner = ConstantInteger(node["children"][0]);
    return inner ? std::optional(-*inner) : std::nullopt;
  }
  if (!IsClass(node, "CONSTANT")) return std::nullopt;
  const Json& value = node["value"];
  if (value.value("is_null", true) || Text(value["type"], "id") == "DECIMAL" ||
      !value["value"].is_number_integer()) {
    return std::nullopt;
  }
  return value["value"].get<int64_t>();
}

void Replace(Json& place, Json node) {
  node["alias"] = Text(place, "alias");
  if (place.contains("query_location")) node["query_location"] = place["query_location"];
  place = std::move(node);
}

}  // namespace strom::sql::tree
