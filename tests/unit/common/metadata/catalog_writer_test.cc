#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/catalog.h"
#include "tests/unit/common/metadata/catalog_world.h"

namespace strom::metadata {
namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("each leadership raises the coordinator epoch, from 0", "[metadata]") {
  CatalogWorld world;
  CHECK(world.BecomeLeader() == CoordinatorEpoch(0));
  const ZkPaths paths("/fluss");
  CHECK(world.Get(*world.store, paths.CoordinatorEpochNode()).value.data == "0");
  for (const std::string& node : paths.FixedNodes()) CHECK(world.Get(*world.store, node).ok());
  CHECK(world.BecomeLeader() == CoordinatorEpoch(1));
  world.RestartProcess();
  CHECK(world.BecomeLeader() == CoordinatorEpoch(2));
  CHECK(world.CreateDatabase("db").ok());
}

TEST_CASE("nobody writes before becoming leader", "[metadata]") {
  CatalogWorld world;
  CHECK(world.CreateDatabase("db").code() == ErrorCode::kNotCoordinatorLeader);
  CHECK(world.Dump(*world.store, "/fluss").empty());
}

TEST_CASE("an epoch node that is none keeps everybody from leading", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  const std::string path = ZkPaths("/fluss").CoordinatorEpochNode();
  for (const char* text : {"", "abc", "2147483647"}) {
    REQUIRE(world.Change(*world.store, SetOp{path, text}) == MetaCode::kOk);
    const auto epoch = world.Await<CoordinatorEpoch>(
        [&](auto done) { world.catalog->BecomeLeader(std::move(done)); });
    CHECK(epoch.status().code() == ErrorCode::kUnknownServerError);
    CHECK(world.CreateDatabase("db").code() == ErrorCode::kNotCoordinatorLeader);
  }
}

TEST_CASE("coordinators that become leader at the same time get different epochs", "[metadata]") {
  CatalogWorld world(3);
  auto other = world.MakeOther();
  std::vector<CoordinatorEpoch> epochs;
  world.strand.Post([&] {
    for (CatalogWriter* writer : {world.catalog.get(), other.catalog.get()}) {
      writer->BecomeLeader([&](Result<CoordinatorEpoch> e) { epochs.push_back(e.value()); });
    }
  });
  world.scheduler.RunReady();
  std::ranges::sort(epochs);
  CHECK(epochs == std::vector<CoordinatorEpoch>{CoordinatorEpoch(0), CoordinatorEpoch(1)});
}

TEST_CASE("a deposed coordinator changes nothing", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  REQUIRE(world.CreateDatabase("db").ok());
  REQUIRE(world.CreateDatabase("empty").ok());
  const TableInfo table = world.CreateTable({"db", "t"}).value();
  const TableBucket bucket{table.id, std::nullopt, BucketId(0)};
  REQUIRE(world.SetLeaders({{bucket, LeaderAndIsr{.leader = ServerId(0)}}}).ok());

  auto other = world.MakeOther();
  world.BecomeLeader(*other.catalog);
  const auto before = world.Dump(*world.store, "/fluss");
  const ErrorCode deposed = ErrorCode::kNotCoordinatorLeader;
  CHECK(world.CreateDatabase("db2").code() == deposed);
  CHECK(world.CreateDatabase("db").code() == deposed);
  CHECK(world.DropDatabase("empty").code() == deposed);
  CHECK(world.CreateTable({"db", "t2"}).status().code() == deposed);
  CHECK(world.DropTable(table).code() == deposed);
  CHECK(world.SetLeaders({{bucket, LeaderAndIsr{.leader = ServerId(1)}}}).code() == deposed);
  const auto drop = world.Await<std::monostate>(
      [&](auto done) { world.catalog->DropAssignment(table.id, std::move(done)); });
  CHECK(drop.status().code() == deposed);
  CHECK(world.Dump(*world.store, "/fluss") == before);

  // It may read, and lead again.
  CHECK(world.GetTable({"db", "t"}).value() == table);
  CHECK(world.BecomeLeader() == CoordinatorEpoch(2));
  CHECK(world.CreateDatabase("db2").ok());
}

TEST_CASE("databases are created once and dropped when they are empty", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  CHECK(world.CreateDatabase("db").ok());
  CHECK(world.CreateDatabase("db").code() == ErrorCode::kDatabaseAlreadyExist);
  CHECK(
      world.CreateDatabase("__strom").ok());  // Names for the system are not the catalog's matter.
  const TableInfo table = world.CreateTable({"db", "t"}).value();
  CHECK(world.DropDatabase("db").code() == ErrorCode::kDatabaseNotEmpty);
  REQUIRE(world.DropTable(table).ok());
  CHECK(world.DropDatabase("db").ok());
  CHECK(world.DropDatabase("db").code() == ErrorCode::kDatabaseNotExist);
  CHECK(world.ListDatabases().value() == Names{"__strom"});
}

TEST_CASE("the default database is made once and stays", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  CHECK(world.EnsureDatabase(std::string(kDefaultDatabase), 5).ok());
  CHECK(world.EnsureDatabase(std::string(kDefaultDatabase), 6).ok());
  const auto database = world.Await<DatabaseInfo>(
      [&](auto done) { world.catalog->GetDatabase("fluss", std::move(done)); });
  CHECK(database.value().created_ms == 5);
  CHECK(world.DropDatabase("fluss").code() == ErrorCode::kUnknownServerError);
  CHECK(world.ListDatabases().value() == Names{"fluss"});
}

TEST_CASE("changes run in the order they were asked for", "[metadata]") {
  CatalogWorld world(11);
  world.BecomeLeader();
  std::vector<ErrorCode> codes;
  const auto note = [&](Result<std::monostate> result) {
    codes.push_back(result.ok() ? ErrorCode::kOk : result.status().code());
  };
  world.strand.Post([&] {
    world.catalog->CreateDatabase("db", {}, 1, note);
    world.catalog->DropDatabase("db", note);
    world.catalog->DropDatabase("db", note);
    world.catalog->CreateDatabase("db", {}, 2, note);
    world.catalog->CreateDatabase("db", {}, 3, note);
  });
  world.scheduler.RunReady();
  CHECK(codes == std::vector<ErrorCode>{ErrorCode::kOk, ErrorCode::kOk,
                                        ErrorCode::kDatabaseNotExist, ErrorCode::kOk,
                                        ErrorCode::kDatabaseAlreadyExist});
}

TEST_CASE("no more changes wait than the bound", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  size_t answered = 0;
  size_t refused = 0;
  const size_t count = CatalogWriter::kChangesQueuedMax + 3;  // One runs, two are too many.
  world.strand.Post([&] {
    for (size_t i = 0; i < count; ++i) {
      world.catalog->EnsureDatabase("db", 1, [&](Result<std::monostate> result) {
        ++answered;
        if (result.status().code() == ErrorCode::kOperationNotAttempted) ++refused;
      });
    }
  });
  world.scheduler.RunReady();
  CHECK(answered == count);
  CHECK(refused == 2);
}

TEST_CASE("a session that ends takes its callbacks with it", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  bool called = false;
  world.strand.Post([&] {
    world.catalog->CreateDatabase("db", {}, 1, [&](Result<std::monostate>) { called = true; });
    world.catalog.reset();
    world.store.reset();
  });
  world.scheduler.RunReady();
  CHECK_FALSE(called);
}

}  // namespace strom::metadata
