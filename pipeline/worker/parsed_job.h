#pragma once

#include "pipeline/core/job_clock.h"
#include "pipeline/hosting/job_host.h"
#include "pipeline/sql/jobs.h"

namespace strom::worker {

// The definition, read again; schemas come from the cluster. Errors: kInvalidSql, kTableNotExist.
Result<sql::ParsedJob> Parse(const JobDefinition& job, client::Connection& connection);

// The clock that the job's settings ask for: strom.clock, a TIMESTAMP, is its frozen instant; an
// empty one is none. ${NAME} in it comes from the environment. Errors: kInvalidConfig; kInvalidSql
// for a ${NAME} that is not set.
Result<pipeline::JobClock> ClockOf(const JobDefinition& job, const runtime::Clock& clock);

// The table of the cluster that a query or an INSERT names. Errors: kTableNotExist.
Result<TableInfo> FindTable(client::Connection& connection, const std::string& path);

// The connector table of this name. Errors: kInvalidSql.
Result<const sql::ConnectorTable*> FindConnector(const sql::ParsedJob& job,
                                                 const std::string& name);

}  // namespace strom::worker
