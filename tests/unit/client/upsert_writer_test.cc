#include <map>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "client/keyed_table.h"
#include "common/row/stored_value.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

// Ids of acknowledged changes, in the order of their callbacks, with the end of the changelog.
struct Outcomes {
  UpsertCallback Of(int64_t id) {
    return [this, id](Result<UpsertResult> result) {
      order.push_back(id);
      results.emplace(id, std::move(result));
    };
  }

  std::vector<int64_t> order;
  std::map<int64_t, Result<UpsertResult>> results;
};

// The rows of the table kUsers, by id.
std::map<int64_t, Row> RowsOf(SimClient& sim) {
  const ScriptedTable& table = sim.cluster.table(kUsers);
  std::map<int64_t, Row> rows;
  for (const auto& [bucket, kv] : table.kvs) {
    for (const auto& [key, bytes] : kv.rows) {
      const StoredValue stored = ParseStoredValue(bytes).value();
      Row row = DecodeRow(RowFormat::kCompacted, stored.row,
                          table.info.descriptor.schema.row_type().fields())
                    .value();
      rows.emplace(*row[1].get_if<int64_t>(), std::move(row));
    }
  }
  return rows;
}

// The changelog of bucket 0: "+I 1 name".
std::vector<std::string> ChangesOf(SimClient& sim) {
  auto scanner = sim.Scanner(kUsers);
  REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Earliest()).ok());
  std::vector<std::string> changes;
  for (const LogRecord& record :
       sim.Read(*scanner, sim.cluster.RecordCount(kUsers, BucketId(0))).value()) {
    changes.push_back(fmt::format("{} {} {}", ToSymbol(record.change_type),
                                  record.row[1].ToString(), record.row[2].ToString()));
  }
  return changes;
}

std::vector<int64_t> UpTo(int64_t count) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back(i);
  return ids;
}

}  // namespace

TEST_CASE("upserts and deletes are acknowledged, and make the changelog", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  Outcomes acks;
  REQUIRE(writer->TryUpsert(User(1, "a"), acks.Of(0)).ok());
  REQUIRE(writer->TryUpsert(User(2, "b"), acks.Of(1)).ok());
  REQUIRE(writer->TryUpsert(User(1, "c"), acks.Of(2)).ok());
  CHECK(acks.order.empty());  // Never inside the call.
  REQUIRE(sim.Await(writer->Flush()).ok());
  REQUIRE(writer->TryDelete(User(1, "whatever"), acks.Of(3)).ok());
  REQUIRE(writer->TryDeleteKey({Value::Int(77)}, acks.Of(4)).ok());  // Not there.
  REQUIRE(sim.Await(writer->Flush()).ok());

  CHECK(acks.order == UpTo(5));
  const LogOffset end = sim.cluster.table(kUsers).logs.at(BucketId(0)).end;
  CHECK(acks.results.at(4)->log_end_offset == end);
  CHECK(acks.results.at(0)->log_end_offset <= acks.results.at(2)->log_end_offset);
  CHECK(acks.results.at(2)->log_end_offset >= LogOffset(4));
  CHECK(acks.results.at(0)->bucket == TableBucket{TableId(1), std::nullopt, BucketId(0)});
  CHECK(RowsOf(sim) == std::map<int64_t, Row>{{2, User(2, "b")}});
  CHECK(ChangesOf(sim) ==
        std::vector<std::string>{"+I 1 'a'", "+I 2 'b'", "-U 1 'a'", "+U 1 'c'", "-D 1 'c'"});
}

TEST_CASE("upserts collect while their bucket has five requests under way", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kUsers, Users(1));
  sim.cluster.hold_produce = true;
  auto writer = sim.Upserter(kUsers);
  int64_t next = 0;
  for (size_t sent = 1; sent <= 5; ++sent) {
    REQUIRE(writer->TryUpsert(User(next++)).ok());
    REQUIRE(sim.scheduler.RunUntil([&] { return sim.cluster.held() == sent; }, Seconds(5)));
  }
  for (int i = 0; i < 300; ++i) REQUIRE(writer->TryUpsert(User(next++)).ok());
  sim.scheduler.RunFor(Seconds(1));
  CHECK(sim.cluster.held() == 5);
  sim.cluster.hold_produce = false;
  sim.cluster.Release();
  REQUIRE(sim.Await(writer->Close()).ok());
  REQUIRE(sim.cluster.seen.size() == 6);
  CHECK(sim.cluster.seen.back().record_count == 300);
  CHECK(sim.cluster.seen.back().sequence == BatchSequence(5));
  CHECK(sim.cluster.init_writer_count == 1);
  CHECK(RowsOf(sim).size() == 305);
  CHECK(writer->TryUpsert(User(1)).code() == ErrorCode::kOperationNotAttempted);
}

TEST_CASE("batches of upserts stay below their limit", "[client]") {
  SimClient sim(3);
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer =
      sim.Upserter(kUsers, {.writing = {.batch_bytes_max = 5000, .request_bytes_max = 8000}});
  const std::string name(900, 'x');
  for (int64_t i = 0; i < 100; ++i) REQUIRE(writer->TryUpsert(User(i, name)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  for (const SeenBatch& batch : sim.cluster.seen) CHECK(batch.record_count <= 5);
  CHECK(RowsOf(sim).size() == 100);
  CHECK(writer->TryUpsert(User(1, std::string(8001, 'x'))).code() == ErrorCode::kRecordTooLarge);
}

TEST_CASE("changes of a key keep their order when the leader moves", "[client]") {
  SimClient sim(GENERATE(range(1, 9)), 3);
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  Outcomes acks;
  for (int64_t i = 0; i < 300; ++i) {
    REQUIRE(writer->TryUpsert(User(i % 3, std::to_string(i)), acks.Of(i)).ok());
    if (i % 50 == 10) sim.cluster.MoveLeader(kUsers, BucketId(0), static_cast<int>(i / 50) % 3);
    if (i % 60 == 20) sim.cluster.MoveLeader(kUsers, BucketId(0), std::nullopt);
    if (i % 60 == 40) sim.cluster.MoveLeader(kUsers, BucketId(0), static_cast<int>(i / 60) % 3);
    sim.scheduler.RunFor(Micros(700));
  }
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(acks.order == UpTo(300));
  std::vector<std::string> expected;
  for (int64_t i = 0; i < 300; ++i) {
    if (i >= 3) expected.push_back(fmt::format("-U {} '{}'", i % 3, i - 3));
    expected.push_back(fmt::format("{} {} '{}'", i >= 3 ? "+U" : "+I", i % 3, i));
  }
  CHECK(ChangesOf(sim) == expected);
}

TEST_CASE("a batch of upserts whose answer was lost is not applied twice", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  REQUIRE(writer->TryUpsert(User(0)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  Outcomes acks;

  SECTION("the connection broke") { sim.network.LoseAnswers("s0", 1); }
  SECTION("the server gave up after its own append") {
    sim.cluster.produce_script[BucketId(0)] = {{ErrorCode::kNotEnoughReplicasAfterAppend, true}};
  }
  SECTION("the server calls it a duplicate") {
    sim.cluster.produce_script[BucketId(0)] = {{ErrorCode::kRequestTimeOut, true},
                                               {ErrorCode::kDuplicateSequence}};
  }
  REQUIRE(writer->TryUpsert(User(1, "once"), acks.Of(1)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  const LogOffset told = acks.results.at(1)->log_end_offset;
  CHECK((told == LogOffset(2) || told == kUnknownOffset));
  CHECK(ChangesOf(sim) == std::vector<std::string>{"+I 0 'somebody'", "+I 1 'once'"});
}

TEST_CASE("a server that forgot the writer gets the upserts under a new writer id", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  REQUIRE(writer->TryUpsert(User(0)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  sim.cluster.table(kUsers).logs.at(BucketId(0)).writers.clear();
  for (int64_t i = 1; i < 50; ++i) REQUIRE(writer->TryUpsert(User(i)).ok());
  REQUIRE(writer->TryDeleteKey({Value::Int(0)}).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(sim.cluster.init_writer_count == 2);
  CHECK(sim.cluster.seen.back().writer == WriterId(2));
  CHECK(RowsOf(sim).size() == 49);
}

TEST_CASE("an error that does not pass fails its batch of upserts only", "[client]") {
  SimClient sim(4);
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  sim.cluster.produce_script[BucketId(0)] = {{ErrorCode::kInvalidTargetColumn},
                                             {ErrorCode::kKvStorage},
                                             {ErrorCode::kStorageBackpressure}};
  Outcomes acks;
  REQUIRE(writer->TryUpsert(User(1), acks.Of(1)).ok());
  const Status status = sim.Await(writer->Flush());
  CHECK(status.code() == ErrorCode::kInvalidTargetColumn);
  CHECK(status.message().find("table db.users bucket 0") != std::string::npos);
  CHECK_FALSE(acks.results.at(1).ok());
  REQUIRE(writer->TryUpsert(User(2), acks.Of(2)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());  // After two errors that passed.
  CHECK(sim.cluster.seen.size() == 4);
  CHECK(RowsOf(sim).contains(2));
}

TEST_CASE("rows go to the bucket of their bucket key", "[client]") {
  SimClient sim(11, 2);
  sim.cluster.AddTable(kUsers, Users(4, true));
  const KeyedTable table = KeyedTable::Make(sim.cluster.table(kUsers).info).value();
  auto writer = sim.Upserter(kUsers);
  Outcomes acks;
  for (int64_t i = 0; i < 60; ++i) {
    const Row row{Value::String(fmt::format("city {}", i % 12)), Value::Int(i), Value::Null(),
                  Value::Null()};
    REQUIRE(writer->TryUpsert(row, acks.Of(i)).ok());
    if (i == 30) REQUIRE(sim.Await(writer->Flush()).ok());
  }
  REQUIRE(sim.Await(writer->Flush()).ok());
  for (int64_t i = 12; i < 60; ++i) {
    CHECK(acks.results.at(i)->bucket == acks.results.at(i - 12)->bucket);
  }
  const EncodedKey key = table.KeyOf({Value::String("city 5"), Value::Int(17)}).value();
  CHECK(acks.results.at(17)->bucket.bucket == key.bucket);
  CHECK(sim.cluster.table(kUsers).kvs.at(key.bucket).rows.contains(key.bytes));
}

TEST_CASE("a partial update sets its columns only", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kUsers, Users(1));
  auto whole = sim.Upserter(kUsers);
  REQUIRE(whole->TryUpsert(User(1, "a", 30)).ok());
  REQUIRE(sim.Await(whole->Flush()).ok());
  CHECK(sim.cluster.target_columns.empty());

  auto ages = sim.Upserter(kUsers, {.columns = {"age", "id"}});
  CHECK(ages->columns().size() == 2);
  CHECK(ages->columns().front().name == "age");
  REQUIRE(ages->TryUpsert({Value::Int(31), Value::Int(1)}).ok());
  REQUIRE(ages->TryUpsert({Value::Int(7), Value::Int(5)}).ok());
  REQUIRE(sim.Await(ages->Flush()).ok());
  CHECK(sim.cluster.target_columns == std::vector<int32_t>{3, 1});
  CHECK(RowsOf(sim).at(1) == User(1, "a", 31));
  CHECK(RowsOf(sim).at(5) == Row{Value::Null(), Value::Int(5), Value::Null(), Value::Int(7)});

  // Deleted are the columns; the row goes with its last ones.
  REQUIRE(ages->TryDelete({Value::Null(), Value::Int(1)}).ok());
  REQUIRE(ages->TryDeleteKey({Value::Int(5)}).ok());
  REQUIRE(sim.Await(ages->Flush()).ok());
  CHECK(RowsOf(sim) ==
        std::map<int64_t, Row>{
            {1, {Value::String("Chur"), Value::Int(1), Value::String("a"), Value::Null()}}});
  CHECK(ages->TryUpsert(User(1)).code() == ErrorCode::kCorruptRecord);  // All four.
}

TEST_CASE("columns that cannot be updated by themselves are refused", "[client]") {
  SimClient sim(1);
  sim.cluster.AddTable(kUsers, Users(1));
  const auto refusal = [&](const TableInfo& info, std::vector<std::string> columns) {
    const Status status =
        sim.connection->NewUpsertWriter(info, {.columns = std::move(columns)}).status();
    CHECK(status.code() == ErrorCode::kInvalidTargetColumn);
    return status.message();
  };
  const TableInfo& users = sim.cluster.table(kUsers).info;
  CHECK(refusal(users, {"id", "price"}).find("'price' does not exist") != std::string::npos);
  CHECK(refusal(users, {"id", "age", "id"}).find("'id' comes twice") != std::string::npos);
  CHECK(refusal(users, {"age"}).find("'id' of the primary key is missing") != std::string::npos);

  TableInfo strict = users;
  strict.descriptor.schema =
      Schema::Make({.columns = {{.name = "id", .type = DataType::BigInt()},
                                {.name = "name", .type = DataType::String().NotNull()},
                                {.name = "age", .type = DataType::Int()}},
                    .primary_key = {"id"}})
          .value();
  CHECK(refusal(strict, {"id", "age"}).find("'name' is NOT NULL") != std::string::npos);
  CHECK(refusal(strict, {"id", "name"}).find("'name' is NOT NULL") != std::string::npos);

  TableInfo numbered = users;
  numbered.descriptor.schema =
      Schema::Make({.columns = {{.name = "id", .type = DataType::BigInt()},
                                {.name = "number", .type = DataType::BigInt()}},
                    .primary_key = {"id"},
                    .auto_increment_column = "number"})
          .value();
  CHECK(refusal(numbered, {}).find("'number' numbers itself") != std::string::npos);
  CHECK(refusal(numbered, {"id", "number"}).find("'number' numbers itself") != std::string::npos);
  CHECK(sim.connection->NewUpsertWriter(numbered, {.columns = {"id"}}).ok());
}

TEST_CASE("writers and readers of the wrong kind of table are refused when opened", "[client]") {
  SimClient sim(1);
  sim.cluster.AddTable(kUsers, Users(1));
  sim.cluster.AddTable(kOrders, Orders(1));
  Connection& connection = *sim.connection;
  const TableInfo& users = sim.cluster.table(kUsers).info;
  const TableInfo& orders = sim.cluster.table(kOrders).info;

  const Status append = connection.NewAppendWriter(users).status();
  CHECK(append.code() == ErrorCode::kInvalidTable);
  CHECK(append.message().find("table db.users has a primary key") != std::string::npos);
  for (const Status& status :
       {connection.NewUpsertWriter(orders).status(), connection.NewLookup(orders).status(),
        connection.NewTableReader(orders).status()}) {
    CHECK(status.code() == ErrorCode::kNonPrimaryKeyTable);
    CHECK(status.message().find("table db.orders has no primary key") != std::string::npos);
  }
  TableInfo partitioned = users;
  partitioned.descriptor.partition_keys = {"id"};
  for (const Status& status : {connection.NewUpsertWriter(partitioned).status(),
                               connection.NewLookup(partitioned).status(),
                               connection.NewTableReader(partitioned).status()}) {
    CHECK(status.code() == ErrorCode::kInvalidTable);
  }
  CHECK(connection.NewUpsertWriter(users, {.writing = {.in_flight_max = 6}}).status().code() ==
        ErrorCode::kInvalidConfig);
}

TEST_CASE("changes that do not fit the table are refused at once", "[client]") {
  SimClient sim(2);
  TableDescriptor descriptor = Users(1);
  descriptor.properties["table.delete.behavior"] = "disable";
  sim.cluster.AddTable(kUsers, descriptor);
  auto writer = sim.Upserter(kUsers);
  CHECK(writer->TryUpsert({Value::Int(1)}).code() == ErrorCode::kCorruptRecord);
  CHECK(writer->TryUpsert({Value::Null(), Value::Null(), Value::Null(), Value::Null()}).code() ==
        ErrorCode::kCorruptRecord);
  const Status status =
      writer->TryUpsert({Value::Null(), Value::Int(1), Value::Int(5), Value::Null()});
  CHECK(status.code() == ErrorCode::kCorruptRecord);
  CHECK(status.message().find("table db.users") != std::string::npos);
  INFO(status.ToString());
  CHECK(status.message().find("column 2") != std::string::npos);  // Of the row, from 0.
  CHECK(writer->TryDelete(User(1)).code() == ErrorCode::kDeletionDisabled);
  CHECK(writer->TryDeleteKey({Value::Int(1)}).code() == ErrorCode::kDeletionDisabled);
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(sim.cluster.seen.empty());
}

TEST_CASE("a writer rests when the server asks for it", "[client]") {
  SimClient sim(2);
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  REQUIRE(writer->TryUpsert(User(0)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  sim.cluster.kv_pressure = 0.5F;
  REQUIRE(writer->TryUpsert(User(1)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  const MonoTime before = sim.scheduler.now();
  REQUIRE(writer->TryUpsert(User(2)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(sim.scheduler.now() - before >= Millis(1400));
  CHECK(sim.scheduler.now() - before <= Millis(2000));
}

}  // namespace strom::client
