#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_set.h>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "pipeline/duckdb/duck.h"

// The tree of a query as DuckDB 1.5's json_serialize_sql gives it. What is known of its layout is
// known here and in the planner only; positions (query_location) are taken out, so that equal
// expressions are equal trees. For sources only.
namespace strom::layer::ast {

using Json = nlohmann::json;

// Reads and prints trees, and knows which functions aggregate and which are not random. Belongs to
// the connection's thread.
class Language {
 public:
  // Asks `connection` about its functions. Errors: kUnknownServerError.
  static Result<Language> Make(duck::Connection& connection);

  // The node of the only statement. Errors: kInvalidSql.
  Result<Json> ParseTree(std::string_view tree) const;
  // The node of `sql`. Errors: kInvalidSql with DuckDB's text.
  Result<Json> Parse(std::string_view sql) const;
  // `text` as an expression of a select list.
  Result<Json> ParseExpression(std::string_view text) const;
  // Text for `node`, a query.
  Result<std::string> Print(const Json& node) const;

  bool IsAggregate(const Json& node) const;         // The node itself: sum(x).
  bool HasAggregate(const Json& expression) const;  // In it, subqueries left out.
  // Constants, casts and functions of them and of the clock: one value at one instant.
  bool IsSteady(const Json& expression) const;

 private:
  explicit Language(duck::Connection& connection) : connection_(&connection) {}

  duck::Connection* connection_;
  absl::flat_hash_set<std::string> aggregates_;
  absl::flat_hash_set<std::string> steady_;  // Functions whose arguments alone say their value.
};

enum class Subqueries { kEnter, kSkip };

// Calls `visit` with each object in `node`, from the outside in; false: not its insides.
void Walk(Json& node, Subqueries subqueries, const std::function<bool(Json&)>& visit);
void Walk(const Json& node, Subqueries subqueries, const std::function<bool(const Json&)>& visit);

std::string ClassOf(const Json& node);  // "COLUMN_REF", …; "" if it has none.
std::string TypeOf(const Json& node);   // "SELECT_NODE", "JOIN", …
std::string Lower(std::string_view text);
std::string Quoted(std::string_view name);   // As an identifier: "a""b".
std::string Literal(std::string_view text);  // As a string: 'it''s'.

bool IsColumn(const Json& node);
// The last part of a column's name, in lower case.
std::string ColumnName(const Json& column);
bool Empty(const Json& node, const char* key);  // Absent, null, "" or an empty list.

Json Column(std::string_view table, std::string_view name);
Json Alias(Json expression, std::string_view name);
std::vector<Json> Conjuncts(const Json& expression);  // Of a AND b AND c; none of null.
Json And(std::vector<Json> conjuncts);                // null of none.

std::vector<Json*> ColumnsIn(Json& node, Subqueries subqueries);
std::vector<const Json*> ColumnsIn(const Json& node, Subqueries subqueries);
std::vector<Json*> SubqueriesIn(Json& node);           // Outermost ones.
std::vector<const Json*> WindowsIn(const Json& node);  // Not in subqueries.

// The lower-case names that columns of `node` are called by, sorted; "*" for a star.
std::vector<std::string> NamesIn(const Json& node);

bool UsesClock(const Json& node);
// The largest parts of `node` that are functions of the clock alone.
void ClockExpressions(const Json& node, std::vector<Json>& out);

}  // namespace strom::layer::ast
