#include "tablet/server/notification_service.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/convert/bucket.h"
#include "common/service/update_metadata.h"
#include "proto/cluster.pb.h"
#include "proto/metadata.pb.h"
#include "tests/unit/tablet/server/server_fixture.h"

namespace strom::tablet {
namespace {

ErrorCode CodeOf(const pb::PbNotifyLeaderAndIsrRespForBucket& entry) {
  return entry.has_error_code() ? static_cast<ErrorCode>(entry.error_code()) : ErrorCode::kOk;
}

pb::StopReplicaRequest StopOf(TableId table, std::vector<int> buckets, bool remove,
                              int coordinator_epoch = 1, int leader_epoch = 0) {
  pb::StopReplicaRequest request;
  request.set_coordinator_epoch(coordinator_epoch);
  for (const int bucket : buckets) {
    auto& entry = *request.add_stop_replicas_req();
    *entry.mutable_table_bucket() = convert::ToPb(Bucket(bucket, table.value()));
    entry.set_leader_epoch(leader_epoch);
    entry.set_delete_(remove);
  }
  return request;
}

ErrorCode ProduceCode(ServerFixture& f, TableId table, int bucket) {
  const auto entry = f.Produce(table, {{bucket, Batch({1})}}).buckets_resp(0);
  return entry.has_error_code() ? static_cast<ErrorCode>(entry.error_code()) : ErrorCode::kOk;
}

}  // namespace

TEST_CASE("a notification makes the server lead, each bucket with its own result", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 5))));
  REQUIRE(f.Start().ok());
  const TableInfo table = f.StoreTable("t");
  auto request = f.Notification(table, 2);
  // An entry of a table that is not there, one under a wrong id, one of somebody else's replicas.
  *request.add_notify_buckets_leader_req() = request.notify_buckets_leader_req(0);
  request.mutable_notify_buckets_leader_req(2)->mutable_physical_table_path()->set_table_name("x");
  *request.add_notify_buckets_leader_req() = request.notify_buckets_leader_req(0);
  request.mutable_notify_buckets_leader_req(3)->mutable_table_bucket()->set_table_id(999);
  *request.add_notify_buckets_leader_req() = request.notify_buckets_leader_req(0);
  request.mutable_notify_buckets_leader_req(4)->mutable_table_bucket()->set_bucket_id(7);
  request.mutable_notify_buckets_leader_req(4)->set_replicas(0, 9);
  *request.add_notify_buckets_leader_req() = request.notify_buckets_leader_req(0);
  request.mutable_notify_buckets_leader_req(5)->mutable_table_bucket()->set_partition_id(7);

  const auto response = f.Call(rpc::kNotifyLeaderAndIsr, request).value();
  REQUIRE(response.notify_buckets_leader_resp_size() == 6);
  const auto code = [&](int i) { return CodeOf(response.notify_buckets_leader_resp(i)); };
  CHECK(code(0) == ErrorCode::kOk);
  CHECK(code(1) == ErrorCode::kOk);
  CHECK(response.notify_buckets_leader_resp(1).table_bucket().bucket_id() == 1);
  CHECK(code(2) == ErrorCode::kTableNotExist);
  CHECK(code(3) == ErrorCode::kUnknownTableOrBucket);
  CHECK(code(4) == ErrorCode::kUnknownTableOrBucket);
  CHECK(code(5) == ErrorCode::kCorruptMessage);
  CHECK(ProduceCode(f, table.id, 0) == ErrorCode::kOk);
}

TEST_CASE("an older coordinator is refused in everything it says", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableInfo table = f.StoreTable("t");
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1, 5)).ok());
  CHECK(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 2, 4)).status().code() ==
        ErrorCode::kInvalidCoordinator);
  CHECK(f.Call(rpc::kStopReplica, StopOf(table.id, {0}, true, 4)).status().code() ==
        ErrorCode::kInvalidCoordinator);
  const auto update = service::MakeUpdateMetadata(service::ClusterView(), service::ClusterView(),
                                                  CoordinatorEpoch(4));
  CHECK(f.Call(rpc::kUpdateMetadata, update).status().code() == ErrorCode::kInvalidCoordinator);
  CHECK(ProduceCode(f, table.id, 0) == ErrorCode::kOk);
  CHECK(ProduceCode(f, table.id, 1) == ErrorCode::kUnknownTableOrBucket);
  CHECK(f.Call(rpc::kStopReplica, StopOf(table.id, {0}, true, 5)).ok());
}

TEST_CASE("a server that starts anew refuses who was deposed before it started", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableInfo table = f.StoreTable("t");
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1, 0)).ok());
  const auto newest =
      f.OnCatalog<CoordinatorEpoch>([&](auto done) { f.catalog().BecomeLeader(std::move(done)); });
  REQUIRE(newest.value().value() == 1);

  f.Crash();
  REQUIRE(f.Start().ok());  // It has heard of no coordinator in this life.
  CHECK(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1, 0)).status().code() ==
        ErrorCode::kInvalidCoordinator);
  CHECK(f.Call(rpc::kStopReplica, StopOf(table.id, {0}, true, 0)).status().code() ==
        ErrorCode::kInvalidCoordinator);
  CHECK(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1, 1)).ok());
}

TEST_CASE("older leader epochs are the bucket's error", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableInfo table = f.StoreTable("t");
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1, 1, 3)).ok());
  const auto notified = f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1, 1, 2)).value();
  CHECK(CodeOf(notified.notify_buckets_leader_resp(0)) == ErrorCode::kFencedLeaderEpoch);
  const auto stopped = f.Call(rpc::kStopReplica, StopOf(table.id, {0}, true, 1, 2)).value();
  CHECK(static_cast<ErrorCode>(stopped.stop_replicas_resp(0).error_code()) ==
        ErrorCode::kFencedLeaderEpoch);
  CHECK(ProduceCode(f, table.id, 0) == ErrorCode::kOk);
}

TEST_CASE("a stopped bucket is not served, and a removed one has no files", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  REQUIRE(ProduceCode(f, table, 0) == ErrorCode::kOk);
  const auto response = f.Call(rpc::kStopReplica, StopOf(table, {0, 1, 5}, true)).value();
  REQUIRE(response.stop_replicas_resp_size() == 3);
  for (const auto& entry : response.stop_replicas_resp()) CHECK_FALSE(entry.has_error_code());
  // The cluster still has the bucket, as far as this server was told.
  CHECK(ProduceCode(f, table, 0) == ErrorCode::kNotLeaderOrFollower);
  CHECK(f.disk().List("/data/db").value().empty());
}

TEST_CASE("what is said of a bucket is done in the order it was said", "[tablet]") {
  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 20)));
  ServerFixture f(seed);
  REQUIRE(f.Start().ok());
  const TableInfo table = f.StoreTable("t");
  const auto led = f.Send(rpc::kNotifyLeaderAndIsr, f.Notification(table, 2, 1, 0));
  const auto stopped = f.Send(rpc::kStopReplica, StopOf(table.id, {0, 1}, true));
  const auto again = f.Send(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1, 1, 1));
  f.scheduler().RunFor(Millis(10));
  REQUIRE((led->has_value() && stopped->has_value() && again->has_value()));
  const auto response = f.Parsed<pb::NotifyLeaderAndIsrResponse>(**again).value();
  CHECK(CodeOf(response.notify_buckets_leader_resp(0)) == ErrorCode::kOk);
  CHECK(ProduceCode(f, table.id, 0) == ErrorCode::kOk);
  CHECK(ProduceCode(f, table.id, 1) == ErrorCode::kUnknownTableOrBucket);
}

TEST_CASE("metadata answers come from what the coordinator told", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  service::ClusterView view;
  view.coordinator = ServerInfo{ServerId(0), {{"TEST", {"coordinator", 1}}}, {}};
  view.tablet_servers[kSelf] = ServerInfo{kSelf, {{"TEST", {"tablet", 2}}}, {}};
  const auto update =
      service::MakeUpdateMetadata(view, service::ClusterView(), CoordinatorEpoch(1));
  REQUIRE(f.Call(rpc::kUpdateMetadata, update).ok());
  const TableId table = f.CreateTable("t");
  pb::MetadataRequest request;
  auto& path = *request.add_table_path();
  path.set_database_name("db");
  path.set_table_name("t");
  const auto answer = f.Call(rpc::kMetadata, request, rpc::Audience::kFlussClients).value();
  CHECK(answer.coordinator_server().host() == "coordinator");
  REQUIRE(answer.tablet_servers_size() == 1);
  CHECK(answer.tablet_servers(0).port() == 2);
  REQUIRE(answer.table_metadata_size() == 1);
  CHECK(answer.table_metadata(0).table_id() == table.value());
  CHECK(answer.table_metadata(0).bucket_metadata(1).leader_id() == kSelf.value());
}

TEST_CASE("a new coordinator's first word replaces what the old one told", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  f.CreateTable("t");
  REQUIRE(f.server().views().Get()->tables.size() == 1);
  const service::ClusterView nothing;
  REQUIRE(f.Call(rpc::kUpdateMetadata,
                 service::MakeUpdateMetadata(nothing, nothing, CoordinatorEpoch(1)))
              .ok());
  CHECK(f.server().views().Get()->tables.size() == 1);  // The same one: nothing changed.
  REQUIRE(f.Call(rpc::kUpdateMetadata,
                 service::MakeUpdateMetadata(nothing, nothing, CoordinatorEpoch(2)))
              .ok());
  CHECK(f.server().views().Get()->tables.empty());
}

TEST_CASE("what a coordinator said before, and comes late, changes nothing", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const auto hear = [&](int epoch, int version, int servers) {
    service::ClusterView view;
    for (int i = 0; i < servers; ++i) {
      view.tablet_servers[ServerId(i)] = ServerInfo{ServerId(i), {{"TEST", {"tablet", 2}}}, {}};
    }
    auto update =
        service::MakeUpdateMetadata(view, service::ClusterView(), CoordinatorEpoch(epoch));
    update.set_view_version(version);
    REQUIRE(f.Call(rpc::kUpdateMetadata, update).ok());
    return f.server().views().Get()->tablet_servers.size();
  };
  CHECK(hear(1, 4, 1) == 1);
  CHECK(hear(1, 6, 3) == 3);
  CHECK(hear(1, 5, 1) == 3);  // Sent when two of them were away.
  CHECK(hear(1, 6, 3) == 3);
  CHECK(hear(1, 7, 2) == 2);
  CHECK(hear(2, 1, 1) == 1);  // Each coordinator counts its own.
}

TEST_CASE("clients cannot play the coordinator", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableInfo table = f.StoreTable("t");
  for (const auto audience : {rpc::Audience::kFlussClients, rpc::Audience::kStromClients}) {
    CHECK(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1), audience).status().code() ==
          ErrorCode::kUnsupportedVersion);
    CHECK(f.Call(rpc::kStopReplica, StopOf(table.id, {0}, true), audience).status().code() ==
          ErrorCode::kUnsupportedVersion);
  }
  f.authorizer().refused = {rpc::Operation::kAlter};
  CHECK(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(table, 1)).status().code() ==
        ErrorCode::kAuthorization);
}

}  // namespace strom::tablet
