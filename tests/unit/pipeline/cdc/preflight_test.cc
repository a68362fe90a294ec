#include "pipeline/cdc/postgres/preflight.h"

#include <catch2/catch_test_macros.hpp>

#include "pipeline/cdc/postgres/publication.h"
#include "tests/unit/pipeline/cdc/source_world.h"

namespace strom::cdc {
namespace {

void CheckRefused(const Status& status, std::string_view part) {
  INFO(status.ToString());
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK(status.message().find(part) != std::string_view::npos);
}

std::shared_ptr<const SourceTable> Declared(const std::string& name, std::vector<Column> columns,
                                            std::vector<std::string> key) {
  return std::make_shared<const SourceTable>(SourceTable{
      "public", name,
      Schema::Make({.columns = std::move(columns), .primary_key = std::move(key)}).value()});
}

}  // namespace

TEST_CASE("a server without logical WAL is refused with what to do", "[cdc][postgres]") {
  const testing::PostgresServer server({.logical = false});
  const runtime::RealClock clock;
  const auto sql = postgres::PgConnection::Open({.host = server.host(),
                                                 .port = server.port(),
                                                 .database = server.database(),
                                                 .user = server.user(),
                                                 .password = server.password()},
                                                postgres::PgSession::kSql, clock);
  REQUIRE(sql.ok());
  CheckRefused(Preflight(**sql, {}), "wal_level is replica");
  CheckRefused(Preflight(**sql, {}), "ALTER SYSTEM SET wal_level = 'logical'");
}

TEST_CASE("tables that are not as declared are refused with what to do", "[cdc][postgres]") {
  SourceWorld world;
  const auto sql = world.Connect();
  const auto table = world.Create("orders", "id int PRIMARY KEY, note text", IdAndNote());
  const auto check = [&](const std::shared_ptr<const SourceTable>& declared) {
    return Preflight(*sql, {declared});
  };
  CHECK(check(table).ok());

  SECTION("it does not exist, or is no table") {
    CheckRefused(check(Declared("nothing", IdAndNote(), {"id"})), "public.nothing does not exist");
    world.Sql("CREATE VIEW looks AS SELECT * FROM orders");
    CheckRefused(check(Declared("looks", IdAndNote(), {"id"})), "is no table");
    world.Sql("CREATE UNLOGGED TABLE fast (id int PRIMARY KEY, note text)");
    CheckRefused(check(Declared("fast", IdAndNote(), {"id"})), "unlogged");
  }
  SECTION("a column is missing, of another type, or generated") {
    auto columns = IdAndNote();
    columns.push_back({"extra", DataType::Int()});
    CheckRefused(check(Declared("orders", columns, {"id"})), "has no column extra");
    world.Sql("ALTER TABLE orders ADD extra bigint");
    CheckRefused(check(Declared("orders", columns, {"id"})),
                 "column extra: bigint cannot be declared as INT");
    world.Sql(
        "ALTER TABLE orders DROP extra, "
        "ADD extra int GENERATED ALWAYS AS (id * 2) STORED");
    CheckRefused(check(Declared("orders", columns, {"id"})), "extra is generated");
  }
  SECTION("domains count as their base type") {
    world.Sql(
        "CREATE DOMAIN small AS int; CREATE DOMAIN smaller AS small CHECK (VALUE < 10); "
        "ALTER TABLE orders ADD extra smaller, ADD many int[]");
    auto columns = IdAndNote();
    columns.push_back({"extra", DataType::Int()});
    columns.push_back({"many", DataType::Array(DataType::Int())});
    CHECK(check(Declared("orders", columns, {"id"})).ok());
  }
  SECTION("the key is not the table's") {
    CheckRefused(check(Declared("orders", IdAndNote(), {"note"})), "declared primary key (note)");
    CheckRefused(check(Declared("orders", IdAndNote(), {})), "without PRIMARY KEY");
    world.Sql("ALTER TABLE orders REPLICA IDENTITY NOTHING");
    CheckRefused(check(table), "REPLICA IDENTITY NOTHING");
  }
  SECTION("another unique key will do if the replica identity holds it") {
    world.Sql("ALTER TABLE orders ALTER note SET NOT NULL, ADD UNIQUE (note)");
    const auto by_note = Declared("orders", IdAndNote(), {"note"});
    CheckRefused(check(by_note), "not in the replica identity (id)");
    world.Sql("ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_note_key");
    CHECK(check(by_note).ok());
    CheckRefused(check(table), "not in the replica identity (note)");
    world.Sql("ALTER TABLE orders REPLICA IDENTITY FULL");
    CHECK(check(by_note).ok());
    CHECK(check(table).ok());
  }
}

TEST_CASE("roles that may not are told what they need", "[cdc][postgres]") {
  SourceWorld world;
  const auto orders = world.Create("orders", "id int PRIMARY KEY, note text", IdAndNote());
  world.Sql("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'secret-of-reader'");
  const auto sql =
      postgres::PgConnection::Open(world.As("reader"), postgres::PgSession::kSql, world.clock());
  REQUIRE(sql.ok());
  CheckRefused(Preflight(**sql, {orders}), "ALTER ROLE \"reader\" REPLICATION");
  const auto stream = postgres::PgConnection::Open(
      world.As("reader"), postgres::PgSession::kReplication, world.clock());
  CheckRefused(stream.status(), "42501");
  world.Sql("ALTER ROLE reader REPLICATION");
  CheckRefused(Preflight(**sql, {orders}), "GRANT SELECT ON \"public\".\"orders\"");
  world.Sql("GRANT SELECT ON orders TO reader");
  CHECK(Preflight(**sql, {orders}).ok());

  // It may not create the publication, but use one that an administrator made.
  const Status refused = EnsurePublication(**sql, "strom", {orders});
  CheckRefused(refused,
               "an administrator has to run: CREATE PUBLICATION \"strom\" FOR TABLE "
               "\"public\".\"orders\"");
  world.Publish({orders});
  CHECK(EnsurePublication(**sql, "strom", {orders}).ok());
  const auto snapshot_slot = EnsureSlot(world.As("reader"), world.clock(), "strom", Seconds(30));
  REQUIRE(snapshot_slot.ok());
  CHECK_FALSE(snapshot_slot->created);
  world.Sql("DROP OWNED BY reader; DROP ROLE reader");
}

TEST_CASE("a publication is created, completed, or left alone", "[cdc][postgres]") {
  SourceWorld world;
  const auto a = world.Create("a", "id int PRIMARY KEY, note text", IdAndNote());
  const auto b = world.Create("b", "id int PRIMARY KEY, note text", IdAndNote());
  const auto sql = world.Connect();
  const auto tables = [&] {
    std::string names;
    for (const auto& row :
         world.Sql("SELECT tablename FROM pg_publication_tables ORDER BY 1").rows) {
      names += *row.at(0);
    }
    return names;
  };
  REQUIRE(EnsurePublication(*sql, "strom", {a}).ok());
  CHECK(tables() == "a");
  REQUIRE(EnsurePublication(*sql, "strom", {a, b, b}).ok());
  CHECK(tables() == "ab");
  REQUIRE(EnsurePublication(*sql, "strom", {b}).ok());
  CHECK(tables() == "ab");
  world.Sql("ALTER PUBLICATION strom SET (publish = 'insert')");
  REQUIRE(EnsurePublication(*sql, "strom", {a}).ok());
  CHECK(world.Sql("SELECT pubupdate AND pubdelete AND pubtruncate FROM pg_publication")
            .rows.at(0)
            .at(0) == "t");
  world.Sql("ALTER PUBLICATION strom SET TABLE a WHERE (id > 5), b (id)");
  CheckRefused(EnsurePublication(*sql, "strom", {a}), "row filter on table public.a");
  CheckRefused(EnsurePublication(*sql, "strom", {b}), "does not send column note");
  CHECK(DropPublication(*sql, "strom").ok());
  CHECK(DropPublication(*sql, "strom").ok());
  CheckRefused(EnsurePublication(*sql, "strom", {}), "would have no table");
}

}  // namespace strom::cdc
