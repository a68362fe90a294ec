#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/sql_script.h"
#include "common/base/result.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_path.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/sql/jobs.h"
#include "pipeline/sql/session.h"

namespace strom::cli {

// A table of the cluster. Errors: kTableNotExist, also if there is no such database.
using TableFinder = std::function<Result<TableInfo>(const TablePath&)>;
sql::SchemaReader SchemasOf(TableFinder find);

// A session as a script finds it: in the cluster's catalog, unless it makes catalogs of its own, as
// scripts do that are written for Flink too.
sql::Session BeginSqlSession(const SqlScript& script, sql::SchemaReader reader);

// What a script comes to.
struct CheckedScript {
  sql::JobPlan plan;
  std::string explanation;  // A line for each job, write and query; below jobs, how they work.
};

// Goes through a whole script and binds all its queries, as if its tables were made, so that
// nothing is done of a script that cannot be done to its end. `find` gives the tables that exist.
// Errors, with the place: kInvalidSql, kTableNotExist; kTableAlreadyExist for a CREATE TABLE of
// another table than there is.
Result<CheckedScript> CheckScript(const SqlScript& script, duck::Database& database,
                                  const TableFinder& find);

// Refuses a query that reads connector tables: only jobs do. Errors: kInvalidSql naming it.
Status CheckReadsCluster(const sql::BoundQuery& query, const sql::Session::State& state);

}  // namespace strom::cli
