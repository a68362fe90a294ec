// Snapshots of buckets: what the coordinator takes over, keeps and tells.
#include <catch2/generators/catch_generators.hpp>

#include "common/remote/kv_snapshot_metadata.h"
#include "tests/unit/coordinator/server/replica_calls.h"

namespace strom::coordinator {
namespace {

struct Commit {
  int64_t id = 1;
  int64_t log_offset = 10;
  int32_t leader_epoch = 0;
  int32_t coordinator_epoch = 0;
};

remote::KvSnapshotMetadata MetadataOf(const TableBucket& bucket, const Commit& commit) {
  return {.bucket = bucket,
          .id = KvSnapshotId(commit.id),
          .location = fmt::format("/remote/snap-{}", commit.id),
          .shared_files = {},
          .private_files = {{.location = fmt::format("/remote/snap-{}/x", commit.id),
                             .size_bytes = 5,
                             .local_name = "CURRENT"}},
          .incremental_size_bytes = 5,
          .log_offset = LogOffset(commit.log_offset),
          .row_count = 3,
          .auto_increment_ranges = {}};
}

pb::CommitKvSnapshotRequest RequestOf(const TableBucket& bucket, const Commit& commit) {
  pb::CommitKvSnapshotRequest request;
  request.set_completed_snapshot(remote::ToJson(MetadataOf(bucket, commit)));
  request.set_coordinator_epoch(commit.coordinator_epoch);
  request.set_bucket_leader_epoch(commit.leader_epoch);
  return request;
}

std::string Send(Replicated& cluster, const Commit& commit,
                 const std::string& listener = "INTERNAL") {
  const auto answer = cluster.world.Call(rpc::kCommitKvSnapshot, RequestOf(cluster.bucket, commit),
                                         "coordinator", listener);
  return answer.ok() ? "taken" : Refused(answer.status().code());
}

std::string StoredJson(Replicated& cluster, int64_t id) {
  const auto node = cluster.world.Read(kPaths.KvSnapshot(cluster.bucket, KvSnapshotId(id)));
  return node.ok() ? node.value.data : "none";
}

}  // namespace

TEST_CASE("a snapshot is stored before it is taken over, in Fluss's place and form",
          "[coordinator]") {
  Replicated cluster;
  REQUIRE(Send(cluster, {.id = 5, .log_offset = 1002}) == "taken");
  CHECK(
      StoredJson(cluster, 5) ==
      R"({"version":1,"snapshot_id":5,"log_offset":1002,"metadata_path":"/remote/snap-5/_METADATA"})");
  CHECK(kPaths.KvSnapshot(cluster.bucket, KvSnapshotId(5)) ==
        fmt::format("/fluss/tabletservers/tables/{}/buckets/0/snapshots/5", cluster.bucket.table));
}

TEST_CASE("the newest snapshots are kept, and replicas hear from where on the log is needed",
          "[coordinator]") {
  Replicated cluster;
  REQUIRE(Send(cluster, {.id = 1, .log_offset = 10}) == "taken");
  cluster.world.Settle();
  CHECK(cluster.world.tablet(1).needed_from.empty());  // One is not enough to fall back.
  REQUIRE(Send(cluster, {.id = 2, .log_offset = 20}) == "taken");
  REQUIRE(Send(cluster, {.id = 7, .log_offset = 30}) == "taken");
  CHECK(StoredJson(cluster, 1) == "none");
  CHECK(StoredJson(cluster, 2) != "none");
  CHECK(StoredJson(cluster, 7) != "none");
  cluster.world.Settle();
  for (int server = 1; server <= 3; ++server) {
    CHECK(cluster.world.tablet(server).needed_from.at(cluster.bucket) == LogOffset(20));
  }
}

TEST_CASE("a snapshot that was taken over may be said again, another one under its number not",
          "[coordinator]") {
  Replicated cluster;
  REQUIRE(Send(cluster, {.id = 2, .log_offset = 20}) == "taken");
  if (GENERATE(true, false)) {
    cluster.world.CrashCoordinator();
    cluster.world.Lead();
    cluster.world.Settle();
  }
  CHECK(Send(cluster, {.id = 2, .log_offset = 20}) == "taken");
  CHECK(Send(cluster, {.id = 2, .log_offset = 21}) == Refused(ErrorCode::kInvalidUpdateVersion));
  CHECK(Send(cluster, {.id = 1, .log_offset = 30}) == Refused(ErrorCode::kInvalidUpdateVersion));
  CHECK(StoredJson(cluster, 1) == "none");
  CHECK(StoredJson(cluster, 2).find("\"log_offset\":20") != std::string::npos);
}

TEST_CASE("U9: a snapshot of an older leadership is refused, and changes nothing",
          "[coordinator]") {
  Replicated cluster;
  REQUIRE(Send(cluster, {.id = 1}) == "taken");
  cluster.world.tablet(1).Die();
  cluster.world.Settle();
  REQUIRE(cluster.Stored().leader_epoch == LeaderEpoch(1));
  CHECK(Send(cluster, {.id = 2, .leader_epoch = 0}) == Refused(ErrorCode::kFencedLeaderEpoch));
  CHECK(StoredJson(cluster, 1) != "none");
  CHECK(StoredJson(cluster, 2) == "none");
  CHECK(Send(cluster, {.id = 2, .leader_epoch = 1}) == "taken");
  CHECK(Send(cluster, {.id = 3, .leader_epoch = 2}) == Refused(ErrorCode::kInvalidCoordinator));
  CHECK(Send(cluster, {.id = 3, .leader_epoch = 1, .coordinator_epoch = 9}) ==
        Refused(ErrorCode::kInvalidCoordinator));
}

TEST_CASE("a snapshot that was begun under the coordinator before counts", "[coordinator]") {
  Replicated cluster;
  cluster.world.CrashCoordinator();
  cluster.world.Lead();
  cluster.world.Settle();
  REQUIRE(cluster.world.tablet(1).epoch > CoordinatorEpoch(0));
  CHECK(Send(cluster, {.id = 1, .leader_epoch = cluster.Stored().leader_epoch.value()}) == "taken");
}

TEST_CASE("only servers commit snapshots, of buckets there are", "[coordinator]") {
  Replicated cluster;
  CHECK(Send(cluster, {}, "FLUSS") == Refused(ErrorCode::kUnsupportedVersion));
  pb::CommitKvSnapshotRequest garbage;
  garbage.set_completed_snapshot("{}");
  garbage.set_coordinator_epoch(0);
  garbage.set_bucket_leader_epoch(0);
  CHECK(cluster.world.Call(rpc::kCommitKvSnapshot, garbage, "coordinator", "INTERNAL")
            .status()
            .code() == ErrorCode::kCorruptMessage);
  cluster.bucket.bucket = BucketId(9);
  CHECK(Send(cluster, {}) == Refused(ErrorCode::kUnknownTableOrBucket));
}

TEST_CASE("a table's snapshots go with it", "[coordinator]") {
  Replicated cluster;
  REQUIRE(Send(cluster, {.id = 1}) == "taken");
  REQUIRE(cluster.world.DropTable("fluss", "t").ok());
  cluster.world.Settle();
  CHECK(StoredJson(cluster, 1) == "none");
}

}  // namespace strom::coordinator
