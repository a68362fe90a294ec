#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/record/log_batch.h"
#include "common/record/log_batch_builder.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

// Puts a batch of these rows at the end of a bucket's log.
void Put(ScriptedTable& table, BucketId bucket, const std::vector<Row>& rows,
         std::optional<SchemaId> schema_id = std::nullopt) {
  const SchemaId id = schema_id.value_or(table.info.schema_id);
  std::vector<DataType> types;
  for (const Column& column : table.schemas.at(id).columns()) types.push_back(column.type);
  record::LogBatchBuilder builder(record::RecordSchema(LogFormat::kArrow, types),
                                  {.schema_id = id});
  for (const Row& row : rows) {
    REQUIRE(builder.Append(record::ChangeType::kAppendOnly, row).ok());
  }
  REQUIRE(table.logs.at(bucket).Append(builder.Build().value()).ok());
}

void PutOrders(ScriptedTable& table, BucketId bucket, int64_t from, int64_t to) {
  std::vector<Row> rows;
  for (int64_t i = from; i < to; ++i) rows.push_back(Order(i));
  Put(table, bucket, rows);
}

std::vector<int64_t> OffsetsOf(const std::vector<LogRecord>& records) {
  std::vector<int64_t> offsets;
  for (const LogRecord& record : records) offsets.push_back(record.offset.value());
  return offsets;
}

std::vector<int64_t> Range(int64_t from, int64_t to) {
  std::vector<int64_t> numbers;
  for (int64_t i = from; i < to; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace

TEST_CASE("a scanner reads each bucket from its start, in order", "[client]") {
  SimClient sim(GENERATE(range(1, 6)), 2);
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(3));
  for (int b = 0; b < 3; ++b) {
    for (int64_t i = 0; i < 50; i += 10) PutOrders(table, BucketId(b), i, i + 10);
  }
  auto scanner = sim.Scanner(kOrders, {.poll_records_max = 7});
  CHECK(scanner->columns() == OrdersSchema().columns());
  REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
  std::map<BucketId, std::vector<LogRecord>> read;
  for (LogRecord& record : sim.Read(*scanner, 150).value()) {
    read[record.bucket].push_back(std::move(record));
  }
  for (int b = 0; b < 3; ++b) {
    const std::vector<LogRecord>& records = read.at(BucketId(b));
    CHECK(OffsetsOf(records) == Range(0, 50));
    CHECK(records[33].row == Order(33));
    CHECK(records[33].change_type == ChangeType::kAppendOnly);
    CHECK(records[33].timestamp_ms == 1700000000000);
    CHECK(scanner->Position(BucketId(b)) == LogOffset(50));
  }
  CHECK_FALSE(scanner->finished());
  CHECK(sim.cluster.fetches_under_way_max <= 2);  // One a server.
}

TEST_CASE("a scanner starts where it is told", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(1));
  PutOrders(table, BucketId(0), 0, 10);
  PutOrders(table, BucketId(0), 10, 20);
  table.logs.at(BucketId(0)).start = LogOffset(10);
  auto scanner = sim.Scanner(kOrders);

  SECTION("inside a batch") {
    REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::At(LogOffset(13))).ok());
    CHECK(OffsetsOf(sim.Read(*scanner, 7).value()) == Range(13, 20));
    CHECK(sim.cluster.list_offsets_count == 0);
  }
  SECTION("at the oldest record") {
    REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Earliest()).ok());
    CHECK(OffsetsOf(sim.Read(*scanner, 10).value()) == Range(10, 20));
  }
  SECTION("at a time") {
    REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Since(1600000000000)).ok());
    CHECK(OffsetsOf(sim.Read(*scanner, 10).value()) == Range(10, 20));
  }
  SECTION("behind the newest record, and it wakes for the next one") {
    REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Latest()).ok());
    CHECK(sim.Await(scanner->PollAsync(Seconds(2)))->empty());
    CHECK(scanner->Position(BucketId(0)) == LogOffset(20));
    auto poll = scanner->PollAsync(Seconds(10));
    sim.scheduler.RunFor(Millis(700));
    CHECK_FALSE(poll.ready());
    auto writer = sim.Writer(kOrders);
    REQUIRE(writer->TryAppend(Order(20)).ok());
    const MonoTime before = sim.scheduler.now();
    CHECK(OffsetsOf(sim.Await(std::move(poll)).value()) == Range(20, 21));
    CHECK(sim.scheduler.now() - before < Millis(100));
  }
  SECTION("anew") {
    REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Earliest()).ok());
    CHECK(sim.Read(*scanner, 10)->size() == 10);
    REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::At(LogOffset(18))).ok());
    CHECK(OffsetsOf(sim.Read(*scanner, 2).value()) == Range(18, 20));
    scanner->Unsubscribe(BucketId(0));
    CHECK(scanner->Position(BucketId(0)) == std::nullopt);
    PutOrders(table, BucketId(0), 20, 30);
    CHECK(sim.Await(scanner->PollAsync(Seconds(2)))->empty());
  }
}

TEST_CASE("an offset out of range is the user's to solve, and other buckets read on", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(2));
  PutOrders(table, BucketId(0), 0, 10);
  PutOrders(table, BucketId(1), 0, 10);
  auto scanner = sim.Scanner(kOrders);
  REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::At(LogOffset(11))).ok());
  REQUIRE(scanner->Subscribe(BucketId(1), OffsetSpec::At(LogOffset(0))).ok());
  Status error;
  std::vector<LogRecord> records;
  while (error.ok() || records.empty()) {
    auto polled = sim.Await(scanner->PollAsync(Seconds(10)));
    if (!polled.ok()) {
      REQUIRE(error.ok());  // Once.
      error = polled.status();
    } else {
      for (LogRecord& record : *polled) records.push_back(std::move(record));
    }
  }
  CHECK(error.code() == ErrorCode::kLogOffsetOutOfRange);
  CHECK(error.message().find("table db.orders bucket 0") != std::string::npos);
  CHECK(OffsetsOf(records) == Range(0, 10));
  CHECK(sim.Await(scanner->PollAsync(Seconds(2)))->empty());
  CHECK(scanner->Subscribe(BucketId(2), OffsetSpec::Earliest()).code() ==
        ErrorCode::kUnknownTableOrBucket);
  CHECK(scanner->SubscribeAll(OffsetSpec::At(LogOffset(-1))).code() ==
        ErrorCode::kLogOffsetOutOfRange);
}

TEST_CASE("a scanner follows the leader, through lost connections too", "[client]") {
  SimClient sim(GENERATE(range(1, 9)), 3);
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(2));
  for (int64_t i = 0; i < 60; i += 2) PutOrders(table, BucketId(0), i, i + 2);
  for (int64_t i = 0; i < 60; i += 2) PutOrders(table, BucketId(1), i, i + 2);
  sim.cluster.fetch_script[BucketId(0)] = {ErrorCode::kOk, ErrorCode::kStorage,
                                           ErrorCode::kUnknownServerError};
  auto scanner = sim.Scanner(kOrders, {.bucket_fetch_bytes_max = 700});
  REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
  std::map<BucketId, std::vector<LogRecord>> read;
  size_t count = 0;
  for (int step = 0; count < 120; ++step) {
    REQUIRE(step < 1000);
    auto records = sim.Await(scanner->PollAsync(Seconds(60))).value();
    count += records.size();
    for (LogRecord& record : records) read[record.bucket].push_back(std::move(record));
    if (step % 3 == 0) sim.cluster.MoveLeader(kOrders, BucketId(step % 2), step % 3);
    if (step % 5 == 1) sim.network.BreakConnections("s" + std::to_string(step % 3));
    if (step % 7 == 2) sim.network.LoseAnswers("s" + std::to_string(step % 3), 1);
  }
  CHECK(OffsetsOf(read.at(BucketId(0))) == Range(0, 60));
  CHECK(OffsetsOf(read.at(BucketId(1))) == Range(0, 60));
}

TEST_CASE("columns come in the order they were asked for, and no others are sent", "[client]") {
  SimClient sim(3);
  TableDescriptor descriptor = Orders(1);
  descriptor.schema = Schema::Make({.columns = {{.name = "a", .type = DataType::Int()},
                                                {.name = "b", .type = DataType::String()},
                                                {.name = "c", .type = DataType::Double()}}})
                          .value();
  ScriptedTable& table = sim.cluster.AddTable(kOrders, descriptor);
  Put(table, BucketId(0), {{Value::Int(1), Value::String("x"), Value::Double(0.5)}});

  SECTION("some") {
    auto scanner = sim.Scanner(kOrders, {.columns = {"c", "a"}});
    REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
    CHECK(sim.Read(*scanner, 1)->front().row == Row{Value::Double(0.5), Value::Int(1)});
    CHECK(scanner->columns()[0].name == "c");
    const auto& asked = sim.cluster.last_fetch->tables_req(0);
    CHECK(asked.projection_pushdown_enabled());
    CHECK(std::vector<int32_t>(asked.projected_fields().begin(), asked.projected_fields().end()) ==
          std::vector<int32_t>{0, 2});
  }
  SECTION("all, in another order") {
    auto scanner = sim.Scanner(kOrders, {.columns = {"b", "c", "a"}});
    REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
    CHECK(sim.Read(*scanner, 1)->front().row ==
          Row{Value::String("x"), Value::Double(0.5), Value::Int(1)});
    CHECK_FALSE(sim.cluster.last_fetch->tables_req(0).projection_pushdown_enabled());
  }
  SECTION("none such") {
    const auto scanner = [&](std::vector<std::string> columns) {
      return sim.connection->NewLogScanner(table.info, {.columns = std::move(columns)}).status();
    };
    CHECK(scanner({"a", "d"}).code() == ErrorCode::kInvalidColumnProjection);
    CHECK(scanner({"a", "a"}).code() == ErrorCode::kInvalidColumnProjection);
  }
}

TEST_CASE("batches of other schemas are read as rows of the known one", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(1));
  const Schema wider =
      OrdersSchema().WithColumn({.name = "price", .type = DataType::Double()}).value();
  table.schemas.emplace(SchemaId(2), wider);
  PutOrders(table, BucketId(0), 0, 1);
  Put(table, BucketId(0), {{Value::Int(1), Value::String("new"), Value::Double(2.5)}}, SchemaId(2));

  SECTION("newer batches") {
    auto scanner = sim.Scanner(kOrders);
    REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
    const auto records = sim.Read(*scanner, 2).value();
    CHECK(records[0].row == Order(0));
    CHECK(records[1].row == Row{Value::Int(1), Value::String("new")});
  }
  table.info.schema_id = SchemaId(2);
  table.info.descriptor.schema = wider;
  SECTION("older batches") {
    auto scanner = sim.Scanner(kOrders);
    REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
    const auto records = sim.Read(*scanner, 2).value();
    CHECK(records[0].row == Row{Value::Int(0), Value::String("order 0"), Value::Null()});
    CHECK(records[1].row[2] == Value::Double(2.5));
  }
  SECTION("older batches, projected") {
    auto scanner = sim.Scanner(kOrders, {.columns = {"price", "id"}});
    REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
    const auto records = sim.Read(*scanner, 2).value();
    CHECK(records[0].row == Row{Value::Null(), Value::Int(0)});
    CHECK(records[1].row == Row{Value::Double(2.5), Value::Int(1)});
  }
  SECTION("a schema that nobody knows") {
    table.schemas.erase(SchemaId(1));
    auto scanner = sim.Scanner(kOrders);
    REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
    const Status status = sim.Read(*scanner, 1).status();
    CHECK(status.code() == ErrorCode::kSchemaNotExist);
    CHECK(status.message().find("schema 1") != std::string::npos);
  }
}

TEST_CASE("damaged batches are errors with their place", "[client]") {
  SimClient sim(2);
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(1));
  PutOrders(table, BucketId(0), 0, 3);
  PutOrders(table, BucketId(0), 3, 6);
  Bytes& batch = table.logs.at(BucketId(0)).batches[1];
  auto scanner = sim.Scanner(kOrders);
  REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());

  SECTION("a flipped bit") {
    batch.back() = static_cast<char>(batch.back() ^ 1);
    CHECK(OffsetsOf(sim.Read(*scanner, 3).value()) == Range(0, 3));  // What is before it, first.
    const Status status = sim.Read(*scanner, 1).status();
    CHECK(status.code() == ErrorCode::kCorruptRecord);
    CHECK(status.message().find("table db.orders bucket 0: batch at offset 3") !=
          std::string::npos);
  }
  SECTION("nothing but half a batch") {
    table.logs.at(BucketId(0)).batches[0].resize(60);
    table.logs.at(BucketId(0)).batches.resize(1);
    const Status status = sim.Read(*scanner, 1).status();
    CHECK(status.code() == ErrorCode::kCorruptRecord);
    CHECK(status.message().find("60 bytes with 0 whole batches") != std::string::npos);
  }
}

TEST_CASE("a bounded read ends at its stops", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(3));
  PutOrders(table, BucketId(0), 0, 10);
  PutOrders(table, BucketId(0), 10, 20);
  PutOrders(table, BucketId(1), 0, 10);
  auto scanner = sim.Scanner(kOrders);
  REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Earliest(), LogOffset(15)).ok());
  REQUIRE(scanner->Subscribe(BucketId(1), OffsetSpec::At(LogOffset(4)), LogOffset(10)).ok());
  REQUIRE(scanner->Subscribe(BucketId(2), OffsetSpec::Earliest(), LogOffset(0)).ok());
  CHECK_FALSE(scanner->finished());
  std::map<BucketId, std::vector<LogRecord>> read;
  while (!scanner->finished()) {
    auto records = sim.Await(scanner->PollAsync(Seconds(10))).value();
    REQUIRE((!records.empty() || scanner->finished()));
    for (LogRecord& record : records) read[record.bucket].push_back(std::move(record));
  }
  CHECK(OffsetsOf(read[BucketId(0)]) == Range(0, 15));
  CHECK(OffsetsOf(read[BucketId(1)]) == Range(4, 10));
  CHECK(read[BucketId(2)].empty());
  CHECK(scanner->Position(BucketId(0)) == LogOffset(15));
  CHECK(sim.Await(scanner->PollAsync(Seconds(10)))->empty());  // At once, and again.
}

TEST_CASE("records taken many at a time are those taken one by one", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(1));
  const BucketId bucket(0);
  for (int64_t i = 0; i < 50; i += 10) PutOrders(table, bucket, i, i + 10);
  const auto stop = GENERATE(std::optional<LogOffset>(), LogOffset(33), LogOffset(40));
  const int64_t end = stop.value_or(LogOffset(50)).value();
  auto scanner =
      sim.Scanner(kOrders, {.columns = {"name", "id"}, .poll_records_max = GENERATE(7, 25, 1000)});
  REQUIRE(scanner->Subscribe(bucket, OffsetSpec::At(LogOffset(13)), stop).ok());
  LogOffset next(13);
  while (next < LogOffset(end)) {
    const auto polled = sim.Await(scanner->PollRowsAsync(Seconds(10))).value();
    REQUIRE_FALSE(polled.empty());
    for (const RecordRows& records : polled) {
      REQUIRE(records.base_offset == next);
      REQUIRE(records.values.size() == 2 * records.size());
      CHECK(records.bucket == bucket);
      CHECK(records.timestamp_ms == 1700000000000);
      for (size_t i = 0; i < records.size(); ++i, next = next.Next()) {
        CHECK(records.change_types[i] == ChangeType::kAppendOnly);
        const Row order = Order(next.value());
        CHECK(records.values[2 * i] == order[1]);
        CHECK(records.values[2 * i + 1] == order[0]);
      }
      CHECK(records.next_offset() == next);
      CHECK(scanner->Position(bucket) >= next);
    }
  }
  CHECK(next == LogOffset(end));
  CHECK(sim.Await(scanner->PollRowsAsync(Seconds(2)))->empty());
  CHECK(scanner->finished() == stop.has_value());
}

TEST_CASE("Z3: a bounded read of a table that grows all the time ends where it was to end",
          "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(1));
  PutOrders(table, BucketId(0), 0, 20);
  auto scanner = sim.Scanner(kOrders);
  REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Earliest(), LogOffset(20)).ok());
  int64_t end = 20;
  std::vector<LogRecord> read;
  for (int polls = 0; !scanner->finished(); ++polls) {
    REQUIRE(polls < 100);
    PutOrders(table, BucketId(0), end, end + 10);  // Faster than it reads.
    end += 10;
    for (LogRecord& record : sim.Await(scanner->PollAsync(Seconds(10))).value()) {
      read.push_back(std::move(record));
    }
  }
  CHECK(OffsetsOf(read) == Range(0, 20));
}

TEST_CASE("fetching ahead stops at the buffer's bound and goes on when polled", "[client]") {
  SimClient sim(4);
  ScriptedTable& table = sim.cluster.AddTable(kOrders, Orders(1));
  for (int64_t i = 0; i < 400; i += 10) PutOrders(table, BucketId(0), i, i + 10);
  auto scanner = sim.Scanner(kOrders, {.bucket_fetch_bytes_max = 1000, .buffer_bytes_max = 3000});
  REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
  std::vector<LogRecord> all = sim.Read(*scanner, 1).value();
  sim.scheduler.RunFor(Seconds(5));
  const int ahead = sim.cluster.fetch_count;
  CHECK(ahead > 1);
  CHECK(ahead < 10);
  for (LogRecord& record : sim.Read(*scanner, 400 - all.size()).value()) {
    all.push_back(std::move(record));
  }
  CHECK(OffsetsOf(all) == Range(0, 400));
  CHECK(sim.cluster.fetch_count > ahead);
}

TEST_CASE("a scanner of a table that is gone says so", "[client]") {
  SimClient sim(2);
  sim.cluster.AddTable(kOrders, Orders(1));
  auto scanner = sim.Scanner(kOrders);
  REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
  CHECK(sim.Await(scanner->PollAsync(Seconds(1)))->empty());

  SECTION("dropped") {
    REQUIRE(sim.Await(sim.connection->admin().DropTable(kOrders)).ok());
    CHECK(sim.Read(*scanner, 1).status().code() == ErrorCode::kTableNotExist);
  }
  SECTION("dropped and created anew") {
    sim.cluster.AddTable(kOrders, Orders(1));
    CHECK(sim.Read(*scanner, 1).status().code() == ErrorCode::kUnknownTableOrBucket);
  }
}

TEST_CASE("a scanner may be destroyed while it polls", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kOrders, Orders(1));
  auto scanner = sim.Scanner(kOrders);
  REQUIRE(scanner->SubscribeAll(OffsetSpec::Earliest()).ok());
  auto poll = scanner->PollAsync(Seconds(100));
  sim.scheduler.RunFor(Millis(100));
  scanner = nullptr;
  CHECK(sim.Await(std::move(poll), Seconds(1))->empty());
  sim.scheduler.RunFor(Seconds(5));
}

TEST_CASE("scanner options that make no sense are refused", "[client]") {
  SimClient sim(1);
  const TableInfo table = sim.cluster.AddTable(kOrders, Orders(1)).info;
  const auto refused = [&](LogScannerOptions options) {
    return sim.connection->NewLogScanner(table, options).status().code();
  };
  CHECK(refused({.poll_records_max = 0}) == ErrorCode::kInvalidConfig);
  CHECK(refused({.fetch_bytes_max = 0}) == ErrorCode::kInvalidConfig);
  CHECK(refused({.bucket_fetch_bytes_max = 0}) == ErrorCode::kInvalidConfig);
  CHECK(refused({.buffer_bytes_max = 0}) == ErrorCode::kInvalidConfig);
  TableInfo partitioned = table;
  partitioned.descriptor.partition_keys = {"name"};
  CHECK(sim.connection->NewLogScanner(partitioned).status().code() == ErrorCode::kInvalidTable);
}

}  // namespace strom::client
