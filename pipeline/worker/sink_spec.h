#pragma once

#include <functional>
#include <memory>

#include "pipeline/core/job.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/sink/sink.h"
#include "pipeline/sql/query.h"

namespace strom::worker {

// What a sink job does: a query over one Strom table into a table of another database.
struct SinkSpec {
  sql::BoundQuery query;
  TableInfo source;
  sink::SinkTable target;
  // Connects to the target; called at every start of the job.
  std::function<Result<std::unique_ptr<sink::Sink>>()> open;
  // Forgets the position in the target, whatever has become of it since.
  std::function<Status()> forget;
};

// What a sink job comes to. What `context` holds outlives it.
// Errors: kInvalidSql: several INSERTs or sources, a sink without a primary key, a kind of database
// there is no sink for; kTableNotExist.
Result<SinkSpec> SinkSpecOf(const JobDefinition& job, const pipeline::JobContext& context,
                            duck::Database& database);

// Where the result of a sink's query is kept if the query needs state: __strom.sink_….
TablePath HiddenTablePath(const JobDefinition& job);
// Makes it if it is missing.
Result<TableInfo> MakeHiddenTable(client::Connection& connection, const JobDefinition& job,
                                  const sink::SinkTable& target);

// SELECT all columns FROM `table`.
Result<sql::BoundQuery> SelectAll(duck::Database& database, const TableInfo& table);

}  // namespace strom::worker
