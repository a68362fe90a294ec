#include "cli/sql_runner.h"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "cli/job_commands.h"
#include "cli/sql_query.h"
#include "cli/sql_write.h"
#include "cli/table_difference.h"
#include "pipeline/sql/connector_options.h"

namespace strom::cli {
namespace {

std::string Count(size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace

TableFinder TablesOf(Session& session) {
  return [&session](const TablePath& path) -> Result<TableInfo> {
    Result<TableInfo> table = session.Await(session.admin().GetTable(path));
    if (table.status().code() != ErrorCode::kDatabaseNotExist) return table;
    return Status(ErrorCode::kTableNotExist, std::string(table.status().message()));
  };
}

SqlRunner::SqlRunner(Session& session, duck::Database& database, const SqlScript& script,
                     const CheckedScript& checked, SqlOptions options, const runtime::Clock& clock,
                     std::ostream& out, std::ostream& err)
    : session_(session),
      database_(database),
      script_(script),
      checked_(checked),
      options_(options),
      clock_(clock),
      out_(out),
      log_(options.format == Format::kTable ? out : err),
      err_(err),
      sql_(BeginSqlSession(script, SchemasOf(TablesOf(session)))) {}

Status SqlRunner::Run() {
  if (!checked_.plan.jobs.empty()) STROM_RETURN_IF_ERROR(LookAtJobs());
  for (const sql::Statement& statement : script_.statements()) {
    STROM_RETURN_IF_ERROR(script_.Located(Do(statement), statement.at));
  }
  for (const JobDefinition& job : checked_.plan.jobs) {
    STROM_RETURN_IF_ERROR(script_.Located(Register(job)));
  }
  return Status::Ok();
}

Status SqlRunner::LookAtJobs() {
  STROM_ASSIGN_OR_RETURN(const auto jobs, AwaitJobs(session_, session_.connection().jobs().List()));
  for (const JobInfo& job : jobs) jobs_.emplace(job.definition.name, job.definition);
  for (const JobDefinition& job : checked_.plan.jobs) {
    const auto known = jobs_.find(job.name);
    if (known == jobs_.end() || known->second == job || options_.replace) continue;
    return Error(ErrorCode::kJobAlreadyExist,
                 "job {} writes {} already, with another definition than this script's: see `strom "
                 "job show {}`; --replace gives it this one",
                 job.name, known->second.target, job.name);
  }
  return Status::Ok();
}

Status SqlRunner::Do(const sql::Statement& statement) {
  STROM_ASSIGN_OR_RETURN(const std::vector<std::string> notices, sql_.Apply(statement));
  for (const std::string& notice : notices) {
    err_ << "notice: " << script_.Located(std::string_view(notice)) << '\n';
  }
  if (const auto* database = std::get_if<sql::CreateDatabase>(&statement.body)) {
    return Create(*database);
  }
  if (const auto* table = std::get_if<sql::CreateTable>(&statement.body)) {
    return table->table.temporary ? Status::Ok() : Create(table->table);
  }
  if (const auto* drop = std::get_if<sql::DropDatabase>(&statement.body)) return Drop(*drop);
  if (const auto* drop = std::get_if<sql::DropTable>(&statement.body)) {
    return drop->temporary ? Status::Ok() : Drop(*drop);
  }
  if (const auto* select = std::get_if<sql::Select>(&statement.body)) return Print(*select);
  if (std::holds_alternative<sql::Insert>(statement.body)) {
    const size_t insert = sql_.inserts().size() - 1;
    if (std::ranges::count(checked_.plan.writes, insert) > 0) return Write(insert);
  }
  return Status::Ok();  // What changes the session only; and jobs, which come at the end.
}

Result<std::string> SqlRunner::DatabaseOf(const sql::ObjectName& name) const {
  sql::ObjectName table = name;  // A table in it says which catalog is meant.
  table.parts.emplace_back("t");
  const Result<TablePath> path = sql_.PathOf(table);
  if (path.ok()) return path->database;
  return Error(ErrorCode::kInvalidSql,
               "database {} stands in no Fluss catalog: CREATE CATALOG and USE CATALOG first",
               name.parts.back());
}

Status SqlRunner::Create(const sql::CreateDatabase& create) {
  STROM_ASSIGN_OR_RETURN(const std::string name, DatabaseOf(create.name));
  STROM_ASSIGN_OR_RETURN(const bool exists, session_.Await(session_.admin().DatabaseExists(name)));
  if (!exists) {
    STROM_RETURN_IF_ERROR(session_.Await(session_.admin().CreateDatabase(
        name, {.comment = create.comment, .custom_properties = {}})));
    log_ << "created database " << name << '\n';
    return Status::Ok();
  }
  STROM_ASSIGN_OR_RETURN(const client::DatabaseInfo info,
                         session_.Await(session_.admin().GetDatabase(name)));
  if (!create.if_not_exists && info.descriptor.comment != create.comment) {
    return Error(ErrorCode::kDatabaseAlreadyExist, "database {} exists with another comment: '{}'",
                 name, info.descriptor.comment.value_or(""));
  }
  log_ << "database " << name << " exists\n";
  return Status::Ok();
}

Status SqlRunner::Create(const sql::TableDefinition& table) {
  STROM_ASSIGN_OR_RETURN(const TablePath path, sql_.PathOf(table.name));
  STROM_ASSIGN_OR_RETURN(const TableDescriptor wanted, sql::ToDescriptor(table));
  const Result<TableInfo> existing = session_.Await(session_.admin().GetTable(path));
  if (existing.status().code() == ErrorCode::kTableNotExist) {
    STROM_RETURN_IF_ERROR(session_.Await(session_.admin().CreateTable(path, wanted)));
    log_ << "created table " << path.ToString() << '\n';
    return Status::Ok();
  }
  STROM_RETURN_IF_ERROR(existing.status());
  STROM_ASSIGN_OR_RETURN(const std::optional<std::string> difference,
                         TableDifference(existing->descriptor, wanted));
  if (!difference) {
    log_ << "table " << path.ToString() << " exists, the same\n";
    return Status::Ok();
  }
  if (!table.if_not_exists) return AnotherTable(path, *difference);
  log_ << "table " << path.ToString() << " exists, but another one: " << *difference << '\n';
  return Status::Ok();
}

Status SqlRunner::Drop(const sql::DropDatabase& drop) {
  STROM_ASSIGN_OR_RETURN(const std::string name, DatabaseOf(drop.name));
  const Status status =
      session_.Await(session_.admin().DropDatabase(name, client::IfMissing::kFail, drop.cascade));
  if (drop.if_exists && status.code() == ErrorCode::kDatabaseNotExist) {
    log_ << "database " << name << " does not exist\n";
    return Status::Ok();
  }
  STROM_RETURN_IF_ERROR(status);
  log_ << "dropped database " << name << '\n';
  return Status::Ok();
}

Status SqlRunner::Drop(const sql::DropTable& drop) {
  STROM_ASSIGN_OR_RETURN(const TablePath path, sql_.PathOf(drop.name));
  const Status status = session_.Await(session_.admin().DropTable(path));
  const bool missing =
      status.code() == ErrorCode::kTableNotExist || status.code() == ErrorCode::kDatabaseNotExist;
  if (drop.if_exists && missing) {
    log_ << "table " << path.ToString() << " does not exist\n";
    return Status::Ok();
  }
  STROM_RETURN_IF_ERROR(status);
  log_ << "dropped table " << path.ToString() << '\n';
  return Status::Ok();
}

Status SqlRunner::Write(size_t insert) {
  const sql::Session::PendingInsert& pending = sql_.inserts()[insert];
  STROM_ASSIGN_OR_RETURN(const sql::BoundQuery query, sql_.Bind(database_, pending));
  STROM_ASSIGN_OR_RETURN(const sql::Session::Target target, sql_.TargetOf(pending));
  STROM_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                         RunQuery(session_, database_, query, pending.state, clock_));
  STROM_ASSIGN_OR_RETURN(const TableInfo table,
                         session_.Await(session_.admin().GetTable(*target.table)));
  STROM_RETURN_IF_ERROR(WriteRows(session_, table, pending.insert.columns, rows));
  log_ << "wrote " << Count(rows.size(), "row") << " to " << target.path << '\n';
  return Status::Ok();
}

Status SqlRunner::Print(const sql::Select& select) {
  STROM_ASSIGN_OR_RETURN(const sql::BoundQuery query, sql_.Bind(database_, select));
  STROM_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                         RunQuery(session_, database_, query, sql_.state(), clock_));
  std::vector<Column> columns;
  for (const duck::Field& field : query.columns) {
    columns.push_back({.name = field.name, .type = field.type});
  }
  const auto printer = MakeRowPrinter(options_.format, std::move(columns), out_);
  for (const Row& row : rows) printer->Print(row);
  printer->Finish();
  return Status::Ok();
}

Status SqlRunner::Register(const JobDefinition& job) {
  STROM_RETURN_IF_ERROR(AwaitJobs(session_, session_.connection().jobs().Register(job)));
  const auto known = jobs_.find(job.name);
  const std::string_view done = known == jobs_.end()   ? "registered"
                                : known->second == job ? "is registered, the same"
                                                       : "replaced";
  log_ << fmt::format("job {} {} ({}, {})\n", job.name, done, JobKindName(job.kind),
                      Count(job.sources.size(), "source"));
  return Status::Ok();
}

}  // namespace strom::cli
