#include "common/metadata/zk_paths.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/znode_tree.h"

namespace strom::metadata {

TEST_CASE("nodes are where Fluss has them", "[metadata]") {
  const ZkPaths paths("/fluss");
  const TablePath orders{"db", "orders"};
  CHECK(paths.Databases() == "/fluss/metadata/databases");
  CHECK(paths.Database("db") == "/fluss/metadata/databases/db");
  CHECK(paths.Tables("db") == "/fluss/metadata/databases/db/tables");
  CHECK(paths.Table(orders) == "/fluss/metadata/databases/db/tables/orders");
  CHECK(paths.Schema(orders, SchemaId(2)) ==
        "/fluss/metadata/databases/db/tables/orders/schemas/2");
  CHECK(paths.Partition(orders, "2024$us") ==
        "/fluss/metadata/databases/db/tables/orders/partitions/2024$us");
  CHECK(paths.TableIds() == "/fluss/metadata/table_seqid");
  CHECK(paths.PartitionIds() == "/fluss/metadata/partition_seqid");
  CHECK(paths.WriterIds() == "/fluss/metadata/writer_id");
  CHECK(paths.CoordinatorActive() == "/fluss/coordinators/active");
  CHECK(paths.Coordinator("a1b2") == "/fluss/coordinators/ids/a1b2");
  CHECK(paths.CoordinatorElection() == "/fluss/coordinators/election");
  CHECK(paths.CoordinatorEpochNode() == "/fluss/coordinators/epoch");
  CHECK(paths.TabletServer(ServerId(3)) == "/fluss/tabletservers/ids/3");
  CHECK(paths.TableAssignment(TableId(42)) == "/fluss/tabletservers/tables/42");
  CHECK(paths.PartitionAssignment(PartitionId(9)) == "/fluss/tabletservers/partitions/9");
}

TEST_CASE("a bucket's nodes are below its table's or its partition's assignment", "[metadata]") {
  const ZkPaths paths("");
  CHECK(paths.LeaderAndIsr({TableId(42), std::nullopt, BucketId(5)}) ==
        "/tabletservers/tables/42/buckets/5/leader_isr");
  CHECK(paths.LeaderAndIsr({TableId(42), PartitionId(9), BucketId(0)}) ==
        "/tabletservers/partitions/9/buckets/0/leader_isr");
  CHECK(paths.KvSnapshot({TableId(42), std::nullopt, BucketId(5)}, KvSnapshotId(17)) ==
        "/tabletservers/tables/42/buckets/5/snapshots/17");
}

TEST_CASE("fixed nodes come after their parents", "[metadata]") {
  for (const char* root : {"", "/fluss", "/a/b/c"}) {
    INFO(root);
    std::vector<std::string> seen = {"/"};
    for (const std::string& node : ZkPaths(root).FixedNodes()) {
      INFO(node);
      CHECK(IsValidPath(node));
      CHECK(std::ranges::find(seen, ParentPath(node)) != seen.end());
      seen.push_back(node);
    }
    CHECK(std::ranges::find(seen, std::string(root) + "/tabletservers/ids") != seen.end());
  }
}

TEST_CASE("names that are numbers read as numbers", "[metadata]") {
  CHECK(NumberFromName("42") == 42);
  CHECK(NumberFromName("-1") == -1);
  CHECK(NumberFromName("9223372036854775807") == INT64_MAX);
  for (const char* name : {"", "x", "4x", " 4", "4 ", "9223372036854775808", "0x10"}) {
    INFO(name);
    CHECK_FALSE(NumberFromName(name));
  }
}

}  // namespace strom::metadata
