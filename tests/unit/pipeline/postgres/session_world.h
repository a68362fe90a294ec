#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/runtime/system_clock.h"
#include "pipeline/postgres/pg_connection.h"
#include "tests/testing/postgres_server.h"

namespace strom::postgres {

using Texts = std::vector<std::optional<std::string>>;

// A session with a real PostgreSQL, with one empty table t (id integer, note text) of its own.
struct SessionWorld {
  SessionWorld();

  // Started once per executable.
  static testing::PostgresServer& server();

  Result<PgRows> Insert(std::optional<std::string> id, std::optional<std::string> note);
  std::string Count();
  // The only value of the answer; ends the test if there is none.
  std::string Ask(const std::string& sql);

  runtime::RealClock clock;
  std::unique_ptr<PgConnection> session;
};

}  // namespace strom::postgres
