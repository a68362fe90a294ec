// Changes of a primary-key table that are written together.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

// `rows` upserted, and `deleted` deleted behind them.
struct Together {
  explicit Together(std::vector<Row> upserts, std::vector<Row> deletes = {})
      : rows(std::move(upserts)), deleted(std::move(deletes)) {
    for (const Row& row : rows) changes.push_back({true, &row});
    for (const Row& row : deleted) changes.push_back({false, &row});
  }

  std::vector<Row> rows;
  std::vector<Row> deleted;
  std::vector<RowChange> changes;
};

Together UsersUpTo(int64_t count, const std::string& name = "somebody") {
  std::vector<Row> rows;
  for (int64_t id = 0; id < count; ++id) rows.push_back(User(id, name));
  return Together(std::move(rows));
}

size_t RowCount(SimClient& sim) {
  size_t count = 0;
  for (const auto& [bucket, kv] : sim.cluster.table(kUsers).kvs) count += kv.rows.size();
  return count;
}

}  // namespace

TEST_CASE("changes that are written together leave in one batch a bucket", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kUsers, Users(2));
  auto writer = sim.Upserter(kUsers);
  REQUIRE(writer->TryUpsert(User(1000)).ok());  // So that it has its writer id.
  REQUIRE(sim.Await(writer->Flush()).ok());
  sim.cluster.seen.clear();

  std::optional<Status> told;
  const Together users = UsersUpTo(100);
  REQUIRE(writer
              ->WriteAll(users.changes,
                         [&](const Status& status) {
                           CHECK_FALSE(told.has_value());
                           told = status;
                         })
              .ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  REQUIRE(told.has_value());
  CHECK(told->ok());
  REQUIRE(sim.cluster.seen.size() == 2);
  CHECK(sim.cluster.seen[0].bucket != sim.cluster.seen[1].bucket);
  CHECK(sim.cluster.seen[0].record_count + sim.cluster.seen[1].record_count == 100);
  CHECK(RowCount(sim) == 101);
}

TEST_CASE("changes that are written together keep their order", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  const Together changes({User(1, "a"), User(2, "b"), User(1, "c")}, {User(2, "whatever")});
  REQUIRE(writer->WriteAll(changes.changes).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  auto scanner = sim.Scanner(kUsers);
  REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Earliest()).ok());
  std::string log;
  for (const LogRecord& record : sim.Read(*scanner, 5).value()) {
    log += fmt::format("{} {};", ToSymbol(record.change_type), record.row[2].ToString());
  }
  CHECK(log == "+I 'a';+I 'b';-U 'a';+U 'c';-D 'b';");
}

TEST_CASE("more than fits into a batch goes into several, and their first error is told once",
          "[client]") {
  SimClient sim(3);
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer =
      sim.Upserter(kUsers, {.writing = {.batch_bytes_max = 5000, .request_bytes_max = 8000}});
  const bool fails = GENERATE(false, true);
  if (fails) sim.cluster.produce_script[BucketId(0)] = {{ErrorCode::kInvalidTargetColumn}};
  int told = 0;
  const Together users = UsersUpTo(100, std::string(900, 'x'));
  REQUIRE(writer
              ->WriteAll(users.changes,
                         [&](const Status& status) {
                           CHECK(status.code() ==
                                 (fails ? ErrorCode::kInvalidTargetColumn : ErrorCode::kOk));
                           ++told;
                         })
              .ok());
  CHECK(told == 0);
  CHECK(sim.Await(writer->Flush()).ok() != fails);
  CHECK(told == 1);
  CHECK(sim.cluster.seen.size() >= 20);
}

TEST_CASE("nothing is taken of changes of which one does not fit", "[client]") {
  SimClient sim(4);
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  const auto never = [](const Status&) { FAIL("it was not taken"); };
  Together users = UsersUpTo(3);
  users.rows[2][1] = Value::Null();
  CHECK(writer->WriteAll(users.changes, never).code() == ErrorCode::kCorruptRecord);
  users.rows[2] = User(2);
  users.rows[2][3] = Value::String("no number");
  CHECK(writer->WriteAll(users.changes, never).code() == ErrorCode::kCorruptRecord);
  REQUIRE(sim.Await(writer->Flush()).ok());
  CHECK(sim.cluster.seen.empty());

  int told = 0;
  REQUIRE(writer->WriteAll({}, [&](const Status& status) { told += status.ok() ? 1 : 0; }).ok());
  CHECK(told == 1);
  REQUIRE(sim.Await(writer->Close()).ok());
  users.rows[2] = User(2);
  CHECK(writer->WriteAll(users.changes, never).code() == ErrorCode::kOperationNotAttempted);
}

TEST_CASE("a poll that does not wait gives what is there, or nothing, at once", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kUsers, Users(1));
  auto writer = sim.Upserter(kUsers);
  auto scanner = sim.Scanner(kUsers);
  REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::Earliest()).ok());
  const auto began = sim.scheduler.now();
  size_t read = sim.Await(scanner->PollAsync(MonoDuration())).value().size();
  CHECK(read == 0);
  CHECK(sim.scheduler.now() - began < Millis(100));
  const Together users = UsersUpTo(10);
  REQUIRE(writer->WriteAll(users.changes).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  for (int i = 0; i < 100 && read < 10; ++i) {
    sim.scheduler.RunFor(Millis(10));
    read += sim.Await(scanner->PollAsync(MonoDuration())).value().size();
  }
  CHECK(read == 10);
}

}  // namespace strom::client
