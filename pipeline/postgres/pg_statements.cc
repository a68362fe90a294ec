// The part of PgConnection that runs prepared statements: in libpq's pipeline mode, so that any
// number of them takes one round trip.

#include <utility>

#include "common/base/check.h"
#include "pipeline/postgres/pg_connection.h"
#include "pipeline/postgres/pg_result.h"

namespace strom::postgres {
namespace {

// Text goes to libpq as a C string.
Status CheckNoNul(const PgEndpoint& endpoint, const PgStatement& statement) {
  STROM_CHECK(statement.parameters.size() <= UINT16_MAX) << statement.parameters.size();
  for (size_t i = 0; i < statement.parameters.size(); ++i) {
    const PgParameter& parameter = statement.parameters[i];
    if (parameter.value == nullptr || parameter.binary) continue;
    if (parameter.value->find('\0') == std::string::npos) continue;
    return Error(ErrorCode::kExternalSystem,
                 "{}: {}: parameter ${} of {} bytes has a NUL character, which PostgreSQL cannot "
                 "take",
                 endpoint.ToString(), statement.doing, i + 1, parameter.value->size());
  }
  return Status::Ok();
}

bool SendExecute(PGconn* conn, const std::string& name,
                 const std::vector<PgParameter>& parameters) {
  std::vector<const char*> values;
  std::vector<int> sizes;
  std::vector<int> formats;
  for (const PgParameter& parameter : parameters) {
    values.push_back(parameter.value == nullptr ? nullptr : parameter.value->c_str());
    sizes.push_back(parameter.value == nullptr ? 0 : static_cast<int>(parameter.value->size()));
    formats.push_back(parameter.binary ? 1 : 0);
  }
  return PQsendQueryPrepared(conn, name.c_str(), static_cast<int>(values.size()), values.data(),
                             sizes.data(), formats.data(), /*resultFormat=*/0) != 0;
}

}  // namespace

Result<PgRows> PgConnection::QueryParams(
    std::string_view doing, const std::string& sql,
    const std::vector<std::optional<std::string>>& parameters) {
  PgStatement statement{.doing = doing, .sql = sql, .parameters = {}};
  for (const std::optional<std::string>& parameter : parameters) {
    statement.parameters.push_back({.value = parameter ? &*parameter : nullptr});
  }
  return Run({std::move(statement)});
}

Status PgConnection::Transact(const std::vector<PgStatement>& statements) {
  return Run(statements).status();
}

// Everything up to the sync is one transaction to the server. An error makes it skip what follows,
// and roll back.
Result<PgRows> PgConnection::Run(const std::vector<PgStatement>& statements) {
  STROM_CHECK(!statements.empty());
  STROM_CHECK(copying_.empty()) << statements[0].doing << " during " << copying_;
  last_sqlstate_.clear();
  failed_statement_ = 0;
  for (const PgStatement& statement : statements) {
    STROM_RETURN_IF_ERROR(CheckNoNul(endpoint_, statement));
  }
  PGconn* const conn = handle_->conn;
  const std::string_view first = statements[0].doing;
  if (PQenterPipelineMode(conn) == 0) return ConnectionError(first);
  STROM_ASSIGN_OR_RETURN(std::vector<Sent> sent, Send(statements));
  STROM_RETURN_IF_ERROR(SendAll(clock_.Now() + endpoint_.answer_timeout));
  PgRows rows;
  Status error;
  for (Sent& message : sent) {
    const PgStatement& statement = statements[message.statement];
    STROM_ASSIGN_OR_RETURN(const bool synced,
                           ReadAnswer(statement.doing, message.statement, rows, error));
    STROM_CHECK(!synced) << statement.doing;
    if (!message.prepares.empty() && error.ok()) {
      prepared_.emplace(statement.sql, std::move(message.prepares));
    }
  }
  // What a constraint says that is checked at the end is an answer of its own before the sync.
  for (bool synced = false; !synced;) {
    STROM_ASSIGN_OR_RETURN(synced, ReadAnswer("commit", statements.size(), rows, error));
  }
  if (PQexitPipelineMode(conn) == 0) return ConnectionError(first);
  if (!error.ok()) return error;
  return rows;
}

Result<std::vector<PgConnection::Sent>> PgConnection::Send(
    const std::vector<PgStatement>& statements) {
  PGconn* const conn = handle_->conn;
  std::vector<Sent> sent;
  for (size_t i = 0; i < statements.size(); ++i) {
    const PgStatement& statement = statements[i];
    std::string name;
    if (const auto known = prepared_.find(statement.sql); known != prepared_.end()) {
      name = known->second;
    }
    for (const Sent& before : sent) {  // The same statement twice.
      if (!before.prepares.empty() && statements[before.statement].sql == statement.sql) {
        name = before.prepares;
      }
    }
    if (name.empty()) {
      // Never one that was used before: it may belong to a statement that failed.
      name = fmt::format("strom_{}", names_++);
      const std::string sql(statement.sql);
      if (PQsendPrepare(conn, name.c_str(), sql.c_str(), 0, nullptr) == 0) {
        return ConnectionError(statement.doing);
      }
      sent.push_back({.statement = i, .prepares = name});
    }
    if (!SendExecute(conn, name, statement.parameters)) return ConnectionError(statement.doing);
    sent.push_back({.statement = i, .prepares = {}});
  }
  if (PQpipelineSync(conn) == 0) return ConnectionError(statements[0].doing);
  return sent;
}

Result<bool> PgConnection::ReadAnswer(std::string_view doing, size_t statement, PgRows& rows,
                                      Status& error) {
  const MonoTime deadline = clock_.Now() + endpoint_.answer_timeout;
  while (true) {
    if (Status waited = AwaitResult(doing, deadline); !waited.ok()) {
      return error.ok() ? std::move(waited) : error;  // A server that ends us says why first.
    }
    const ResultPtr result(PQgetResult(handle_->conn));
    if (result == nullptr) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_PIPELINE_SYNC:
        return true;
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY:
      case PGRES_PIPELINE_ABORTED:
        break;
      case PGRES_TUPLES_OK:
        rows = ToRows(result.get());
        break;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        STROM_CHECK(false) << doing << ": a COPY needs StartCopy";
        break;
      default:
        if (!error.ok()) break;
        error = ResultError(fmt::format("{}: {}", endpoint_.ToString(), doing), result.get(),
                            last_sqlstate_);
        failed_statement_ = statement;
    }
  }
  if (PQstatus(handle_->conn) == CONNECTION_OK) return false;
  return error.ok() ? ConnectionError(doing) : error;
}

}  // namespace strom::postgres
