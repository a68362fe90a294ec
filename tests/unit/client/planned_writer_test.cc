// Over real sockets, because it blocks its caller.
#include "client/include/strom/planned_writer.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/client/real_server.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

using Batches = std::map<BucketId, PlannedBatch>;

// A scripted server with the table kUsers, and a connection.
struct World {
  explicit World(int32_t buckets = 1)
      : server(Carrier::kFramed),
        connection(Connection::Open({.bootstrap_servers = {server.listener->endpoint().ToString()},
                                     .retry_backoff = Millis(1),
                                     .retry_backoff_max = Millis(5)})
                       .value()),
        table(MakeTable(kUsers, Users(buckets))) {}

  TableInfo MakeTable(const TablePath& path, const TableDescriptor& descriptor) {
    REQUIRE(connection->admin().CreateTable(path, descriptor).Get().ok());
    return connection->admin().GetTable(path).Get().value();
  }

  std::unique_ptr<PlannedWriter> Writer(UpsertWriterOptions options = {}) {
    return connection->NewPlannedWriter(table, std::move(options)).value();
  }

  std::vector<std::string> Changes(BucketId bucket) {
    std::vector<std::string> changes;
    REQUIRE(ScanToEnd(*connection, kUsers, {}, [&](LogRecord record) {
              if (record.bucket == bucket) {
                changes.push_back(
                    fmt::format("{} {}", ToSymbol(record.change_type), record.row[1].ToString()));
              }
              return Status::Ok();
            }).ok());
    return changes;
  }

  RealServer server;
  std::unique_ptr<Connection> connection;
  const TableInfo table;
};

Batches One(int32_t sequence, std::vector<PlannedChange> changes) {
  return {{BucketId(0), {BatchSequence(sequence), std::move(changes)}}};
}

}  // namespace

TEST_CASE("a batch that is sent twice is there once", "[client]") {
  World world;
  auto writer = world.Writer();
  CHECK(writer->table().path == kUsers);
  const WriterId id = writer->NewWriterId().value();
  const Batches first = One(0, {{true, User(1)}, {true, User(2)}, {false, User(1)}});
  REQUIRE(writer->Write(id, first).ok());
  REQUIRE(writer->Write(id, One(1, {{true, User(3)}})).ok());
  // Another process, which knows the plan.
  auto other = world.Writer();
  REQUIRE(other->Write(id, first).ok());
  REQUIRE(other->Write(id, One(1, {{true, User(3)}})).ok());
  REQUIRE(other->Write(id, One(2, {{false, User(3)}})).ok());
  CHECK(world.Changes(BucketId(0)) ==
        std::vector<std::string>{"+I 1", "+I 2", "-D 1", "+I 3", "-D 3"});
  CHECK(other->NewWriterId().value() != id);
  REQUIRE(other->Write(id, {}).ok());
}

TEST_CASE("a gap in the sequences is refused as long as there is time", "[client]") {
  World world;
  auto writer = world.Writer({.writing = {.delivery_timeout = Millis(100)}});
  const WriterId id = writer->NewWriterId().value();
  REQUIRE(writer->Write(id, One(0, {{true, User(1)}})).ok());
  const Status gap = writer->Write(id, One(2, {{true, User(2)}}));
  CHECK(gap.code() == ErrorCode::kOutOfOrderSequence);
  CHECK(gap.message().find("table db.users bucket 0") != std::string::npos);
  CHECK(world.Changes(BucketId(0)) == std::vector<std::string>{"+I 1"});
}

TEST_CASE("a former leader that lacks the batches before is outlived", "[client]") {
  World world;
  auto writer = world.Writer();
  const WriterId id = writer->NewWriterId().value();
  REQUIRE(writer->Write(id, One(0, {{true, User(1)}})).ok());
  auto& script = world.server.cluster.produce_script[BucketId(0)];
  script = {{ErrorCode::kOutOfOrderSequence}, {ErrorCode::kUnknownWriterId}};
  REQUIRE(writer->Write(id, One(1, {{true, User(2)}})).ok());
  CHECK(script.empty());
  CHECK(world.Changes(BucketId(0)) == std::vector<std::string>{"+I 1", "+I 2"});
}

TEST_CASE("buckets have sequences of their own, and go in one request", "[client]") {
  World world(4);
  auto writer = world.Writer();
  const WriterId id = writer->NewWriterId().value();
  Batches batches;
  for (int64_t i = 0; i < 40; ++i) {
    batches[writer->BucketOf(User(i)).value()].changes.push_back({true, User(i)});
  }
  REQUIRE(batches.size() == 4);
  for (auto& [bucket, batch] : batches) batch.sequence = BatchSequence(0);
  REQUIRE(writer->Write(id, batches).ok());
  batches.erase(BucketId(2));
  for (auto& [bucket, batch] : batches) batch.sequence = BatchSequence(1);
  REQUIRE(writer->Write(id, batches).ok());
  CHECK(world.server.cluster.seen.size() == 7);
  CHECK(world.server.cluster.RecordCount(kUsers, BucketId(2)) > 0);

  SECTION("an error of one is told, though the others are written") {
    world.server.cluster.produce_script[BucketId(3)] = {{ErrorCode::kInvalidTargetColumn}};
    for (auto& [bucket, batch] : batches) batch.sequence = BatchSequence(2);
    const Status status = writer->Write(id, batches);
    CHECK(status.code() == ErrorCode::kInvalidTargetColumn);
    CHECK(status.message().find("bucket 3") != std::string::npos);
    REQUIRE(writer->Write(id, batches).ok());
    const ScriptedTable& table = world.server.cluster.table(kUsers);
    CHECK(table.logs.at(BucketId(0)).duplicates == 1);
    CHECK(table.logs.at(BucketId(3)).duplicates == 0);
  }
}

TEST_CASE("errors that may pass are outlived, and what was appended all the same counts once",
          "[client]") {
  World world;
  auto writer = world.Writer();
  const WriterId id = writer->NewWriterId().value();
  auto& script = world.server.cluster.produce_script[BucketId(0)];
  SECTION("the server refuses for a while") {
    script = {{ErrorCode::kKvStorage},
              {ErrorCode::kNotLeaderOrFollower},
              {ErrorCode::kStorageBackpressure}};
  }
  SECTION("the server gives up after its own append") {
    script = {{ErrorCode::kNotEnoughReplicasAfterAppend, true}, {ErrorCode::kRequestTimeOut}};
  }
  SECTION("the server calls it a duplicate") {
    script = {{ErrorCode::kRequestTimeOut, true}, {ErrorCode::kDuplicateSequence}};
  }
  SECTION("nobody leads at first") {
    world.server.cluster.MoveLeader(kUsers, BucketId(0), std::nullopt);
    world.server.pool.PostAt(world.server.clock.Now() + Millis(30),
                             [&] { world.server.cluster.MoveLeader(kUsers, BucketId(0), 0); });
  }
  const Status written = writer->Write(id, One(0, {{true, User(1)}}));
  INFO(written.ToString());
  REQUIRE(written.ok());
  REQUIRE(writer->Write(id, One(1, {{true, User(2)}})).ok());
  CHECK(script.empty());
  CHECK(world.Changes(BucketId(0)) == std::vector<std::string>{"+I 1", "+I 2"});
}

TEST_CASE("an error that does not pass in time is told", "[client]") {
  World world;
  auto writer = world.Writer({.writing = {.delivery_timeout = Millis(50)}});
  for (int i = 0; i < 1000; ++i) {
    world.server.cluster.produce_script[BucketId(0)].push_back({ErrorCode::kKvStorage});
  }
  const Status status = writer->Write(WriterId(1), One(0, {{true, User(1)}}));
  // The last sending may end with the time itself.
  CHECK((status.code() == ErrorCode::kKvStorage || status.code() == ErrorCode::kRequestTimeOut));
  CHECK(status.message().find("table db.users bucket 0") != std::string::npos);
  CHECK(world.server.cluster.seen.size() > 1);
}

TEST_CASE("a fenced write is at its end", "[client]") {
  World world;
  auto writer = world.Writer({.writing = {.fence = JobFence{"group", 3}}});
  world.server.cluster.produce_script[BucketId(0)] = {{ErrorCode::kFencedJobEpoch}};
  CHECK(writer->Write(WriterId(1), One(0, {{true, User(1)}})).code() == ErrorCode::kFencedJobEpoch);
  CHECK(world.server.cluster.seen.size() == 1);
}

TEST_CASE("changes that cannot be sent are refused before anything is", "[client]") {
  World world;
  auto writer = world.Writer({.writing = {.batch_bytes_max = 2000, .request_bytes_max = 2000}});
  const std::string name(1500, 'x');
  const Status large =
      writer->Write(WriterId(1), One(0, {{true, User(1, name)}, {true, User(2, name)}}));
  CHECK(large.code() == ErrorCode::kRecordTooLarge);
  CHECK(large.message().find("bucket 0") != std::string::npos);
  CHECK(large.message().find("at most 2000") != std::string::npos);
  CHECK(writer->Write(WriterId(1), One(0, {{true, {Value::Int(1)}}})).code() ==
        ErrorCode::kCorruptRecord);
  const Row no_key{Value::Null(), Value::Null(), Value::Null(), Value::Null()};
  CHECK(writer->BucketOf(no_key).status().code() == ErrorCode::kCorruptRecord);
  CHECK(world.server.cluster.seen.empty());
}

TEST_CASE("some columns can be written by themselves", "[client]") {
  World world;
  auto writer = world.Writer({.columns = {"id", "age"}});
  REQUIRE(writer->Write(WriterId(1), One(0, {{true, {Value::Int(1), Value::Int(40)}}})).ok());
  CHECK(world.server.cluster.target_columns == std::vector<int32_t>{1, 3});
  auto lookup = world.connection->NewLookup(kUsers).value();
  CHECK(lookup->Get({Value::Int(1)}).Get().value() ==
        Row{Value::Null(), Value::Int(1), Value::Null(), Value::Int(40)});
}

TEST_CASE("tables and options that a planned writer cannot have are refused", "[client]") {
  World world;
  CHECK(world.connection->NewPlannedWriter(world.table, {.columns = {"age"}}).status().code() ==
        ErrorCode::kInvalidTargetColumn);
  const WriterOptions nonsense[] = {{.fence = JobFence{"", 1}},
                                    {.acks = Acks::kLeader},
                                    {.acks = Acks::kLeader, .idempotent = false},
                                    {.delivery_timeout = MonoDuration()}};
  for (const WriterOptions& writing : nonsense) {
    CHECK(world.connection->NewPlannedWriter(world.table, {.writing = writing}).status().code() ==
          ErrorCode::kInvalidConfig);
  }
  CHECK(world.connection->NewPlannedWriter(world.MakeTable(kOrders, Orders(1))).status().code() ==
        ErrorCode::kNonPrimaryKeyTable);
}

}  // namespace strom::client
