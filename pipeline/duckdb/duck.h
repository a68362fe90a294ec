#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "common/types/row_ref.h"
#include "common/types/value.h"

// DuckDB as a compute step: rows in, SQL, rows out. Nothing is stored in it.
//
//   BOOLEAN .. DOUBLE  the same           DATE, TIME       DATE, TIME
//   CHAR, STRING       VARCHAR            TIMESTAMP(p)     TIMESTAMP (µs), p > 6: TIMESTAMP_NS
//   BINARY, BYTES      BLOB               TIMESTAMP_LTZ(p) TIMESTAMPTZ (µs; finer parts are cut)
//   DECIMAL(p, s)      DECIMAL(p, s)      ARRAY, MAP, ROW  LIST, MAP, STRUCT
//
// Results, the other way: HUGEINT is DECIMAL(38, 0), UBIGINT DECIMAL(20, 0), smaller unsigned types
// the next larger signed one; types without a column type (INTERVAL, UUID, ENUM, ...) are refused.
// Every type of a result is nullable. Text from inputs must be UTF-8.
namespace strom::duck {

// A column of a result or of an input.
struct Field {
  std::string name;
  DataType type;

  friend bool operator==(const Field&, const Field&) = default;
};

struct RowSet {
  std::vector<Field> fields;
  std::vector<Row> rows;
};

class Connection;

// One DuckDB in memory, with Flink's functions registered (flink_functions.h), statistics
// propagation off (prepared statements keep stale statistics otherwise, and give wrong rows), time
// zone UTC, no threads of its own, no access to files or the network, and its settings locked.
// Thread-safe. Outlives its connections.
class Database {
 public:
  // Errors: kUnknownServerError with DuckDB's text.
  static Result<std::unique_ptr<Database>> Open();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Errors: kUnknownServerError.
  Result<std::unique_ptr<Connection>> Connect();

  struct Rep;
  Rep& rep() { return *rep_; }  // For this folder.

 private:
  explicit Database(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

// A statement that is run again and again, each time on the rows its inputs have then. Belongs to
// its connection, which outlives it.
class Statement {
 public:
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  const std::vector<Field>& fields() const;
  // Errors: kInvalidSql with DuckDB's text (a cast that fails, a division by zero, ...).
  Result<std::vector<Row>> Run();

  // The same with the last column, a BIGINT, apart: a number for each row.
  // Errors: also kUnknownServerError if the number of a row is NULL.
  struct Numbered {
    std::vector<Row> rows;
    std::vector<int64_t> numbers;
  };
  Result<Numbered> RunNumbered();

  struct Rep;
  explicit Statement(std::unique_ptr<Rep> rep);

 private:
  std::unique_ptr<Rep> rep_;
};

// Rows that statements of one connection read like a table. The rows belong to the caller and stay
// unchanged while a statement runs. Only the columns a statement needs are converted. Belongs to
// its connection, which outlives it; a statement run after its input is gone fails.
class Input {
 public:
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  const std::vector<Field>& fields() const;
  // Replaces the rows. Each has one value a field; one that is not of its field's type fails the
  // statement that reads it. `numbers`, if it is not empty, are the values of a last field, a BIGINT
  // that the rows do not have, one a row.
  void Set(std::vector<RowRef> rows, std::vector<int64_t> numbers = {});
  // The same with rows as they lie somewhere else: field i is columns[i] of a row.
  void Set(std::vector<RowRef> rows, std::vector<size_t> columns,
           std::vector<int64_t> numbers = {});

  struct Rep;
  explicit Input(std::shared_ptr<Rep> rep);

 private:
  std::shared_ptr<Rep> rep_;
};

// One thread at a time; statements run on the calling thread.
class Connection {
 public:
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Errors, of all that take SQL: kInvalidSql with the first line of DuckDB's text and, where
  // DuckDB knows it, the place: "Binder: Referenced column "b" not found ... (line 2, column 4)".
  Result<RowSet> Query(std::string_view sql);
  Status Execute(std::string_view sql);
  // The columns `sql` would give; binds, runs nothing.
  Result<std::vector<Field>> Describe(std::string_view sql);
  Result<std::unique_ptr<Statement>> Prepare(std::string_view sql);
  // Where in its text the last call failed, as a byte from 0; nullopt if it did not, or if DuckDB
  // does not say.
  std::optional<size_t> error_position() const;

  // A table `name` for statements of this connection: a temporary view over rows the caller sets;
  // none at first. A name may be used again when its input is gone. Errors: kInvalidSql.
  Result<std::unique_ptr<Input>> CreateInput(std::string_view name, std::vector<Field> fields);

  // What strom_clock(), a TIMESTAMP in UTC with microseconds, answers in statements of this
  // connection from now on, prepared ones too: 1970-01-01 until it is set.
  void SetClock(Timestamp now);

  struct Rep;
  explicit Connection(std::unique_ptr<Rep> rep);

 private:
  std::unique_ptr<Rep> rep_;
};

// `name` as an identifier in DuckDB's SQL, quoted.
std::string QuoteIdentifier(std::string_view name);
// `type` as DuckDB's SQL writes it: "DECIMAL(10, 2)", "TIMESTAMP WITH TIME ZONE", "VARCHAR[]".
std::string SqlType(const DataType& type);

}  // namespace strom::duck
