#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/sql/dialect.h"
#include "pipeline/sql/expression_type.h"
#include "pipeline/sql/query.h"
#include "pipeline/sql/tree.h"

// For sources only, of this folder: one walk over a query's tree that finds what names mean, tells
// what type each expression has in Flink, and rewrites what DuckDB would answer differently.
namespace strom::sql {

struct BoundColumn {
  std::string name;
  ExpressionType type;
};

struct Relation {
  std::string alias;
  std::vector<BoundColumn> columns;
};

// CTEs in scope by name in lower case.
using CteMap = std::map<std::string, std::vector<BoundColumn>>;

// What names of an expression may mean: columns of the query's relations, then of those around it.
struct Scope {
  const Scope* outer = nullptr;
  std::vector<Relation> relations;
  std::vector<BoundColumn> aliases;  // ORDER BY: names of the select list come first.
  CteMap ctes;
};

// One query's binding. Errors: kInvalidSql with the place.
class Binder {
 public:
  // `connection` is one of `database`.
  Binder(duck::Database& database, duck::Connection& connection, const Resolver& resolver,
         const std::vector<CreateView>& views, BindOptions options)
      : database_(database),
        connection_(connection),
        resolver_(resolver),
        views_(views),
        options_(options) {}

  // Parses, binds and rewrites; gives the query node and its columns.
  Result<std::pair<tree::Json, std::vector<BoundColumn>>> Bind(std::string_view query, Position at);

  // Casts the columns of `node`, a bound query, to the target's types and gives them its names.
  Status CastToTarget(tree::Json& node, std::vector<BoundColumn>& columns,
                      const std::vector<Column>& target, Position at);

  std::vector<SourceTable> TakeSources() { return std::move(sources_); }
  bool uses_clock() const { return uses_clock_; }

 private:
  using Json = tree::Json;
  using Types = std::vector<ExpressionType>;
  friend struct Functions;

  Status Fail(const Json& node, std::string_view message) const;

  // Queries, binder.cc.
  Result<std::vector<BoundColumn>> Query(Json& node, const Scope* outer, const CteMap& ctes);
  Result<std::vector<BoundColumn>> SelectNode(Json& node, Scope& scope);
  Result<std::vector<BoundColumn>> SetOperation(Json& node, const Scope* outer, const CteMap& ctes);
  Status Ctes(Json& node, const Scope* outer, CteMap& ctes);
  Result<std::vector<BoundColumn>> SelectList(Json& list, const Scope& scope);
  Status ExpandStar(const Json& star, const Scope& scope, std::vector<Json>& items) const;
  Status Modifiers(Json& node, Scope scope, const std::vector<BoundColumn>& columns);
  Status Orders(Json& orders, const Scope& scope);

  // Tables, table_reference.cc.
  Status TableReference(Json& table, Scope& scope);
  Status BaseTable(Json& table, Scope& scope);
  Status Join(Json& table, Scope& scope);
  Status Unnest(Json& table, Scope& scope);
  Status Values(Json& table, Scope& scope);
  Result<const CreateView*> FindView(const Json& table) const;
  Status View(Json& table, const CreateView& view, Scope& scope);
  Status Rename(Json& node, std::vector<BoundColumn>& columns,
                const std::vector<std::string>& names) const;
  Result<const SourceTable*> Source(const Json& table);

  // Expressions, expression.cc.
  Result<ExpressionType> Expression(Json& e, const Scope& scope);
  Result<Types> Expressions(Json& list, const Scope& scope);
  Result<ExpressionType> ColumnReference(Json& e, const Scope& scope);
  Result<ExpressionType> Constant(const Json& e) const;
  Result<ExpressionType> EngineCast(Json& e, const Scope& scope);
  Result<ExpressionType> CaseExpression(Json& e, const Scope& scope);
  Result<ExpressionType> OperatorNode(Json& e, const Scope& scope);
  Result<ExpressionType> SubqueryExpression(Json& e, const Scope& scope);
  Result<ExpressionType> Window(Json& e, const Scope& scope);
  Status Between(Json& e, const Scope& scope);
  Status Boolean(Json& e, const Scope& scope);
  // All to a type that can be compared: instants to local time where only some are.
  void AlignInstants(std::span<Json*> nodes, std::span<const ExpressionType> types) const;
  Result<ExpressionType> Common(const Json& at, std::span<const ExpressionType> types);
  // The type DuckDB gives a call with arguments of these types.
  Result<ExpressionType> AskEngine(const Json& call, const Types& types);

  // Casts and time, cast.cc.
  Result<ExpressionType> FlinkCast(Json& e, const Scope& scope, bool try_cast);
  Result<Json> CastValue(Json value, const ExpressionType& from, const DataType& to, bool try_cast,
                         int32_t text_length_max);
  Json ToText(Json value, const ExpressionType& from) const;
  Json ToLocal(Json instant) const;      // TIMESTAMP_LTZ to TIMESTAMP in the session's zone.
  Json FromLocal(Json timestamp) const;  // The other way.
  Json LocalClock();
  Json Clock();  // As TIMESTAMP_LTZ.
  Json AsTimestamp(Json value, const ExpressionType& type) const;

  // Operators and functions, operators.cc and functions.cc.
  Result<ExpressionType> OperatorCall(Json& e, Types types);
  Result<ExpressionType> Arithmetics(Json& e, const Types& types);
  Result<ExpressionType> TimeArithmetics(Json& e, const Types& types);
  // Division and multiplication of decimals as pipeline/duckdb/decimal_sql.h makes them.
  Result<Json> Divide(Json a, const DataType& a_type, Json b, const DataType& b_type);
  Result<Json> Multiply(Json a, const DataType& a_type, Json b, const DataType& b_type);
  // `sql`, an expression, with its columns strom_a and strom_b replaced.
  Result<Json> Fill(const std::string& sql, const Json& a, const Json& b);
  // The aggregate `call` (FUNCTION or WINDOW) of arguments of these types.
  Result<ExpressionType> Aggregate(Json& call, const Types& types);
  Result<ExpressionType> Average(Json& call, const ExpressionType& type);
  Result<ExpressionType> FunctionCall(Json& e, const Scope& scope);

  duck::Database& database_;
  duck::Connection& connection_;
  const Resolver& resolver_;
  const std::vector<CreateView>& views_;
  const BindOptions options_;
  const DialectText* text_ = nullptr;  // What the nodes at hand were parsed from.
  std::vector<SourceTable> sources_;
  std::vector<std::string> open_views_;
  std::map<std::string, ExpressionType> engine_types_;  // By call.
  std::map<std::string, Json> parsed_;                  // Expressions of Fill, by text.
  bool uses_clock_ = false;
};

// Names are compared as DuckDB does: in any case.
std::string Lower(std::string_view text);

}  // namespace strom::sql
