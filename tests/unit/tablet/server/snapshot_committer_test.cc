#include "tablet/server/snapshot_committer.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/replica/replica_fixture.h"
#include "tests/unit/tablet/server/scripted_coordinator.h"

namespace strom::tablet {
namespace {

struct Committing : ScriptedCoordinator<pb::CommitKvSnapshotRequest, pb::CommitKvSnapshotResponse> {
  explicit Committing(uint64_t seed = 1) : ScriptedCoordinator(rpc::kCommitKvSnapshot, seed) {}
  ~Committing() {
    committer->Stop();
    scheduler.RunFor(Seconds(20));
  }

  void Commit(int64_t id) {
    remote::KvSnapshotMetadata metadata{.bucket = Bucket(2),
                                        .id = KvSnapshotId(id),
                                        .location = "/r/snap",
                                        .shared_files = {},
                                        .private_files = {},
                                        .incremental_size_bytes = 0,
                                        .log_offset = LogOffset(12),
                                        .row_count = {},
                                        .auto_increment_ranges = {}};
    committer->Commit({.metadata = std::move(metadata),
                       .coordinator_epoch = CoordinatorEpoch(4),
                       .leader_epoch = LeaderEpoch(6)},
                      [this](Status status) {
                        STROM_CHECK(!result) << "answered twice";
                        result = status.code();
                      });
  }
  bool Ends(MonoDuration limit) {
    return scheduler.RunUntil([&] { return result.has_value(); }, limit);
  }

  std::optional<ErrorCode> result;
  std::shared_ptr<SnapshotCommitter> committer = std::make_shared<SnapshotCommitter>(
      SnapshotCommitter::World{
          .executor = executor, .clock = clock, .network = *network, .views = views},
      SnapshotCommitter::Options{.internal_listener = "INTERNAL"});
};

}  // namespace

TEST_CASE("a snapshot is committed under the epochs it was begun with", "[tablet]") {
  Committing c(static_cast<uint64_t>(GENERATE(range(1, 4))));
  c.Commit(5);
  REQUIRE(c.Ends(Seconds(2)));
  CHECK(c.result == ErrorCode::kOk);
  REQUIRE(c.requests.size() == 1);
  CHECK(c.requests[0].coordinator_epoch() == 4);
  CHECK(c.requests[0].bucket_leader_epoch() == 6);
  const auto metadata = remote::KvSnapshotMetadataFromJson(c.requests[0].completed_snapshot());
  CHECK(metadata->id == KvSnapshotId(5));
  CHECK(metadata->bucket == Bucket(2));
}

TEST_CASE("a refusal is final", "[tablet]") {
  Committing c;
  c.refuse = Error(ErrorCode::kFencedLeaderEpoch, "old");
  c.Commit(5);
  REQUIRE(c.Ends(Seconds(2)));
  CHECK(c.result == ErrorCode::kFencedLeaderEpoch);
  CHECK(c.requests.size() == 1);
}

TEST_CASE("a commit is repeated until a coordinator decides", "[tablet]") {
  Committing c(static_cast<uint64_t>(GENERATE(range(1, 4))));
  SECTION("none is known") { c.views.Set(std::make_shared<const service::ClusterView>()); }
  SECTION("none listens") { c.Die(); }
  SECTION("it does not lead") { c.refuse = Error(ErrorCode::kNotCoordinatorLeader, "standby"); }
  SECTION("it does not answer") { c.holding = true; }
  c.Commit(5);
  c.scheduler.RunFor(Seconds(15));
  CHECK_FALSE(c.result.has_value());
  c.refuse = Status::Ok();
  c.holding = false;
  c.Listen();
  REQUIRE(c.Ends(Seconds(20)));
  CHECK(c.result == ErrorCode::kOk);
}

TEST_CASE("a refusal after a call without an answer leaves open what became of the first one",
          "[tablet]") {
  Committing c;
  c.holding = true;
  c.Commit(5);
  REQUIRE(c.scheduler.RunUntil([&] { return c.requests.size() == 1; }, Seconds(2)));
  c.holding = false;
  c.refuse = Error(ErrorCode::kFencedLeaderEpoch, "old");
  REQUIRE(c.Ends(Seconds(30)));
  CHECK(c.result == ErrorCode::kRequestTimeOut);
}

// Found by the simulation: the snapshot that the first one had stored was discarded.
TEST_CASE("a refusal after a coordinator that ceased to lead leaves that open, too", "[tablet]") {
  Committing c;
  c.refuse = Error(ErrorCode::kNotCoordinatorLeader, "it may have been made or not");
  c.Commit(5);
  REQUIRE(c.scheduler.RunUntil([&] { return c.requests.size() == 1; }, Seconds(2)));
  c.refuse = Error(ErrorCode::kFencedLeaderEpoch, "old");
  REQUIRE(c.Ends(Seconds(30)));
  CHECK(c.result == ErrorCode::kRequestTimeOut);
}

TEST_CASE("a refusal after one that took nothing is one", "[tablet]") {
  Committing c;
  c.refuse = Error(ErrorCode::kOperationNotAttempted, "too many wait");
  c.Commit(5);
  REQUIRE(c.scheduler.RunUntil([&] { return c.requests.size() == 1; }, Seconds(2)));
  c.refuse = Error(ErrorCode::kFencedLeaderEpoch, "old");
  REQUIRE(c.Ends(Seconds(30)));
  CHECK(c.result == ErrorCode::kFencedLeaderEpoch);
}

TEST_CASE("a commit ends after a while, or with the server, and nobody knows how", "[tablet]") {
  Committing c;
  c.Die();
  c.Commit(5);
  if (GENERATE(true, false)) {
    c.scheduler.RunFor(Seconds(50));
    CHECK_FALSE(c.result.has_value());
    REQUIRE(c.Ends(Seconds(15)));
    CHECK(c.result == ErrorCode::kRequestTimeOut);
  } else {
    c.scheduler.RunFor(Seconds(1));
    c.committer->Stop();
    REQUIRE(c.Ends(Seconds(1)));
    CHECK(c.result == ErrorCode::kNetwork);
    c.result.reset();
    c.Commit(6);
    REQUIRE(c.Ends(Seconds(1)));
    CHECK(c.result == ErrorCode::kNetwork);
  }
}

}  // namespace strom::tablet
