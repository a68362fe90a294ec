#include "tests/unit/pipeline/cdc/source_world.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "pipeline/cdc/postgres/postgres_stream.h"
#include "pipeline/cdc/postgres/publication.h"

namespace strom::cdc {
namespace {

testing::PostgresServer& SharedServer() {
  static testing::PostgresServer server;
  return server;
}

constexpr MonoDuration kPatience = Seconds(30);

}  // namespace

SourceWorld::SourceWorld() {
  const testing::PostgresServer& server = SharedServer();
  endpoint_ = {.host = server.host(),
               .port = server.port(),
               .database = server.database(),
               .user = server.user(),
               .password = server.password(),
               .application_name = "strom-cdc-test"};
  session_ = Connect();
  REQUIRE(DropSlot(*session_, clock_, "strom", kPatience).ok());
  REQUIRE(DropPublication(*session_, "strom").ok());
  Sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC");
}

testing::PostgresServer& SourceWorld::server() { return SharedServer(); }

postgres::PgEndpoint SourceWorld::As(const std::string& user) const {
  postgres::PgEndpoint endpoint = endpoint_;
  endpoint.user = user;
  endpoint.password = "secret-of-" + user;
  return endpoint;
}

std::unique_ptr<postgres::PgConnection> SourceWorld::Connect() {
  auto connection = postgres::PgConnection::Open(endpoint_, postgres::PgSession::kSql, clock_);
  INFO(connection.status().ToString());
  REQUIRE(connection.ok());
  return *std::move(connection);
}

postgres::PgRows SourceWorld::Sql(const std::string& sql) {
  auto rows = session_->Query("test", sql);
  if (rows.status().code() == ErrorCode::kExternalSystemUnavailable) {
    session_ = Connect();  // The test restarted the server.
    rows = session_->Query("test", sql);
  }
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  return *std::move(rows);
}

std::shared_ptr<const SourceTable> SourceWorld::Create(const std::string& name,
                                                       const std::string& ddl,
                                                       std::vector<Column> columns,
                                                       std::vector<std::string> key) {
  Sql("CREATE TABLE public." + name + " (" + ddl + ")");
  return std::make_shared<const SourceTable>(SourceTable{
      "public", name,
      Schema::Make({.columns = std::move(columns), .primary_key = std::move(key)}).value()});
}

void SourceWorld::Publish(const std::vector<std::shared_ptr<const SourceTable>>& tables) {
  published_ = tables;
  const Status published = EnsurePublication(*session_, "strom", tables);
  INFO(published.ToString());
  REQUIRE(published.ok());
  const auto slot = EnsureSlot(endpoint_, clock_, "strom", kPatience);
  INFO(slot.status().ToString());
  REQUIRE(slot.ok());
}

Result<std::unique_ptr<ChangeStream>> SourceWorld::TryStream(Lsn start) {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<PostgresStream> session,
                         PostgresStream::Open({.endpoint = endpoint_,
                                               .slot = "strom",
                                               .publication = "strom",
                                               .takeover_timeout = kPatience},
                                              start, clock_));
  return std::make_unique<ChangeStream>(
      ChangeStream::Options{.slot = "strom", .tables = published_}, std::move(session), start,
      clock_);
}

std::unique_ptr<ChangeStream> SourceWorld::Stream(Lsn start) {
  auto stream = TryStream(start);
  INFO(stream.status().ToString());
  REQUIRE(stream.ok());
  return *std::move(stream);
}

std::vector<SourceEvent> SourceWorld::Read(ChangeStream& stream, int transactions,
                                           size_t max_events) {
  std::vector<SourceEvent> all;
  while (transactions > 0) {
    auto events = stream.Poll(kPatience, max_events);
    INFO(events.status().ToString());
    REQUIRE(events.ok());
    REQUIRE_FALSE(events->empty());  // Nothing came for all that time.
    for (SourceEvent& event : *events) {
      if (event.kind == EventKind::kCommit) --transactions;
      all.push_back(std::move(event));
    }
  }
  return all;
}

std::vector<Column> IdAndNote() { return {{"id", DataType::Int()}, {"note", DataType::String()}}; }

}  // namespace strom::cdc
