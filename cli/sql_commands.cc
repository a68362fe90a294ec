#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <ostream>

#include "cli/commands.h"
#include "cli/row_printer.h"
#include "cli/session.h"
#include "cli/sql_runner.h"
#include "common/runtime/system_clock.h"

namespace strom::cli {
namespace {

Result<SqlScript::Text> ReadFile(const std::string& path, Console& console) {
  if (path == "-") {
    STROM_ASSIGN_OR_RETURN(std::string text, ReadScript(console.in, "the input"));
    return SqlScript::Text{.name = "", .text = std::move(text)};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(ErrorCode::kStorage, "{}: {}", path, std::strerror(errno));
  STROM_ASSIGN_OR_RETURN(std::string text, ReadScript(file, path));
  return SqlScript::Text{.name = path, .text = std::move(text)};
}

// The files, then the texts of the command line; the input if there is neither.
Result<SqlScript> ScriptOf(const Arguments& arguments, Console& console) {
  std::vector<std::string> files = arguments.All("--file");
  if (files.empty() && !arguments.Has("--execute")) files = {"-"};
  std::vector<SqlScript::Text> texts;
  for (const std::string& file : files) {
    STROM_ASSIGN_OR_RETURN(SqlScript::Text text, ReadFile(file, console));
    texts.push_back(std::move(text));
  }
  for (const std::string& text : arguments.All("--execute")) {
    texts.push_back({.name = "", .text = text});
  }
  return SqlScript::Parse(std::move(texts));
}

Status Run(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(const SqlScript script, ScriptOf(arguments, console));
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(const auto database, duck::Database::Open());
  STROM_ASSIGN_OR_RETURN(const CheckedScript checked,
                         CheckScript(script, *database, TablesOf(session)));
  if (arguments.Flag("--explain")) {
    console.out << checked.explanation;
    return Status::Ok();
  }
  const SqlOptions options{.format = FormatFromName(arguments.Text("--format")),
                           .replace = arguments.Flag("--replace")};
  const runtime::RealClock clock;
  return SqlRunner(session, *database, script, checked, options, clock, console.out, console.err)
      .Run();
}

}  // namespace

Command SqlCommand() {
  return {
      .name = "sql",
      .help = "Run SQL: make databases and tables, register continuous INSERTs, SELECT",
      .details =
          "Scripts are in Apache Flink's dialect. The whole of it is checked before anything is "
          "done. CREATE, DROP,\nINSERT ... VALUES and SELECT are done in their order; then each "
          "INSERT ... SELECT becomes a job, which\nworkers run until it is dropped (strom job). A "
          "script can be run again: what is there already, the\nsame, stays as it is. A SELECT "
          "reads what its tables hold now, and ends.\nWithout CREATE CATALOG the script stands in "
          "the cluster's own catalog, database fluss. ${NAME} is\nregistered as it is: workers "
          "fill it in from their environment.\nWith --format json or csv only rows go to the "
          "output; what was done goes to standard error.",
      .options = Concat(
          JobConnectionOptions(),
          {FormatOption(),
           {.name = "-e,--execute",
            .value_name = "TEXT",
            .help = "Statements, with ; between them; several run one after the other",
            .repeated = true},
           {.name = "-f,--file",
            .value_name = "FILE",
            .help = "A file of statements, or - for the input, the default; several run one after "
                    "the other as one session, before those of -e",
            .repeated = true},
           {.name = "--explain", .help = "Only print what the jobs and queries are, do nothing"},
           {.name = "--replace", .help = "Give jobs that exist the definitions of this script"}}),
      .run = Run};
}

}  // namespace strom::cli
