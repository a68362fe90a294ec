#include "pipeline/layer/ast.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace strom::layer::ast {
namespace {

void StripPositions(Json& node) {
  if (node.is_object()) node.erase("query_location");
  if (node.is_structured()) {
    for (Json& child : node) StripPositions(child);
  }
}

template <class Node, class Visit>
void WalkAny(Node& node, Subqueries subqueries, const Visit& visit) {
  if (node.is_object()) {
    if (!visit(node)) return;
    const bool is_subquery = ClassOf(node) == "SUBQUERY";
    for (auto it = node.begin(); it != node.end(); ++it) {
      if (subqueries == Subqueries::kSkip && is_subquery && it.key() == "subquery") continue;
      WalkAny(it.value(), subqueries, visit);
    }
  } else if (node.is_array()) {
    for (auto& child : node) WalkAny(child, subqueries, visit);
  }
}

std::string StringAt(const Json& node, const char* key) {
  if (!node.is_object()) return "";
  const auto it = node.find(key);
  return it != node.end() && it->is_string() ? it->get<std::string>() : "";
}

bool IsClock(const Json& node) {
  return ClassOf(node) == "FUNCTION" && Lower(StringAt(node, "function_name")) == "strom_clock";
}

}  // namespace

std::string ClassOf(const Json& node) { return StringAt(node, "class"); }
std::string TypeOf(const Json& node) { return StringAt(node, "type"); }

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

namespace {

std::string InQuotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

}  // namespace

std::string Quoted(std::string_view name) { return InQuotes(name, '"'); }
std::string Literal(std::string_view text) { return InQuotes(text, '\''); }

Result<Language> Language::Make(duck::Connection& connection) {
  Language language(connection);
  STROM_ASSIGN_OR_RETURN(const duck::RowSet rows,
                         connection.Query("SELECT function_name, bool_or(function_type = "
                                          "'aggregate'), bool_and(function_type = 'scalar' AND "
                                          "stability = 'CONSISTENT') FROM duckdb_functions() "
                                          "GROUP BY function_name"));
  for (const Row& row : rows.rows) {
    const Bytes* name = row.at(0).get_if<Bytes>();
    const auto is_true = [&](size_t i) {
      const bool* value = row.at(i).get_if<bool>();
      return value != nullptr && *value;
    };
    if (name == nullptr) continue;
    if (is_true(1)) language.aggregates_.insert(Lower(*name));
    if (is_true(2)) language.steady_.insert(Lower(*name));
  }
  return language;
}

Result<Json> Language::ParseTree(std::string_view tree) const {
  Json document = Json::parse(tree, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || document.value("error", true) || !document.contains("statements") ||
      document["statements"].size() != 1 || !document["statements"][0].contains("node")) {
    return Error(ErrorCode::kInvalidSql, "the tree of a query is none: {}",
                 document.is_object() ? StringAt(document, "error_message") : "no JSON");
  }
  Json node = std::move(document["statements"][0]["node"]);
  StripPositions(node);
  return node;
}

Result<Json> Language::Parse(std::string_view sql) const {
  STROM_ASSIGN_OR_RETURN(const duck::RowSet rows,
                         connection_->Query(fmt::format(
                             "SELECT CAST(json_serialize_sql({}) AS VARCHAR)", Literal(sql))));
  const Bytes* text =
      rows.rows.size() == 1 && !rows.rows[0].empty() ? rows.rows[0][0].get_if<Bytes>() : nullptr;
  if (text == nullptr) return Error(ErrorCode::kInvalidSql, "{} cannot be parsed", sql);
  return ParseTree(*text);
}

Result<Json> Language::ParseExpression(std::string_view text) const {
  STROM_ASSIGN_OR_RETURN(Json node, Parse(fmt::format("SELECT {}", text)));
  return std::move(node["select_list"][0]);
}

Result<std::string> Language::Print(const Json& node) const {
  const Json document = {{"error", false},
                         {"statements", {{{"node", node}, {"named_param_map", Json::array()}}}}};
  STROM_ASSIGN_OR_RETURN(
      const duck::RowSet rows,
      connection_->Query(
          fmt::format("SELECT json_deserialize_sql(CAST({} AS JSON))", Literal(document.dump()))));
  const Bytes* text =
      rows.rows.size() == 1 && !rows.rows[0].empty() ? rows.rows[0][0].get_if<Bytes>() : nullptr;
  if (text == nullptr) return Error(ErrorCode::kInvalidSql, "a query's tree cannot be printed");
  return *text;
}

bool Language::IsAggregate(const Json& node) const {
  return ClassOf(node) == "FUNCTION" &&
         aggregates_.contains(Lower(StringAt(node, "function_name")));
}

bool Language::HasAggregate(const Json& expression) const {
  bool found = false;
  Walk(expression, Subqueries::kSkip, [&](const Json& node) {
    found = found || IsAggregate(node);
    return !found;
  });
  return found;
}

bool Language::IsSteady(const Json& expression) const {
  bool steady = true;
  Walk(expression, Subqueries::kEnter, [&](const Json& node) {
    const std::string kind = ClassOf(node);
    if (kind == "FUNCTION") {
      steady =
          steady && (IsClock(node) || steady_.contains(Lower(StringAt(node, "function_name"))));
    } else if (!kind.empty()) {
      steady = steady && (kind == "CONSTANT" || kind == "CAST");
    }
    return steady;
  });
  return steady;
}

void Walk(Json& node, Subqueries subqueries, const std::function<bool(Json&)>& visit) {
  WalkAny(node, subqueries, visit);
}

void Walk(const Json& node, Subqueries subqueries, const std::function<bool(const Json&)>& visit) {
  WalkAny(node, subqueries, visit);
}

bool IsColumn(const Json& node) { return ClassOf(node) == "COLUMN_REF"; }

std::string ColumnName(const Json& column) {
  return Lower(column.at("column_names").back().get<std::string>());
}

bool Empty(const Json& node, const char* key) {
  const auto it = node.find(key);
  if (it == node.end() || it->is_null()) return true;
  if (it->is_string()) return it->get_ref<const std::string&>().empty();
  return it->is_structured() && it->empty();
}

Json Column(std::string_view table, std::string_view name) {
  Json parts = Json::array();
  if (!table.empty()) parts.push_back(std::string(table));
  parts.push_back(std::string(name));
  return {{"class", "COLUMN_REF"}, {"type", "COLUMN_REF"}, {"alias", ""}, {"column_names", parts}};
}

Json Alias(Json expression, std::string_view name) {
  expression["alias"] = std::string(name);
  return expression;
}

std::vector<Json> Conjuncts(const Json& expression) {
  if (expression.is_null()) return {};
  if (TypeOf(expression) != "CONJUNCTION_AND") return {expression};
  std::vector<Json> out;
  for (const Json& child : expression.at("children")) {
    for (Json& conjunct : Conjuncts(child)) out.push_back(std::move(conjunct));
  }
  return out;
}

Json And(std::vector<Json> conjuncts) {
  if (conjuncts.empty()) return nullptr;
  if (conjuncts.size() == 1) return std::move(conjuncts[0]);
  return {{"class", "CONJUNCTION"},
          {"type", "CONJUNCTION_AND"},
          {"alias", ""},
          {"children", std::move(conjuncts)}};
}

std::vector<Json*> ColumnsIn(Json& node, Subqueries subqueries) {
  std::vector<Json*> out;
  Walk(node, subqueries, [&](Json& n) {
    if (IsColumn(n)) out.push_back(&n);
    return true;
  });
  return out;
}

std::vector<const Json*> ColumnsIn(const Json& node, Subqueries subqueries) {
  std::vector<const Json*> out;
  Walk(node, subqueries, [&](const Json& n) {
    if (IsColumn(n)) out.push_back(&n);
    return true;
  });
  return out;
}

std::vector<Json*> SubqueriesIn(Json& node) {
  std::vector<Json*> out;
  Walk(node, Subqueries::kEnter, [&](Json& n) {
    if (ClassOf(n) != "SUBQUERY") return true;
    out.push_back(&n);
    return false;
  });
  return out;
}

std::vector<const Json*> WindowsIn(const Json& node) {
  std::vector<const Json*> out;
  Walk(node, Subqueries::kSkip, [&](const Json& n) {
    if (ClassOf(n) == "WINDOW") out.push_back(&n);
    return true;
  });
  return out;
}

std::vector<std::string> NamesIn(const Json& node) {
  std::vector<std::string> names;
  Walk(node, Subqueries::kEnter, [&](const Json& n) {
    if (ClassOf(n) == "STAR") names.push_back("*");
    if (IsColumn(n)) {
      for (const Json& part : n["column_names"]) names.push_back(Lower(part.get<std::string>()));
    }
    for (const Json& name : n.value("using_columns", Json::array())) {
      names.push_back(Lower(name.get<std::string>()));
    }
    return true;
  });
  std::sort(names.begin(), names.end());
  return names;
}

bool UsesClock(const Json& node) {
  bool found = false;
  Walk(node, Subqueries::kEnter, [&](const Json& n) {
    found = found || IsClock(n);
    return !found;
  });
  return found;
}

void ClockExpressions(const Json& node, std::vector<Json>& out) {
  Walk(node, Subqueries::kEnter, [&](const Json& n) {
    const std::string kind = ClassOf(n);
    const bool whole = kind == "FUNCTION" || kind == "CAST" || kind == "OPERATOR";
    if (!whole || !UsesClock(n) || !ColumnsIn(n, Subqueries::kEnter).empty() ||
        !SubqueriesIn(const_cast<Json&>(n)).empty()) {
      return true;
    }
    if (std::find(out.begin(), out.end(), n) == out.end()) out.push_back(n);
    return false;
  });
}

}  // namespace strom::layer::ast
