#include "tests/unit/pipeline/sink/sink_world.h"

#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace strom::sink {
namespace {

testing::PostgresServer& SharedServer() {
  static testing::PostgresServer server({.logical = false});
  return server;
}

}  // namespace

Column ColumnOf(std::string name, DataType type) {
  return {.name = std::move(name), .type = std::move(type), .comment = {}, .aggregate = {}};
}

SinkWorld::SinkWorld() {
  const testing::PostgresServer& server = SharedServer();
  endpoint_ = {.host = server.host(),
               .port = server.port(),
               .database = server.database(),
               .user = server.user(),
               .password = server.password(),
               .application_name = "strom-sink-test"};
  for (const auto& row : Sql("SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ "
                             "'^pg_|^information_schema$'")
                             .rows) {
    Sql("DROP SCHEMA " + *row[0] + " CASCADE");
  }
  Sql("CREATE SCHEMA public");
}

testing::PostgresServer& SinkWorld::server() { return SharedServer(); }

postgres::PgEndpoint SinkWorld::As(const std::string& user) const {
  postgres::PgEndpoint endpoint = endpoint_;
  endpoint.user = user;
  endpoint.password = "secret-of-" + user;
  return endpoint;
}

postgres::PgRows SinkWorld::Sql(const std::string& sql) {
  const auto run = [&]() -> Result<postgres::PgRows> {
    if (!session_) {
      STROM_ASSIGN_OR_RETURN(
          session_, postgres::PgConnection::Open(endpoint_, postgres::PgSession::kSql, clock_));
    }
    return session_->Query("test", sql);
  };
  Result<postgres::PgRows> rows = run();
  if (rows.status().code() == ErrorCode::kExternalSystemUnavailable) {
    session_.reset();  // The test restarted the server.
    rows = run();
  }
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  return *std::move(rows);
}

Lines SinkWorld::Rows(const std::string& query) {
  Lines lines;
  for (const auto& row : Sql(query).rows) {
    std::string& line = lines.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      line += (i == 0 ? "" : "|") + row[i].value_or("NULL");
    }
  }
  return lines;
}

Result<std::unique_ptr<PostgresSink>> SinkWorld::TryOpen(const SinkTable& table, int64_t epoch) {
  return PostgresSink::Open(endpoint_, clock_, table, "dw.orders",
                            {.group = "dw.orders", .epoch = epoch});
}

std::unique_ptr<PostgresSink> SinkWorld::Open(const SinkTable& table, int64_t epoch,
                                              const std::string& job) {
  return Open(table, epoch, job, endpoint_);
}

std::unique_ptr<PostgresSink> SinkWorld::Open(const SinkTable& table, int64_t epoch,
                                              const std::string& job,
                                              const postgres::PgEndpoint& endpoint) {
  auto sink = PostgresSink::Open(endpoint, clock_, table, job, {.group = job, .epoch = epoch});
  INFO(sink.status().ToString());
  REQUIRE(sink.ok());
  return *std::move(sink);
}

}  // namespace strom::sink
