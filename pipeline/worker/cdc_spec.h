#pragma once

#include <vector>

#include "pipeline/cdc/job_spec.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/hosting/job_host.h"

namespace strom::worker {

// What the CDC jobs of a group, which read one database, come to. Jobs that are wrong in themselves
// are among the broken. Errors: if all are, the last one's: kInvalidSql for a query that does more
// than copy columns, a target whose primary key is not the source's; kTableNotExist.
Result<cdc::CdcSpec> CdcSpecOf(const std::vector<JobDefinition>& jobs,
                               client::Connection& connection, duck::Database& database);

// Where the job's source is: all that is needed to clean up behind its group.
Result<cdc::CdcSpec> CdcSourceOf(const JobDefinition& job, client::Connection& connection);

// The name of a group's slot and publication: lower-case letters, digits and _, the same each time.
std::string SlotName(const std::string& group);

}  // namespace strom::worker
