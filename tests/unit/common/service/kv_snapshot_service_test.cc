#include "common/service/kv_snapshot_service.h"

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/message.h"
#include "proto/kv.pb.h"
#include "tests/unit/common/service/service_testing.h"

namespace strom::service {
namespace {

// A server with the log table db.log, the primary-key table db.keyed of three buckets and the
// partitioned one db.parted.
struct TestServer {
  TestServer() {
    service.Register(dispatcher);
    ClusterView view;
    const auto log = LogTableView({"db", "log"}, 1, {1});
    view.tables[log->info.path] = log;
    Add(view, "keyed", 2, "");
    Add(view, "parted", 3, R"("p")");
    views.Set(std::make_shared<const ClusterView>(std::move(view)));
  }

  static void Add(ClusterView& view, const std::string& name, int64_t id,
                  const std::string& partition_key) {
    TableView table = *LogTableView({"db", name}, id, {1, 2, std::nullopt});
    table.info.descriptor =
        TableDescriptorFromJson(
            R"({"version":1,"schema":{"version":1,"columns":[
            {"name":"k","data_type":{"type":"INTEGER","nullable":false},"id":0},
            {"name":"p","data_type":{"type":"STRING","nullable":false},"id":1}],
            "primary_key":["k","p"],"highest_field_id":1},"partition_key":[)" +
            partition_key +
            R"(],"bucket_key":["k"],"bucket_count":3,"properties":{},"custom_properties":{}})")
            .value();
    if (!partition_key.empty()) table.buckets.clear();
    view.tables[table.info.path] = std::make_shared<const TableView>(table);
  }

  Result<pb::GetLatestKvSnapshotsResponse> Latest(const std::string& table,
                                                  std::optional<std::string> partition = {}) {
    pb::GetLatestKvSnapshotsRequest request;
    request.mutable_table_path()->set_database_name("db");
    request.mutable_table_path()->set_table_name(table);
    if (partition) request.set_partition_name(*partition);
    const auto answer = TestCaller(dispatcher).Send(1023, rpc::Serialize(request));
    REQUIRE(answer->has_value());  // At once, on the caller's thread.
    STROM_RETURN_IF_ERROR((*answer)->status());
    pb::GetLatestKvSnapshotsResponse response;
    REQUIRE(response.ParseFromString(***answer));
    return response;
  }

  ClusterViewHolder views;
  DenySome authorizer;
  KvSnapshotService service{views, authorizer};
  rpc::Dispatcher dispatcher;
};

}  // namespace

TEST_CASE("every bucket of a primary-key table has an entry, and no snapshot", "[service]") {
  TestServer server;
  const auto response = server.Latest("keyed").value();
  CHECK(response.table_id() == 2);
  CHECK_FALSE(response.has_partition_id());
  REQUIRE(response.latest_snapshots_size() == 3);
  for (int i = 0; i < 3; ++i) {
    CHECK(response.latest_snapshots(i).bucket_id() == i);
    CHECK_FALSE(response.latest_snapshots(i).has_snapshot_id());
    CHECK_FALSE(response.latest_snapshots(i).has_log_offset());
  }
}

TEST_CASE("snapshots of what cannot have them are refused by name", "[service]") {
  TestServer server;
  CHECK(server.Latest("nothing").status().code() == ErrorCode::kTableNotExist);
  CHECK(server.Latest("log").status().code() == ErrorCode::kNonPrimaryKeyTable);
  CHECK(server.Latest("keyed", "x").status().code() == ErrorCode::kTableNotPartitioned);
  CHECK(server.Latest("parted", "x").status().code() == ErrorCode::kPartitionNotExists);
  CHECK(server.Latest("parted").status().code() == ErrorCode::kPartitionNotExists);
  server.authorizer.denied = {"db.keyed"};
  CHECK(server.Latest("keyed").status().code() == ErrorCode::kAuthorization);
}

TEST_CASE("there is no snapshot to get", "[service]") {
  TestServer server;
  pb::GetKvSnapshotMetadataRequest request;
  request.set_table_id(2);
  request.set_bucket_id(1);
  request.set_snapshot_id(17);
  const auto answer = TestCaller(server.dispatcher).Send(1024, rpc::Serialize(request));
  REQUIRE(answer->has_value());
  CHECK((*answer)->status().code() == ErrorCode::kKvSnapshotNotExist);
  CHECK((*answer)->status().message().find("17") != std::string_view::npos);
}

}  // namespace strom::service
