// Replicas that failed, as their servers say.
#include "proto/strom.pb.h"
#include "tests/unit/coordinator/server/replica_calls.h"

namespace strom::coordinator {
namespace {

// The answer of a report, as text.
std::string Report(CoordinatorWorld& world, int32_t server, const TableBucket& bucket,
                   int64_t start_epoch, const std::string& listener = "INTERNAL") {
  pb::ReportFailedReplicasRequest request;
  request.set_tablet_server_id(server);
  request.set_start_epoch(start_epoch);
  *request.add_buckets() = convert::ToPb(bucket);
  const auto answer = world.Call(rpc::kReportFailedReplicas, request, "coordinator", listener);
  return answer.ok() ? "taken" : Refused(answer.status().code());
}

}  // namespace

TEST_CASE("another replica leads, as stored, before the report of a failed leader is answered",
          "[coordinator]") {
  Replicated cluster;
  CoordinatorWorld& world = cluster.world;
  REQUIRE(Report(world, 1, cluster.bucket, 101) == "taken");
  CHECK(cluster.Stored().leader == ServerId(2));
  CHECK(cluster.Stored().leader_epoch == LeaderEpoch(1));
  CHECK_FALSE(IsIn(cluster.Stored().isr, 1));
  world.Settle();
  for (int id = 1; id <= 3; ++id) {
    CHECK(world.tablet(id).leaders.at(cluster.bucket).leader == ServerId(2));
  }
  CHECK(world.server().views().Get()->Find(cluster.bucket.table)->buckets.begin()->second.leader ==
        ServerId(2));
  cluster.proposer = 2;
  cluster.seen = world.tablet(2).leaders.at(cluster.bucket);
  CHECK(cluster.Propose({2, 3, 1}) == Refused(ErrorCode::kIneligibleReplica));

  SECTION("said again, it makes no work") {
    const int views = world.tablet(2).view_calls;
    CHECK(Report(world, 1, cluster.bucket, 101) == "taken");
    world.Settle();
    CHECK(world.tablet(2).view_calls == views);
  }
  SECTION("in its next life it is a replica like any other") {
    world.tablet(1).start_epoch = 201;
    world.tablet(1).Die();
    world.tablet(1).Start();
    world.Settle();
    CHECK(Report(world, 1, cluster.bucket, 101) == Refused(ErrorCode::kServerNotExist));
    cluster.seen = world.tablet(2).leaders.at(cluster.bucket);
    CHECK(cluster.Propose({2, 3, 1}).starts_with("bucket epoch"));
  }
}

TEST_CASE("a report of an earlier life, of nobody, or from a client does nothing",
          "[coordinator]") {
  Replicated cluster;
  CHECK(Report(cluster.world, 1, cluster.bucket, 100) == Refused(ErrorCode::kServerNotExist));
  CHECK(Report(cluster.world, 9, cluster.bucket, 101) == Refused(ErrorCode::kServerNotExist));
  CHECK(Report(cluster.world, 1, cluster.bucket, 101, "FLUSS") ==
        Refused(ErrorCode::kUnsupportedVersion));
  CHECK(cluster.Stored().leader == ServerId(1));
  CHECK(cluster.Stored().bucket_epoch == BucketEpoch(0));
}

TEST_CASE("a coordinator that does not know that the last member failed is told when it elects it",
          "[coordinator]") {
  Replicated cluster;
  CoordinatorWorld& world = cluster.world;
  REQUIRE(cluster.Propose({1}) == Accepted(1, {1}));
  REQUIRE(Report(world, 1, cluster.bucket, 101) == "taken");
  CHECK(cluster.Stored().leader == kNoServer);
  CHECK(cluster.Stored().isr == std::vector{ServerId(1)});

  world.CrashCoordinator();
  world.Lead();
  world.Settle();
  CHECK(world.tablet(1).leaders.at(cluster.bucket).leader == ServerId(1));
  CHECK(Report(world, 1, cluster.bucket, 101) == "taken");
  CHECK(cluster.Stored().leader == kNoServer);
}

}  // namespace strom::coordinator
