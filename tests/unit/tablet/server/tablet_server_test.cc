#include "tablet/server/tablet_server.h"

#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/metadata/zk_json.h"
#include "common/rpc/channel.h"
#include "proto/cluster.pb.h"
#include "proto/types.pb.h"
#include "tablet/server/join.h"
#include "tablet/server/writer_ids.h"
#include "tests/unit/tablet/server/server_fixture.h"

namespace strom::tablet {
namespace {

constexpr auto kClients = rpc::Audience::kFlussClients;
constexpr const char* kNode = "/fluss/tabletservers/ids/3";

// The content of a node; none if it is not there.
std::optional<std::string> ReadNode(ServerFixture& f, const std::string& path) {
  std::optional<metadata::MetaResult<metadata::Node>> node;
  f.store().Get(path, nullptr, [&](auto result) { node = std::move(result); });
  STROM_CHECK(f.scheduler().RunUntil([&] { return node.has_value(); }, Seconds(1)));
  if (!node->ok()) return std::nullopt;
  return node->value.data;
}

int64_t InitWriter(ServerFixture& f) {
  return f.Call(rpc::kInitWriter, pb::InitWriterRequest(), kClients).value().writer_id();
}

}  // namespace

TEST_CASE("a started server is known with all its listeners, until it stops", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  auto options = f.DefaultOptions();
  options.rack = "r1";
  options.listeners[1].advertised = HostPort{"outside", 9123};
  f.Make(options);
  REQUIRE(f.Start().ok());
  const auto registration =
      metadata::TabletServerRegistrationFromJson(ReadNode(f, kNode).value()).value();
  CHECK(registration.rack == "r1");
  CHECK(registration.listeners.at("FLUSS") == HostPort{"outside", 9123});
  const rpc::Endpoint* internal = f.server().EndpointOf("INTERNAL");
  REQUIRE(internal != nullptr);
  CHECK(registration.listeners.at("INTERNAL") == HostPort{"tablet-3", internal->port});
  CHECK(internal->port != 0);
  CHECK(f.server().EndpointOf("OTHER") == nullptr);
  CHECK(f.Stop().ok());
  CHECK(ReadNode(f, kNode) == std::nullopt);
}

TEST_CASE("only what is served is advertised, to each listener its own", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  pb::ApiVersionsRequest request;
  request.set_client_software_name("test");
  request.set_client_software_version("1");
  const auto keys = [&](rpc::Audience audience) {
    std::set<int> found;
    const auto response = f.Call(rpc::kApiVersions, request, audience).value();
    CHECK(response.server_type() == 2);
    for (const auto& version : response.api_versions()) found.insert(version.api_key());
    return found;
  };
  const std::set<int> clients = keys(kClients);
  for (const auto key :
       {rpc::kProduceLog.api_key, rpc::kFetchLog.api_key, rpc::kListOffsets.api_key,
        rpc::kLimitScan.api_key, rpc::kInitWriter.api_key, rpc::kGetTableStats.api_key,
        rpc::kMetadata.api_key, rpc::kGetTableInfo.api_key, rpc::kListTables.api_key,
        rpc::kAuthenticate.api_key, rpc::kPutKv.api_key, rpc::kLookup.api_key,
        rpc::kPrefixLookup.api_key, rpc::kScanKv.api_key, rpc::kGetLatestKvSnapshots.api_key,
        rpc::kGetKvSnapshotMetadata.api_key}) {
    INFO(key);
    CHECK(clients.contains(key));
  }
  for (const auto key : {rpc::kCreateTable.api_key, rpc::kNotifyLeaderAndIsr.api_key,
                         rpc::kUpdateMetadata.api_key}) {
    INFO(key);
    CHECK_FALSE(clients.contains(key));
  }
  CHECK(keys(rpc::Audience::kServers).contains(rpc::kStopReplica.api_key));
}

TEST_CASE("records outlive an orderly stop and a crash", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  const bool orderly = GENERATE(true, false);
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  const auto batch = Batch({1, 2}, LogFormat::kIndexed, WriterId(4), BatchSequence(0));
  REQUIRE(f.Produce(table, {{0, batch}}).buckets_resp(0).base_offset() == 0);
  const std::string cluster_id = ReadNode(f, "/fluss/strom/cluster_id").value();
  if (orderly) {
    REQUIRE(f.Stop().ok());
    f.Make(f.DefaultOptions());
  } else {
    f.Crash();
  }
  REQUIRE(f.Start().ok());
  CHECK(ReadNode(f, "/fluss/strom/cluster_id") == cluster_id);
  TableInfo info = f.OnCatalog<TableInfo>([&](auto done) {
                      f.catalog().GetTable({"db", "t"}, std::move(done));
                    }).value();
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, f.Notification(info, 2, 1, 1)).ok());
  // A retry over the restart is still a retry.
  CHECK(f.Produce(table, {{0, batch}}).buckets_resp(0).base_offset() == 0);
  const auto fetched = f.Call(rpc::kFetchLog, f.FetchOf(table, {{0, 0}}), kClients).value();
  CHECK(Values(fetched.tables_resp(0).buckets_resp(0).records()) == std::vector<int>{1, 2});
}

TEST_CASE("writer ids are unique, over blocks, restarts and many at once", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  std::set<int64_t> ids;
  for (int round = 0; round < 3; ++round) {
    REQUIRE(f.Start().ok());
    std::vector<std::shared_ptr<std::optional<Result<Bytes>>>> pending;
    for (int i = 0; i < 1200; ++i) {
      pending.push_back(f.Send(rpc::kInitWriter, pb::InitWriterRequest(), kClients));
    }
    for (int i = 0; i < 10; ++i) CHECK(ids.insert(InitWriter(f)).second);
    f.scheduler().RunFor(Millis(10));
    for (const auto& answer : pending) {
      REQUIRE(answer->has_value());
      CHECK(ids.insert(f.Parsed<pb::InitWriterResponse>(**answer).value().writer_id()).second);
    }
    if (round == 0) {
      REQUIRE(f.Stop().ok());
      f.Make(f.DefaultOptions());
    } else {
      f.Crash();
    }
  }
  CHECK(ids.size() == 3 * 1210);
  // Each life of the server took two blocks: one to begin with, and the next before it was used up.
  CHECK(metadata::CounterFromBytes(ReadNode(f, "/fluss/metadata/writer_id").value()).value() ==
        6 * WriterIds::kBlock);
  CHECK(*ids.begin() >= 0);
}

TEST_CASE("who may write one of the tables may be a writer", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  f.authorizer().refused = {rpc::Operation::kWrite};
  pb::InitWriterRequest request;
  CHECK(f.Call(rpc::kInitWriter, request, kClients).status().code() == ErrorCode::kAuthorization);
  request.add_table_path()->set_database_name("db");
  request.mutable_table_path(0)->set_table_name("t");
  const Status refused = f.Call(rpc::kInitWriter, request, kClients).status();
  CHECK(refused.code() == ErrorCode::kAuthorization);
  CHECK(refused.message().find("'db.t'") != std::string::npos);
  f.authorizer().refused = {};
  CHECK(f.Call(rpc::kInitWriter, request, kClients).ok());
}

TEST_CASE("a server with a foreign data directory does not start", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  REQUIRE(f.Stop().ok());
  auto options = f.DefaultOptions();
  options.id = ServerId(4);
  f.Make(options);
  const Status status = f.Start();
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  CHECK(status.message().find("belongs to server 3, this is 4") != std::string::npos);
  CHECK(ReadNode(f, "/fluss/tabletservers/ids/4") == std::nullopt);
  CHECK(f.Stop().ok());

  f.Make(f.DefaultOptions());  // Its own server still can.
  CHECK(f.Start().ok());
}

TEST_CASE("options that cannot be are refused before anything is done", "[tablet]") {
  ServerFixture f;
  auto no_internal = f.DefaultOptions();
  no_internal.internal_listener = "OTHER";
  auto no_directory = f.DefaultOptions();
  no_directory.data_dir = "";
  auto no_id = f.DefaultOptions();
  no_id.id = kNoServer;
  for (const auto& options : {no_internal, no_directory, no_id}) {
    f.Make(options);
    CHECK(f.Start().code() == ErrorCode::kInvalidConfig);
    CHECK(f.Stop().ok());
  }
  CHECK_FALSE(f.disk().Exists("/data").value());
}

TEST_CASE("a server waits a while for its node, then gives up", "[tablet]") {
  ServerFixture f;
  // Somebody else is server 3.
  std::optional<metadata::MetaResult<std::string>> created;
  const auto made = f.OnCatalog<std::monostate>([&](auto done) {
    metadata::EnsureNodes(f.store(), f.catalog().paths().FixedNodes(), std::move(done));
  });
  REQUIRE(made.ok());
  f.store().Create(kNode, "{}", metadata::CreateMode::kEphemeral,
                   [&](auto result) { created = std::move(result); });
  REQUIRE(f.scheduler().RunUntil([&] { return created.has_value(); }, Seconds(1)));

  SECTION("and is in luck") {
    std::optional<Status> started;
    f.server().Start([&](Status status) { started = std::move(status); });
    f.scheduler().RunFor(Seconds(20));
    CHECK_FALSE(started.has_value());
    f.store().Delete(kNode, metadata::kAnyVersion, [](auto) {});
    f.scheduler().RunFor(Seconds(4));
    REQUIRE(started.has_value());
    CHECK(started->ok());
    CHECK(ReadNode(f, kNode).value() != "{}");
  }
  SECTION("or not") {
    const MonoTime before = f.clock().Now();
    const Status status = f.Start();
    CHECK_FALSE(status.ok());
    CHECK(status.message().find(kNode) != std::string::npos);
    CHECK(f.clock().Now() - before >= Seconds(60));
    CHECK(f.Stop().ok());
    CHECK(ReadNode(f, kNode) == "{}");  // Not ours to remove.
  }
}

TEST_CASE("a stop answers waiting fetches and ends in bounded time", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  auto request = f.FetchOf(table, {{0, 0}});
  request.set_min_bytes(1);
  request.set_max_wait_ms(60000);
  const auto pending = f.Send(rpc::kFetchLog, request, kClients);
  f.scheduler().RunFor(Millis(1));
  const MonoTime before = f.clock().Now();
  CHECK(f.Stop(Seconds(2)).ok());
  CHECK(f.clock().Now() - before <= Seconds(2));
  REQUIRE(pending->has_value());
  const auto response = f.Parsed<pb::FetchLogResponse>(**pending).value();
  CHECK(static_cast<ErrorCode>(response.tables_resp(0).buckets_resp(0).error_code()) ==
        ErrorCode::kNotLeaderOrFollower);
}

TEST_CASE("clients reach the server over the network", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  sim::SimExecutor executor(f.scheduler());
  auto network = f.wires().AddHost("client", executor, f.clock());
  auto channel = network->Connect(*f.server().EndpointOf("FLUSS"));
  pb::ProduceLogRequest request;
  request.set_acks(-1);
  request.set_table_id(table.value());
  request.set_timeout_ms(1000);
  request.add_buckets_req()->set_bucket_id(0);
  request.mutable_buckets_req(0)->set_records(Batch({1}));
  std::optional<Result<pb::ProduceLogResponse>> produced;
  rpc::Call<pb::ProduceLogRequest, pb::ProduceLogResponse>(
      *channel, rpc::kProduceLog, request, f.clock().Now() + Seconds(5),
      [&](Result<pb::ProduceLogResponse> answer) { produced = std::move(answer); });
  REQUIRE(f.scheduler().RunUntil([&] { return produced.has_value(); }, Seconds(5)));
  CHECK(produced->value().buckets_resp(0).base_offset() == 0);
  // What is the servers' own is not served here.
  std::optional<Status> refused;
  channel->Call(rpc::MethodInfo::Of(rpc::kStopReplica), "", f.clock().Now() + Seconds(5),
                [&](Result<Bytes> answer) { refused = answer.status(); });
  REQUIRE(f.scheduler().RunUntil([&] { return refused.has_value(); }, Seconds(5)));
  CHECK(refused->code() == ErrorCode::kUnsupportedVersion);
  channel.reset();
  CHECK(f.Stop().ok());
}

TEST_CASE("requests are counted by method", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  InitWriter(f);
  InitWriter(f);
  f.authorizer().refused = {rpc::Operation::kWrite};
  CHECK_FALSE(f.Call(rpc::kInitWriter, pb::InitWriterRequest(), kClients).ok());
  const std::string text = f.metrics().PrometheusText();
  const auto has = [&](const std::string& line) { return text.find(line) != std::string::npos; };
  CHECK(has("tabletserver_request_requests_total{request=\"InitWriter\"} 3\n"));
  CHECK(has("tabletserver_request_errors_total{request=\"InitWriter\"} 1\n"));
  CHECK(has("tabletserver_request_requests_total{request=\"FetchLog\"} 0\n"));
}

TEST_CASE("a join hands results over in their places, once all are there", "[tablet]") {
  std::vector<std::string> got;
  const auto join =
      Join<std::string>::Of(3, [&](std::vector<std::string> results) { got = std::move(results); });
  join->Set(2, "c");
  join->Set(0, "a");
  CHECK(got.empty());
  join->Set(1, "b");
  CHECK(got == std::vector<std::string>{"a", "b", "c"});
  bool empty_done = false;
  Join<int>::Of(0, [&](std::vector<int> results) { empty_done = results.empty(); });
  CHECK(empty_done);
}

}  // namespace strom::tablet
