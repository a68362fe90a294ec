#include "common/remote/kv_snapshot_paths.h"

#include <set>

#include <catch2/catch_test_macros.hpp>

#include "common/remote/object_store.h"
#include "tests/sim/world/sim_random.h"

namespace strom::remote {
namespace {

const PhysicalTablePath kOrders{{"shop", "orders"}, std::nullopt};
const TableBucket kBucket{.table = TableId(42), .bucket = BucketId(3)};

}  // namespace

TEST_CASE("snapshots are where Fluss's clients and servers look for them", "[remote]") {
  const KvSnapshotPaths paths(kOrders, kBucket);
  CHECK(paths.folder() == "kv/shop/orders-42/3");
  CHECK(paths.SharedFolder() == "kv/shop/orders-42/3/shared");
  CHECK(paths.SnapshotFolder(KvSnapshotId(5)) == "kv/shop/orders-42/3/snap-5");
  CHECK(paths.Metadata(KvSnapshotId(5)) == "kv/shop/orders-42/3/snap-5/_METADATA");
  CHECK(paths.Checksums(KvSnapshotId(5)) == "kv/shop/orders-42/3/snap-5/_CHECKSUMS");

  const KvSnapshotPaths partition(
      {{"shop", "orders"}, "2024$us"},
      {.table = TableId(42), .partition = PartitionId(9), .bucket = BucketId(0)});
  CHECK(partition.folder() == "kv/shop/orders-42/2024$us-p9/0");
  CHECK(CheckObjectKey(partition.Metadata(KvSnapshotId(0))).ok());
}

TEST_CASE("a key tells of which snapshot it is", "[remote]") {
  const KvSnapshotPaths paths(kOrders, kBucket);
  CHECK(paths.SnapshotOf(paths.Metadata(KvSnapshotId(17))) == KvSnapshotId(17));
  CHECK(paths.SnapshotOf("kv/shop/orders-42/3/snap-0/x/y") == KvSnapshotId(0));
  for (const char* const other :
       {"kv/shop/orders-42/3/shared/x", "kv/shop/orders-42/3/snap-/x",
        "kv/shop/orders-42/3/snap-1x/x", "kv/shop/orders-42/3/snap--1/x",
        "kv/shop/orders-42/3/snap-99999999999999999999/x", "kv/shop/orders-42/3/snap-1",
        "kv/shop/orders-42/33/snap-1/x", "kv/shop/orders-4/3/snap-1/x"}) {
    INFO(other);
    CHECK_FALSE(paths.SnapshotOf(other).has_value());
  }
}

TEST_CASE("names of a snapshot's files are UUIDs that tell for which one they were made",
          "[remote]") {
  sim::SimRandom random(7);
  std::set<std::string> names;
  for (const int64_t id :
       {int64_t{0}, int64_t{1}, int64_t{0xabcdef123456}, (int64_t{1} << 48) - 1}) {
    for (int i = 0; i < 100; ++i) {
      const std::string name = NewSnapshotFileName(KvSnapshotId(id), random);
      REQUIRE(name.size() == 36);
      CHECK(name[14] == '8');                                                    // The version, ...
      CHECK(std::string_view("89ab").find(name[19]) != std::string_view::npos);  // the variant.
      CHECK(SnapshotOfFileName(name) == KvSnapshotId(id));
      CHECK(names.insert(name).second);
    }
  }
  CHECK(NewSnapshotFileName(KvSnapshotId(0xabcdef123456), random).starts_with("abcdef12-3456-8"));
}

TEST_CASE("names that others made tell no snapshot", "[remote]") {
  for (const char* const name :
       {"", "c3f41b97-bdb7-49c0-ba1e-5cac3d2eff2d", "00000000-0001-8abc-9abc-0123456789a",
        "00000000-0001-8abc-9abc-0123456789abc", "00000000-0001-8abc-9abc-0123456789aG",
        "00000000x0001-8abc-9abc-0123456789ab", "0000000A-0001-8abc-9abc-0123456789ab"}) {
    INFO(name);
    CHECK_FALSE(SnapshotOfFileName(name).has_value());
  }
}

}  // namespace strom::remote
