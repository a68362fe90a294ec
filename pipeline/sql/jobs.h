#pragma once

#include <string>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "pipeline/sql/connector_options.h"
#include "pipeline/sql/job_definition.h"
#include "pipeline/sql/session.h"

namespace strom::sql {

// What the INSERTs of a script come to.
struct JobPlan {
  std::vector<JobDefinition> jobs;
  // INSERT … VALUES: positions in Session::inserts; written once, by who runs the script.
  std::vector<size_t> writes;
};

// Checks and binds every INSERT `session` has seen and makes jobs of them. A job's script repeats
// the catalogs, connector tables and views it needs and USEs the same database, so that names mean
// the same. Errors: kInvalidSql, kTableNotExist with the place.
Result<JobPlan> PlanJobs(duck::Database& database, const Session& session);

// A line for each job and write: kind, sources, target, group.
std::string Explain(const JobPlan& plan, const Session& session);

// A table with a connector, its options complete.
struct ConnectorTable {
  std::string name;  // SourceTable::path of it, or the target's.
  std::vector<Column> columns;
  std::vector<std::string> primary_key;
  std::variant<PostgresCdcOptions, JdbcOptions> options;
};

// A job as a worker runs it. Its INSERTs are session.inserts(); bind them with session.Bind.
struct ParsedJob {
  Session session;
  std::vector<ConnectorTable> connectors;
};

// Reads a definition again; `secrets` gives what ${NAME} stands for in options, `reader` the
// schemas. Errors: kInvalidSql.
Result<ParsedJob> ParseJob(const JobDefinition& job, const Secrets& secrets, SchemaReader reader);

}  // namespace strom::sql
