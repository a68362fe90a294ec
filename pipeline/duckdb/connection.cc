#include <numeric>

#include "common/base/check.h"
#include "pipeline/duckdb/errors.h"
#include "pipeline/duckdb/rep.h"

namespace strom::duck {

Connection::Rep::~Rep() {
  if (database != nullptr) database->clocks.Remove(number);
}

Status Connection::Rep::Fail(const char* text, std::string_view sql) {
  EngineError error = ParseEngineError(text == nullptr ? "DuckDB gives no reason" : text);
  error_position = error.position;
  return ToStatus(error, sql);
}

Result<PreparedHandle> Connection::Rep::Prepare(std::string_view sql) {
  error_position.reset();
  if (sql.find('\0') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidSql, "the statement contains a zero byte");
  }
  PreparedHandle prepared;
  if (duckdb_prepare(connection.get(), std::string(sql).c_str(), prepared.out()) != DuckDBSuccess) {
    return Fail(duckdb_prepare_error(prepared.get()), sql);
  }
  return prepared;
}

Connection::Connection(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Statement>> Connection::Prepare(std::string_view sql) {
  STROM_ASSIGN_OR_RETURN(PreparedHandle prepared, rep_->Prepare(sql));
  auto statement = std::make_unique<Statement::Rep>();
  statement->connection = rep_.get();
  statement->sql = sql;
  STROM_ASSIGN_OR_RETURN(statement->layouts, LayoutsOf(prepared, statement->fields));
  statement->prepared = std::move(prepared);
  return std::make_unique<Statement>(std::move(statement));
}

Result<RowSet> Connection::Query(std::string_view sql) {
  STROM_ASSIGN_OR_RETURN(const auto statement, Prepare(sql));
  STROM_ASSIGN_OR_RETURN(std::vector<Row> rows, statement->Run());
  return RowSet{.fields = statement->fields(), .rows = std::move(rows)};
}

// Not by a prepared statement: what it gives back is of no interest, and need not be readable.
Status Connection::Execute(std::string_view sql) {
  rep_->error_position.reset();
  if (sql.find('\0') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidSql, "the statement contains a zero byte");
  }
  ResultHandle result;
  if (duckdb_query(rep_->connection.get(), std::string(sql).c_str(), result.get()) !=
      DuckDBSuccess) {
    return rep_->Fail(duckdb_result_error(result.get()), sql);
  }
  return Status::Ok();
}

Result<std::vector<Field>> Connection::Describe(std::string_view sql) {
  STROM_ASSIGN_OR_RETURN(const PreparedHandle prepared, rep_->Prepare(sql));
  std::vector<Field> fields;
  STROM_RETURN_IF_ERROR(LayoutsOf(prepared, fields).status());
  return fields;
}

std::optional<size_t> Connection::error_position() const { return rep_->error_position; }

void Connection::SetClock(Timestamp now) {
  int64_t micros = 0;
  STROM_CHECK(!__builtin_mul_overflow(now.millis, 1000, &micros)) << "clock at " << now.millis;
  rep_->clock->micros = micros + now.nanos_of_milli / 1000;
}

Result<std::unique_ptr<Input>> Connection::CreateInput(std::string_view name,
                                                       std::vector<Field> fields) {
  auto input = std::make_shared<Input::Rep>();
  input->fields = std::move(fields);
  input->columns.resize(input->fields.size());
  std::iota(input->columns.begin(), input->columns.end(), size_t{0});
  input->connection = rep_.get();
  input->view = QuoteIdentifier(name);
  input->number = rep_->database->inputs.Add(input);
  const Status created =
      Execute("CREATE TEMP VIEW " + input->view + " AS SELECT * FROM strom_input(" +
              std::to_string(input->number) + ")");
  if (!created.ok()) {
    rep_->database->inputs.Remove(input->number);
    return created.WithContext("input " + input->view);
  }
  return std::make_unique<Input>(std::move(input));
}

}  // namespace strom::duck
