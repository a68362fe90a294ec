#pragma once

#include <vector>

#include "cli/session.h"
#include "common/base/result.h"
#include "common/runtime/clock.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/sql/session.h"

namespace strom::cli {

// Runs a bound query once, over the rows that its tables have now: of primary-key tables those that
// are there when their buckets are read, of log tables all up to the offsets found at the start.
// They are held in memory. The clock functions give `clock`'s time, or what `state` has frozen it
// at. Errors: of reading the tables; kInvalidSql if the query fails, or reads connector tables;
// kJobStateTooLarge for more rows than fit.
Result<std::vector<Row>> RunQuery(Session& session, duck::Database& database,
                                  const sql::BoundQuery& query, const sql::Session::State& state,
                                  const runtime::Clock& clock);

}  // namespace strom::cli
