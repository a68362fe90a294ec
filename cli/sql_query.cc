#include "cli/sql_query.h"

#include <deque>
#include <memory>

#include "cli/sql_check.h"
#include "client/include/strom/log_scanner.h"
#include "client/include/strom/table_reader.h"
#include "common/types/table_path.h"
#include "pipeline/worker/parsed_job.h"

namespace strom::cli {
namespace {

constexpr size_t kRowsMax = 20'000'000;  // Of all tables of a query.

// The rows of the tables of one query.
class Sources {
 public:
  explicit Sources(Session& session) : session_(session) {}

  Status Read(const sql::SourceTable& source) {
    STROM_ASSIGN_OR_RETURN(const TablePath path, TablePath::Parse(source.path));
    // The columns that were bound, even if the table has got more since.
    std::vector<std::string> columns;
    for (const Column& column : source.columns) columns.push_back(column.name);
    tables_.emplace_back();
    STROM_RETURN_IF_ERROR(source.primary_key.empty() ? ReadLog(path, std::move(columns))
                                                     : ReadRows(path, std::move(columns)));
    count_ += tables_.back().size();
    return Status::Ok();
  }

  // Those of the table that was read last.
  std::vector<RowRef> rows() const {
    std::vector<RowRef> out;
    out.reserve(tables_.back().size());
    for (const Row& row : tables_.back()) out.push_back(&row);
    return out;
  }

 private:
  Status ReadRows(const TablePath& path, std::vector<std::string> columns) {
    client::TableReaderOptions options;
    options.columns = std::move(columns);
    STROM_ASSIGN_OR_RETURN(const auto reader,
                           session_.connection().NewTableReader(path, std::move(options)));
    while (true) {
      STROM_ASSIGN_OR_RETURN(std::vector<client::TableRow> rows, session_.Await(reader->Next()));
      if (rows.empty()) return Status::Ok();
      for (client::TableRow& row : rows) STROM_RETURN_IF_ERROR(Keep(path, std::move(row.row)));
    }
  }

  Status ReadLog(const TablePath& path, std::vector<std::string> columns) {
    client::LogScannerOptions options;
    options.columns = std::move(columns);
    return client::ScanToEnd(
        session_.connection(), path, options,
        [&](client::LogRecord record) { return Keep(path, std::move(record.row)); },
        session_.timeout());
  }

  Status Keep(const TablePath& path, Row row) {
    if (count_ + tables_.back().size() >= kRowsMax) {
      return Error(ErrorCode::kJobStateTooLarge,
                   "table {}: a SELECT reads at most {} rows of all its tables", path, kRowsMax);
    }
    tables_.back().push_back(std::move(row));
    return Status::Ok();
  }

  Session& session_;
  std::deque<std::deque<Row>> tables_;
  size_t count_ = 0;  // Of the tables that were read to their end.
};

}  // namespace

Result<std::vector<Row>> RunQuery(Session& session, duck::Database& database,
                                  const sql::BoundQuery& query, const sql::Session::State& state,
                                  const runtime::Clock& clock) {
  STROM_RETURN_IF_ERROR(CheckReadsCluster(query, state));
  Sources sources(session);
  STROM_ASSIGN_OR_RETURN(const auto connection, database.Connect());
  std::vector<std::unique_ptr<duck::Input>> inputs;
  for (const sql::SourceTable& source : query.sources) {
    STROM_RETURN_IF_ERROR(sources.Read(source));
    std::vector<duck::Field> fields;
    for (const Column& column : source.columns) fields.push_back({column.name, column.type});
    STROM_ASSIGN_OR_RETURN(auto input, connection->CreateInput(source.name, std::move(fields)));
    input->Set(sources.rows());
    inputs.push_back(std::move(input));
  }
  if (query.uses_clock) {
    JobDefinition settings;
    settings.settings = state.settings;
    STROM_ASSIGN_OR_RETURN(const pipeline::JobClock now, worker::ClockOf(settings, clock));
    connection->SetClock(now.Now());
  }
  STROM_ASSIGN_OR_RETURN(duck::RowSet result, connection->Query(query.sql));
  return std::move(result.rows);
}

}  // namespace strom::cli
