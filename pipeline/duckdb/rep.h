#pragma once

// For sources only: includes duckdb.h.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <absl/synchronization/mutex.h>

#include "pipeline/duckdb/duck.h"
#include "pipeline/duckdb/handles.h"
#include "pipeline/duckdb/logical_types.h"
#include "pipeline/duckdb/registry.h"

// What stands behind the classes of duck.h.
namespace strom::duck {

// A connection's job clock: microseconds since the epoch. Read by the thread that sets it.
struct Clock {
  int64_t micros = 0;
};

struct Database::Rep {
  DatabaseHandle database;

  // By number: numbers are never used twice, so that no plan can see another's rows or clock.
  Registry<Input::Rep> inputs;
  Registry<Clock> clocks;  // By DuckDB's number of the connection.

  absl::Mutex mutex;
  ConnectionHandle registering ABSL_GUARDED_BY(mutex);      // Functions are registered through it.
  std::set<std::string> registered ABSL_GUARDED_BY(mutex);  // Functions made on demand.
};

struct Connection::Rep {
  Database::Rep* database = nullptr;
  ConnectionHandle connection;
  std::shared_ptr<Clock> clock;
  uint64_t number = 0;  // DuckDB's.
  std::optional<size_t> error_position;

  // Reads and stores an error of DuckDB about `sql`.
  Status Fail(const char* text, std::string_view sql);
  // Prepares the only statement of `sql`.
  Result<PreparedHandle> Prepare(std::string_view sql);
  ~Rep();
};

struct Statement::Rep {
  Connection::Rep* connection = nullptr;
  std::string sql;  // For errors.
  PreparedHandle prepared;
  std::vector<Field> fields;
  std::vector<ColumnLayout> layouts;

  // Calls take(chunk, rows) for each chunk of the result.
  template <class Take>
  Status Run(const Take& take);
};

struct Input::Rep {
  std::vector<Field> fields;
  std::vector<RowRef> rows;
  std::vector<size_t> columns;   // Of the rows, one a field that is theirs.
  std::vector<int64_t> numbers;  // The last field, if there are any: one a row.

  Connection::Rep* connection = nullptr;
  uint64_t number = 0;
  std::string view;   // Its name, quoted.
  bool gone = false;  // Prepared statements may still hold on to this.
};

// The columns of a prepared statement. Errors: kInvalidSql for types no column can have.
Result<std::vector<ColumnLayout>> LayoutsOf(const PreparedHandle& prepared,
                                            std::vector<Field>& fields);

// Makes strom_input(n) and strom_clock() known; called once, by Database::Open.
Status RegisterInputFunction(duckdb_connection connection, Database::Rep& database);
Status RegisterClock(duckdb_connection connection, Database::Rep& database);

}  // namespace strom::duck
