#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/sink/sink_world.h"

// What a batch promises beyond its rows: that it lives and dies with its position.

namespace strom::sink {
namespace {

using pipeline::KeyedChange;

SinkPosition At(int64_t offset) {
  SinkPosition position;
  position.sources["db.t"] = {.table_id = 7, .next = {{0, offset}}};
  return position;
}

KeyedChange Upsert(int64_t id, int64_t n) { return {true, {Value::Int(id), Value::Int(n)}}; }
KeyedChange Delete(int64_t id) { return {false, {Value::Int(id), Value::Null()}}; }

// public.t, and what a script declares of it.
SinkTable MakeTable(SinkWorld& world) {
  world.Sql("CREATE TABLE t (id bigint PRIMARY KEY, n bigint)");
  return {
      .schema_name = "public",
      .name = "t",
      .columns = {ColumnOf("id", DataType::BigInt().NotNull()), ColumnOf("n", DataType::BigInt())},
      .primary_key = {0}};
}

}  // namespace

TEST_CASE("a crash of the database takes rows and their position together, and they come again",
          "[sink]") {
  SinkWorld world;
  const SinkTable table = MakeTable(world);
  // Commits that nobody waits for stay in memory for up to ten seconds.
  world.Sql("ALTER SYSTEM SET wal_writer_delay = '10s'");
  world.Sql("SELECT pg_reload_conf()");
  int64_t offset = 0;
  int lost = 0;
  for (int64_t round = 1; round <= 5; ++round) {
    auto sink = world.Open(table, round);
    REQUIRE(sink->Begin().ok());
    const int64_t begun = offset;
    for (; offset < begun + 3; ++offset) {  // The batch at an offset replaces the one before it.
      REQUIRE(sink->Write({Upsert(offset, round), Delete(offset - 1)}, At(offset + 1)).ok());
    }
    world.server().Crash();
    world.server().Start();

    const auto stored = world.Open(table, round)->Begin();
    REQUIRE(stored.ok());
    const int64_t next = *stored ? (*stored)->sources.at("db.t").next.at(0) : 0;
    REQUIRE(next <= offset);
    REQUIRE(next >= begun);  // Begin waited for the disk.
    if (next < offset) ++lost;
    const Lines rows = world.Rows("SELECT id FROM t");
    CHECK(rows == (next == 0 ? Lines{} : Lines{std::to_string(next - 1)}));
    offset = next;
  }
  CHECK(lost > 0);  // Else this tells nothing of commits that are lost.
  world.Sql("ALTER SYSTEM RESET wal_writer_delay");
  world.Sql("SELECT pg_reload_conf()");

  auto sink = world.Open(table, 6);
  REQUIRE(sink->Begin().ok());
  for (; offset < 20; ++offset) {
    REQUIRE(sink->Write({Upsert(offset, 6), Delete(offset - 1)}, At(offset + 1)).ok());
  }
  CHECK(world.Rows("SELECT id, n FROM t") == Lines{"19|6"});
  CHECK(sink->Begin().value() == At(20));
}

TEST_CASE("a division by zero of somebody's trigger is no fence", "[sink]") {
  SinkWorld world;
  const SinkTable table = MakeTable(world);
  world.Sql(
      "CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.n := 1 / NEW.n; "
      "RETURN NEW; END$$; CREATE TRIGGER divide BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION "
      "divide()");
  auto sink = world.Open(table);
  REQUIRE(sink->Begin().ok());
  const Status status = sink->Write({Upsert(1, 0)}, At(1));
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(status.ToString(), Contains("public.t") && Contains("upsert rows: division by zero"));
  CHECK(sink->Write({Upsert(1, 1)}, At(1)).ok());
}

TEST_CASE("a fenced writer changes nothing, whatever its batch holds", "[sink]") {
  SinkWorld world;
  const SinkTable table = MakeTable(world);
  auto old = world.Open(table, 1);
  REQUIRE(old->Begin().ok());
  REQUIRE(old->Write({Upsert(1, 1), Upsert(2, 1)}, At(2)).ok());
  REQUIRE(world.Open(table, 2)->Begin().ok());
  CHECK(old->Write({Delete(1), Upsert(2, 7), Upsert(3, 7)}, At(5)).code() ==
        ErrorCode::kFencedJobEpoch);
  CHECK(old->Write({Delete(1)}, At(5)).code() == ErrorCode::kFencedJobEpoch);
  CHECK(world.Rows("SELECT id, n FROM t ORDER BY id") == Lines{"1|1", "2|1"});
  CHECK(world.Open(table, 2)->Begin().value() == At(2));
}

TEST_CASE("deletes go by the key's index, also where the table was empty at first", "[sink]") {
  SinkWorld world;
  const SinkTable table = MakeTable(world);
  auto sink = world.Open(table);
  REQUIRE(sink->Begin().ok());
  REQUIRE(sink->Write({Delete(1)}, At(1)).ok());
  std::vector<KeyedChange> changes;
  for (int64_t i = 0; i < 2000; ++i) changes.push_back(Upsert(i, i));
  REQUIRE(sink->Write(changes, At(2)).ok());
  for (int64_t i = 0; i < 7; ++i) REQUIRE(sink->Write({Delete(i)}, At(3 + i)).ok());
  sink.reset();  // Sessions tell their statistics when they end.
  const MonoTime patience = runtime::SystemNow() + Seconds(60);
  const auto scans = [&] {
    return world.Rows("SELECT n_tup_del, seq_scan FROM pg_stat_user_tables WHERE relname = 't'");
  };
  while (!scans()[0].starts_with("7|")) REQUIRE(runtime::SystemNow() < patience);
  CHECK(scans() == Lines{"7|0"});
}

TEST_CASE("a table that is altered under a sink goes on being written", "[sink]") {
  SinkWorld world;
  const SinkTable table = MakeTable(world);
  auto sink = world.Open(table);
  REQUIRE(sink->Begin().ok());
  REQUIRE(sink->Write({Upsert(1, 1), Delete(2)}, At(1)).ok());
  world.Sql("ALTER TABLE t ADD COLUMN more text DEFAULT 'x'; ALTER TABLE t ALTER n TYPE numeric");
  REQUIRE(sink->Write({Upsert(2, 2), Delete(1)}, At(2)).ok());
  CHECK(world.Rows("SELECT * FROM t") == Lines{"2|2|x"});
}

}  // namespace strom::sink
