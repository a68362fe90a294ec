#pragma once

// For sources only: what the files that see libpq share.

#include <memory>
#include <string>

#include <libpq-fe.h>

#include "pipeline/postgres/pg_connection.h"

namespace strom::postgres {

struct PgConnection::Handle {
  PGconn* conn = nullptr;
  ~Handle() { PQfinish(conn); }
};

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

PgRows ToRows(const PGresult* result);

// The error that a result is, with its detail and context. `sqlstate`: set to its state.
Status ResultError(const std::string& doing, const PGresult* result, std::string& sqlstate);

}  // namespace strom::postgres
