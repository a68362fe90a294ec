#include "tests/unit/pipeline/postgres/session_world.h"

#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace strom::postgres {

testing::PostgresServer& SessionWorld::server() {
  static testing::PostgresServer server({.logical = false});
  return server;
}

SessionWorld::SessionWorld() {
  auto opened = PgConnection::Open({.host = server().host(),
                                    .port = server().port(),
                                    .database = server().database(),
                                    .user = server().user(),
                                    .password = server().password()},
                                   PgSession::kSql, clock);
  INFO(opened.status().ToString());
  REQUIRE(opened.ok());
  session = *std::move(opened);
  REQUIRE(session->Query("test", "CREATE TEMP TABLE t (id integer PRIMARY KEY, note text)").ok());
}

Result<PgRows> SessionWorld::Insert(std::optional<std::string> id,
                                    std::optional<std::string> note) {
  return session->QueryParams("insert", "INSERT INTO t VALUES ($1, $2) RETURNING id",
                              {std::move(id), std::move(note)});
}

std::string SessionWorld::Count() { return Ask("SELECT count(*) FROM t"); }

std::string SessionWorld::Ask(const std::string& sql) {
  auto answer = session->Query("ask", sql);
  INFO(answer.status().ToString());
  REQUIRE(answer.ok());
  return answer->Single("ask").value();
}

}  // namespace strom::postgres
