// Writers' barriers: who reads after one finds all that was in the logs before, whoever wrote it.
#include <optional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/logging.h"
#include "tests/sim/driven_cluster.h"

namespace strom::sim {
namespace {

constexpr int kBuckets = 3;
constexpr int64_t kKeys = 12;

}  // namespace

TEST_CASE("a barrier waits for what others wrote, until it is committed", "[sim]") {
  SetLogLevel(LogLevel::kOff);
  DrivenCluster driven(static_cast<uint64_t>(GENERATE(range(1, 6))), SimConfig());
  driven.StartAll();
  driven.Run(Seconds(5));
  REQUIRE(driven.Await(driven.admin().CreateDatabase("db", {}, client::IfExists::kIgnore)).ok());
  REQUIRE(driven.Await(driven.admin().CreateTable({"db", "t"}, PairsTable(true, kBuckets))).ok());
  const TableInfo table = driven.Await(driven.admin().GetTable({"db", "t"})).value();
  const auto before = driven.connection().NewUpsertWriter(table).value();
  const auto after = driven.connection().NewUpsertWriter(table).value();
  const auto lookup = driven.connection().NewLookup(table).value();
  for (int64_t key = 0; key < kKeys; ++key) {
    REQUIRE(before->TryUpsert({Value::Int(key), Value::Int(0)}).ok());
  }
  REQUIRE(driven.Await(before->Flush()).ok());
  REQUIRE(driven.Await(after->Barrier()).ok());  // Of a writer that wrote nothing, too.

  // Leaders whose followers are cut off take writes, and commit none.
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      if (i == j) continue;
      driven.world().wires.SetCut(driven.cluster().tablet(i).name(),
                                  driven.cluster().tablet(j).name(), true);
    }
  }
  for (int64_t key = 0; key < kKeys; ++key) {
    REQUIRE(before->TryDeleteKey({Value::Int(key)}).ok());
  }
  driven.Run(Seconds(2));
  auto barrier = after->Barrier();
  driven.Run(Seconds(1));
  CHECK_FALSE(barrier.ready());
  for (int64_t key = 0; key < kKeys; ++key) {
    CHECK(driven.Await(lookup->Get({Value::Int(key)})).value());  // Still there, for all to see.
  }

  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      if (i == j) continue;
      driven.world().wires.SetCut(driven.cluster().tablet(i).name(),
                                  driven.cluster().tablet(j).name(), false);
    }
  }
  REQUIRE(driven.Await(std::move(barrier)).ok());
  for (int64_t key = 0; key < kKeys; ++key) {
    CHECK_FALSE(driven.Await(lookup->Get({Value::Int(key)})).value());
  }
  REQUIRE(driven.Await(before->Close()).ok());
  CHECK(driven.Await(after->Close()).ok());
  CHECK(driven.Await(after->Barrier()).code() == ErrorCode::kOperationNotAttempted);
}

}  // namespace strom::sim
