#include "pipeline/postgres/pg_result.h"

#include "pipeline/postgres/pg_error.h"

namespace strom::postgres {

PgRows ToRows(const PGresult* result) {
  PgRows out;
  const int columns = PQnfields(result);
  for (int row = 0; row < PQntuples(result); ++row) {
    auto& fields = out.rows.emplace_back();
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column)) {
        fields.emplace_back();
      } else {
        fields.emplace_back(std::string(PQgetvalue(result, row, column),
                                        static_cast<size_t>(PQgetlength(result, row, column))));
      }
    }
  }
  return out;
}

Status ResultError(const std::string& doing, const PGresult* result, std::string& sqlstate) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  sqlstate = state == nullptr ? "" : state;
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string text = primary == nullptr ? PQresultErrorMessage(result) : primary;
  if (const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)) {
    text += fmt::format(" ({})", detail);
  }
  if (const char* context = PQresultErrorField(result, PG_DIAG_CONTEXT)) {
    text += fmt::format(" [{}]", context);
  }
  return PgError(doing, sqlstate, text);
}

}  // namespace strom::postgres
