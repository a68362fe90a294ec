#include "pipeline/worker/parsed_job.h"

#include <algorithm>
#include <cstdlib>

#include "common/text/value_text.h"

namespace strom::worker {
namespace {

std::optional<std::string> FromEnvironment(std::string_view name) {
  const char* const value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

Result<TableInfo> FindTable(client::Connection& connection, const std::string& path) {
  STROM_ASSIGN_OR_RETURN(const TablePath table, TablePath::Parse(path));
  return connection.admin().GetTable(table).Get();
}

Result<sql::ParsedJob> Parse(const JobDefinition& job, client::Connection& connection) {
  return sql::ParseJob(
      job, FromEnvironment, [&connection](const TablePath& path) -> Result<Schema> {
        STROM_ASSIGN_OR_RETURN(const TableInfo table, connection.admin().GetTable(path).Get());
        return table.descriptor.schema;
      });
}

Result<pipeline::JobClock> ClockOf(const JobDefinition& job, const runtime::Clock& clock) {
  const auto setting = job.settings.find("strom.clock");
  if (setting == job.settings.end()) return pipeline::JobClock(clock);
  STROM_ASSIGN_OR_RETURN(const std::string text, sql::FillIn(setting->second, FromEnvironment));
  if (text.find_first_not_of(' ') == std::string::npos) return pipeline::JobClock(clock);
  const Result<Value> value = ValueFromText(text, DataType::Timestamp(3));
  if (!value.ok()) {
    return Error(ErrorCode::kInvalidConfig, "strom.clock: {}", value.status().message());
  }
  return pipeline::JobClock(clock, *value->get_if<Timestamp>());
}

Result<const sql::ConnectorTable*> FindConnector(const sql::ParsedJob& job,
                                                 const std::string& name) {
  const auto at =
      std::find_if(job.connectors.begin(), job.connectors.end(),
                   [&](const sql::ConnectorTable& table) { return table.name == name; });
  if (at == job.connectors.end()) {
    return Error(ErrorCode::kInvalidSql, "the job's script has no connector table {}", name);
  }
  return &*at;
}

}  // namespace strom::worker
