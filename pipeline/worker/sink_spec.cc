#include "pipeline/worker/sink_spec.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/base/crc32c.h"
#include "pipeline/sink/postgres/postgres_sink.h"
#include "pipeline/worker/parsed_job.h"

namespace strom::worker {
namespace {

Result<sink::SinkTable> TargetOf(const sql::ConnectorTable& connector,
                                 const sql::JdbcOptions& options,
                                 const std::vector<Column>& columns) {
  sink::SinkTable table{.schema_name = options.schema.empty() ? "public" : options.schema,
                        .name = options.table,
                        .columns = columns,
                        .primary_key = {}};
  if (connector.primary_key.empty()) {
    return Error(ErrorCode::kInvalidSql,
                 "{} declares no primary key: changes need to know the rows they are of",
                 connector.name);
  }
  for (const std::string& name : connector.primary_key) {
    const auto at = std::find_if(columns.begin(), columns.end(),
                                 [&](const Column& column) { return column.name == name; });
    if (at == columns.end()) {
      return Error(ErrorCode::kInvalidSql, "column {} of the primary key of {} is not written",
                   name, connector.name);
    }
    table.primary_key.push_back(static_cast<size_t>(at - columns.begin()));
  }
  return table;
}

}  // namespace

Result<SinkSpec> SinkSpecOf(const JobDefinition& job, const pipeline::JobContext& context,
                            duck::Database& database) {
  STROM_ASSIGN_OR_RETURN(const sql::ParsedJob parsed, Parse(job, context.connection));
  if (parsed.session.inserts().size() != 1) {
    return Error(ErrorCode::kInvalidSql,
                 "sink job {} has {} INSERTs; a table of another database takes one: write a UNION",
                 job.name, parsed.session.inserts().size());
  }
  const sql::Session::PendingInsert& insert = parsed.session.inserts()[0];
  STROM_ASSIGN_OR_RETURN(const sql::Session::Target into, parsed.session.TargetOf(insert));
  STROM_ASSIGN_OR_RETURN(const sql::ConnectorTable* const connector,
                         FindConnector(parsed, into.path));
  const auto* const options = std::get_if<sql::JdbcOptions>(&connector->options);
  if (options == nullptr) {
    return Error(ErrorCode::kInvalidSql, "{} is no jdbc table", connector->name);
  }
  if (options->kind != sql::JdbcKind::kPostgres) {
    return Error(ErrorCode::kInvalidSql, "{}: sinks write to PostgreSQL only so far",
                 connector->name);
  }
  STROM_ASSIGN_OR_RETURN(sink::SinkTable target, TargetOf(*connector, *options, into.columns));
  STROM_ASSIGN_OR_RETURN(sql::BoundQuery query, parsed.session.Bind(database, insert));
  if (query.sources.empty()) {
    return Error(ErrorCode::kInvalidSql, "the query of sink job {} reads no table", job.name);
  }
  STROM_ASSIGN_OR_RETURN(TableInfo source, FindTable(context.connection, query.sources[0].path));
  const postgres::PgEndpoint endpoint{.host = options->host,
                                      .port = static_cast<uint16_t>(options->port),
                                      .database = options->database,
                                      .user = options->username,
                                      .password = options->password,
                                      .application_name = "strom-sink"};
  auto open = [endpoint, target, &clock = context.clock, name = job.name,
               fence = context.fence]() -> Result<std::unique_ptr<sink::Sink>> {
    STROM_ASSIGN_OR_RETURN(std::unique_ptr<sink::PostgresSink> sink,
                           sink::PostgresSink::Open(endpoint, clock, target, name, fence));
    return std::unique_ptr<sink::Sink>(std::move(sink));
  };
  auto forget = [endpoint, target, &clock = context.clock, name = job.name,
                 fence = context.fence]() -> Status {
    STROM_ASSIGN_OR_RETURN(const std::unique_ptr<sink::PostgresSink> sink,
                           sink::PostgresSink::OpenToForget(endpoint, clock, target, name, fence));
    return sink->Forget();
  };
  return SinkSpec{.query = std::move(query),
                  .source = std::move(source),
                  .target = std::move(target),
                  .open = std::move(open),
                  .forget = std::move(forget)};
}

TablePath HiddenTablePath(const JobDefinition& job) {
  std::string name = "sink_";
  for (const char c : job.name.substr(0, 100)) {
    const auto u = static_cast<unsigned char>(c);
    name += u < 128 && std::isalnum(u) ? c : '_';
  }
  return {"__strom", fmt::format("{}_{:08x}", name, Crc32c(job.name))};
}

Result<TableInfo> MakeHiddenTable(client::Connection& connection, const JobDefinition& job,
                                  const sink::SinkTable& target) {
  std::vector<Column> columns = target.columns;
  std::vector<std::string> key;
  for (const size_t column : target.primary_key) {
    columns[column].type = columns[column].type.NotNull();
    key.push_back(columns[column].name);
  }
  STROM_ASSIGN_OR_RETURN(Schema schema, Schema::Make({.columns = columns, .primary_key = key}));
  const TablePath path = HiddenTablePath(job);
  client::Admin& admin = connection.admin();
  STROM_RETURN_IF_ERROR(admin.CreateDatabase(path.database, {}, client::IfExists::kIgnore).Get());
  STROM_RETURN_IF_ERROR(
      admin
          .CreateTable(path,
                       {.schema = schema,
                        .comment = "The result of the query of sink job " + job.name,
                        .distribution = TableDistribution{.bucket_keys = {}, .bucket_count = 1}},
                       client::IfExists::kIgnore)
          .Get());
  STROM_ASSIGN_OR_RETURN(TableInfo table, admin.GetTable(path).Get());
  const auto same = [](const Schema& a, const Schema& b) {
    return a.row_type().ToString() == b.row_type().ToString() && a.primary_key() == b.primary_key();
  };
  if (same(table.descriptor.schema, schema)) return table;
  // The job has another definition now: what the old one kept is of no use.
  STROM_RETURN_IF_ERROR(admin.DropTable(path).Get());
  return MakeHiddenTable(connection, job, target);
}

Result<sql::BoundQuery> SelectAll(duck::Database& database, const TableInfo& table) {
  std::string columns;
  for (const Column& column : table.descriptor.schema.columns()) {
    columns += (columns.empty() ? "`" : ", `") + column.name + "`";
  }
  return sql::BindQuery(
      database, "SELECT " + columns + " FROM hidden", {},
      [&table](const sql::ObjectName&) -> Result<sql::SourceTable> {
        return sql::SourceTable{.name = "hidden",
                                .path = table.path.ToString(),
                                .columns = table.descriptor.schema.columns(),
                                .primary_key = table.descriptor.schema.primary_key_indexes()};
      },
      {}, &table.descriptor.schema.columns());
}

}  // namespace strom::worker
