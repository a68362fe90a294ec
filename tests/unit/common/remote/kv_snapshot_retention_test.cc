#include "common/remote/kv_snapshot_retention.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::remote {
namespace {

CompletedKvSnapshot Snap(int64_t id, int64_t offset) {
  return {KvSnapshotId(id), LogOffset(offset)};
}

}  // namespace

TEST_CASE("the newest snapshots stay, and the changelog from the oldest of them on", "[remote]") {
  const KvRetention plan =
      PlanKvRetention({Snap(7, 70), Snap(5, 50), Snap(9, 90), Snap(6, 60)}, {}, 2);
  CHECK(plan.kept == std::vector{Snap(7, 70), Snap(9, 90)});
  CHECK(plan.dropped == std::vector{Snap(5, 50), Snap(6, 60)});
  CHECK(plan.changelog_needed_from == LogOffset(70));
}

TEST_CASE("the whole changelog stays until there are as many snapshots as are wanted", "[remote]") {
  CHECK(PlanKvRetention({}, {}, 2) == KvRetention{});
  const KvRetention one = PlanKvRetention({Snap(7, 70)}, {}, 2);
  CHECK(one.kept == std::vector{Snap(7, 70)});
  CHECK(one.changelog_needed_from == LogOffset(0));
  CHECK(PlanKvRetention({Snap(7, 70)}, {}, 1).changelog_needed_from == LogOffset(70));
  CHECK(PlanKvRetention({Snap(7, 70), Snap(8, 80)}, {}, 2).changelog_needed_from == LogOffset(70));
}

TEST_CASE("a snapshot in use stays beside the newest ones, and holds no changelog", "[remote]") {
  const KvRetention plan = PlanKvRetention({Snap(1, 10), Snap(2, 20), Snap(3, 30), Snap(4, 40)},
                                           {KvSnapshotId(2), KvSnapshotId(4), KvSnapshotId(8)}, 2);
  CHECK(plan.kept == std::vector{Snap(2, 20), Snap(3, 30), Snap(4, 40)});
  CHECK(plan.dropped == std::vector{Snap(1, 10)});
  CHECK(plan.changelog_needed_from == LogOffset(30));
}

}  // namespace strom::remote
