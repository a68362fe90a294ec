#include "pipeline/sql/query.h"

#include "pipeline/sql/binder.h"
#include "pipeline/sql/token.h"
#include "pipeline/sql/tree.h"

namespace strom::sql {
namespace {

// An empty table of each source, so that DuckDB can bind the result.
Status MakeTables(duck::Connection& connection, const std::vector<SourceTable>& sources) {
  for (const SourceTable& source : sources) {
    std::string columns;
    for (const Column& column : source.columns) {
      columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ",
                             duck::QuoteIdentifier(column.name), duck::SqlType(column.type));
    }
    STROM_RETURN_IF_ERROR(connection.Execute(fmt::format(
        "CREATE TEMPORARY TABLE {} ({})", duck::QuoteIdentifier(source.name), columns)));
  }
  return Status::Ok();
}

Result<BoundQuery> Bind(duck::Database& database, std::string_view query, Position at,
                        const Resolver& resolve, const std::vector<CreateView>& views,
                        const std::vector<Column>* target_columns, const BindOptions& options) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<duck::Connection> connection, database.Connect());
  Binder binder(database, *connection, resolve, views, options);
  STROM_ASSIGN_OR_RETURN(auto bound, binder.Bind(query, at));
  auto& [node, columns] = bound;
  if (target_columns != nullptr) {
    STROM_RETURN_IF_ERROR(binder.CastToTarget(node, columns, *target_columns, at));
  }

  BoundQuery out;
  out.sources = binder.TakeSources();
  out.uses_clock = binder.uses_clock();
  STROM_ASSIGN_OR_RETURN(out.sql, tree::Print(*connection, node));
  STROM_RETURN_IF_ERROR(MakeTables(*connection, out.sources));
  // What the walk did not see to be wrong, DuckDB's binder does: a column outside of GROUP BY, ….
  const Result<std::vector<duck::Field>> fields = connection->Describe(out.sql);
  if (!fields.ok()) return ErrorAt(at, fields.status().message());
  if (fields->size() != columns.size()) {
    return ErrorAt(at, fmt::format("the query gives {} columns, {} were expected", fields->size(),
                                   columns.size()));
  }
  STROM_ASSIGN_OR_RETURN(const tree::Json document, tree::Parse(*connection, out.sql));
  out.tree = document.dump();
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool known = columns[i].type.kind == ExpressionType::Kind::kValue;
    out.columns.push_back(
        {.name = columns[i].name, .type = known ? columns[i].type.type : fields->at(i).type});
  }
  return out;
}

}  // namespace

Result<BoundQuery> BindQuery(duck::Database& database, std::string_view query, Position at,
                             const Resolver& resolve, const std::vector<CreateView>& views,
                             const std::vector<Column>* target_columns,
                             const BindOptions& options) {
  try {
    return Bind(database, query, at, resolve, views, target_columns, options);
  } catch (const tree::Json::exception& e) {  // A tree of a shape nobody has met yet.
    return ErrorAt(at, fmt::format("the query is not understood: {}", e.what()));
  }
}

}  // namespace strom::sql
