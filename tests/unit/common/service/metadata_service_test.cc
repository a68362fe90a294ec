#include "common/service/metadata_service.h"

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/message.h"
#include "common/service/table_metadata.h"
#include "tests/sim/world/sim_scheduler.h"
#include "tests/unit/common/service/service_testing.h"
#include "tests/unit/proto/capture.h"

namespace strom::service {
namespace {

constexpr int16_t kKey = 1012;

// A server that answers GetMetadata from a view.
struct TestServer {
  TestServer() {
    service.Register(dispatcher);
    view.coordinator = ServerAt(0, 10123);
    for (int32_t id = 0; id < 3; ++id) {
      view.tablet_servers[ServerId(id)] = ServerAt(id, static_cast<uint16_t>(10124 + id));
    }
  }

  Result<Bytes> Ask(BytesView request, rpc::ListenerInfo listener = {.name = "CLIENT"}) {
    views.Set(std::make_shared<const ClusterView>(view));
    const auto answer = TestCaller(dispatcher, std::move(listener)).Send(kKey, request);
    REQUIRE(answer->has_value());  // At once, on the caller's thread.
    return **answer;
  }
  Result<pb::MetadataResponse> Ask(const pb::MetadataRequest& request,
                                   rpc::ListenerInfo listener = {.name = "CLIENT"}) {
    STROM_ASSIGN_OR_RETURN(const Bytes bytes, Ask(rpc::Serialize(request), std::move(listener)));
    pb::MetadataResponse response;
    REQUIRE(response.ParseFromString(bytes));
    return response;
  }

  ClusterView view;
  ClusterViewHolder views;
  DenySome authorizer;
  sim::SimScheduler scheduler{1};
  sim::SimClock clock{scheduler};
  MetadataService service{views, authorizer, scheduler, clock};
  rpc::Dispatcher dispatcher;
};

pb::MetadataRequest RequestFor(const std::vector<TablePath>& paths) {
  pb::MetadataRequest request;
  for (const TablePath& path : paths) {
    request.add_table_path()->set_database_name(path.database);
    request.mutable_table_path(request.table_path_size() - 1)->set_table_name(path.table);
  }
  return request;
}

}  // namespace

TEST_CASE("a client's first question gets the servers, byte for byte as from Fluss", "[service]") {
  TestServer server;
  int asked = 0;
  for (const Capture& capture : LoadCaptures()) {
    // Java sends an empty list of partitions, the Rust client nothing at all.
    const bool bootstrap = capture.request.empty() || ToHex(capture.request) == "1a00";
    if (capture.api_key != kKey || capture.response_type != 0 || !bootstrap) continue;
    INFO(capture.ToString());
    CHECK(ToHex(server.Ask(capture.request).value()) == ToHex(capture.response));
    ++asked;
  }
  CHECK(asked >= 3);
}

TEST_CASE("recorded answers about tables mean what ours mean", "[service]") {
  int compared = 0;
  for (const Capture& capture : LoadCaptures()) {
    if (capture.api_key != kKey || capture.response_type != 0) continue;
    INFO(capture.ToString());
    pb::MetadataResponse recorded;
    REQUIRE(recorded.ParseFromString(capture.response));
    if (recorded.partition_metadata_size() > 0 || recorded.table_metadata_size() == 0) continue;
    TestServer server;
    for (const pb::PbTableMetadata& table : recorded.table_metadata()) {
      auto view = std::make_shared<const TableView>(FromPb(table).value());
      server.view.tables[view->info.path] = view;
    }
    pb::MetadataResponse ours;
    REQUIRE(ours.ParseFromString(server.Ask(capture.request).value()));
    CHECK(ours.coordinator_server().SerializeAsString() ==
          recorded.coordinator_server().SerializeAsString());
    CHECK(ours.tablet_servers_size() == recorded.tablet_servers_size());
    REQUIRE(ours.table_metadata_size() == recorded.table_metadata_size());
    for (int i = 0; i < ours.table_metadata_size(); ++i) {
      pb::PbTableMetadata a = ours.table_metadata(i);
      pb::PbTableMetadata b = recorded.table_metadata(i);
      // Java writes properties in an order of its own; the tables are the same.
      CHECK(FromPb(a).value() == FromPb(b).value());
      CHECK(a.table_json().size() == b.table_json().size());
      a.clear_table_json();
      b.clear_table_json();
      CHECK(a.SerializePartialAsString().size() == b.SerializePartialAsString().size());
    }
    ++compared;
  }
  CHECK(compared >= 5);
}

TEST_CASE("a bucket without a leader names none", "[service]") {
  TestServer server;
  const TablePath path{"smoke_java_24367", "alter"};
  server.view.tables[path] = LogTableView(path, 42, {std::nullopt, 1});
  const auto answer = server.Ask(RequestFor({path})).value();
  REQUIRE(answer.table_metadata_size() == 1);
  const pb::PbTableMetadata& table = answer.table_metadata(0);
  CHECK(table.table_id() == 42);
  CHECK(table.schema_id() == 1);
  CHECK(table.created_time() == 1790000);
  CHECK(table.modified_time() == 1790001);
  CHECK_FALSE(table.has_remote_data_dir());
  CHECK(TableDescriptorFromJson(table.table_json()).ok());
  REQUIRE(table.bucket_metadata_size() == 2);
  CHECK(ToHex(table.bucket_metadata(0).SerializeAsString()) == "08001a03020100");
  CHECK(ToHex(table.bucket_metadata(1).SerializeAsString()) == "080110011a030201002000");
  CHECK(answer.partition_metadata_size() == 0);
}

TEST_CASE("a table or partition that is not there fails the whole request", "[service]") {
  TestServer server;
  const TablePath path{"db", "t"};
  server.view.tables[path] = LogTableView(path, 1, {0});
  CHECK(server.Ask(RequestFor({path, {"db", "gone"}})).status().code() ==
        ErrorCode::kTableNotExist);
  CHECK(server.Ask(RequestFor({{"db", "a/b"}})).status().code() == ErrorCode::kTableNotExist);
  pb::MetadataRequest by_name = RequestFor({path});
  by_name.add_partitions_path()->set_database_name("db");
  by_name.mutable_partitions_path(0)->set_table_name("t");
  by_name.mutable_partitions_path(0)->set_partition_name("r0");
  CHECK(server.Ask(by_name).status().message() == "partition db.t(p=r0) does not exist");
  pb::MetadataRequest by_id = RequestFor({path});
  by_id.add_partitions_id(5);
  CHECK(server.Ask(by_id).status().code() == ErrorCode::kPartitionNotExists);
}

TEST_CASE("recorded questions about what is missing get the recorded error", "[service]") {
  TestServer server;
  int asked = 0;
  for (const Capture& capture : LoadCaptures()) {
    if (capture.api_key != kKey || capture.response_type != 1) continue;
    const Status recorded = rpc::ParseError(capture.response);
    if (recorded.code() == ErrorCode::kAuthenticate) continue;
    INFO(capture.ToString());
    ++asked;
    // Fluss gives a missing table as -1 here; 7 is what clients understand.
    const bool unknown = recorded.code() == ErrorCode::kUnknownServerError;
    CHECK(server.Ask(capture.request).status().code() ==
          (unknown ? ErrorCode::kTableNotExist : recorded.code()));
  }
  CHECK(asked >= 6);
}

TEST_CASE("each caller gets the addresses of its own listener", "[service]") {
  TestServer server;
  server.view.tablet_servers[ServerId(1)].listeners["GRPC"] = {"10.0.0.9", 7000};
  server.view.tablet_servers[ServerId(1)].rack = "r1";
  server.view.tablet_servers[ServerId(2)].listeners = {{"INTERNAL", {"10.0.0.9", 7001}}};
  const auto answer = server.Ask(pb::MetadataRequest(), {.name = "GRPC"}).value();
  REQUIRE(answer.tablet_servers_size() == 2);  // Server 2 cannot be reached from there.
  CHECK(answer.tablet_servers(0).port() == 10124);
  CHECK(answer.tablet_servers(1).host() == "10.0.0.9");
  CHECK(answer.tablet_servers(1).port() == 7000);
  CHECK(answer.tablet_servers(1).rack() == "r1");
  CHECK_FALSE(answer.tablet_servers(1).has_listeners());
  CHECK(answer.coordinator_server().port() == 10123);
}

TEST_CASE("a cluster that is starting answers with what there is", "[service]") {
  TestServer server;
  server.view = ClusterView();
  CHECK(server.Ask("").value().empty());
}

TEST_CASE("a server that knows nothing yet answers once it does", "[service]") {
  TestServer server;
  const TablePath path{"db", "t"};
  const TestCaller caller(server.dispatcher);
  const auto known = caller.Send(kKey, rpc::Serialize(RequestFor({path})));
  const auto gone = caller.Send(kKey, rpc::Serialize(RequestFor({{"db", "gone"}})));
  CHECK_FALSE(known->has_value());
  CHECK_FALSE(gone->has_value());
  server.view.tables[path] = LogTableView(path, 1, {0});
  server.views.Set(std::make_shared<const ClusterView>(server.view));
  REQUIRE((known->has_value() && gone->has_value()));
  CHECK((*known)->ok());
  CHECK((*gone)->status().code() == ErrorCode::kTableNotExist);
}

TEST_CASE("a server without a coordinator says so after a while, and clients try again",
          "[service]") {
  TestServer server;
  const auto answer =
      TestCaller(server.dispatcher).Send(kKey, rpc::Serialize(RequestFor({{"db", "t"}})));
  server.scheduler.RunFor(MetadataService::kKnowWait - Millis(1));
  CHECK_FALSE(answer->has_value());
  server.scheduler.RunFor(Millis(2));
  REQUIRE(answer->has_value());
  CHECK((*answer)->status().code() == ErrorCode::kLeaderNotAvailable);
  CHECK((*answer)->status().message().find("no coordinator") != std::string::npos);
}

TEST_CASE("a server that stops before it knew anything says so", "[service]") {
  TestServer server;
  const auto answer =
      TestCaller(server.dispatcher).Send(kKey, rpc::Serialize(RequestFor({{"db", "t"}})));
  server.views.Close();
  REQUIRE(answer->has_value());
  CHECK((*answer)->status().code() == ErrorCode::kLeaderNotAvailable);
}

TEST_CASE("tables that the caller may not describe are left out, existing or not", "[service]") {
  TestServer server;
  const TablePath open{"db", "open"};
  const TablePath secret{"db", "secret"};
  server.view.tables[open] = LogTableView(open, 1, {0});
  server.view.tables[secret] = LogTableView(secret, 2, {0});
  server.authorizer.denied = {"db.secret", "db.gone"};
  pb::MetadataRequest request = RequestFor({secret, open, {"db", "gone"}});
  request.add_partitions_path()->set_database_name("db");
  request.mutable_partitions_path(0)->set_table_name("secret");
  request.mutable_partitions_path(0)->set_partition_name("x");
  const auto answer = server.Ask(request).value();
  REQUIRE(answer.table_metadata_size() == 1);
  CHECK(answer.table_metadata(0).table_id() == 1);
}

TEST_CASE("a table that is asked for many times is answered once", "[service]") {
  TestServer server;
  const TablePath path{"db", "t"};
  server.view.tables[path] = LogTableView(path, 1, {0});
  CHECK(server.Ask(RequestFor(std::vector<TablePath>(1000, path))).value().table_metadata_size() ==
        1);
}

}  // namespace strom::service
