#include "common/service/update_metadata.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/common/service/service_testing.h"
#include "tests/unit/proto/capture.h"

namespace strom::service {
namespace {

const TablePath kOrders{"db", "orders"};
const TablePath kItems{"db", "items"};

ClusterView TwoTables() {
  ClusterView view;
  view.coordinator = ServerAt(0, 9123, "FLUSS");
  view.tablet_servers[ServerId(1)] = {
      .id = ServerId(1),
      .listeners = {{"FLUSS", {"10.0.0.1", 9124}}, {"GRPC", {"::1", 9125}}},
      .rack = "r1"};
  view.tablet_servers[ServerId(2)] = ServerAt(2, 9126, "FLUSS");
  view.tables[kOrders] = LogTableView(kOrders, 7, {1, std::nullopt, 2});
  view.tables[kItems] = LogTableView(kItems, 8, {2});
  return view;
}

void CheckSame(const ClusterView& a, const ClusterView& b) {
  CHECK(a.coordinator == b.coordinator);
  CHECK(a.tablet_servers == b.tablet_servers);
  REQUIRE(a.tables.size() == b.tables.size());
  for (const auto& [path, table] : a.tables) {
    INFO(path);
    REQUIRE(b.Find(path));
    CHECK(*table == *b.Find(path));
  }
}

// `view` with a leader of this epoch for bucket 0 of orders.
ClusterView WithLeader(ClusterView view, int32_t leader, int32_t epoch) {
  TableView table = *view.Find(kOrders);
  table.buckets[BucketId(0)].leader = ServerId(leader);
  table.buckets[BucketId(0)].leader_epoch = LeaderEpoch(epoch);
  view.tables[kOrders] = std::make_shared<const TableView>(std::move(table));
  return view;
}

pb::UpdateMetadataRequest Update(const ClusterView& view, const ClusterView& before = {}) {
  return MakeUpdateMetadata(view, before, CoordinatorEpoch(3));
}

}  // namespace

TEST_CASE("a view arrives as it was sent", "[service]") {
  const ClusterView view = TwoTables();
  const pb::UpdateMetadataRequest request = Update(view);
  CHECK(request.IsInitialized());
  CHECK(request.coordinator_epoch() == 3);
  CheckSame(ApplyUpdateMetadata({}, request).value(), view);
  // And once more on top of itself, over the bytes.
  pb::UpdateMetadataRequest parsed;
  REQUIRE(parsed.ParseFromString(request.SerializeAsString()));
  CheckSame(ApplyUpdateMetadata(view, parsed).value(), view);
  CheckSame(ApplyUpdateMetadata({}, Update({})).value(), {});
}

TEST_CASE("servers of an update replace those that were known", "[service]") {
  ClusterView next = TwoTables();
  next.coordinator.reset();
  next.tablet_servers.erase(ServerId(1));
  CheckSame(ApplyUpdateMetadata(TwoTables(), Update(next)).value(), next);
}

TEST_CASE("a table that is gone is told of with a marker", "[service]") {
  const ClusterView before = TwoTables();
  ClusterView next = before;
  next.tables.erase(kOrders);
  SECTION("its path with the id -2") {
    const pb::UpdateMetadataRequest request = Update(next, before);
    CHECK(request.table_metadata(0).table_id() == -2);
    CHECK(request.table_metadata(0).table_path().table_name() == "orders");
    CheckSame(ApplyUpdateMetadata(before, request).value(), next);
    CheckSame(ApplyUpdateMetadata(next, request).value(), next);  // Told twice.
  }
  SECTION("its id with the name of what is deleted") {
    pb::UpdateMetadataRequest request = Update(next);
    pb::PbTableMetadata* gone = request.add_table_metadata();
    *gone = Update(before).table_metadata(1);
    REQUIRE(gone->table_id() == 7);
    gone->mutable_table_path()->set_database_name("__UNKNOWN__");
    gone->mutable_table_path()->set_table_name("__delete__");
    CheckSame(ApplyUpdateMetadata(before, request).value(), next);
    CheckSame(ApplyUpdateMetadata(next, request).value(), next);
  }
  SECTION("without a marker it stays, as in Fluss") {
    CheckSame(ApplyUpdateMetadata(before, Update(next)).value(), before);
  }
}

TEST_CASE("a table that was made anew takes the place of the old one", "[service]") {
  const ClusterView before = WithLeader(TwoTables(), 1, 5);
  ClusterView next = before;
  next.tables[kOrders] = LogTableView(kOrders, 9, {2});
  CheckSame(ApplyUpdateMetadata(before, Update(next, before)).value(), next);
}

TEST_CASE("a leader that came late does not replace a newer one", "[service]") {
  const ClusterView newer = WithLeader(TwoTables(), 2, 5);
  const ClusterView older = WithLeader(TwoTables(), 1, 4);
  CheckSame(ApplyUpdateMetadata(newer, Update(older)).value(), newer);
  CheckSame(ApplyUpdateMetadata(older, Update(newer)).value(), newer);
  const auto without = [](ClusterView view) {
    TableView table = *view.Find(kOrders);
    table.buckets[BucketId(0)].leader.reset();
    view.tables[kOrders] = std::make_shared<const TableView>(std::move(table));
    return view;
  };
  CheckSame(ApplyUpdateMetadata(newer, Update(without(newer))).value(), without(newer));
  CheckSame(ApplyUpdateMetadata(newer, Update(without(older))).value(), newer);
  CheckSame(ApplyUpdateMetadata(without(older), Update(newer)).value(), newer);
}

TEST_CASE("updates of an official coordinator are understood", "[service]") {
  ClusterView view;
  int updates = 0;
  for (const Capture& capture : LoadCaptures()) {
    if (capture.api_key != 1013) continue;
    INFO(capture.ToString());
    ++updates;
    pb::UpdateMetadataRequest request;
    REQUIRE(request.ParseFromString(capture.request));
    view = ApplyUpdateMetadata(view, request).value();
    CHECK(view.tablet_servers.size() == static_cast<size_t>(request.tablet_servers_size()));
    REQUIRE(view.coordinator);
    CHECK(view.coordinator->listeners.at("INTERNAL") == HostPort{"127.0.0.1", 10223});
    CHECK(*view.tablet_servers.at(ServerId(0)).AddressFor("GRPC") == HostPort{"127.0.0.1", 10124});
    // What we would send of it means the same.
    CheckSame(ApplyUpdateMetadata({}, Update(view)).value(), view);
  }
  CHECK(updates == 6);
  REQUIRE(view.tables.size() == 1);
  const TableView& life = *view.tables.begin()->second;
  CHECK(life.info.path.table == "life");
  CHECK(life.info.id == TableId(1));
  CHECK(life.info.descriptor.schema.columns().size() == 4);
  REQUIRE(life.buckets.size() == 3);
  CHECK(life.buckets.at(BucketId(1)).leader == ServerId(2));
  CHECK(life.buckets.at(BucketId(1)).replicas ==
        std::vector<ServerId>{ServerId(2), ServerId(1), ServerId(0)});
}

TEST_CASE("a server without a list of listeners is reached by its host", "[service]") {
  pb::UpdateMetadataRequest request;
  pb::PbServerNode* node = request.add_tablet_servers();
  node->set_node_id(4);
  node->set_host("h");
  node->set_port(5);
  const ClusterView view = ApplyUpdateMetadata({}, request).value();
  CHECK(view.tablet_servers.at(ServerId(4)).listeners == Listeners{{"CLIENT", {"h", 5}}});
}

TEST_CASE("an update that cannot be is refused whole", "[service]") {
  pb::UpdateMetadataRequest request = Update(TwoTables());
  pb::PbTableMetadata* table = request.mutable_table_metadata(0);
  ErrorCode code = ErrorCode::kCorruptMessage;
  SECTION("a negative server id") { request.mutable_tablet_servers(0)->set_node_id(-1); }
  SECTION("listeners that are none") { request.mutable_tablet_servers(0)->set_listeners("x"); }
  SECTION("a port that is none") {
    request.mutable_coordinator_server()->clear_listeners();
    request.mutable_coordinator_server()->set_port(70000);
  }
  SECTION("a table id below the marker") { table->set_table_id(-3); }
  SECTION("a schema id that is none") { table->set_schema_id(40000); }
  SECTION("a name that is none") { table->mutable_table_path()->set_table_name("a/b"); }
  SECTION("a bucket twice") { *table->add_bucket_metadata() = table->bucket_metadata(0); }
  SECTION("a negative bucket") { table->mutable_bucket_metadata(0)->set_bucket_id(-1); }
  SECTION("a negative leader") { table->mutable_bucket_metadata(0)->set_leader_id(-1); }
  SECTION("a negative replica") { table->mutable_bucket_metadata(0)->set_replica_id(0, -5); }
  SECTION("a descriptor that is none") {
    table->set_table_json("{}");
    code = ErrorCode::kInvalidTable;
  }
  CHECK(ApplyUpdateMetadata({}, request).status().code() == code);
}

}  // namespace strom::service
