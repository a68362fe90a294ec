#include "cli/job_commands.h"

#include <ostream>
#include <string>

#include "cli/commands.h"
#include "cli/row_printer.h"
#include "cli/session.h"

namespace strom::cli {
namespace {

Value Text(std::string_view text) { return Value::String(std::string(text)); }
Value TextOrNull(const std::string& text) { return text.empty() ? Value::Null() : Text(text); }
Value NumberOrNull(const std::optional<int64_t>& number) {
  return number ? Value::Int(*number) : Value::Null();
}

Value Counter(const JobInfo& job, const std::string& name) {
  const auto at = job.counters.find(name);
  return at == job.counters.end() ? Value::Null() : Value::Int(at->second);
}

std::string Join(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

Status List(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(const auto jobs, AwaitJobs(session, session.connection().jobs().List()));
  const auto printer =
      MakeRowPrinter(FormatFromName(arguments.Text("--format")),
                     {TextColumn("job"), TextColumn("kind"), TextColumn("state"),
                      TextColumn("worker"), NumberColumn("lag_ms"), NumberColumn("rows_in"),
                      NumberColumn("rows_out"), NumberColumn("batches"), NumberColumn("cpu_ms"),
                      TextColumn("target"), TextColumn("status"), TextColumn("error")},
                     console.out);
  for (const JobInfo& job : jobs) {
    printer->Print({Text(job.definition.name), Text(JobKindName(job.definition.kind)),
                    Text(JobStateName(job.state)), TextOrNull(job.worker), NumberOrNull(job.lag_ms),
                    Counter(job, "rows_in"), Counter(job, "rows_out"), Counter(job, "batches"),
                    Counter(job, "cpu_ms"), Text(job.definition.target), TextOrNull(job.text),
                    TextOrNull(job.last_error)});
  }
  printer->Finish();
  return Status::Ok();
}

// One row for each thing that is known of the job; the script comes last.
Status Show(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(
      const auto jobs, AwaitJobs(session, session.connection().jobs().List(arguments.Text("JOB"))));
  const JobInfo& job = jobs.front();  // The coordinator has it, or said that it has not.
  const JobDefinition& definition = job.definition;
  const auto printer = MakeRowPrinter(FormatFromName(arguments.Text("--format")),
                                      {TextColumn("property"), TextColumn("value")}, console.out);
  const auto print = [&printer](std::string name, const std::string& value) {
    if (!value.empty()) printer->Print({Value::String(std::move(name)), Value::String(value)});
  };
  print("job", definition.name);
  print("kind", std::string(JobKindName(definition.kind)));
  print("group", definition.group);
  print("target", definition.target);
  print("sources", Join(definition.sources));
  print("goal", std::string(JobGoalName(job.goal)));
  print("state", std::string(JobStateName(job.state)));
  print("worker", job.worker);
  print("worker address", job.worker_address);
  print("epoch", std::to_string(job.epoch));
  if (job.lag_ms) print("lag_ms", std::to_string(*job.lag_ms));
  print("status", job.text);
  print("last error", job.last_error);
  for (const auto& [name, value] : job.counters) print("counter " + name, std::to_string(value));
  for (const auto& [key, value] : definition.settings) print("setting " + key, value);
  print("script", definition.script);
  printer->Finish();
  return Status::Ok();
}

std::vector<OptionSpec> JobConnectionAndFormat() {
  return Concat(JobConnectionOptions(), {FormatOption()});
}

template <client::Future<void> (client::Jobs::*change)(const std::string&)>
Status Change(const Arguments& arguments, Console&) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  return AwaitJobs(session, (session.connection().jobs().*change)(arguments.Text("JOB")));
}

}  // namespace

Status ExplainJobs(const Status& status) {
  if (status.code() != ErrorCode::kUnsupportedVersion) return status;
  return Error(status.code(),
               "{}; jobs are served by Strom's own listeners: give the address of one to --server, "
               "and --transport grpc if it is a gRPC one",
               status.message());
}

Command JobCommands() {
  const PositionalSpec job{.name = "JOB", .help = "Its name, as `job list` prints it"};
  return {.name = "job",
          .help = "Continuous jobs: change capture, SQL layers, sinks",
          .details = "Jobs are served by Strom's own listeners, not by those for Fluss's clients.",
          .children = {
              {.name = "list",
               .help = "Print all jobs and how they fare",
               .options = JobConnectionAndFormat(),
               .run = List},
              {.name = "show",
               .help = "Print all that is known of a job",
               .options = JobConnectionAndFormat(),
               .positionals = {job},
               .run = Show},
              {.name = "stop",
               .help = "Stop a job; it keeps its place",
               .options = JobConnectionOptions(),
               .positionals = {job},
               .run = Change<&client::Jobs::Stop>},
              {.name = "start",
               .help = "Let a job that was stopped go on",
               .options = JobConnectionOptions(),
               .positionals = {job},
               .run = Change<&client::Jobs::Start>},
              {.name = "drop",
               .help = "Stop a job for good and clean up after it; what it wrote stays",
               .options = JobConnectionOptions(),
               .positionals = {job},
               .run = Change<&client::Jobs::Drop>},
          }};
}

}  // namespace strom::cli
