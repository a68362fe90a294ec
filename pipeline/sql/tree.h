#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/sql/dialect.h"

// For sources only, of this folder: DuckDB's syntax tree as json_serialize_sql gives it (version
// 1.5), and the nodes the binder puts in.
namespace strom::sql::tree {

using Json = nlohmann::json;

// The whole document of json_serialize_sql for one query.
// Errors: kInvalidSql: with the query's position for the first, DuckDB's text for the second.
Result<Json> Parse(duck::Connection& connection, const DialectText& text);
Result<Json> Parse(duck::Connection& connection, std::string_view sql);

// Back to text. `query_node` is what stands in statements[0].node.
Result<std::string> Print(duck::Connection& connection, const Json& query_node);
// Of an expression.
Result<std::string> PrintExpression(duck::Connection& connection, const Json& expression);

// The node of the only statement of a document. Errors: kInvalidSql if there are several.
Result<Json> QueryNode(Json document);

bool IsClass(const Json& node, std::string_view name);
bool IsFunction(const Json& node, std::string_view name);
std::string Text(const Json& node, std::string_view key);  // "" if it is not there.

// Where the node, or the first of its children that knows, begins in the parsed text.
std::optional<size_t> Location(const Json& node);

Json Call(std::string_view function, std::vector<Json> arguments);
Json Operator(std::string_view symbol, std::vector<Json> arguments);
Json Integer(int64_t value);
Json String(std::string_view text);
Json Null();
Json Cast(Json child, const DataType& type, bool try_cast = false);
Json Column(std::vector<std::string> parts);
Json Case(Json when, Json then, Json otherwise);
Json Compare(std::string_view type, Json left, Json right);  // "COMPARE_EQUAL", …
Json IsNull(Json child);
// SELECT <select_list> FROM <from>.
Json Select(std::vector<Json> select_list, Json from);
// (query) AS alias, in FROM.
Json Subquery(Json query_node, std::string_view alias);

// The value of a constant text, integer; nullopt if it is none.
std::optional<std::string> ConstantText(const Json& node);
std::optional<int64_t> ConstantInteger(const Json& node);

// Puts `node` where `place` stands, under the alias of what was there.
void Replace(Json& place, Json node);

}  // namespace strom::sql::tree
