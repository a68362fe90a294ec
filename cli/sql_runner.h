#pragma once

#include <map>
#include <ostream>
#include <string>

#include "cli/row_printer.h"
#include "cli/session.h"
#include "cli/sql_check.h"
#include "cli/sql_script.h"
#include "common/runtime/clock.h"
#include "pipeline/duckdb/duck.h"

namespace strom::cli {

// What `strom sql` was told.
struct SqlOptions {
  Format format = Format::kTable;
  bool replace = false;  // Jobs that exist with another definition.
};

// Runs a script that was checked: its statements in their order, then registers its jobs. Once, on
// the command's thread. What it takes outlives it.
class SqlRunner {
 public:
  // Rows go to `out`, and with the table format also a line for each thing that was done; else
  // those go to `err`, as do notices.
  SqlRunner(Session& session, duck::Database& database, const SqlScript& script,
            const CheckedScript& checked, SqlOptions options, const runtime::Clock& clock,
            std::ostream& out, std::ostream& err);

  // Stops at the first error; what was done until then stays. Errors: those of the statements, with
  // their places; kJobAlreadyExist, before anything is done, for a job that exists with another
  // definition.
  Status Run();

 private:
  Status LookAtJobs();
  Status Do(const sql::Statement& statement);
  Status Create(const sql::CreateDatabase& create);
  Status Create(const sql::TableDefinition& table);
  Status Drop(const sql::DropDatabase& drop);
  Status Drop(const sql::DropTable& drop);
  Status Write(size_t insert);
  Status Print(const sql::Select& select);
  Status Register(const JobDefinition& job);
  Result<std::string> DatabaseOf(const sql::ObjectName& name) const;

  Session& session_;
  duck::Database& database_;
  const SqlScript& script_;
  const CheckedScript& checked_;
  const SqlOptions options_;
  const runtime::Clock& clock_;
  std::ostream& out_;
  std::ostream& log_;  // A line for each thing that was done.
  std::ostream& err_;
  sql::Session sql_;
  std::map<std::string, JobDefinition> jobs_;  // As they were registered before.
};

// Asks the cluster. `session` outlives it.
TableFinder TablesOf(Session& session);

}  // namespace strom::cli
