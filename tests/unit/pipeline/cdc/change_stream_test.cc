#include "pipeline/cdc/change_stream.h"

#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/cdc/source_world.h"

namespace strom::cdc {
namespace {

Row Of(int id, const char* note) { return {Value::Int(id), Value::String(note)}; }

struct Seen {
  EventPosition position;
  EventKind kind;
  Row row;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::vector<Seen> Summary(const std::vector<SourceEvent>& events) {
  std::vector<Seen> out;
  for (const SourceEvent& event : events) out.push_back({event.position, event.kind, event.row});
  return out;
}

std::vector<EventKind> Kinds(const std::vector<SourceEvent>& events) {
  std::vector<EventKind> out;
  for (const SourceEvent& event : events) out.push_back(event.kind);
  return out;
}

using enum EventKind;

}  // namespace

TEST_CASE("a stream has the changes of committed transactions in commit order", "[cdc][postgres]") {
  SourceWorld world;
  const auto orders = world.Create("orders", "id int PRIMARY KEY, note text", IdAndNote());
  const auto full = world.Create("full_rows", "id int PRIMARY KEY, note text", IdAndNote());
  world.Sql("ALTER TABLE full_rows REPLICA IDENTITY FULL");
  world.Publish({orders, full});
  const auto stream = world.Stream();

  // The second to begin commits first; what is rolled back never comes.
  const auto first = world.Connect();
  REQUIRE(first->Query("test", "BEGIN; INSERT INTO orders VALUES (1, 'slow')").ok());
  world.Sql("INSERT INTO orders VALUES (2, 'fast')");
  REQUIRE(first->Query("test", "COMMIT").ok());
  world.Sql("BEGIN; INSERT INTO orders VALUES (3, 'never'); ROLLBACK");
  world.Sql(
      "BEGIN; UPDATE orders SET note = NULL WHERE id = 1; UPDATE orders SET id = 9 WHERE id = 2; "
      "DELETE FROM orders WHERE id = 1; INSERT INTO full_rows VALUES (1, 'x'); "
      "UPDATE full_rows SET note = 'y'; DELETE FROM full_rows; COMMIT");
  world.Sql("TRUNCATE orders, full_rows");

  const auto events = world.Read(*stream, 4, 3);
  REQUIRE(Kinds(events) == std::vector<EventKind>{kInsert, kCommit, kInsert, kCommit, kUpdate,
                                                  kUpdate, kDelete, kInsert, kUpdate, kDelete,
                                                  kCommit, kTruncate, kTruncate, kCommit});
  CHECK(events[0].row == Of(2, "fast"));
  CHECK(events[2].row == Of(1, "slow"));
  CHECK(events[0].position < events[2].position);
  CHECK(events[1].end_lsn <= events[2].position.commit_lsn);

  CHECK(events[4].row == Row{Value::Int(1), Value::Null()});
  CHECK_FALSE(events[4].old_row.has_value());
  CHECK(events[5].old_row == Row{Value::Int(2), Value::Null()});  // The key alone.
  CHECK(events[5].row == Of(9, "fast"));
  CHECK(events[6].old_row == Row{Value::Int(1), Value::Null()});
  CHECK(events[8].old_row == Of(1, "x"));
  CHECK(events[8].old_row_full);
  CHECK(events[9].old_row == Of(1, "y"));
  for (uint64_t i = 4; i <= 10; ++i) CHECK(events[i].position.ordinal == i - 4);
  CHECK(events[11].table->name != events[12].table->name);
  // Commit times are wall time, in microseconds since 1970.
  CHECK(std::abs(events[13].commit_micros / 1000 - world.clock().WallNow()) < 600000);

  SECTION("what happens elsewhere moves the position that may be confirmed") {
    const Lsn before = stream->read_end();
    world.Sql("CREATE TABLE elsewhere (id int); INSERT INTO elsewhere VALUES (1)");
    const MonoTime deadline = world.clock().Now() + Seconds(30);
    while (stream->read_end() <= before && world.clock().Now() < deadline) {
      CHECK(stream->Poll(Millis(200), 10).value().empty());
    }
    CHECK(stream->read_end() > before);
    CHECK(stream->server_end() >= stream->read_end());
    CHECK(stream->confirmed() <= before);  // Nobody confirmed it.
  }
  SECTION("a poll with nothing to tell ends at its time-out") {
    const MonoTime begin = world.clock().Now();
    CHECK(stream->Poll(Millis(50), 10).value().empty());
    CHECK(world.clock().Now() - begin >= Millis(50));
  }
}

TEST_CASE("a stream has typed values, and large unchanged ones are marked", "[cdc][postgres]") {
  SourceWorld world;
  world.Sql("CREATE TYPE mood AS ENUM ('fine', 'bad'); CREATE DOMAIN price AS numeric(10, 3)");
  const auto table =
      world.Create("wide",
                   "id int8 PRIMARY KEY, n price, b bool, f float4, d date, t time, "
                   "ts timestamp, tz timestamptz, raw bytea, tags text[], m mood, big text",
                   {{"id", DataType::BigInt()},
                    {"big", DataType::String()},
                    {"n", DataType::Decimal(10, 2)},
                    {"b", DataType::Boolean()},
                    {"f", DataType::Float()},
                    {"d", DataType::Date()},
                    {"t", DataType::Time(3)},
                    {"ts", DataType::Timestamp(6)},
                    {"tz", DataType::TimestampLtz(3)},
                    {"raw", DataType::Bytes()},
                    {"tags", DataType::Array(DataType::String())},
                    {"m", DataType::String()}});
  world.Sql("ALTER TABLE wide ALTER COLUMN big SET STORAGE EXTERNAL");
  // Defaults that would change every text if the sessions did not pin theirs.
  world.Sql(
      "ALTER DATABASE postgres SET datestyle = 'German'; ALTER DATABASE postgres SET timezone = "
      "'Asia/Kolkata'; ALTER DATABASE postgres SET bytea_output = 'escape'");
  world.Publish({table});
  const auto stream = world.Stream();
  world.Sql(
      "INSERT INTO wide VALUES (1, 12.345, true, 1.5, '2024-02-29', '23:59:59.5', "
      "'1970-01-01 00:00:00.000123', '1970-01-01 00:00:01+00', '\\x00ff', '{a,NULL,\"b c\"}', "
      "'bad', repeat('x', 10000))");
  world.Sql("UPDATE wide SET b = false");
  const auto events = world.Read(*stream, 2);
  world.Sql(
      "ALTER DATABASE postgres RESET datestyle; ALTER DATABASE postgres RESET timezone; "
      "ALTER DATABASE postgres RESET bytea_output");
  REQUIRE(Kinds(events) == std::vector<EventKind>{kInsert, kCommit, kUpdate, kCommit});
  const Row expected = {Value::Int(1),
                        Value::String(std::string(10000, 'x')),
                        Value::Dec(1235),
                        Value::Bool(true),
                        Value::Float(1.5F),
                        Value::Int(19782),
                        Value::Int(86399500),
                        Value::Time(0, 123000),
                        Value::Time(1000),
                        Value::String(std::string("\x00\xff", 2)),
                        Value::List({Value::String("a"), Value::Null(), Value::String("b c")}),
                        Value::String("bad")};
  CHECK(events[0].row == expected);
  CHECK(events[0].unchanged.empty());
  REQUIRE(events[2].unchanged.size() == expected.size());
  CHECK(events[2].unchanged[1]);
  CHECK(events[2].row[1].is_null());
  CHECK(events[2].row[3] == Value::Bool(false));
  CHECK(events[2].row[2] == expected[2]);

  world.Sql("UPDATE wide SET b = true; UPDATE wide SET d = 'infinity'");  // One transaction.
  auto polled = stream->Poll(Seconds(30), 10);
  REQUIRE(polled.ok());  // What is before the bad value comes before the error.
  REQUIRE(polled->size() == 1);
  CHECK(polled->at(0).row[3] == Value::Bool(true));
  for (int attempt = 0; attempt < 2; ++attempt) {
    polled = stream->Poll(Seconds(30), 10);
    INFO(polled.status().ToString());
    CHECK(polled.status().code() == ErrorCode::kExternalSystem);
    CHECK(polled.status().message().find("table public.wide, column d: 'infinity'") !=
          std::string_view::npos);
  }
}

TEST_CASE("what was not confirmed comes again at equal positions", "[cdc][postgres]") {
  SourceWorld world;
  const auto orders = world.Create("orders", "id int PRIMARY KEY, note text", IdAndNote());
  world.Publish({orders});
  auto stream = world.Stream();
  for (int i = 0; i < 5; ++i) {
    world.Sql(
        fmt::format("INSERT INTO orders SELECT {} + g, 'n' FROM generate_series(1, 3) g", i * 10));
  }
  const auto first = Summary(world.Read(*stream, 5, 2));
  REQUIRE(first.size() == 20);

  SECTION("nothing was confirmed") {
    stream.reset();
    stream = world.Stream();
    CHECK(Summary(world.Read(*stream, 5, 7)) == first);
  }
  SECTION("the first two transactions were confirmed") {
    stream.reset();
    stream = world.Stream();
    std::vector<SourceEvent> two = world.Read(*stream, 2, 1);
    REQUIRE(stream->Confirm(two.back().end_lsn).ok());
    const Lsn confirmed = stream->confirmed();
    stream.reset();
    stream = world.Stream(confirmed);
    CHECK(Summary(world.Read(*stream, 3)) == std::vector<Seen>(first.begin() + 8, first.end()));
    CHECK(stream->confirmed() >= confirmed);
  }
  SECTION("the caller knows more than the slot") {
    const auto all = world.Read(*(stream = nullptr, stream = world.Stream()), 5, 1);
    const Lsn third_end = all[11].end_lsn;
    REQUIRE(all[11].kind == kCommit);
    stream.reset();
    stream = world.Stream(third_end);
    CHECK(Summary(world.Read(*stream, 2)) == std::vector<Seen>(first.begin() + 12, first.end()));
  }
  SECTION("the session of a worker that is gone still holds the slot") {
    const auto successor = world.Stream();
    CHECK(Summary(world.Read(*successor, 5)) == first);
    CHECK(stream->Poll(Seconds(30), 1).status().code() == ErrorCode::kExternalSystemUnavailable);
  }
  SECTION("the server crashes and comes back") {
    world.server().Crash();
    const auto gone = stream->Poll(Seconds(30), 1);
    CHECK(gone.status().code() == ErrorCode::kExternalSystemUnavailable);
    CHECK(world.TryStream().status().code() == ErrorCode::kExternalSystemUnavailable);
    world.server().Start();
    stream = world.Stream();
    CHECK(Summary(world.Read(*stream, 5)) == first);
    world.Sql("INSERT INTO orders VALUES (1000, 'after')");
    CHECK(world.Read(*stream, 1).at(0).row == Of(1000, "after"));
  }
  SECTION("an administrator ends the session") {
    world.Sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots");
    const auto gone = stream->Poll(Seconds(30), 1);
    INFO(gone.status().ToString());
    CHECK(gone.status().code() == ErrorCode::kExternalSystemUnavailable);
    CHECK(gone.status().message().find("57P01") != std::string_view::npos);
  }
  SECTION("the server shuts down in good order once all is confirmed") {
    const Lsn end = stream->read_end();
    REQUIRE(stream->Confirm(end).ok());
    Status gone;
    std::thread reader([&] {  // The server waits until its last keepalive is answered.
      while (gone.ok()) {
        auto events = stream->Poll(Seconds(30), 10);
        gone = events.status();
        if (gone.ok()) gone = stream->Confirm(stream->read_end());
      }
    });
    world.server().Stop();
    reader.join();
    INFO(gone.ToString());
    CHECK(gone.code() == ErrorCode::kExternalSystemUnavailable);
    world.server().Start();
    stream = world.Stream(end);
    world.Sql("INSERT INTO orders VALUES (1000, 'after')");
    const auto events = world.Read(*stream, 1);
    CHECK(events.size() == 2);
    CHECK(events.at(0).row == Of(1000, "after"));
  }
}

TEST_CASE("a slot that cannot give all changes is refused", "[cdc][postgres]") {
  SourceWorld world;
  const auto orders = world.Create("orders", "id int PRIMARY KEY, note text", IdAndNote());
  const auto refused = [&](Lsn start, std::string_view part) {
    const Status status = world.TryStream(start).status();
    INFO(status.ToString());
    CHECK(status.code() == ErrorCode::kExternalSystem);
    CHECK(status.message().find(part) != std::string_view::npos);
  };
  refused(Lsn(), "does not exist");
  world.Publish({orders});
  refused(Lsn{1}, "ahead of our 0/1");
  world.Sql("SELECT pg_drop_replication_slot('strom')");
  world.Sql("SELECT pg_create_logical_replication_slot('strom', 'test_decoding')");
  refused(Lsn(), "plugin 'test_decoding'");
}

}  // namespace strom::cdc
