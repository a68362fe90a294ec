#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "client/backoff.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

Status Invalid(ConnectionOptions options) {
  SimClient sim(1);
  return Connection::Create(std::move(options), sim.environment()).status();
}

}  // namespace

TEST_CASE("addresses and timeouts of a connection are checked", "[client]") {
  for (const std::string address :
       {"host", "host:", ":9123", "host:0", "host:65536", "host:12x", "::1:9123", "", "[]:12"}) {
    INFO(address);
    CHECK(Invalid({.bootstrap_servers = {address}}).code() == ErrorCode::kInvalidConfig);
  }
  CHECK(Invalid({}).code() == ErrorCode::kInvalidConfig);
  CHECK(Invalid({.bootstrap_servers = {"[::1]:9123", "a.b:1"}}).ok());
  CHECK(Invalid({.bootstrap_servers = {"a:1"}, .request_timeout = Seconds(0)}).code() ==
        ErrorCode::kInvalidConfig);
  CHECK(Invalid({.bootstrap_servers = {"a:1"},
                 .retry_backoff = Millis(10),
                 .retry_backoff_max = Millis(5)})
            .code() == ErrorCode::kInvalidConfig);
}

TEST_CASE("pauses double up to their maximum, and never overflow", "[client]") {
  sim::SimRandom random(1);
  const Backoff backoff{.initial = Millis(20), .max = Seconds(1)};
  for (const auto& [failures, least] :
       {std::pair(1, Millis(20)), std::pair(2, Millis(40)), std::pair(5, Millis(320)),
        std::pair(7, Millis(1000)), std::pair(1000000, Millis(1000))}) {
    for (int i = 0; i < 20; ++i) {
      const MonoDuration pause = backoff.After(failures, random);
      CHECK(pause >= least + Millis(-1));
      CHECK(pause <= MonoDuration::FromNanos(least.nanos() / 4 * 5));
    }
  }
}

TEST_CASE("databases and tables are made, shown and dropped", "[client]") {
  SimClient sim(GENERATE(range(1, 4)), 2);
  Admin& admin = sim.connection->admin();
  REQUIRE(sim.Await(admin.CreateDatabase("shop")).ok());
  CHECK(sim.Await(admin.CreateDatabase("shop")).code() == ErrorCode::kDatabaseAlreadyExist);
  CHECK(sim.Await(admin.CreateDatabase("shop", {}, IfExists::kIgnore)).ok());
  CHECK(sim.Await(admin.ListDatabases()).value() == std::vector<std::string>{"db", "shop"});
  CHECK(sim.Await(admin.DatabaseExists("shop")).value());
  CHECK_FALSE(sim.Await(admin.DatabaseExists("none")).value());
  const DatabaseInfo info = sim.Await(admin.GetDatabase("shop")).value();
  CHECK(info.descriptor.comment == "a comment");
  CHECK(info.created_ms == 5);
  CHECK(sim.Await(admin.GetDatabase("none")).status().code() == ErrorCode::kDatabaseNotExist);

  const TablePath items{"shop", "items"};
  REQUIRE(sim.Await(admin.CreateTable(items, Orders(3))).ok());
  const Status again = sim.Await(admin.CreateTable(items, Orders(3)));
  CHECK(again.code() == ErrorCode::kTableAlreadyExist);
  CHECK(again.message().find("create table shop.items") != std::string::npos);
  CHECK(sim.Await(admin.CreateTable(items, Orders(3), IfExists::kIgnore)).ok());
  REQUIRE(sim.Await(admin.CreateTable({"shop", "a"}, Orders(1))).ok());
  CHECK(sim.Await(admin.ListTables("shop")).value() == std::vector<std::string>{"a", "items"});
  CHECK(sim.Await(admin.TableExists(items)).value());

  const TableInfo table = sim.Await(admin.GetTable(items)).value();
  CHECK(table.path == items);
  CHECK(table.descriptor.bucket_count() == 3);
  CHECK(table.descriptor.schema == OrdersSchema());
  CHECK(sim.Await(admin.GetSchema(items))->id == SchemaId(1));
  CHECK(sim.Await(admin.GetSchema(items, SchemaId(9))).status().code() ==
        ErrorCode::kSchemaNotExist);

  CHECK(sim.Await(admin.DropDatabase("shop")).code() == ErrorCode::kDatabaseNotEmpty);
  REQUIRE(sim.Await(admin.DropTable(items)).ok());
  CHECK(sim.Await(admin.DropTable(items)).code() == ErrorCode::kTableNotExist);
  CHECK(sim.Await(admin.DropTable(items, IfMissing::kIgnore)).ok());
  CHECK(sim.Await(admin.GetTable(items)).status().code() == ErrorCode::kTableNotExist);
  CHECK(sim.Await(admin.DropDatabase("shop", IfMissing::kFail, true)).ok());
  CHECK(sim.Await(admin.ListServers())->tablet_servers.size() == 2);
}

TEST_CASE("questions are asked again, changes only if they surely did nothing", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  Admin& admin = sim.connection->admin();
  sim.cluster.AddTable(kOrders, Orders(1));
  SECTION("a question") {
    sim.cluster.admin_script = {ErrorCode::kNetwork, ErrorCode::kStorage};
    CHECK(sim.Await(admin.GetTable(kOrders)).ok());
  }
  SECTION("a change that a coordinator without office refused") {
    sim.cluster.admin_script = {ErrorCode::kNotCoordinatorLeader};
    CHECK(sim.Await(admin.CreateTable({"db", "new"}, Orders(1))).ok());
  }
  SECTION("a change that may have happened") {
    sim.cluster.admin_script = {ErrorCode::kStorage};
    CHECK(sim.Await(admin.CreateTable({"db", "new"}, Orders(1))).code() == ErrorCode::kStorage);
  }
  SECTION("a change for a coordinator that is not there any more, as far as it goes") {
    CHECK(sim.Await(admin.ListServers()).ok());
    sim.network.BreakConnections("s0");
    sim.network.SetRefusing("s0", true);
    auto made = admin.CreateTable({"db", "new"}, Orders(1));
    sim.scheduler.RunFor(Seconds(5));
    CHECK_FALSE(made.ready());
    sim.network.SetRefusing("s0", false);
    CHECK(sim.Await(std::move(made)).ok());
  }
  SECTION("a change whose answer is lost") {
    CHECK(sim.Await(admin.ListServers()).ok());
    auto made = admin.CreateTable({"db", "new"}, Orders(1));
    const auto is_there = [&] { return sim.cluster.HasTable({"db", "new"}); };
    REQUIRE(sim.scheduler.RunUntil(is_there, Seconds(5)));
    sim.network.BreakConnections("s0");  // Before it has answered.
    CHECK(sim.Await(std::move(made)).code() == ErrorCode::kNetwork);
    CHECK(sim.Await(admin.TableExists({"db", "new"})).value());
  }
}

TEST_CASE("a cluster that does not answer is an error in time", "[client]") {
  SimClient sim(3, 1, {.request_timeout = Seconds(5)});
  sim.network.SetReachable("s0", false);
  const MonoTime before = sim.scheduler.now();
  CHECK(sim.Await(sim.connection->admin().ListServers()).status().code() == ErrorCode::kNetwork);
  CHECK_FALSE(sim.Await(sim.connection->admin().ListDatabases()).ok());
  CHECK(sim.scheduler.now() - before < Seconds(11));
  sim.network.SetReachable("s0", true);
  CHECK(sim.Await(sim.connection->admin().ListDatabases()).ok());
}

TEST_CASE("one metadata request is under way, and its waiters share it", "[client]") {
  SimClient sim(GENERATE(range(1, 6)));
  Admin& admin = sim.connection->admin();
  std::vector<Future<ClusterServers>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(admin.ListServers());
  for (auto& future : futures) REQUIRE(sim.Await(std::move(future)).ok());
  CHECK(sim.cluster.metadata_count == 2);  // The first one's, and one for all who came later.
}

TEST_CASE("offsets are those of all buckets", "[client]") {
  SimClient sim(GENERATE(range(1, 6)), 2);
  sim.cluster.AddTable(kOrders, Orders(4));
  auto writer = sim.Writer(kOrders);
  for (int64_t i = 0; i < 9; ++i) {
    REQUIRE(writer->TryAppend(Order(i)).ok());
    REQUIRE(sim.Await(writer->Flush()).ok());
  }
  Admin& admin = sim.connection->admin();
  int64_t rows = 0;
  for (const auto& [bucket, offset] :
       sim.Await(admin.ListOffsets(kOrders, OffsetSpec::Latest())).value()) {
    rows += offset.value();
  }
  CHECK(rows == 9);
  sim.cluster.MoveLeader(kOrders, BucketId(1), std::nullopt);
  auto earliest = admin.ListOffsets(kOrders, OffsetSpec::Earliest());
  sim.scheduler.RunFor(Seconds(1));
  CHECK_FALSE(earliest.ready());  // Waits for a leader.
  sim.cluster.MoveLeader(kOrders, BucketId(1), 0);
  CHECK(sim.Await(std::move(earliest))->size() == 4);
  CHECK(sim.Await(admin.ListOffsets(kOrders, OffsetSpec::At(LogOffset(1)))).status().code() ==
        ErrorCode::kInvalidConfig);
  const Status missing =
      sim.Await(admin.ListOffsets({"db", "none"}, OffsetSpec::Latest())).status();
  CHECK(missing.code() == ErrorCode::kTableNotExist);
  CHECK(missing.message().find("latest offsets of table db.none") != std::string::npos);
}

TEST_CASE("futures of a closed connection end", "[client]") {
  SimClient sim(2);
  auto tables = sim.connection->admin().ListTables("db");
  bool called = false;
  sim.connection->admin().ListDatabases().Then([&](auto result) {
    called = true;
    CHECK_FALSE(result.ok());
  });
  sim.connection = nullptr;
  CHECK(sim.Await(std::move(tables), Seconds(60)).status().code() == ErrorCode::kNetwork);
  sim.scheduler.RunFor(Seconds(60));
  CHECK(called);
}

}  // namespace strom::client
