#pragma once

#include <memory>
#include <string>
#include <vector>

#include <catch2/matchers/catch_matchers_string.hpp>

#include "common/runtime/system_clock.h"
#include "pipeline/sink/postgres/postgres_sink.h"
#include "tests/testing/postgres_server.h"

namespace strom::sink {

using Lines = std::vector<std::string>;

inline auto Contains(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }

// A real PostgreSQL whose only schema is an empty `public`. The server is started once per
// executable.
class SinkWorld {
 public:
  SinkWorld();

  testing::PostgresServer& server();
  // The endpoint as another role, whose password is "secret-of-" and its name.
  postgres::PgEndpoint As(const std::string& user) const;

  // Runs statements as the superuser; ends the test if they fail.
  postgres::PgRows Sql(const std::string& sql);
  // Its rows: "1|text|NULL".
  Lines Rows(const std::string& query);

  Result<std::unique_ptr<PostgresSink>> TryOpen(const SinkTable& table, int64_t epoch = 1);
  std::unique_ptr<PostgresSink> Open(const SinkTable& table, int64_t epoch = 1,
                                     const std::string& job = "dw.orders");
  std::unique_ptr<PostgresSink> Open(const SinkTable& table, int64_t epoch, const std::string& job,
                                     const postgres::PgEndpoint& endpoint);

 private:
  runtime::RealClock clock_;
  postgres::PgEndpoint endpoint_;
  std::unique_ptr<postgres::PgConnection> session_;
};

Column ColumnOf(std::string name, DataType type);

}  // namespace strom::sink
