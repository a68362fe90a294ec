#include "pipeline/duckdb/errors.h"
#include "pipeline/duckdb/flink_functions.h"
#include "pipeline/duckdb/rep.h"

namespace strom::duck {
namespace {

Status EngineFailure(const char* what, const char* text) {
  return Error(ErrorCode::kUnknownServerError, "DuckDB: {}: {}", what,
               text == nullptr ? std::string("no reason given") : ParseEngineError(text).text);
}

Status Run(duckdb_connection connection, const char* sql) {
  ResultHandle result;
  if (duckdb_query(connection, sql, result.get()) == DuckDBSuccess) return Status::Ok();
  return EngineFailure(sql, duckdb_result_error(result.get()));
}

}  // namespace

Database::Database(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::Open() {
  ConfigHandle config;
  if (duckdb_create_config(config.out()) != DuckDBSuccess) {
    return EngineFailure("create configuration", nullptr);
  }
  static constexpr const char* kSettings[][2] = {
      {"threads", "1"},  // Statements run on their callers' threads.
      {"enable_external_access", "false"},
      {"autoload_known_extensions", "false"},
      {"autoinstall_known_extensions", "false"},
      // A prepared statement would keep the minima, maxima and emptiness its inputs had then:
      // wrong rows later (tests/unit/pipeline/duckdb/stale_statistics_test.cc).
      {"disabled_optimizers", "statistics_propagation"},
  };
  for (const auto& [name, value] : kSettings) {
    if (duckdb_set_config(config.get(), name, value) != DuckDBSuccess) {
      return EngineFailure(name, "the setting is refused");
    }
  }
  auto rep = std::make_unique<Rep>();
  char* error = nullptr;
  if (duckdb_open_ext(nullptr, rep->database.out(), config.get(), &error) != DuckDBSuccess) {
    Status status = EngineFailure("open", error);
    duckdb_free(error);
    return status;
  }
  {
    absl::MutexLock lock(&rep->mutex);
    if (duckdb_connect(rep->database.get(), rep->registering.out()) != DuckDBSuccess) {
      return EngineFailure("connect", nullptr);
    }
    const duckdb_connection connection = rep->registering.get();
    STROM_RETURN_IF_ERROR(RegisterInputFunction(connection, *rep));
    STROM_RETURN_IF_ERROR(RegisterClock(connection, *rep));
    STROM_RETURN_IF_ERROR(RegisterFlinkFunctions(connection));
    for (const char* sql : {"SET GLOBAL TimeZone='UTC'", "SET GLOBAL errors_as_json=true",
                            "SET lock_configuration=true"}) {
      STROM_RETURN_IF_ERROR(Run(connection, sql));
    }
  }
  return std::unique_ptr<Database>(new Database(std::move(rep)));
}

Result<std::unique_ptr<Connection>> Database::Connect() {
  auto connection = std::make_unique<Connection::Rep>();
  if (duckdb_connect(rep_->database.get(), connection->connection.out()) != DuckDBSuccess) {
    return EngineFailure("connect", nullptr);
  }
  connection->database = rep_.get();
  ContextHandle context;
  duckdb_connection_get_client_context(connection->connection.get(), context.out());
  connection->number = duckdb_client_context_get_connection_id(context.get());
  connection->clock = std::make_shared<Clock>();
  rep_->clocks.AddAs(connection->number, connection->clock);
  return std::make_unique<Connection>(std::move(connection));
}

}  // namespace strom::duck
