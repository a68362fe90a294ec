#include "pipeline/cdc/postgres/slot.h"

#include <catch2/catch_test_macros.hpp>

#include "pipeline/cdc/postgres/postgres_stream.h"
#include "pipeline/cdc/postgres/publication.h"
#include "tests/unit/pipeline/cdc/source_world.h"

namespace strom::cdc {

TEST_CASE("a slot is made once and then found", "[cdc][postgres]") {
  SourceWorld world;
  const auto orders = world.Create("orders", "id int PRIMARY KEY, note text", IdAndNote());
  const auto sql = world.Connect();
  REQUIRE(EnsurePublication(*sql, "strom", {orders}).ok());
  CHECK_FALSE(ReadSlot(*sql, "strom").value().has_value());
  const auto made = EnsureSlot(world.endpoint(), world.clock(), "strom", Seconds(30));
  REQUIRE(made.ok());
  CHECK(made->created);
  const auto found = EnsureSlot(world.endpoint(), world.clock(), "strom", Seconds(30));
  REQUIRE(found.ok());
  CHECK_FALSE(found->created);
  CHECK(found->confirmed_flush_lsn == made->confirmed_flush_lsn);

  SECTION("its status tells who streams and how far it is") {
    const auto stream = world.Stream();
    const auto status = ReadSlot(*sql, "strom").value();
    REQUIRE(status.has_value());
    CHECK(status->database == "postgres");
    CHECK(status->plugin == "pgoutput");
    CHECK(status->active_pid.has_value());
    CHECK(status->active_application == "strom-cdc-test");
    CHECK(status->confirmed_flush_lsn == made->confirmed_flush_lsn);
    CHECK(status->restart_lsn <= status->confirmed_flush_lsn);
    CHECK(status->wal_status == "reserved");
  }
  SECTION("a session of somebody else is waited for, and named") {
    postgres::PgEndpoint other = world.endpoint();
    other.application_name = "somebody-else";
    const auto stream = PostgresStream::Open(
        {.endpoint = other, .slot = "strom", .publication = "strom"}, Lsn(), world.clock());
    REQUIRE(stream.ok());
    const Status busy = ReleaseSlot(*sql, world.clock(), "strom", Millis(100));
    INFO(busy.ToString());
    CHECK(busy.code() == ErrorCode::kExternalSystemUnavailable);
    CHECK(busy.message().find("'somebody-else'") != std::string_view::npos);
    CHECK(stream.value()->TryRead([](BytesView) { return Status::Ok(); }).ok());  // Left alone.
  }
  SECTION("it is dropped even while our own session streams from it") {
    const auto stream = world.Stream();
    CHECK(DropSlot(*sql, world.clock(), "strom", Seconds(30)).ok());
    CHECK_FALSE(ReadSlot(*sql, "strom").value().has_value());
    CHECK(DropSlot(*sql, world.clock(), "strom", Seconds(30)).ok());  // Again: nothing to do.
  }
  SECTION("it belongs to one database") {
    postgres::PgEndpoint other = world.endpoint();
    other.database = "template1";
    const auto refused = EnsureSlot(other, world.clock(), "strom", Seconds(30));
    CHECK(refused.status().code() == ErrorCode::kExternalSystem);
    CHECK(refused.status().message().find("belongs to database 'postgres'") !=
          std::string_view::npos);
  }
}

TEST_CASE("bad slot names are refused before the server sees them", "[cdc][postgres]") {
  const runtime::RealClock clock;
  for (const std::string& name : {std::string(), std::string("Strom"), std::string("a-b"),
                                  std::string("a\"; DROP"), std::string(64, 'a')}) {
    const auto refused = EnsureSlot({.host = "127.0.0.1"}, clock, name, Seconds(1));
    CHECK(refused.status().code() == ErrorCode::kExternalSystem);
    CHECK(refused.status().message().find("is no slot name") != std::string_view::npos);
  }
}

TEST_CASE("connection errors tell refusals from trouble and keep the password", "[cdc][postgres]") {
  SourceWorld world;
  const auto open = [&](const postgres::PgEndpoint& endpoint) {
    return postgres::PgConnection::Open(endpoint, postgres::PgSession::kSql, world.clock())
        .status();
  };
  postgres::PgEndpoint endpoint = world.endpoint();
  SECTION("a wrong password") {
    endpoint.password = "wrong-one";
    const Status refused = open(endpoint);
    INFO(refused.ToString());
    CHECK(refused.code() == ErrorCode::kExternalSystem);
    CHECK(refused.message().find("28P01") != std::string_view::npos);
    CHECK(refused.message().find("wrong-one") == std::string_view::npos);
  }
  SECTION("a database that does not exist") {
    endpoint.database = "no-such";
    CHECK(open(endpoint).code() == ErrorCode::kExternalSystem);
    CHECK(open(endpoint).message().find("3D000") != std::string_view::npos);
  }
  SECTION("a port where nobody listens") {
    endpoint.port = static_cast<uint16_t>(testing::FreeLoopbackPort());
    const Status gone = open(endpoint);
    INFO(gone.ToString());
    CHECK(gone.code() == ErrorCode::kExternalSystemUnavailable);
    CHECK(gone.message().find(endpoint.password) == std::string_view::npos);
  }
  SECTION("a query that takes too long") {
    const auto sql = world.Connect();
    const auto late = sql->Query("dawdling", "SELECT pg_sleep(30)", Millis(50));
    CHECK(late.status().code() == ErrorCode::kExternalSystemUnavailable);
    CHECK(late.status().message().find("dawdling") != std::string_view::npos);
  }
  SECTION("a statement the server refuses leaves the session usable") {
    const auto sql = world.Connect();
    const auto refused = sql->Query("asking", "SELECT 1/0");
    CHECK(refused.status().message().find("division by zero (SQLSTATE 22012)") !=
          std::string_view::npos);
    CHECK(sql->last_sqlstate() == "22012");
    const auto rows = sql->Query("asking", "SELECT 1, NULL, ''");
    REQUIRE(rows.ok());
    CHECK(rows->rows ==
          std::vector<std::vector<std::optional<std::string>>>{{"1", std::nullopt, ""}});
    CHECK(rows->Single("x").value() == "1");
  }
}

}  // namespace strom::cdc
