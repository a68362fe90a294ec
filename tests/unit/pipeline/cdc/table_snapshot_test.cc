#include "pipeline/cdc/postgres/table_snapshot.h"

#include <atomic>
#include <map>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "pipeline/cdc/postgres/publication.h"
#include "tests/unit/pipeline/cdc/source_world.h"

namespace strom::cdc {
namespace {

using Content = std::map<int64_t, std::string>;

std::string TextOf(const Value& value) { return value.is_null() ? "NULL" : *value.get_if<Bytes>(); }

int64_t IdOf(const Row& row) { return *row[0].get_if<int64_t>(); }

// Applies the changes above the snapshot, strictly: every insert is new, every update and delete
// finds its row, so that a change that comes twice or not at all is seen.
void Apply(const SourceEvent& event, Lsn consistent_point, Content& content, int& applied) {
  if (event.kind == EventKind::kCommit || event.position.commit_lsn < consistent_point) return;
  ++applied;
  if (event.kind == EventKind::kInsert) {
    REQUIRE(content.emplace(IdOf(event.row), TextOf(event.row[1])).second);
  } else if (event.kind == EventKind::kUpdate) {
    REQUIRE(content.contains(IdOf(event.row)));
    content[IdOf(event.row)] = TextOf(event.row[1]);
  } else if (event.kind == EventKind::kDelete) {
    REQUIRE(content.erase(IdOf(*event.old_row)) == 1);
  }
}

// Writes transactions as fast as it can until told to stop.
void WriteUntil(const std::atomic<bool>& stop, const postgres::PgEndpoint& endpoint,
                const runtime::Clock& clock, int first_id, std::atomic<int>& written,
                std::atomic<bool>& failed) {
  auto session = postgres::PgConnection::Open(endpoint, postgres::PgSession::kSql, clock);
  for (int i = 0; session.ok() && !stop; ++i) {
    const int id = first_id + i;
    const auto done = (*session)->Query(
        "writer", fmt::format("BEGIN; INSERT INTO orders VALUES ({0}, 'new'); "
                              "UPDATE orders SET note = note || '+' WHERE id = {0} - 1; "
                              "DELETE FROM orders WHERE id = {0} - 5 AND id % 3 = 0; COMMIT",
                              id));
    if (!done.ok()) failed = true;
    ++written;
  }
  if (!session.ok()) failed = true;
}

}  // namespace

TEST_CASE("snapshot and stream meet exactly while others write", "[cdc][postgres]") {
  SourceWorld world;
  const auto orders = world.Create("orders", "id int PRIMARY KEY, note text", IdAndNote());
  world.Sql("INSERT INTO orders SELECT g, 'old' FROM generate_series(1, 5000) g");
  world.Publish({orders});
  std::atomic<bool> stop = false;
  std::atomic<bool> failed = false;
  std::atomic<int> written = 0;
  std::vector<std::thread> writers;
  for (int i = 1; i <= 2; ++i) {
    writers.emplace_back([&, i] {
      WriteUntil(stop, world.endpoint(), world.clock(), i * 1000000, written, failed);
    });
  }
  const auto wait_for = [&](int count) {
    const MonoTime deadline = world.clock().Now() + Seconds(30);
    while (written < count && !failed && world.clock().Now() < deadline) std::this_thread::yield();
  };
  wait_for(20);
  auto snapshot = TableSnapshot::Open(world.endpoint(), orders, world.clock(), Seconds(30));
  wait_for(written + 20);  // Between the snapshot's point and its reading.
  Content content;
  if (snapshot.ok()) {
    while (true) {
      auto rows = (*snapshot)->Next(700);
      if (!rows.ok() || rows->empty()) break;
      for (const Row& row : *rows) content.emplace(IdOf(row), TextOf(row[1]));
    }
  }
  wait_for(written + 20);
  stop = true;
  for (std::thread& writer : writers) writer.join();
  INFO(snapshot.status().ToString());
  REQUIRE(snapshot.ok());
  REQUIRE_FALSE(failed);
  const Lsn point = (*snapshot)->consistent_point();
  CHECK((*snapshot)->Next(700).value().empty());  // The end stays the end.
  const size_t in_snapshot = content.size();
  CHECK(in_snapshot > 5000);

  world.Sql("INSERT INTO orders VALUES (-1, 'end')");
  const auto stream = world.Stream();
  int applied = 0;
  int skipped = 0;
  for (bool done = false; !done;) {
    const auto events = stream->Poll(Seconds(30), 1000);
    REQUIRE(events.ok());
    REQUIRE_FALSE(events->empty());
    for (const SourceEvent& event : *events) {
      if (event.kind != EventKind::kCommit && event.position.commit_lsn < point) ++skipped;
      Apply(event, point, content, applied);
      done = done || (event.kind == EventKind::kInsert && IdOf(event.row) == -1);
    }
  }
  // Both sides of the seam were met, or the test has shown nothing.
  CHECK(skipped > 20);
  CHECK(applied > 20);
  Content expected;
  for (const auto& row : world.Sql("SELECT id, note FROM orders").rows) {
    expected.emplace(std::stoll(*row.at(0)), row.at(1).value_or("NULL"));
  }
  CHECK(content == expected);
}

TEST_CASE("a snapshot has all rows of a table, typed, in batches", "[cdc][postgres]") {
  SourceWorld world;
  const auto table = world.Create("things", "id int PRIMARY KEY, note text, hidden int",
                                  {{"note", DataType::String()}, {"id", DataType::Int()}});
  world.Sql(
      "INSERT INTO things VALUES (1, NULL, 7), (2, E'tab\\t, line\\n and \\\\ end', 8), "
      "(3, '\\N', 9); ANALYZE things");
  world.Publish({table});

  SECTION("with NULLs and escapes") {
    auto snapshot = TableSnapshot::Open(world.endpoint(), table, world.clock(), Seconds(30));
    REQUIRE(snapshot.ok());
    CHECK((*snapshot)->estimated_rows() == 3);
    CHECK((*snapshot)->consistent_point() > Lsn());
    const auto first = (*snapshot)->Next(2);
    REQUIRE(first.ok());
    CHECK(*first == std::vector<Row>{{Value::Null(), Value::Int(1)},
                                     {Value::String("tab\t, line\n and \\ end"), Value::Int(2)}});
    CHECK((*snapshot)->Next(2).value() == std::vector<Row>{{Value::String("\\N"), Value::Int(3)}});
    CHECK((*snapshot)->Next(2).value().empty());
    // The temporary slot is gone already.
    CHECK(world.Sql("SELECT FROM pg_replication_slots WHERE temporary").rows.empty());
  }
  SECTION("a value that has no place is an error that names it") {
    world.Sql(
        "ALTER TABLE things ALTER COLUMN id TYPE int8; "
        "INSERT INTO things VALUES (3000000000, 'x', 1)");
    auto snapshot = TableSnapshot::Open(world.endpoint(), table, world.clock(), Seconds(30));
    REQUIRE(snapshot.ok());
    const auto rows = (*snapshot)->Next(10);
    CHECK(rows.status().code() == ErrorCode::kExternalSystem);
    CHECK(rows.status().message().find("3000000000") != std::string_view::npos);
  }
  SECTION("a transaction that stays open is named when the time is over") {
    const auto blocker = world.Connect();
    REQUIRE(blocker->Query("test", "BEGIN; INSERT INTO things VALUES (4, 'x', 1)").ok());
    const auto snapshot = TableSnapshot::Open(world.endpoint(), table, world.clock(), Millis(300));
    INFO(snapshot.status().ToString());
    CHECK(snapshot.status().code() == ErrorCode::kExternalSystemUnavailable);
    CHECK(snapshot.status().message().find(fmt::format("pid {}", blocker->backend_pid())) !=
          std::string_view::npos);
  }
  SECTION("a table that does not exist is an error") {
    world.Sql("DROP TABLE things");
    const auto snapshot = TableSnapshot::Open(world.endpoint(), table, world.clock(), Seconds(30));
    CHECK(snapshot.status().code() == ErrorCode::kExternalSystem);
    CHECK(snapshot.status().message().find("42P01") != std::string_view::npos);
  }
}

TEST_CASE("a partitioned table is one table, in the snapshot and in the stream",
          "[cdc][postgres]") {
  SourceWorld world;
  world.Sql(
      "CREATE TABLE parts (id int PRIMARY KEY, note text) PARTITION BY RANGE (id); "
      "CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10); "
      "CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (10) TO (20); "
      "INSERT INTO parts VALUES (1, 'a'), (11, 'b')");
  const auto parts = std::make_shared<const SourceTable>(SourceTable{
      "public", "parts", Schema::Make({.columns = IdAndNote(), .primary_key = {"id"}}).value()});
  world.Publish({parts});
  auto snapshot = TableSnapshot::Open(world.endpoint(), parts, world.clock(), Seconds(30));
  REQUIRE(snapshot.ok());
  CHECK((*snapshot)->Next(10).value().size() == 2);
  const auto stream = world.Stream();
  world.Sql("UPDATE parts SET id = 12, note = 'moved' WHERE id = 1");
  const auto events = world.Read(*stream, 1);
  REQUIRE(events.size() == 3);  // To another partition: a delete and an insert.
  CHECK(events[0].kind == EventKind::kDelete);
  CHECK(events[1].kind == EventKind::kInsert);
  CHECK(events[1].row == Row{Value::Int(12), Value::String("moved")});

  world.Sql("ALTER PUBLICATION strom SET (publish_via_partition_root = false)");
  const Status refused = EnsurePublication(*world.Connect(), "strom", {parts});
  CHECK(refused.code() == ErrorCode::kExternalSystem);
  CHECK(refused.message().find("publish_via_partition_root = true") != std::string_view::npos);
}

}  // namespace strom::cdc
