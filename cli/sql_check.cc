#include "cli/sql_check.h"

#include <algorithm>
#include <memory>
#include <set>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/table_difference.h"
#include "common/base/check.h"
#include "pipeline/layer/view.h"
#include "pipeline/sql/connector_options.h"

namespace strom::cli {
namespace {

constexpr const char* kCatalog = "strom";

bool MakesCatalogs(const SqlScript& script) {
  return std::ranges::any_of(script.statements(), [](const sql::Statement& statement) {
    return std::holds_alternative<sql::CreateCatalog>(statement.body) ||
           std::holds_alternative<sql::UseCatalog>(statement.body);
  });
}

// The cluster's tables as they are after what the script drops; the session itself knows those that
// the script makes.
class TablesAfterDrops {
 public:
  explicit TablesAfterDrops(TableFinder find) : find_(std::move(find)) {}

  Result<TableInfo> Find(const TablePath& path) const {
    if (tables_.contains(path) || databases_.contains(path.database)) {
      return Error(ErrorCode::kTableNotExist, "there is no table {}", path);
    }
    return find_(path);
  }

  // Takes what `statement` drops; refuses what it makes if that is there, but different.
  Status Take(const sql::Statement& statement, const sql::Session& session) {
    if (const auto* table = std::get_if<sql::DropTable>(&statement.body)) {
      if (table->temporary) return Status::Ok();
      STROM_ASSIGN_OR_RETURN(TablePath path, session.PathOf(table->name));
      tables_.insert(std::move(path));
    } else if (const auto* database = std::get_if<sql::DropDatabase>(&statement.body)) {
      databases_.insert(database->name.parts.back());
    } else if (const auto* create = std::get_if<sql::CreateTable>(&statement.body)) {
      return CheckSame(create->table, session);
    }
    return Status::Ok();
  }

 private:
  Status CheckSame(const sql::TableDefinition& table, const sql::Session& session) const {
    if (table.temporary || table.if_not_exists) return Status::Ok();
    STROM_ASSIGN_OR_RETURN(const TablePath path, session.PathOf(table.name));
    const Result<TableInfo> existing = Find(path);
    if (existing.status().code() == ErrorCode::kTableNotExist) return Status::Ok();
    STROM_RETURN_IF_ERROR(existing.status());
    STROM_ASSIGN_OR_RETURN(const TableDescriptor wanted, sql::ToDescriptor(table));
    STROM_ASSIGN_OR_RETURN(const std::optional<std::string> difference,
                           TableDifference(existing->descriptor, wanted));
    return difference ? AnotherTable(path, *difference) : Status::Ok();
  }

  const TableFinder find_;
  std::set<TablePath> tables_;
  std::set<std::string> databases_;
};

std::string ExplainSelect(const sql::BoundQuery& query) {
  std::vector<std::string> sources;
  for (const sql::SourceTable& source : query.sources) sources.push_back(source.path);
  std::vector<std::string> columns;
  for (const duck::Field& field : query.columns) {
    columns.push_back(field.name + " " + field.type.ToString());
  }
  return fmt::format("select: {} -> {}\n",
                     sources.empty() ? "no table" : fmt::format("{}", fmt::join(sources, ", ")),
                     fmt::join(columns, ", "));
}

std::string Indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("  {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// VALUES go into the cluster; a query that a layer job runs can be kept up to date.
Result<std::string> CheckInserts(const SqlScript& script, duck::Database& database,
                                 const sql::Session& session, const sql::JobPlan& plan) {
  std::string explanation;
  for (size_t i = 0; i < session.inserts().size(); ++i) {
    const sql::Session::PendingInsert& insert = session.inserts()[i];
    STROM_ASSIGN_OR_RETURN(const sql::Session::Target target, session.TargetOf(insert));
    if (std::ranges::count(plan.writes, i) > 0) {
      if (target.connector == nullptr) continue;
      return script.Located(
          Error(ErrorCode::kInvalidSql,
                "VALUES are written into tables of the cluster; {} is a connector table",
                target.path),
          insert.at);
    }
    const auto job = std::ranges::find(plan.jobs, target.path, &JobDefinition::name);
    if (job == plan.jobs.end() || job->kind != JobKind::kLayer) continue;
    STROM_ASSIGN_OR_RETURN(sql::BoundQuery query, session.Bind(database, insert));
    const auto view = layer::View::Make(database, std::move(query));
    if (!view.ok()) return script.Located(view.status(), insert.at);
    explanation += fmt::format("blocks of {}:\n{}", target.path, Indented((*view)->Explain()));
  }
  return explanation;
}

}  // namespace

sql::SchemaReader SchemasOf(TableFinder find) {
  return [find = std::move(find)](const TablePath& path) -> Result<Schema> {
    STROM_ASSIGN_OR_RETURN(const TableInfo table, find(path));
    return table.descriptor.schema;
  };
}

sql::Session BeginSqlSession(const SqlScript& script, sql::SchemaReader reader) {
  sql::Session session(std::move(reader));
  if (MakesCatalogs(script)) return session;
  const auto apply = [&session](auto body) {
    STROM_CHECK(session.Apply({.body = std::move(body), .at = {}}).ok());
  };
  apply(sql::CreateCatalog{.name = kCatalog, .options = {{"type", "fluss"}}});
  apply(sql::UseCatalog{.name = kCatalog});
  return session;
}

Status CheckReadsCluster(const sql::BoundQuery& query, const sql::Session::State& state) {
  for (const sql::SourceTable& source : query.sources) {
    for (const auto& [key, table] : state.temporary_tables) {
      if (table.name.parts.back() != source.path) continue;
      return Error(ErrorCode::kInvalidSql,
                   "{} is a connector table: INSERT it into a table of the cluster, and SELECT "
                   "from that",
                   source.path);
    }
  }
  return Status::Ok();
}

Result<CheckedScript> CheckScript(const SqlScript& script, duck::Database& database,
                                  const TableFinder& find) {
  TablesAfterDrops tables(find);
  sql::Session session = BeginSqlSession(
      script, SchemasOf([&tables](const TablePath& path) { return tables.Find(path); }));
  CheckedScript checked;
  std::string selects;
  for (const sql::Statement& statement : script.statements()) {
    const auto notices = session.Apply(statement);
    if (!notices.ok()) return script.Located(notices.status(), statement.at);
    const Status taken = tables.Take(statement, session);
    if (!taken.ok()) return script.Located(taken, statement.at);
    const auto* select = std::get_if<sql::Select>(&statement.body);
    if (select == nullptr) continue;
    const auto query = session.Bind(database, *select);
    if (!query.ok()) return script.Located(query.status(), statement.at);
    const Status readable = CheckReadsCluster(*query, session.state());
    if (!readable.ok()) return script.Located(readable, statement.at);
    selects += ExplainSelect(*query);
  }
  auto plan = sql::PlanJobs(database, session);
  if (!plan.ok()) return script.Located(plan.status());
  checked.plan = *std::move(plan);
  STROM_ASSIGN_OR_RETURN(const std::string blocks,
                         CheckInserts(script, database, session, checked.plan));
  checked.explanation = sql::Explain(checked.plan, session) + selects + blocks;
  return checked;
}

}  // namespace strom::cli
