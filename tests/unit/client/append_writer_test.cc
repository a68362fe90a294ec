#include <algorithm>
#include <optional>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

// What became of appended rows, in the order of their callbacks.
struct Outcomes {
  AppendCallback Of(int64_t id) {
    return [this, id](Result<AppendResult> result) {
      order.push_back(id);
      results.emplace(id, std::move(result));
    };
  }
  size_t OkCount() const {
    return static_cast<size_t>(
        std::count_if(results.begin(), results.end(), [](const auto& r) { return r.second.ok(); }));
  }

  std::vector<int64_t> order;
  std::map<int64_t, Result<AppendResult>> results;
};

// Ids in a bucket's log, in order.
std::vector<int64_t> IdsIn(SimClient& sim, const TablePath& path, BucketId bucket = BucketId(0)) {
  auto scanner = sim.Scanner(path);
  REQUIRE(scanner->Subscribe(bucket, OffsetSpec::Earliest()).ok());
  std::vector<int64_t> ids;
  for (const LogRecord& record :
       sim.Read(*scanner, sim.cluster.RecordCount(path, bucket)).value()) {
    ids.push_back(*record.row[0].get_if<int64_t>());
  }
  return ids;
}

std::vector<int64_t> Range(int64_t count) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back(i);
  return ids;
}

ErrorCode CodeOf(const Status& status) { return status.code(); }

}  // namespace

TEST_CASE("appended rows are acknowledged with their offsets, in order", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders);
  Outcomes outcomes;
  for (int64_t i = 0; i < 100; ++i) REQUIRE(writer->TryAppend(Order(i), outcomes.Of(i)).ok());
  CHECK(outcomes.order.empty());  // Never inside Append.
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(outcomes.order == Range(100));
  for (int64_t i = 0; i < 100; ++i) {
    const AppendResult& result = outcomes.results.at(i).value();
    CHECK(result.offset == LogOffset(i));
    CHECK(result.bucket == TableBucket{TableId(1), std::nullopt, BucketId(0)});
  }
  CHECK(IdsIn(sim, kOrders) == Range(100));
}

TEST_CASE("a batch grows while its bucket has five requests under way", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kOrders, Orders(1));
  sim.cluster.hold_produce = true;
  auto writer = sim.Writer(kOrders);
  int64_t next = 0;
  for (size_t sent = 1; sent <= 5; ++sent) {
    REQUIRE(writer->TryAppend(Order(next++)).ok());
    REQUIRE(sim.scheduler.RunUntil([&] { return sim.cluster.held() == sent; }, Seconds(5)));
  }
  for (int i = 0; i < 500; ++i) REQUIRE(writer->TryAppend(Order(next++)).ok());
  sim.scheduler.RunFor(Seconds(1));
  CHECK(sim.cluster.held() == 5);  // No sixth one.
  sim.cluster.Release(1);
  REQUIRE(sim.scheduler.RunUntil([&] { return sim.cluster.seen.size() == 6; }, Seconds(5)));
  CHECK(sim.cluster.seen.back().record_count == 500);
  sim.cluster.hold_produce = false;
  sim.cluster.Release();
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(sim.cluster.init_writer_count == 1);
  for (int i = 0; i < 6; ++i) {
    CHECK(sim.cluster.seen[static_cast<size_t>(i)].sequence == BatchSequence(i));
  }
}

TEST_CASE("batches stay below their limit, and requests below theirs", "[client]") {
  SimClient sim(7);
  sim.cluster.AddTable(kOrders, Orders(1));
  sim.cluster.hold_produce = true;
  auto writer = sim.Writer(kOrders, {.batch_bytes_max = 10000, .request_bytes_max = 20000});
  const std::string text(1000, 'x');
  for (int64_t i = 0; i < 100; ++i) {
    REQUIRE(writer->TryAppend({Value::Int(i), Value::String(text)}).ok());
  }
  sim.cluster.hold_produce = false;
  sim.scheduler.RunFor(Seconds(1));
  sim.cluster.Release();
  REQUIRE(sim.Await(writer->Flush()).ok());
  for (const SeenBatch& batch : sim.cluster.seen) CHECK(batch.record_count <= 10);
  CHECK(IdsIn(sim, kOrders) == Range(100));
  CHECK(CodeOf(writer->TryAppend({Value::Int(1), Value::String(std::string(20001, 'x'))})) ==
        ErrorCode::kRecordTooLarge);
}

TEST_CASE("rows go to the bucket of their key, or to one bucket after the other", "[client]") {
  SimClient sim(11, 2);
  const TablePath keyed{"db", "keyed"};
  sim.cluster.AddTable(kOrders, Orders(4));
  sim.cluster.AddTable(keyed, Orders(4, {"id"}));

  auto writer = sim.Writer(keyed);
  Outcomes outcomes;
  for (int64_t i = 0; i < 200; ++i) {
    REQUIRE(writer->TryAppend(Order(i % 20), outcomes.Of(i)).ok());
  }
  REQUIRE(sim.Await(writer->Flush()).ok());
  std::set<BucketId> used;
  for (int64_t i = 20; i < 200; ++i) {
    const BucketId bucket = outcomes.results.at(i)->bucket.bucket;
    CHECK(bucket == outcomes.results.at(i - 20)->bucket.bucket);
    used.insert(bucket);
  }
  CHECK(used.size() == 4);

  auto spreading = sim.Writer(kOrders);
  for (int64_t i = 0; i < 8; ++i) {
    REQUIRE(spreading->TryAppend(Order(i)).ok());
    REQUIRE(sim.Await(spreading->Flush()).ok());
  }
  for (int i = 0; i < 4; ++i) CHECK(sim.cluster.RecordCount(kOrders, BucketId(i)) == 2);
}

TEST_CASE("a writer follows the leader, and no row is lost or doubled", "[client]") {
  SimClient sim(GENERATE(range(1, 9)), 3);
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders);
  Outcomes outcomes;
  for (int64_t i = 0; i < 300; ++i) {
    REQUIRE(writer->TryAppend(Order(i), outcomes.Of(i)).ok());
    if (i % 50 == 10) sim.cluster.MoveLeader(kOrders, BucketId(0), static_cast<int>(i / 50) % 3);
    if (i % 60 == 20) sim.cluster.MoveLeader(kOrders, BucketId(0), std::nullopt);
    if (i % 60 == 40) sim.cluster.MoveLeader(kOrders, BucketId(0), static_cast<int>(i / 60) % 3);
    sim.scheduler.RunFor(Micros(700));
  }
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(outcomes.order == Range(300));
  CHECK(IdsIn(sim, kOrders) == Range(300));
}

TEST_CASE("a batch whose answer was lost is sent again and not appended twice", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders);
  REQUIRE(writer->TryAppend(Order(0)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  Outcomes outcomes;
  sim.network.LoseAnswers("s0", 1);
  REQUIRE(writer->TryAppend(Order(1), outcomes.Of(1)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(sim.cluster.table(kOrders).logs.at(BucketId(0)).duplicates == 1);
  CHECK(outcomes.results.at(1)->offset == LogOffset(1));
  CHECK(IdsIn(sim, kOrders) == Range(2));
}

TEST_CASE("a refused batch is sent again under its sequence, before those behind it", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kOrders, Orders(1));
  sim.cluster.hold_produce = true;
  auto writer = sim.Writer(kOrders);
  sim.cluster.produce_script[BucketId(0)] = {{ErrorCode::kOk}, {ErrorCode::kNotEnoughReplicas}};
  Outcomes outcomes;
  for (int64_t i = 0; i < 5; ++i) {
    REQUIRE(writer->TryAppend(Order(i), outcomes.Of(i)).ok());
    REQUIRE(sim.scheduler.RunUntil([&] { return sim.cluster.held() == static_cast<size_t>(i) + 1; },
                                   Seconds(5)));
  }
  sim.cluster.hold_produce = false;
  sim.cluster.Release();
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(outcomes.order == Range(5));
  CHECK(IdsIn(sim, kOrders) == Range(5));
  std::vector<int32_t> sequences;
  for (const SeenBatch& batch : sim.cluster.seen) sequences.push_back(batch.sequence.value());
  CHECK(sequences == std::vector<int32_t>{0, 1, 2, 3, 4, 1, 2, 3, 4});
  CHECK(sim.cluster.init_writer_count == 1);
}

TEST_CASE("a server that forgot the writer gets the rows under a new writer id", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders);
  REQUIRE(writer->TryAppend(Order(0)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  sim.cluster.table(kOrders).logs.at(BucketId(0)).writers.clear();
  Outcomes outcomes;
  for (int64_t i = 1; i < 50; ++i) REQUIRE(writer->TryAppend(Order(i), outcomes.Of(i)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(outcomes.OkCount() == 49);
  CHECK(IdsIn(sim, kOrders) == Range(50));
  CHECK(sim.cluster.init_writer_count == 2);
  CHECK(sim.cluster.seen.back().writer == WriterId(2));
}

TEST_CASE("a batch that may be in the log is not sent under a new writer id", "[client]") {
  SimClient sim(3);
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders, {.delivery_timeout = Seconds(20)});
  REQUIRE(writer->TryAppend(Order(0)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  // It is appended, the answer says maybe, and then the server forgets.
  auto& script = sim.cluster.produce_script[BucketId(0)];
  script = {{ErrorCode::kRequestTimeOut, true}};
  Outcomes outcomes;
  SECTION("but as often as it takes, if another server remembers") {
    for (int i = 0; i < 3; ++i) script.push_back({ErrorCode::kOutOfOrderSequence});
    REQUIRE(writer->TryAppend(Order(1), outcomes.Of(1)).ok());
    CHECK(sim.Await(writer->Flush()).ok());
    CHECK(outcomes.OkCount() == 1);
    CHECK(IdsIn(sim, kOrders) == Range(2));
    return;
  }
  for (int i = 0; i < 1000; ++i) script.push_back({ErrorCode::kOutOfOrderSequence});
  REQUIRE(writer->TryAppend(Order(1), outcomes.Of(1)).ok());
  const Status flushed = sim.Await(writer->Flush());
  CHECK(flushed.code() == ErrorCode::kOutOfOrderSequence);
  CHECK(flushed.message().find("table db.orders bucket 0") != std::string::npos);
  CHECK(outcomes.results.at(1).status().code() == ErrorCode::kOutOfOrderSequence);
  script.clear();
  REQUIRE(writer->TryAppend(Order(2), outcomes.Of(2)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());  // The error was given; this one is fine.
  CHECK(IdsIn(sim, kOrders) == Range(3));
}

TEST_CASE("an error that does not pass fails its rows only", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kOrders, Orders(1));
  sim.cluster.hold_produce = true;
  sim.cluster.produce_script[BucketId(0)] = {{ErrorCode::kOk}, {ErrorCode::kRecordTooLarge}};
  auto writer = sim.Writer(kOrders);
  Outcomes outcomes;
  for (int64_t i = 0; i < 4; ++i) {
    REQUIRE(writer->TryAppend(Order(i), outcomes.Of(i)).ok());
    REQUIRE(sim.scheduler.RunUntil([&] { return sim.cluster.held() == static_cast<size_t>(i) + 1; },
                                   Seconds(5)));
  }
  sim.cluster.hold_produce = false;
  sim.cluster.Release();
  CHECK(sim.Await(writer->Flush()).code() == ErrorCode::kRecordTooLarge);
  CHECK(outcomes.OkCount() == 3);
  CHECK_FALSE(outcomes.results.at(1).ok());
  CHECK(IdsIn(sim, kOrders) == std::vector<int64_t>{0, 2, 3});
  CHECK(sim.cluster.init_writer_count == 1);  // Its sequence went to the next one.
}

TEST_CASE("rows of a table that is gone fail", "[client]") {
  SimClient sim(5);
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders);
  REQUIRE(writer->TryAppend(Order(0)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());

  SECTION("dropped") {
    REQUIRE(sim.Await(sim.connection->admin().DropTable(kOrders)).ok());
    REQUIRE(writer->TryAppend(Order(1)).ok());
    const Status status = sim.Await(writer->Flush(), Seconds(5));
    CHECK(status.code() == ErrorCode::kTableNotExist);
    CHECK(status.message().find("db.orders") != std::string::npos);
  }
  SECTION("dropped and created anew") {
    sim.cluster.AddTable(kOrders, Orders(1));
    REQUIRE(writer->TryAppend(Order(1)).ok());
    const Status status = sim.Await(writer->Flush(), Seconds(5));
    CHECK(status.code() == ErrorCode::kUnknownTableOrBucket);
    CHECK(status.message().find("created anew: its id is 2, was 1") != std::string::npos);
  }
}

TEST_CASE("what cannot be delivered in time fails", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders, {.delivery_timeout = Seconds(10)});
  REQUIRE(writer->TryAppend(Order(0)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());

  SECTION("without a leader") { sim.cluster.MoveLeader(kOrders, BucketId(0), std::nullopt); }
  SECTION("without a server") {
    sim.network.SetReachable("s0", false);
    sim.network.BreakConnections("s0");
  }
  const MonoTime before = sim.scheduler.now();
  REQUIRE(writer->TryAppend(Order(1)).ok());
  CHECK_FALSE(sim.Await(writer->Flush()).ok());
  CHECK(sim.scheduler.now() - before >= Seconds(9));
  CHECK(sim.scheduler.now() - before <= Seconds(12));

  sim.network.SetReachable("s0", true);
  sim.cluster.MoveLeader(kOrders, BucketId(0), 0);
  REQUIRE(writer->TryAppend(Order(2)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(IdsIn(sim, kOrders).back() == 2);
}

TEST_CASE("a full buffer refuses rows until answers come", "[client]") {
  SimClient sim(2);
  sim.cluster.AddTable(kOrders, Orders(1));
  sim.cluster.hold_produce = true;
  auto writer = sim.Writer(kOrders, {.batch_bytes_max = 1000, .buffer_bytes_max = 3000});
  int64_t taken = 0;
  Status status;
  while ((status = writer->TryAppend(Order(taken))).ok()) ++taken;
  CHECK(status.code() == ErrorCode::kStorageBackpressure);
  CHECK(taken > 50);
  CHECK(taken < 150);
  sim.cluster.hold_produce = false;
  sim.scheduler.RunFor(Seconds(1));
  sim.cluster.Release();
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(writer->TryAppend(Order(taken)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(IdsIn(sim, kOrders) == Range(taken + 1));
}

TEST_CASE("rows that do not fit the table are refused at once", "[client]") {
  SimClient sim(2);
  sim.cluster.AddTable(kOrders, Orders(2, {"id"}));
  auto writer = sim.Writer(kOrders);
  CHECK(CodeOf(writer->TryAppend({Value::Int(1)})) == ErrorCode::kCorruptRecord);
  CHECK(CodeOf(writer->TryAppend({Value::Bool(true), Value::Null()})) == ErrorCode::kCorruptRecord);
  CHECK(CodeOf(writer->TryAppend({Value::Int(1), Value::Int(2)})) == ErrorCode::kCorruptRecord);
  CHECK(writer->TryAppend({Value::Int(1), Value::Null()}).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
}

TEST_CASE("closing waits for what is under way, destroying does not", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders);
  Outcomes outcomes;
  sim.cluster.hold_produce = true;
  for (int64_t i = 0; i < 50; ++i) REQUIRE(writer->TryAppend(Order(i), outcomes.Of(i)).ok());
  REQUIRE(sim.scheduler.RunUntil([&] { return sim.cluster.held() > 0; }, Seconds(5)));
  Future<void> closed = writer->Close();
  CHECK(CodeOf(writer->TryAppend(Order(50))) == ErrorCode::kOperationNotAttempted);
  CHECK_FALSE(closed.ready());

  SECTION("closed") {
    sim.cluster.hold_produce = false;
    sim.cluster.Release();
    REQUIRE(sim.Await(std::move(closed)).ok());
    CHECK(outcomes.OkCount() == 50);
    REQUIRE(sim.Await(writer->Close()).ok());
  }
  SECTION("destroyed") {
    writer = nullptr;
    CHECK(outcomes.results.size() == 50);  // Each row heard of it.
    CHECK(outcomes.OkCount() == 0);
    REQUIRE(closed.ready());
    CHECK(closed.Get().code() == ErrorCode::kNetwork);
    sim.cluster.Release();  // Answers that nobody waits for.
    sim.scheduler.RunFor(Seconds(1));
    CHECK(outcomes.results.size() == 50);
  }
}

TEST_CASE("a writer id is asked for until there is one, or none can be", "[client]") {
  SimClient sim(4);
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders);

  SECTION("passing errors") {
    sim.cluster.init_writer_script = {ErrorCode::kNetwork, ErrorCode::kStorage};
    REQUIRE(writer->TryAppend(Order(0)).ok());
    REQUIRE(sim.Await(writer->Flush()).ok());
    CHECK(sim.cluster.init_writer_count == 3);
  }
  SECTION("not allowed") {
    sim.cluster.init_writer_script = {ErrorCode::kAuthorization};
    REQUIRE(writer->TryAppend(Order(0)).ok());
    CHECK(sim.Await(writer->Flush()).code() == ErrorCode::kAuthorization);
  }
}

TEST_CASE("a writer that is not idempotent has one batch under way", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kOrders, Orders(1));
  auto writer = sim.Writer(kOrders, {.acks = Acks::kLeader, .idempotent = false});
  sim.cluster.hold_produce = true;
  sim.cluster.produce_script[BucketId(0)] = {{ErrorCode::kNotEnoughReplicas}};
  for (int64_t i = 0; i < 20; ++i) {
    REQUIRE(writer->TryAppend(Order(i)).ok());
    sim.scheduler.RunFor(Millis(5));
  }
  CHECK(sim.cluster.held() == 1);
  sim.cluster.hold_produce = false;
  sim.cluster.Release();
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(IdsIn(sim, kOrders) == Range(20));
  CHECK(sim.cluster.init_writer_count == 0);
  for (const SeenBatch& batch : sim.cluster.seen) CHECK(batch.writer == kNoWriter);
}

TEST_CASE("options and tables that make no sense are refused", "[client]") {
  SimClient sim(1);
  const TableInfo table = sim.cluster.AddTable(kOrders, Orders(1)).info;
  const auto refused = [&](AppendWriterOptions options) {
    return sim.connection->NewAppendWriter(table, options).status().code();
  };
  CHECK(refused({.acks = Acks::kLeader}) == ErrorCode::kInvalidConfig);
  CHECK(refused({.in_flight_max = 6}) == ErrorCode::kInvalidConfig);
  CHECK(refused({.batch_bytes_max = 10, .request_bytes_max = 9}) == ErrorCode::kInvalidConfig);
  CHECK(refused({.batch_bytes_max = 10, .buffer_bytes_max = 9}) == ErrorCode::kInvalidConfig);
  CHECK(refused({.delivery_timeout = Seconds(0)}) == ErrorCode::kInvalidConfig);
  TableInfo keyed = table;
  keyed.descriptor.schema =
      Schema::Make({.columns = OrdersSchema().columns(), .primary_key = {"id"}}).value();
  CHECK(sim.connection->NewAppendWriter(keyed).status().code() == ErrorCode::kInvalidTable);
  TableInfo partitioned = table;
  partitioned.descriptor.partition_keys = {"name"};
  CHECK(sim.connection->NewAppendWriter(partitioned).status().code() == ErrorCode::kInvalidTable);
}

// Whatever servers and network do: what was acknowledged is in the log once and in order.
TEST_CASE("acknowledged rows are in the log exactly once and in order, under faults", "[client]") {
  const uint64_t seed = GENERATE(range(1, 41));
  INFO("seed " << seed);
  SimClient sim(seed, 3);
  sim.cluster.AddTable(kOrders, Orders(2, {"id"}));
  sim::SimRandom chaos(seed * 1000);
  auto writer = sim.Writer(kOrders, {.delivery_timeout = Seconds(60)});
  Outcomes outcomes;
  constexpr ErrorCode kCodes[] = {
      ErrorCode::kNotEnoughReplicas,    ErrorCode::kNotEnoughReplicasAfterAppend,
      ErrorCode::kRequestTimeOut,       ErrorCode::kStorage,
      ErrorCode::kUnknownTableOrBucket, ErrorCode::kOutOfOrderSequence,
      ErrorCode::kRecordTooLarge,       ErrorCode::kUnknownServerError};
  // Half of the runs have only errors that pass; then every row must get through.
  const bool all_pass = seed % 2 == 0;
  const size_t codes = all_pass ? 5 : std::size(kCodes);
  constexpr int64_t kRows = 400;
  for (int64_t i = 0; i < kRows; ++i) {
    REQUIRE(writer->TryAppend(Order(i), outcomes.Of(i)).ok());
    const std::string server = "s" + std::to_string(chaos.Uniform(3));
    const BucketId bucket(static_cast<int32_t>(chaos.Uniform(2)));
    switch (chaos.Uniform(40)) {
      case 0:
        sim.network.BreakConnections(server);
        break;
      case 1:
        sim.network.LoseAnswers(server, 1);
        break;
      case 2:
        sim.network.LoseRequests(server, 1);
        break;
      case 3:
        sim.cluster.MoveLeader(kOrders, bucket, static_cast<int>(chaos.Uniform(3)));
        break;
      case 4:
      case 5: {
        const ErrorCode code = kCodes[chaos.Uniform(codes)];
        const bool may_append = code == ErrorCode::kNotEnoughReplicasAfterAppend ||
                                code == ErrorCode::kRequestTimeOut ||
                                code == ErrorCode::kUnknownServerError;
        sim.cluster.produce_script[bucket].push_back({code, may_append && chaos.Chance(0.5)});
        break;
      }
      default:
        break;
    }
    sim.scheduler.RunFor(Micros(static_cast<int64_t>(chaos.Uniform(1500))));
  }
  const Status flushed = sim.Await(writer->Flush());
  INFO(flushed.ToString());
  REQUIRE(outcomes.results.size() == kRows);
  CHECK(outcomes.OkCount() > 0);
  if (all_pass) CHECK(outcomes.OkCount() == kRows);
  std::set<int64_t> stored;
  for (int b = 0; b < 2; ++b) {
    const std::vector<int64_t> ids = IdsIn(sim, kOrders, BucketId(b));
    stored.insert(ids.begin(), ids.end());
    CHECK(std::set<int64_t>(ids.begin(), ids.end()).size() == ids.size());  // Once.
    std::vector<int64_t> acknowledged;
    for (const int64_t id : ids) {
      if (outcomes.results.at(id).ok()) acknowledged.push_back(id);
    }
    CHECK(std::is_sorted(acknowledged.begin(), acknowledged.end()));
  }
  for (const auto& [id, result] : outcomes.results) {
    if (result.ok()) CHECK(stored.contains(id));
  }
}

}  // namespace strom::client
