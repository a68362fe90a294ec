#include "pipeline/sink/postgres/postgres_sink.h"

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/notification.h"
#include "common/runtime/thread_pool.h"
#include "tests/unit/pipeline/sink/sink_world.h"

namespace strom::sink {
namespace {

using pipeline::KeyedChange;

SinkPosition At(int64_t offset) {
  SinkPosition position;
  position.sources["db.orders"] = {.table_id = 7, .next = {{0, offset}, {3, 2 * offset}}};
  return position;
}

KeyedChange Upsert(Row row) { return {true, std::move(row)}; }
KeyedChange Delete(int64_t id) { return {false, {Value::Int(id), Value::Null(), Value::Null()}}; }

Row Order(int64_t id, std::string note, int64_t cents) {
  return {Value::Int(id), Value::String(std::move(note)), Value::Dec(cents)};
}

// public.orders, and what a script declares of it.
SinkTable MakeOrders(SinkWorld& world) {
  world.Sql("CREATE TABLE orders (id bigint PRIMARY KEY, note text, price numeric(10,2))");
  return {.schema_name = "public",
          .name = "orders",
          .columns = {ColumnOf("id", DataType::BigInt().NotNull()),
                      ColumnOf("note", DataType::String()),
                      ColumnOf("price", DataType::Decimal(10, 2))},
          .primary_key = {0}};
}

const char* const kOrders = "SELECT id, note, price FROM orders ORDER BY id";

}  // namespace

TEST_CASE("rows come and go in one transaction with the position", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  auto sink = world.Open(orders);
  CHECK(sink->Begin().value() == std::nullopt);
  REQUIRE(sink->Write({Upsert(Order(1, "a", 150)), Upsert(Order(2, "b", -5))}, At(2)).ok());
  CHECK(world.Rows(kOrders) == Lines{"1|a|1.50", "2|b|-0.05"});
  CHECK(sink->Begin().value() == At(2));

  REQUIRE(sink->Write({Upsert(Order(1, "c", 0)), Delete(2), Delete(77),
                       Upsert({Value::Int(3), Value::Null(), Value::Null()})},
                      At(6))
              .ok());
  CHECK(world.Rows(kOrders) == Lines{"1|c|0.00", "3|NULL|NULL"});
  REQUIRE(sink->Write({}, At(8)).ok());  // Changes that the query filters out move it, too.
  CHECK(world.Open(orders)->Begin().value() == At(8));
}

TEST_CASE("texts are stored as they are", "[sink]") {
  SinkWorld world;
  auto sink = world.Open(MakeOrders(world));
  REQUIRE(sink->Begin().ok());
  const std::vector<std::string> notes = {"",     "NULL",          "null",          "\\N",
                                          "it's", "say \"hi\"",    "back\\slash\\", "{a,b}",
                                          "水 😀", "tab\tline\n\r", " spaces ",      "$1 %s; --"};
  std::vector<KeyedChange> changes;
  for (size_t i = 0; i < notes.size(); ++i) {
    changes.push_back(Upsert(Order(static_cast<int64_t>(i), notes[i], 1)));
  }
  REQUIRE(sink->Write(changes, At(1)).ok());
  CHECK(world.Rows("SELECT note FROM orders ORDER BY id") == notes);
}

TEST_CASE("a text that PostgreSQL has no room for is refused, and nothing of its batch is written",
          "[sink]") {
  SinkWorld world;
  auto sink = world.Open(MakeOrders(world));
  REQUIRE(sink->Begin().ok());
  const Status nul =
      sink->Write({Upsert(Order(1, "a", 1)), Upsert(Order(2, std::string("a\0b", 3), 1))}, At(1));
  CHECK(nul.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(nul.ToString(),
             Contains("public.orders") && Contains("column note") && Contains("NUL"));
  const Status no_utf8 = sink->Write({Upsert(Order(1, "\xff", 1))}, At(1));
  CHECK(no_utf8.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(no_utf8.ToString(), Contains("22021"));
  CHECK(world.Rows(kOrders).empty());
  CHECK(sink->Begin().value() == std::nullopt);
  CHECK(sink->Write({Upsert(Order(1, "a", 1))}, At(1)).ok());  // It goes on.
}

TEST_CASE("many rows go in one write", "[sink]") {
  SinkWorld world;
  auto sink = world.Open(MakeOrders(world));
  REQUIRE(sink->Begin().ok());
  std::vector<KeyedChange> changes;
  for (int64_t i = 0; i < 5000; ++i) changes.push_back(Upsert(Order(i, "x", i)));
  REQUIRE(sink->Write(changes, At(1)).ok());
  for (KeyedChange& change : changes) change = Delete(*change.row[0].get_if<int64_t>());
  changes.pop_back();
  REQUIRE(sink->Write(changes, At(2)).ok());
  CHECK(world.Rows(kOrders) == Lines{"4999|x|49.99"});
}

TEST_CASE("a row that the database refuses takes its whole batch with it", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  world.Sql("ALTER TABLE orders ADD CONSTRAINT cheap CHECK (price < 1000)");
  world.Sql("ALTER TABLE orders ALTER COLUMN price TYPE numeric(6,2)");
  world.Sql("ALTER TABLE orders ALTER COLUMN note SET NOT NULL");
  auto sink = world.Open(orders);
  REQUIRE(sink->Begin().ok());
  REQUIRE(sink->Write({Upsert(Order(1, "kept", 1))}, At(1)).ok());

  const auto refusal = [&](Row row) {
    const Status status =
        sink->Write({Delete(1), Upsert(Order(2, "good", 1)), Upsert(std::move(row))}, At(2));
    CHECK(status.code() == ErrorCode::kExternalSystem);
    CHECK_THAT(status.ToString(), Contains("public.orders"));
    CHECK(world.Rows(kOrders) == Lines{"1|kept|0.01"});
    CHECK(sink->Begin().value() == At(1));
    return status.ToString();
  };
  CHECK_THAT(refusal(Order(3, "dear", 100'000)),
             Contains("\"orders\"") && Contains("\"cheap\"") && Contains("23514"));
  CHECK_THAT(refusal(Order(3, "huge", 10'000'000)), Contains("numeric field overflow"));
  CHECK_THAT(refusal({Value::Int(3), Value::Null(), Value::Null()}),
             Contains("\"note\"") && Contains("not-null"));
}

TEST_CASE("a constraint that is checked at the commit rolls back, too", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  world.Sql(
      "CREATE TABLE notes (note text PRIMARY KEY); ALTER TABLE orders ADD CONSTRAINT known "
      "FOREIGN KEY (note) REFERENCES notes DEFERRABLE INITIALLY DEFERRED");
  auto sink = world.Open(orders);
  REQUIRE(sink->Begin().ok());
  const Status status = sink->Write({Upsert(Order(1, "a", 1))}, At(1));
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(status.ToString(), Contains("public.orders") && Contains("known"));
  CHECK(world.Rows(kOrders).empty());
  CHECK(sink->Begin().value() == std::nullopt);
}

TEST_CASE("an older epoch is fenced off", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  auto old = world.Open(orders, 4);
  REQUIRE(old->Begin().ok());
  REQUIRE(old->Write({Upsert(Order(1, "old", 1))}, At(1)).ok());
  auto young = world.Open(orders, 5);
  CHECK(young->Begin().value() == At(1));

  const Status write = old->Write({Upsert(Order(1, "late", 1))}, At(9));
  CHECK(write.code() == ErrorCode::kFencedJobEpoch);
  CHECK_THAT(write.ToString(), Contains("job dw.orders") && Contains("epoch 4"));
  CHECK(old->Begin().status().code() == ErrorCode::kFencedJobEpoch);
  CHECK(world.Open(orders, 3)->Begin().status().code() == ErrorCode::kFencedJobEpoch);
  CHECK(old->Forget().ok());  // Not what is the younger one's.

  REQUIRE(young->Write({Upsert(Order(2, "young", 1))}, At(2)).ok());
  CHECK(world.Rows(kOrders) == Lines{"1|old|0.01", "2|young|0.01"});
  CHECK(young->Begin().value() == At(2));
}

TEST_CASE("who takes the table over waits for the transaction that is under way", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  auto old = world.Open(orders, 4);
  REQUIRE(old->Begin().ok());
  REQUIRE(old->Write({}, At(1)).ok());
  auto young = world.Open(orders, 5);
  // What a Write of the old one does, stopped in its middle.
  world.Sql("BEGIN; UPDATE strom_sink_position SET position = '" + At(2).ToText() +
            "' WHERE job = 'dw.orders' AND epoch = 4");
  Result<std::optional<SinkPosition>> begun = std::optional<SinkPosition>();
  runtime::Notification done;
  runtime::ThreadPool pool({.name = "young", .threads = 1});
  pool.Post([&] {
    begun = young->Begin();
    done.Notify();
  });
  const MonoTime patience = runtime::SystemNow() + Seconds(60);
  while (world.Rows("SELECT 1 FROM pg_locks WHERE NOT granted").empty()) {
    REQUIRE(runtime::SystemNow() < patience);
  }
  CHECK_FALSE(done.HasBeenNotified());
  world.Sql("COMMIT");
  REQUIRE(done.WaitFor(Seconds(60)));
  CHECK(begun.value() == At(2));
  CHECK(old->Write({}, At(3)).code() == ErrorCode::kFencedJobEpoch);
}

TEST_CASE("a writer that has not begun cannot write", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  REQUIRE(world.Open(orders, 1, "other job")->Begin().ok());  // Makes the table of positions.
  CHECK(world.Open(orders)->Write({Upsert(Order(1, "a", 1))}, At(1)).code() ==
        ErrorCode::kFencedJobEpoch);
  CHECK(world.Rows(kOrders).empty());
}

TEST_CASE("a new sink goes on where the one stopped whose server died", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  auto sink = world.Open(orders, 1);
  REQUIRE(sink->Begin().ok());
  REQUIRE(sink->Write({Upsert(Order(1, "a", 1))}, At(1)).ok());
  world.server().Stop();
  CHECK(sink->Write({Upsert(Order(2, "b", 1))}, At(2)).code() ==
        ErrorCode::kExternalSystemUnavailable);
  CHECK(world.TryOpen(orders, 2).status().code() == ErrorCode::kExternalSystemUnavailable);
  world.server().Start();
  CHECK(sink->Write({}, At(2)).code() == ErrorCode::kExternalSystemUnavailable);

  auto next = world.Open(orders, 2);
  CHECK(next->Begin().value() == At(1));
  REQUIRE(next->Write({Upsert(Order(2, "b", 1))}, At(2)).ok());
  CHECK(world.Rows(kOrders) == Lines{"1|a|0.01", "2|b|0.01"});
}

TEST_CASE("jobs have positions of their own, until they are forgotten", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  auto one = world.Open(orders, 1, "one");
  auto two = world.Open(orders, 1, "it's \"two\"");
  CHECK(one->Forget().ok());  // There is no table of positions yet.
  REQUIRE(one->Begin().ok());
  REQUIRE(two->Begin().ok());
  REQUIRE(one->Write({}, At(1)).ok());
  REQUIRE(two->Write({}, At(2)).ok());
  REQUIRE(one->Forget().ok());
  CHECK(one->Begin().value() == std::nullopt);
  CHECK(two->Begin().value() == At(2));
}

TEST_CASE("who may write the table of positions need not be allowed to make it", "[sink]") {
  SinkWorld world;
  const SinkTable orders = MakeOrders(world);
  world.Sql(
      "DROP ROLE IF EXISTS writer; CREATE ROLE writer LOGIN PASSWORD 'secret-of-writer'; GRANT "
      "USAGE ON SCHEMA public TO writer; GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO writer");
  auto sink = world.Open(orders, 1, "dw.orders", world.As("writer"));
  const Status refused = sink->Begin().status();
  CHECK(refused.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(refused.ToString(), Contains("42501"));
  REQUIRE(world.Open(orders, 1, "another")->Begin().ok());
  world.Sql("GRANT SELECT, INSERT, UPDATE, DELETE ON strom_sink_position TO writer");
  REQUIRE(sink->Begin().ok());
  REQUIRE(sink->Write({Upsert(Order(1, "a", 1))}, At(1)).ok());
  world.Sql("DROP OWNED BY writer; DROP ROLE writer");
}

}  // namespace strom::sink
