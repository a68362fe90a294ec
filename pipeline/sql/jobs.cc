#include "pipeline/sql/jobs.h"

#include <algorithm>
#include <map>
#include <set>

#include "pipeline/sql/token.h"

namespace strom::sql {
namespace {

using State = Session::State;

// One job in the making.
struct Draft {
  JobDefinition job;
  const State* state = nullptr;
  std::set<std::string> connectors;  // Names of the tables its script needs.
  std::string inserts;
};

std::string WithClause(const Options& options) {
  std::string out;
  for (const auto& [key, value] : options) {
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", QuoteString(key), QuoteString(value));
  }
  return out;
}

const TableDefinition* FindByName(const State& state, const std::string& name) {
  for (const auto& [key, table] : state.temporary_tables) {
    if (table.name.parts.back() == name) return &table;
  }
  return nullptr;
}

// "address schema.table".
Result<std::string> ExternalName(const TableDefinition& table) {
  if (ConnectorOf(table) == "postgres-cdc") {
    STROM_ASSIGN_OR_RETURN(const PostgresCdcOptions options, ReadPostgresCdcOptions(table));
    return fmt::format("{} {}.{}", AddressOf(options), options.schema, options.table);
  }
  STROM_ASSIGN_OR_RETURN(const JdbcOptions options, ReadJdbcOptions(table));
  return options.schema.empty()
             ? fmt::format("{} {}", AddressOf(options), options.table)
             : fmt::format("{} {}.{}", AddressOf(options), options.schema, options.table);
}

bool IsValues(const Insert& insert) {
  return insert.query.size() >= 6 &&
         std::ranges::equal(insert.query.substr(0, 6), std::string_view("VALUES"),
                            [](char a, char b) { return a == b || a == b - 'A' + 'a'; });
}

std::string InsertText(const Insert& insert) {
  std::string name;
  for (const std::string& part : insert.target.parts) {
    name += (name.empty() ? "" : ".") + QuoteForScript(part);
  }
  std::string columns;
  for (const std::string& column : insert.columns) {
    columns += (columns.empty() ? " (" : ", ") + QuoteForScript(column);
  }
  if (!columns.empty()) columns += ')';
  return fmt::format("INSERT INTO {}{}\n{};\n", name, columns, insert.query);
}

std::string ScriptOf(const Draft& draft) {
  const State& state = *draft.state;
  std::string out;
  for (const auto& [name, options] : state.catalogs) {
    out += fmt::format("CREATE CATALOG {} WITH ({});\n", QuoteForScript(name), WithClause(options));
  }
  for (const auto& [key, value] : draft.job.settings) {
    out += fmt::format("SET {} = {};\n", QuoteString(key), QuoteString(value));
  }
  const auto use = [&](const std::string& key) {
    const size_t first = key.find('\0');
    const size_t second = key.find('\0', first + 1);
    const std::string catalog = key.substr(0, first);
    if (!catalog.empty()) out += fmt::format("USE CATALOG {};\n", QuoteForScript(catalog));
    if (catalog.empty()) out += "USE CATALOG default_catalog;\n";
    const std::string database = key.substr(first + 1, second - first - 1);
    if (!database.empty()) out += fmt::format("USE {};\n", QuoteForScript(database));
  };
  for (const auto& [key, table] : state.temporary_tables) {
    if (!draft.connectors.contains(table.name.parts.back())) continue;
    use(key);
    out += table.text + ";\n";
  }
  for (const auto& [key, view] : state.views) {
    use(key);
    out += view.text + ";\n";
  }
  use(state.catalog + '\0' + state.database + '\0');
  return out + draft.inserts;
}

Status AddSources(Draft& draft, const Session::PendingInsert& insert, const BoundQuery& query,
                  JobKind& kind) {
  bool cdc = false;
  bool strom = false;
  for (const SourceTable& source : query.sources) {
    const TableDefinition* table = FindByName(insert.state, source.path);
    std::string name = source.path;
    if (table != nullptr) {
      if (ConnectorOf(*table) != "postgres-cdc") {
        return ErrorAt(insert.at, fmt::format("table {} is a 'jdbc' table: it can be written, not "
                                              "read",
                                              source.path));
      }
      cdc = true;
      draft.connectors.insert(source.path);
      STROM_ASSIGN_OR_RETURN(name, ExternalName(*table));
      STROM_ASSIGN_OR_RETURN(const PostgresCdcOptions options, ReadPostgresCdcOptions(*table));
      draft.job.group = AddressOf(options);
    } else {
      strom = true;
    }
    if (std::ranges::count(draft.job.sources, name) == 0) draft.job.sources.push_back(name);
  }
  if (cdc && strom) {
    return ErrorAt(insert.at,
                   "a query reads either 'postgres-cdc' tables or tables of the cluster");
  }
  if (cdc && kind == JobKind::kSink) {
    return ErrorAt(insert.at, "a 'postgres-cdc' table goes into a table of the cluster first");
  }
  if (cdc) kind = JobKind::kCdc;
  return Status::Ok();
}

}  // namespace

Result<JobPlan> PlanJobs(duck::Database& database, const Session& session) {
  JobPlan plan;
  std::vector<Draft> drafts;
  for (size_t i = 0; i < session.inserts().size(); ++i) {
    const Session::PendingInsert& insert = session.inserts()[i];
    STROM_ASSIGN_OR_RETURN(const Session::Target target, session.TargetOf(insert));
    if (target.connector != nullptr && ConnectorOf(*target.connector) == "postgres-cdc") {
      return ErrorAt(insert.insert.target.at,
                     fmt::format("table {} is a 'postgres-cdc' table: it can be read, not written",
                                 target.path));
    }
    STROM_ASSIGN_OR_RETURN(const BoundQuery query, session.Bind(database, insert));
    if (IsValues(insert.insert)) {
      plan.writes.push_back(i);
      continue;
    }
    std::string target_name = target.path;
    if (target.connector != nullptr) {
      STROM_ASSIGN_OR_RETURN(target_name, ExternalName(*target.connector));
    }
    auto it = std::ranges::find_if(
        drafts, [&](const Draft& draft) { return draft.job.target == target_name; });
    const bool first = it == drafts.end();
    if (first) it = drafts.insert(drafts.end(), Draft{});
    Draft& draft = *it;
    JobKind kind = target.connector != nullptr ? JobKind::kSink : JobKind::kLayer;
    draft.job.name = target.path;
    draft.job.target = target_name;
    if (target.connector != nullptr) draft.connectors.insert(target.path);
    STROM_RETURN_IF_ERROR(AddSources(draft, insert, query, kind));
    if (!first && draft.job.kind != kind) {
      return ErrorAt(insert.at, fmt::format("{} gets rows of two kinds: from 'postgres-cdc' tables "
                                            "and from tables of the cluster",
                                            target.path));
    }
    if (!first && (draft.state->catalog != insert.state.catalog ||
                   draft.state->database != insert.state.database)) {
      return ErrorAt(insert.at, fmt::format("the INSERTs into {} stand under different databases: "
                                            "USE the same one",
                                            target.path));
    }
    draft.job.kind = kind;
    if (kind != JobKind::kCdc) draft.job.group = draft.job.name;
    draft.job.settings = insert.state.settings;
    draft.state = &insert.state;
    draft.inserts += InsertText(insert.insert);
  }
  for (Draft& draft : drafts) {
    draft.job.script = ScriptOf(draft);
    plan.jobs.push_back(std::move(draft.job));
  }
  return plan;
}

std::string Explain(const JobPlan& plan, const Session& session) {
  std::string out;
  for (const JobDefinition& job : plan.jobs) {
    const std::string_view kind = job.kind == JobKind::kCdc     ? "cdc"
                                  : job.kind == JobKind::kLayer ? "layer"
                                                                : "sink";
    std::string sources;
    for (const std::string& source : job.sources) sources += (sources.empty() ? "" : ", ") + source;
    out += fmt::format("{} job {}: {} -> {} (group {})\n", kind, job.name, sources, job.target,
                       job.group);
  }
  for (const size_t write : plan.writes) {
    out += fmt::format("write: VALUES -> {}\n", ToText(session.inserts()[write].insert.target));
  }
  return out;
}

Result<ParsedJob> ParseJob(const JobDefinition& job, const Secrets& secrets, SchemaReader reader) {
  STROM_ASSIGN_OR_RETURN(const std::vector<Statement> statements, ParseScript(job.script));
  ParsedJob out{.session = Session(std::move(reader)), .connectors = {}};
  for (Statement statement : statements) {
    if (auto* create = std::get_if<CreateTable>(&statement.body)) {
      TableDefinition& table = create->table;
      for (auto& [key, value] : table.options) {
        STROM_ASSIGN_OR_RETURN(value, FillIn(value, secrets));
      }
      ConnectorTable connector{.name = table.name.parts.back(),
                               .columns = table.columns,
                               .primary_key = table.primary_key,
                               .options = {}};
      if (ConnectorOf(table) == "jdbc") {
        STROM_ASSIGN_OR_RETURN(connector.options, ReadJdbcOptions(table));
      } else {
        STROM_ASSIGN_OR_RETURN(connector.options, ReadPostgresCdcOptions(table));
      }
      out.connectors.push_back(std::move(connector));
    }
    STROM_RETURN_IF_ERROR(out.session.Apply(statement).status());
  }
  if (out.session.inserts().empty()) {
    return Error(ErrorCode::kInvalidSql, "job {} has no INSERT", job.name);
  }
  return out;
}

}  // namespace strom::sql
