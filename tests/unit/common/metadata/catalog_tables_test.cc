#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/catalog.h"
#include "tests/unit/common/metadata/catalog_world.h"

namespace strom::metadata {
namespace {

class LedWorld : public CatalogWorld {
 public:
  explicit LedWorld(uint64_t seed = 1) : CatalogWorld(seed) {
    BecomeLeader();
    REQUIRE(CreateDatabase("db").ok());
  }
  std::vector<TableId> AssignedTables() {
    return Await<std::vector<TableId>>(
               [&](auto done) { catalog->ListAssignedTables(std::move(done)); })
        .value();
  }
  const ZkPaths paths{"/fluss"};
};

LeaderAndIsr Leader(int32_t server, int32_t epoch) {
  return {.leader = ServerId(server),
          .leader_epoch = LeaderEpoch(epoch),
          .isr = {ServerId(server)},
          .coordinator_epoch = CoordinatorEpoch(0),
          .bucket_epoch = BucketEpoch(epoch)};
}

}  // namespace

TEST_CASE("a new table gets an id, schema 1 and its assignment", "[metadata]") {
  LedWorld world;
  const TablePath path{"db", "t"};
  const TableInfo table = world.CreateTable(path, CatalogWorld::OneReplica(3)).value();
  CHECK(table.id == TableId(0));
  CHECK(table.schema_id == SchemaId(1));
  CHECK(table.created_ms == CatalogWorld::kNow);
  CHECK(table.descriptor == CatalogWorld::LogTable());
  CHECK(world.GetTable(path).value() == table);
  CHECK(world.GetAssignment(table.id).value() == CatalogWorld::OneReplica(3));
  CHECK(world.Get(*world.store, world.paths.TableIds()).value.data == CounterToBytes(1));
  CHECK(world.Get(*world.store, world.paths.Table(path)).value.data ==
        R"({"version":1,"table_id":0,"bucket_count":3,)"
        R"("properties":{"table.replication.factor":"1"},"custom_properties":{"k":"v"},)"
        R"("created_time":1735538268000,"modified_time":1735538268000})");
  CHECK(world.Get(*world.store, world.paths.TableAssignment(TableId(0))).value.data ==
        R"({"version":1,"buckets":{"0":[0],"1":[0],"2":[0]}})");
}

TEST_CASE("a table that cannot be created leaves nothing and takes no id", "[metadata]") {
  LedWorld world;
  REQUIRE(world.CreateTable({"db", "t"}).ok());
  const auto before = world.Dump(*world.store, "/fluss");
  CHECK(world.CreateTable({"db", "t"}).status().code() == ErrorCode::kTableAlreadyExist);
  CHECK(world.CreateTable({"gone", "t"}).status().code() == ErrorCode::kDatabaseNotExist);
  CHECK(world.Dump(*world.store, "/fluss") == before);
}

TEST_CASE("table ids are not used again, also after a drop and a restart", "[metadata]") {
  LedWorld world;
  const TableInfo first = world.CreateTable({"db", "t"}).value();
  REQUIRE(world.DropTable(first).ok());
  const TableInfo second = world.CreateTable({"db", "t"}).value();
  CHECK(second.id == TableId(1));
  REQUIRE(world.DropTable(second).ok());
  world.RestartProcess();
  world.BecomeLeader();
  CHECK(world.CreateTable({"db", "t"}).value().id == TableId(2));
}

TEST_CASE("a table id that another one took meanwhile is not given again", "[metadata]") {
  LedWorld world(5);
  // A second session keeps taking ids while tables are made.
  auto other = world.MakeOther();
  std::vector<int64_t> ids;
  world.strand.Post([&] {
    for (int i = 0; i < 3; ++i) {
      TakeIds(*other.store, world.paths.TableIds(), 1,
              [&](Result<int64_t> id) { ids.push_back(id.value()); });
      world.catalog->CreateTable(
          {"db", "t" + std::to_string(i)}, CatalogWorld::LogTable(), CatalogWorld::OneReplica(1), 1,
          [&](Result<TableInfo> table) { ids.push_back(table.value().id.value()); });
    }
  });
  world.scheduler.RunReady();
  std::ranges::sort(ids);
  CHECK(ids == std::vector<int64_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a counter of tables that is none stops creation", "[metadata]") {
  LedWorld world;
  REQUIRE(world.Put(*world.store, world.paths.TableIds(), "x") == MetaCode::kOk);
  CHECK(world.CreateTable({"db", "t"}).status().code() == ErrorCode::kUnknownServerError);
  CHECK(world.ListTables("db").value().empty());
}

TEST_CASE("a dropped table leaves nothing behind", "[metadata]") {
  LedWorld world;
  const auto before = world.Dump(*world.store, "/fluss");
  const TableInfo table = world.CreateTable({"db", "t"}, CatalogWorld::OneReplica(2)).value();
  const TableBucket bucket{table.id, std::nullopt, BucketId(1)};
  REQUIRE(world.SetLeaders({{bucket, Leader(0, 0)}}).ok());
  CHECK(world.AssignedTables() == std::vector<TableId>{table.id});
  CHECK(world.DropTable(table).ok());
  CHECK(world.AssignedTables().empty());
  CHECK(world.DropTable(table).code() == ErrorCode::kTableNotExist);
  CHECK(world.GetAssignment(table.id).status().code() == ErrorCode::kTableNotExist);
  CHECK(world.GetLeader(bucket).status().code() == ErrorCode::kLeaderNotAvailable);
  auto after = world.Dump(*world.store, "/fluss");
  std::erase_if(after, [&](const auto& node) { return node.first == world.paths.TableIds(); });
  CHECK(after == before);
}

TEST_CASE("a table can go before its assignment", "[metadata]") {
  LedWorld world;
  const TableInfo table = world.CreateTable({"db", "t"}, CatalogWorld::OneReplica(2)).value();
  const auto drop = [&] {
    return world
        .Await<std::monostate>(
            [&](auto done) { world.catalog->DropTableKeepingAssignment(table, std::move(done)); })
        .status();
  };
  CHECK(drop().ok());
  CHECK(drop().code() == ErrorCode::kTableNotExist);
  CHECK(world.GetTable({"db", "t"}).status().code() == ErrorCode::kTableNotExist);
  CHECK(world.AssignedTables() == std::vector<TableId>{table.id});
  CHECK(world.GetAssignment(table.id).value() == CatalogWorld::OneReplica(2));
  CHECK(world.CreateTable({"db", "t"}).value().id > table.id);  // The name is free.
}

TEST_CASE("only the table that was meant is dropped", "[metadata]") {
  LedWorld world;
  const TableInfo first = world.CreateTable({"db", "t"}).value();
  REQUIRE(world.DropTable(first).ok());
  const TableInfo second = world.CreateTable({"db", "t"}).value();
  CHECK(world.DropTable(first).code() == ErrorCode::kTableNotExist);
  CHECK(world.GetTable({"db", "t"}).value() == second);
}

TEST_CASE("leaders are written and read bucket by bucket", "[metadata]") {
  LedWorld world;
  const TableInfo table = world.CreateTable({"db", "t"}, CatalogWorld::OneReplica(2)).value();
  const TableBucket first{table.id, std::nullopt, BucketId(0)};
  const TableBucket second{table.id, std::nullopt, BucketId(1)};
  CHECK(world.GetLeader(first).status().code() == ErrorCode::kLeaderNotAvailable);
  CHECK(world.SetLeaders({}).ok());
  REQUIRE(world.SetLeaders({{first, Leader(3, 0)}}).ok());
  CHECK(world.GetLeader(first).value() == Leader(3, 0));
  REQUIRE(world.SetLeaders({{first, Leader(4, 1)}, {second, Leader(5, 0)}}).ok());
  CHECK(world.GetLeader(first).value() == Leader(4, 1));
  CHECK(world.GetLeader(second).value() == Leader(5, 0));
  CHECK(world.Get(*world.store, world.paths.LeaderAndIsr(second)).value.data ==
        R"({"version":2,"leader":5,"leader_epoch":0,"isr":[5],"coordinator_epoch":0,)"
        R"("bucket_epoch":0,"standby_replicas":[]})");
}

TEST_CASE("no leader is written for a bucket without an assignment, nor for its neighbours",
          "[metadata]") {
  LedWorld world;
  const TableInfo table = world.CreateTable({"db", "t"}).value();
  const TableBucket good{table.id, std::nullopt, BucketId(0)};
  const TableBucket bad{TableId(99), std::nullopt, BucketId(0)};
  const TableBucket partition{table.id, PartitionId(7), BucketId(0)};
  CHECK(world.SetLeaders({{good, Leader(1, 0)}, {bad, Leader(1, 0)}}).code() ==
        ErrorCode::kTableNotExist);
  CHECK(world.SetLeaders({{partition, Leader(1, 0)}}).code() == ErrorCode::kTableNotExist);
  CHECK(world.GetLeader(good).status().code() == ErrorCode::kLeaderNotAvailable);
}

TEST_CASE("leaders that are no documents are server errors that name the bucket", "[metadata]") {
  LedWorld world;
  const TableInfo table = world.CreateTable({"db", "t"}).value();
  const TableBucket bucket{table.id, std::nullopt, BucketId(0)};
  REQUIRE(world.SetLeaders({{bucket, Leader(1, 0)}}).ok());
  REQUIRE(world.Change(*world.store, SetOp{world.paths.LeaderAndIsr(bucket), "{"}) ==
          MetaCode::kOk);
  const Status leader = world.GetLeader(bucket).status();
  CHECK(leader.code() == ErrorCode::kUnknownServerError);
  CHECK(leader.message().find("table 0 bucket 0") != std::string_view::npos);
  REQUIRE(world.Change(*world.store, SetOp{world.paths.TableAssignment(table.id), "[]"}) ==
          MetaCode::kOk);
  CHECK(world.GetAssignment(table.id).status().code() == ErrorCode::kUnknownServerError);
}

TEST_CASE("a table with very many buckets takes several multis", "[metadata]") {
  LedWorld world;
  const int32_t buckets = 2 * static_cast<int32_t>(CatalogWriter::kLeadersPerMulti) + 1;
  TableDescriptor descriptor = CatalogWorld::LogTable();
  descriptor.distribution->bucket_count = buckets;
  const TableInfo table =
      world.CreateTable({"db", "t"}, descriptor, CatalogWorld::OneReplica(buckets)).value();
  std::map<TableBucket, LeaderAndIsr> leaders;
  for (int32_t bucket = 0; bucket < buckets; ++bucket) {
    leaders[{table.id, std::nullopt, BucketId(bucket)}] = Leader(0, bucket);
  }
  REQUIRE(world.SetLeaders(leaders).ok());
  for (const auto& [bucket, leader] : leaders) REQUIRE(world.GetLeader(bucket).value() == leader);
  REQUIRE(world.DropTable(table).ok());
  CHECK(world.AssignedTables().empty());
}

TEST_CASE("an assignment without a table can be found and dropped", "[metadata]") {
  LedWorld world;
  REQUIRE(world.Put(*world.store, world.paths.TableAssignment(TableId(10)), "") == MetaCode::kOk);
  REQUIRE(world.Put(*world.store, world.paths.TableAssignment(TableId(9)), "") == MetaCode::kOk);
  CHECK(world.AssignedTables() == std::vector<TableId>{TableId(9), TableId(10)});
  CHECK(world.GetAssignment(TableId(9)).status().code() == ErrorCode::kTableNotExist);
  for (int i = 0; i < 2; ++i) {
    CHECK(world
              .Await<std::monostate>(
                  [&](auto done) { world.catalog->DropAssignment(TableId(9), std::move(done)); })
              .ok());
  }
  CHECK(world.AssignedTables() == std::vector<TableId>{TableId(10)});
}

TEST_CASE("a partitioned table has no assignment of its own", "[metadata]") {
  LedWorld world;
  TableDescriptor descriptor = CatalogWorld::LogTable();
  descriptor.partition_keys = {"a"};
  const TableInfo table = world.CreateTable({"db", "p"}, descriptor, {}).value();
  CHECK(world.GetTable({"db", "p"}).value() == table);
  CHECK(world.AssignedTables().empty());
  CHECK(world.DropTable(table).ok());
}

TEST_CASE("a restart keeps all that was answered", "[metadata]") {
  LedWorld world;
  const TableInfo table = world.CreateTable({"db", "t"}, CatalogWorld::OneReplica(2)).value();
  const TableBucket bucket{table.id, std::nullopt, BucketId(1)};
  REQUIRE(world.SetLeaders({{bucket, Leader(2, 3)}}).ok());
  const auto before = world.Dump(*world.store, "/fluss");
  world.RestartProcess();
  CHECK(world.Dump(*world.store, "/fluss") == before);
  CHECK(world.CreateDatabase("db2").code() == ErrorCode::kNotCoordinatorLeader);
  CHECK(world.BecomeLeader() == CoordinatorEpoch(1));
  CHECK(world.GetTable({"db", "t"}).value() == table);
  CHECK(world.GetAssignment(table.id).value() == CatalogWorld::OneReplica(2));
  CHECK(world.GetLeader(bucket).value() == Leader(2, 3));
}

}  // namespace strom::metadata
