#include "pipeline/worker/cdc_spec.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/base/crc32c.h"
#include "pipeline/cdc/postgres/postgres_source.h"
#include "pipeline/worker/parsed_job.h"
#include "pipeline/worker/projection.h"

namespace strom::worker {
namespace {

Status KeyError(const TableInfo& target, const sql::ConnectorTable& source) {
  return Error(ErrorCode::kInvalidSql,
               "the primary key of {} must be that of {}, copied column by column", target.path,
               source.name);
}

// The source as it is read: its own names, the target's types, the target's order of the key.
// Whether the target takes a NULL is looked at later, row by row: one that it does not take is no
// reason to stop the reading of other tables.
Result<std::shared_ptr<const cdc::SourceTable>> SourceTableOf(
    const sql::ConnectorTable& connector, const sql::PostgresCdcOptions& options,
    const std::vector<std::string>& copied, const std::vector<Column>& into,
    const TableInfo& target) {
  std::vector<Column> columns;
  for (size_t i = 0; i < copied.size(); ++i) {
    columns.push_back({.name = copied[i], .type = into[i].type.WithNullable(true)});
  }
  std::vector<std::string> key;
  for (const std::string& name : target.descriptor.schema.primary_key()) {
    const auto at = std::find_if(into.begin(), into.end(),
                                 [&](const Column& column) { return column.name == name; });
    if (at == into.end()) return KeyError(target, connector);
    const auto place = static_cast<size_t>(at - into.begin());
    columns[place].type = columns[place].type.NotNull();
    key.push_back(copied[place]);
  }
  if (!std::is_permutation(key.begin(), key.end(), connector.primary_key.begin(),
                           connector.primary_key.end())) {
    return KeyError(target, connector);
  }
  STROM_ASSIGN_OR_RETURN(
      Schema schema, Schema::Make({.columns = std::move(columns), .primary_key = std::move(key)}));
  return std::make_shared<const cdc::SourceTable>(
      cdc::SourceTable{options.schema, options.table, std::move(schema)});
}

Result<postgres::PgEndpoint> EndpointOf(const sql::ParsedJob& parsed) {
  for (const sql::ConnectorTable& connector : parsed.connectors) {
    const auto* const options = std::get_if<sql::PostgresCdcOptions>(&connector.options);
    if (options == nullptr) continue;
    return postgres::PgEndpoint{.host = options->hostname,
                                .port = static_cast<uint16_t>(options->port),
                                .database = options->database,
                                .user = options->username,
                                .password = options->password};
  }
  return Error(ErrorCode::kInvalidSql, "the job's script has no postgres-cdc table");
}

Result<cdc::CdcTable> TableOf(const JobDefinition& job, const sql::ParsedJob& parsed,
                              client::Connection& connection, duck::Database& database) {
  if (parsed.session.inserts().size() != 1) {
    return Error(ErrorCode::kInvalidSql, "CDC job {} has {} INSERTs: one table feeds one table",
                 job.name, parsed.session.inserts().size());
  }
  const sql::Session::PendingInsert& insert = parsed.session.inserts()[0];
  STROM_ASSIGN_OR_RETURN(const sql::Session::Target into, parsed.session.TargetOf(insert));
  STROM_ASSIGN_OR_RETURN(TableInfo target, FindTable(connection, into.path));
  if (!target.descriptor.has_primary_key()) {
    return Error(ErrorCode::kInvalidSql,
                 "table {} has no primary key: a table of changes must know its rows", target.path);
  }
  STROM_ASSIGN_OR_RETURN(const sql::BoundQuery query, parsed.session.Bind(database, insert));
  STROM_ASSIGN_OR_RETURN(const std::vector<std::string> copied, CopiedColumns(query));
  STROM_ASSIGN_OR_RETURN(const sql::ConnectorTable* const connector,
                         FindConnector(parsed, query.sources[0].path));
  const auto* const options = std::get_if<sql::PostgresCdcOptions>(&connector->options);
  if (options == nullptr) {
    return Error(ErrorCode::kInvalidSql, "{} is no postgres-cdc table", connector->name);
  }
  STROM_ASSIGN_OR_RETURN(std::shared_ptr<const cdc::SourceTable> source,
                         SourceTableOf(*connector, *options, copied, into.columns, target));
  std::vector<std::string> columns;
  for (const Column& column : into.columns) columns.push_back(column.name);
  return cdc::CdcTable{.job = job.name,
                       .source = std::move(source),
                       .target = std::move(target),
                       .columns = std::move(columns)};
}

// The database of the group, which its jobs share.
Result<std::shared_ptr<cdc::SourceDatabase>> SourceOf(const sql::ParsedJob& parsed,
                                                      const std::string& group) {
  STROM_ASSIGN_OR_RETURN(postgres::PgEndpoint endpoint, EndpointOf(parsed));
  const std::string name = SlotName(group);
  return std::shared_ptr<cdc::SourceDatabase>(
      std::make_shared<cdc::PostgresSource>(cdc::PostgresSource::Options{
          .endpoint = std::move(endpoint), .slot = name, .publication = name}));
}

}  // namespace

std::string SlotName(const std::string& group) {
  const std::string database = group.substr(group.rfind('/') + 1);
  std::string name = "strom_";
  for (const char c : database.substr(0, 40)) {
    const auto u = static_cast<unsigned char>(c);
    name += std::isalnum(u) && u < 128 ? static_cast<char>(std::tolower(u)) : '_';
  }
  return fmt::format("{}_{:08x}", name, Crc32c(group));
}

Result<cdc::CdcSpec> CdcSourceOf(const JobDefinition& job, client::Connection& connection) {
  STROM_ASSIGN_OR_RETURN(const sql::ParsedJob parsed, Parse(job, connection));
  cdc::CdcSpec spec;
  STROM_ASSIGN_OR_RETURN(spec.source, SourceOf(parsed, job.group));
  return spec;
}

Result<cdc::CdcSpec> CdcSpecOf(const std::vector<JobDefinition>& jobs,
                               client::Connection& connection, duck::Database& database) {
  cdc::CdcSpec spec;
  const auto add = [&](const JobDefinition& job) -> Status {
    STROM_ASSIGN_OR_RETURN(const sql::ParsedJob parsed, Parse(job, connection));
    STROM_ASSIGN_OR_RETURN(spec.source, SourceOf(parsed, job.group));
    STROM_ASSIGN_OR_RETURN(cdc::CdcTable table, TableOf(job, parsed, connection, database));
    spec.tables.push_back(std::move(table));
    return Status::Ok();
  };
  for (const JobDefinition& job : jobs) {
    Status added = add(job);
    // What may pass is no fault of the job: all of the group try again.
    if (!added.ok() && IsRetriable(added.code())) return added;
    if (!added.ok()) spec.broken.emplace(job.name, std::move(added));
  }
  if (spec.tables.empty()) return spec.broken.begin()->second;
  return spec;
}

}  // namespace strom::worker
