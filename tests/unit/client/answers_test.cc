// Answers of servers that make no sense are errors that say what is wrong.
#include <catch2/catch_test_macros.hpp>

#include "client/cluster_metadata.h"
#include "client/table_codec.h"
#include "common/types/json_codec.h"
#include "proto/admin.pb.h"
#include "proto/metadata.pb.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

pb::MetadataResponse Answer() {
  pb::MetadataResponse response;
  for (int id = 1; id <= 2; ++id) {
    pb::PbServerNode& node = *response.add_tablet_servers();
    node.set_node_id(id);
    node.set_host("host" + std::to_string(id));
    node.set_port(9000 + id);
  }
  *response.mutable_coordinator_server() = response.tablet_servers(0);
  pb::PbTableMetadata& table = *response.add_table_metadata();
  table.mutable_table_path()->set_database_name("db");
  table.mutable_table_path()->set_table_name("orders");
  table.set_table_id(5);
  table.set_schema_id(1);
  for (int bucket = 0; bucket < 3; ++bucket) {
    pb::PbBucketMetadata& b = *table.add_bucket_metadata();
    b.set_bucket_id(bucket);
    if (bucket < 2) b.set_leader_id(bucket == 0 ? 2 : 77);
  }
  return response;
}

pb::GetTableInfoResponse TableAnswer() {
  pb::GetTableInfoResponse response;
  response.set_table_id(4);
  response.set_schema_id(3);
  response.set_table_json(ToJson(Orders(2)));
  response.set_created_time(10);
  response.set_modified_time(20);
  return response;
}

}  // namespace

TEST_CASE("leaders are those that live", "[client]") {
  const ClusterMetadata metadata = ClusterMetadata().With(Answer()).value();
  REQUIRE(metadata.LeaderOf(kOrders, BucketId(0)) != nullptr);
  CHECK(metadata.LeaderOf(kOrders, BucketId(0))->host == "host2");
  CHECK(metadata.LeaderOf(kOrders, BucketId(1)) == nullptr);  // Server 77 is not there.
  CHECK(metadata.LeaderOf(kOrders, BucketId(2)) == nullptr);  // Nobody.
  CHECK(metadata.LeaderOf(kOrders, BucketId(9)) == nullptr);
  CHECK(metadata.LeaderOf({"db", "none"}, BucketId(0)) == nullptr);
  CHECK(metadata.coordinator->type == ServerType::kCoordinator);
}

TEST_CASE("new servers replace the old ones, tables those of their name", "[client]") {
  const ClusterMetadata first = ClusterMetadata().With(Answer()).value();
  pb::MetadataResponse later = Answer();
  later.clear_coordinator_server();
  later.mutable_tablet_servers()->DeleteSubrange(1, 1);
  later.mutable_table_metadata(0)->mutable_table_path()->set_table_name("items");
  const ClusterMetadata second = first.With(later).value();
  CHECK(second.coordinator == std::nullopt);
  CHECK(second.tablet_servers.size() == 1);
  CHECK(second.tables.size() == 2);
  CHECK(second.LeaderOf(kOrders, BucketId(0)) == nullptr);  // Server 2 is gone.
  CHECK(first.tablet_servers.size() == 2);
}

TEST_CASE("metadata that makes no sense is refused", "[client]") {
  pb::MetadataResponse response = Answer();
  SECTION("a bucket below 0") {
    response.mutable_table_metadata(0)->mutable_bucket_metadata(0)->set_bucket_id(-1);
  }
  SECTION("a port that is none") { response.mutable_tablet_servers(0)->set_port(70000); }
  SECTION("a coordinator without a host") { response.mutable_coordinator_server()->set_host(""); }
  CHECK(ClusterMetadata().With(response).status().code() == ErrorCode::kCorruptMessage);
}

TEST_CASE("descriptions of tables are read, or refused with their name", "[client]") {
  pb::GetTableInfoResponse response = TableAnswer();
  const TableInfo info = TableInfoFromPb(kOrders, response).value();
  CHECK(info.id == TableId(4));
  CHECK(info.schema_id == SchemaId(3));
  CHECK(info.descriptor == Orders(2));
  CHECK(info.modified_ms == 20);

  SECTION("no JSON") { response.set_table_json("{"); }
  SECTION("no buckets") {
    TableDescriptor descriptor = Orders(2);
    descriptor.distribution = std::nullopt;
    response.set_table_json(ToJson(descriptor));
  }
  SECTION("more buckets than anybody has") { response.set_table_json(ToJson(Orders(INT32_MAX))); }
  SECTION("an id below 0") { response.set_table_id(-1); }
  SECTION("a schema id that does not fit") { response.set_schema_id(40000); }
  const Status status = TableInfoFromPb(kOrders, response).status();
  CHECK(status.code() == ErrorCode::kCorruptMessage);
  CHECK(status.message().find("db.orders") != std::string::npos);
}

TEST_CASE("schemas and databases are read, or refused", "[client]") {
  pb::GetTableSchemaResponse schema;
  schema.set_schema_id(2);
  schema.set_schema_json(ToJson(OrdersSchema()));
  CHECK(TableSchemaFromPb(kOrders, schema)->schema == OrdersSchema());
  schema.set_schema_json("[]");
  CHECK(TableSchemaFromPb(kOrders, schema).status().code() == ErrorCode::kCorruptMessage);
  schema.set_schema_id(-1);
  CHECK(TableSchemaFromPb(kOrders, schema).status().code() == ErrorCode::kCorruptMessage);

  pb::GetDatabaseInfoResponse database;
  database.set_database_json("nonsense");
  CHECK(DatabaseInfoFromPb("db", database).status().code() == ErrorCode::kCorruptMessage);
}

}  // namespace strom::client
