#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "client/keyed_table.h"
#include "common/row/stored_value.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

void Write(SimClient& sim, int64_t count) {
  auto writer = sim.Upserter(kUsers);
  for (int64_t i = 0; i < count; ++i) {
    REQUIRE(writer->TryUpsert(User(i, "user " + std::to_string(i))).ok());
  }
  REQUIRE(sim.Await(writer->Flush()).ok());
}

Row Key(int64_t id) { return {Value::Int(id)}; }

}  // namespace

TEST_CASE("a lookup finds the row of a key, or nothing", "[client]") {
  SimClient sim(GENERATE(range(1, 6)), 2);
  sim.cluster.AddTable(kUsers, Users(4));
  Write(sim, 100);
  auto lookup = sim.Finder(kUsers);
  CHECK(lookup->columns().size() == 4);
  std::vector<Future<std::optional<Row>>> rows;
  for (int64_t i = 0; i < 200; ++i) rows.push_back(lookup->Get(Key(i)));
  for (int64_t i = 0; i < 200; ++i) {
    const std::optional<Row> row = sim.Await(std::move(rows[static_cast<size_t>(i)])).value();
    REQUIRE(row.has_value() == (i < 100));
    if (row) CHECK(*row == User(i, "user " + std::to_string(i)));
  }
}

TEST_CASE("keys go together while their bucket has enough requests under way", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 10);
  auto lookup = sim.Finder(kUsers, {.request_keys_max = 30, .in_flight_max = 2});
  REQUIRE(sim.Await(lookup->Get(Key(1))).ok());  // The leader is known from now on.
  sim.cluster.lookups.clear();
  sim.cluster.hold_lookups = true;
  std::vector<Future<std::optional<Row>>> rows;
  for (int64_t i = 0; i < 50; ++i) rows.push_back(lookup->Get(Key(i)));
  sim.scheduler.RunFor(Seconds(1));
  CHECK(sim.cluster.held() == 2);
  sim.cluster.hold_lookups = false;
  sim.cluster.Release();
  for (auto& row : rows) CHECK(sim.Await(std::move(row)).ok());
  int sum = 0;
  int most = 0;
  for (const SeenLookup& seen : sim.cluster.lookups) {
    sum += seen.key_count;
    most = std::max(most, seen.key_count);
  }
  CHECK(sum == 50);
  CHECK(most == 30);
  CHECK(sim.cluster.lookups.size() <= 4);  // Two at first, and two with what collected meanwhile.
}

TEST_CASE("a lookup follows the leader and asks again after errors that may pass", "[client]") {
  SimClient sim(GENERATE(range(1, 9)), 3);
  sim.cluster.AddTable(kUsers, Users(2));
  Write(sim, 50);
  auto lookup = sim.Finder(kUsers);
  sim.cluster.lookup_script[BucketId(0)] = {ErrorCode::kStorage, ErrorCode::kLeaderNotAvailable};
  std::vector<Future<std::optional<Row>>> rows;
  for (int64_t i = 0; i < 50; ++i) {
    rows.push_back(lookup->Get(Key(i)));
    if (i % 10 == 3) sim.cluster.MoveLeader(kUsers, BucketId(0), static_cast<int>(i / 10) % 3);
    if (i == 25) sim.cluster.MoveLeader(kUsers, BucketId(1), std::nullopt);
    if (i == 35) sim.cluster.MoveLeader(kUsers, BucketId(1), 2);
    if (i == 40) sim.network.LoseAnswers("s0", 1);
    sim.scheduler.RunFor(Micros(700));
  }
  for (int64_t i = 0; i < 50; ++i) {
    CHECK(sim.Await(std::move(rows[static_cast<size_t>(i)])).value() ==
          User(i, "user " + std::to_string(i)));
  }
}

TEST_CASE("a lookup that gets no answer ends in time", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 2);
  auto lookup = sim.Finder(kUsers, {.timeout = Seconds(10)});
  REQUIRE(sim.Await(lookup->Get(Key(1))).ok());
  SECTION("without a leader") { sim.cluster.MoveLeader(kUsers, BucketId(0), std::nullopt); }
  SECTION("without a server") {
    sim.network.SetReachable("s0", false);
    sim.network.BreakConnections("s0");
  }
  SECTION("from a server that is silent") { sim.cluster.hold_lookups = true; }
  const MonoTime before = sim.scheduler.now();
  const Status status = sim.Await(lookup->Get(Key(1))).status();
  CHECK_FALSE(status.ok());
  CHECK(status.message().find("db.users") != std::string::npos);
  CHECK(sim.scheduler.now() - before >= Seconds(9));
  CHECK(sim.scheduler.now() - before <= Seconds(12));
}

TEST_CASE("a key asked for while its bucket pauses is asked for after the pause", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 2);
  auto lookup = sim.Finder(kUsers, {.timeout = Millis(700)});
  REQUIRE(sim.Await(lookup->Get(Key(1))).ok());
  sim.network.SetReachable("s0", false);
  sim.network.BreakConnections("s0");
  CHECK_FALSE(sim.Await(lookup->Get(Key(1))).ok());  // Nobody else asks: no timer is left.
  sim.network.SetReachable("s0", true);
  bool answered = false;
  for (int i = 0; i < 5 && !answered; ++i) {
    answered = sim.Await(lookup->Get(Key(1)), Seconds(30)).ok();
  }
  CHECK(answered);
}

TEST_CASE("an old question does not fail those that are asked with it", "[client]") {
  SimClient sim(3);
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 3);
  auto lookup = sim.Finder(kUsers, {.in_flight_max = 1, .timeout = Seconds(10)});
  REQUIRE(sim.Await(lookup->Get(Key(0))).ok());
  sim.cluster.hold_lookups = true;
  auto first = lookup->Get(Key(0));
  auto old = lookup->Get(Key(1));
  sim.scheduler.RunFor(Seconds(9));
  auto young = lookup->Get(Key(2));
  sim.cluster.Release();  // The first; the other two go together, and their answer takes long.
  sim.scheduler.RunFor(Seconds(3));
  sim.cluster.lookups.clear();
  sim.cluster.hold_lookups = false;
  sim.cluster.Release();
  CHECK(sim.Await(std::move(young)).value() == User(2, "user 2"));
  CHECK(sim.cluster.lookups.empty());
  CHECK(sim.Await(std::move(old)).value() == User(1, "user 1"));
  CHECK(sim.Await(std::move(first)).ok());
}

TEST_CASE("errors that do not pass come at once", "[client]") {
  SimClient sim(5);
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 2);
  auto lookup = sim.Finder(kUsers);
  REQUIRE(sim.Await(lookup->Get(Key(1))).ok());
  SECTION("the server refuses") {
    sim.cluster.lookup_script[BucketId(0)] = {ErrorCode::kAuthorization};
    const Status status = sim.Await(lookup->Get(Key(1)), Seconds(5)).status();
    CHECK(status.code() == ErrorCode::kAuthorization);
    CHECK(status.message().find("table db.users bucket 0") != std::string::npos);
    CHECK(sim.Await(lookup->Get(Key(1))).ok());
  }
  SECTION("the table is dropped") {
    REQUIRE(sim.Await(sim.connection->admin().DropTable(kUsers)).ok());
    CHECK(sim.Await(lookup->Get(Key(1)), Seconds(5)).status().code() == ErrorCode::kTableNotExist);
  }
  SECTION("the table is created anew") {
    sim.cluster.AddTable(kUsers, Users(1));
    const Status status = sim.Await(lookup->Get(Key(1)), Seconds(5)).status();
    CHECK(status.code() == ErrorCode::kUnknownTableOrBucket);
    CHECK(status.message().find("created anew: its id is 2, was 1") != std::string::npos);
  }
  SECTION("the key does not fit") {
    CHECK(sim.Await(lookup->Get({})).status().code() == ErrorCode::kCorruptRecord);
    CHECK(sim.Await(lookup->Get({Value::Null()})).status().code() == ErrorCode::kCorruptRecord);
    CHECK(sim.Await(lookup->Get(User(1))).status().code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("answers to lookups that make no sense are errors", "[client]") {
  SimClient sim(5);
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 2);
  auto lookup = sim.Finder(kUsers);
  ErrorCode expected = ErrorCode::kCorruptMessage;
  std::string said;
  SECTION("too few results") {
    sim.cluster.distort_lookup = [](auto& answer) {
      answer.mutable_buckets_resp(0)->clear_values();
    };
    said = "0 results for 1 keys";
  }
  SECTION("too many results") {
    sim.cluster.distort_lookup = [](auto& answer) { answer.mutable_buckets_resp(0)->add_values(); };
    said = "2 results for 1 keys";
  }
  SECTION("no bucket") {
    sim.cluster.distort_lookup = [](auto& answer) { answer.clear_buckets_resp(); };
    said = "leaves the bucket out";
  }
  SECTION("half a schema id") {
    sim.cluster.distort_lookup = [](auto& answer) {
      answer.mutable_buckets_resp(0)->mutable_values(0)->set_values("x");
    };
  }
  SECTION("a row that is cut off") {
    sim.cluster.distort_lookup = [](auto& answer) {
      auto& value = *answer.mutable_buckets_resp(0)->mutable_values(0)->mutable_values();
      value.resize(value.size() - 2);
    };
  }
  SECTION("a schema that nobody knows") {
    sim.cluster.distort_lookup = [](auto& answer) {
      answer.mutable_buckets_resp(0)->mutable_values(0)->mutable_values()->at(0) = 9;
    };
    expected = ErrorCode::kSchemaNotExist;
    said = "values of schema 9";
  }
  const Status status = sim.Await(lookup->Get(Key(1)), Seconds(5)).status();
  CHECK(
      (status.code() == expected || (said.empty() && status.code() == ErrorCode::kCorruptRecord)));
  CHECK(status.message().find("table db.users bucket 0") != std::string::npos);
  CHECK(status.message().find(said) != std::string::npos);
}

TEST_CASE("values of other schemas are matched by column id", "[client]") {
  SimClient sim(5);
  ScriptedTable& table = sim.cluster.AddTable(kUsers, Users(1));
  const TableInfo old = table.info;
  Write(sim, 1);
  table.schemas.emplace(
      SchemaId(2),
      old.descriptor.schema.WithColumn({.name = "mail", .type = DataType::String()}).value());
  table.info.schema_id = SchemaId(2);
  table.info.descriptor.schema = table.schemas.at(SchemaId(2));
  Row newer = User(1, "new");
  newer.push_back(Value::String("@"));
  Bytes value;
  AppendStoredValueHeader(value, SchemaId(2));
  REQUIRE(AppendRow(RowFormat::kCompacted, value, newer,
                    table.info.descriptor.schema.row_type().fields())
              .ok());
  const KeyedTable keyed = KeyedTable::Make(table.info).value();
  table.kvs.at(BucketId(0)).rows[keyed.KeyOf(Key(1)).value().bytes] = value;

  auto now = sim.Finder(kUsers, {.columns = {"mail", "name"}});
  CHECK(sim.Await(now->Get(Key(0))).value() == Row{Value::Null(), Value::String("user 0")});
  CHECK(sim.Await(now->Get(Key(1))).value() == Row{Value::String("@"), Value::String("new")});
  auto before = sim.connection->NewLookup(old).value();  // Does not know the newer one yet.
  CHECK(sim.Await(before->Get(Key(0))).value() == User(0, "user 0"));
  CHECK(sim.Await(before->Get(Key(1))).value() == User(1, "new"));
}

TEST_CASE("a lookup gives the columns wanted", "[client]") {
  SimClient sim(5);
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 3);
  auto lookup = sim.Finder(kUsers, {.columns = {"age", "id"}});
  CHECK(lookup->columns().front().name == "age");
  CHECK(sim.Await(lookup->Get(Key(2))).value() == Row{Value::Int(30), Value::Int(2)});
  const TableInfo& info = sim.cluster.table(kUsers).info;
  CHECK(sim.connection->NewLookup(info, {.columns = {"price"}}).status().code() ==
        ErrorCode::kInvalidColumnProjection);
  CHECK(sim.connection->NewLookup(info, {.request_keys_max = 0}).status().code() ==
        ErrorCode::kInvalidConfig);
}

TEST_CASE("a prefix finds all rows of its bucket key", "[client]") {
  SimClient sim(GENERATE(range(1, 4)), 2);
  sim.cluster.AddTable(kUsers, Users(4, true));
  Write(sim, 20);
  auto lookup = sim.Finder(kUsers);
  sim.cluster.lookup_script[BucketId(0)] = {ErrorCode::kNotLeaderOrFollower};
  auto bern = lookup->GetByPrefix({Value::String("Bern")});
  auto nowhere = lookup->GetByPrefix({Value::String("Berne")});
  auto one = lookup->Get({Value::String("Chur"), Value::Int(7)});
  const std::vector<Row> rows = sim.Await(std::move(bern)).value();
  REQUIRE(rows.size() == 10);
  for (const Row& row : rows) CHECK(row[0] == Value::String("Bern"));
  CHECK(sim.Await(std::move(nowhere)).value().empty());
  CHECK(sim.Await(std::move(one)).value() == User(7, "user 7"));

  const TablePath whole{"db", "whole"};
  sim.cluster.AddTable(whole, Users(1));
  auto refused = sim.Finder(whole);
  CHECK(sim.Await(refused->GetByPrefix(Key(1))).status().code() == ErrorCode::kInvalidTable);
}

TEST_CASE("keys beyond the bound are refused, and those that wait fail at the end", "[client]") {
  SimClient sim(5);
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 2);
  auto lookup = sim.Finder(kUsers, {.in_flight_max = 1, .pending_keys_max = 3});
  REQUIRE(sim.Await(lookup->Get(Key(1))).ok());
  sim.cluster.hold_lookups = true;
  auto first = lookup->Get(Key(0));
  sim.scheduler.RunFor(Seconds(1));
  auto second = lookup->Get(Key(0));
  auto third = lookup->Get(Key(0));
  const Status refused = sim.Await(lookup->Get(Key(0))).status();
  CHECK(refused.code() == ErrorCode::kStorageBackpressure);
  CHECK(refused.message().find("3 keys wait") != std::string::npos);
  lookup = nullptr;
  CHECK(sim.Await(std::move(second)).status().code() == ErrorCode::kNetwork);
  CHECK(sim.Await(std::move(third)).status().code() == ErrorCode::kNetwork);
  sim.cluster.Release();
  CHECK(sim.Await(std::move(first)).ok());  // It was under way.
}

}  // namespace strom::client
