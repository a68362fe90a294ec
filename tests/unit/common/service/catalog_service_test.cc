#include "common/service/catalog_service.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/message.h"
#include "proto/admin.pb.h"
#include "proto/cluster.pb.h"
#include "proto/types.pb.h"
#include "tests/unit/common/metadata/catalog_world.h"
#include "tests/unit/common/service/service_testing.h"
#include "tests/unit/proto/capture.h"

namespace strom::service {
namespace {

using metadata::MetaCode;
using rpc::Audience;
using Names = std::vector<std::string>;

// A server with a catalog, and a coordinator that fills it.
class ServiceWorld : public metadata::CatalogWorld {
 public:
  explicit ServiceWorld(rpc::Role role = rpc::Role::kTablet) {
    service = std::make_unique<CatalogService>(role, *catalog, strand, authorizer);
    service->Register(dispatcher);
    BecomeLeader();
  }

  Result<Bytes> Ask(int16_t api_key, BytesView body, Audience audience = Audience::kFlussClients) {
    const auto answer =
        TestCaller(dispatcher, {.name = "FLUSS", .audience = audience}).Send(api_key, body);
    scheduler.RunReady();
    REQUIRE(answer->has_value());
    return **answer;
  }
  template <class Req, class Resp>
  Result<Resp> Ask(const rpc::Method<Req, Resp>& method, const Req& request,
                   Audience audience = Audience::kFlussClients) {
    STROM_ASSIGN_OR_RETURN(const Bytes bytes,
                           Ask(method.api_key, rpc::Serialize(request), audience));
    Resp response;
    REQUIRE(response.ParseFromString(bytes));
    return response;
  }

  // Puts a table into the tree as an answer shows it.
  void PutTable(const TableInfo& table) {
    const metadata::ZkPaths& paths = catalog->paths();
    REQUIRE(EnsureDatabase(table.path.database).ok());
    REQUIRE(Put(*store, paths.Table(table.path), ToJson(metadata::RegistrationOf(table))) ==
            MetaCode::kOk);
    REQUIRE(Put(*store, paths.Schemas(table.path), "") == MetaCode::kOk);
    REQUIRE(Put(*store, paths.Schema(table.path, table.schema_id),
                ToJson(table.descriptor.schema)) == MetaCode::kOk);
  }

  DenySome authorizer;
  rpc::Dispatcher dispatcher;
  std::unique_ptr<CatalogService> service;
};

template <class Req>
Req ForTable(const TablePath& path) {
  Req request;
  request.mutable_table_path()->set_database_name(path.database);
  request.mutable_table_path()->set_table_name(path.table);
  return request;
}

template <class Req>
Req ForDatabase(const std::string& name) {
  Req request;
  request.set_database_name(name);
  return request;
}

Names Sorted(const google::protobuf::RepeatedPtrField<std::string>& names) {
  Names sorted(names.begin(), names.end());
  std::ranges::sort(sorted);
  return sorted;
}

// The recorded calls of one method that were answered with this response type.
std::vector<Capture> Recorded(int16_t api_key, uint8_t response_type) {
  std::vector<Capture> captures = LoadCaptures();
  std::erase_if(captures, [&](const Capture& capture) {
    return capture.api_key != api_key || capture.response_type != response_type;
  });
  REQUIRE_FALSE(captures.empty());
  return captures;
}

}  // namespace

TEST_CASE("recorded calls about databases are answered as by Fluss", "[service]") {
  ServiceWorld world;
  for (const Capture& capture : Recorded(1035, 0)) {
    INFO(capture.ToString());
    pb::GetDatabaseInfoRequest request;
    pb::GetDatabaseInfoResponse recorded;
    REQUIRE(request.ParseFromString(capture.request));
    REQUIRE(recorded.ParseFromString(capture.response));
    const metadata::DatabaseRegistration database{
        DatabaseDescriptorFromJson(recorded.database_json()).value(), recorded.created_time(),
        recorded.modified_time()};
    REQUIRE(world.Put(*world.store, world.catalog->paths().Database(request.database_name()),
                      metadata::ToJson(database)) == MetaCode::kOk);
    CHECK(ToHex(world.Ask(1035, capture.request).value()) == ToHex(capture.response));
  }
  for (const Capture& capture : Recorded(1004, 0)) {
    INFO(capture.ToString());
    pb::DatabaseExistsRequest request;
    REQUIRE(request.ParseFromString(capture.request));
    REQUIRE(world.EnsureDatabase(request.database_name()).ok());
    CHECK(ToHex(world.Ask(1004, capture.request).value()) == ToHex(capture.response));
  }
  for (const Capture& capture : Recorded(1035, 1)) {
    ServiceWorld empty;
    CHECK(empty.Ask(1035, capture.request).status().code() ==
          rpc::ParseError(capture.response).code());
  }
}

TEST_CASE("recorded calls about tables are answered as by Fluss", "[service]") {
  for (const Capture& capture : Recorded(1007, 0)) {
    INFO(capture.ToString());
    ServiceWorld world;
    pb::GetTableInfoRequest request;
    pb::GetTableInfoResponse recorded;
    REQUIRE(request.ParseFromString(capture.request));
    REQUIRE(recorded.ParseFromString(capture.response));
    const TablePath path{request.table_path().database_name(), request.table_path().table_name()};
    world.PutTable({.path = path,
                    .id = TableId(recorded.table_id()),
                    .schema_id = SchemaId(static_cast<int16_t>(recorded.schema_id())),
                    .descriptor = TableDescriptorFromJson(recorded.table_json()).value(),
                    .created_ms = recorded.created_time(),
                    .modified_ms = recorded.modified_time(),
                    .remote_data_dir = std::nullopt});
    pb::GetTableInfoResponse ours = world.Ask(rpc::kGetTableInfo, request).value();
    // Java writes properties in an order of its own; the table is the same.
    CHECK(TableDescriptorFromJson(ours.table_json()).value() ==
          TableDescriptorFromJson(recorded.table_json()).value());
    CHECK(ours.table_json().size() == recorded.table_json().size());
    ours.set_table_json(recorded.table_json());
    CHECK(ToHex(rpc::Serialize(ours)) == ToHex(capture.response));

    pb::GetTableSchemaRequest schema_request = ForTable<pb::GetTableSchemaRequest>(path);
    const auto schema = world.Ask(rpc::kGetTableSchema, schema_request).value();
    CHECK(schema.schema_id() == recorded.schema_id());
    // It is the text inside the table's.
    CHECK(recorded.table_json().find(schema.schema_json()) != std::string::npos);
    schema_request.set_schema_id(77);
    CHECK(world.Ask(rpc::kGetTableSchema, schema_request).status().code() ==
          ErrorCode::kSchemaNotExist);
  }
}

TEST_CASE("recorded lists and errors of tables are answered as by Fluss", "[service]") {
  for (const Capture& capture : Recorded(1008, 0)) {
    INFO(capture.ToString());
    ServiceWorld world;
    pb::ListTablesRequest request;
    REQUIRE(request.ParseFromString(capture.request));
    REQUIRE(world.CreateDatabase(request.database_name()).ok());
    REQUIRE(world.CreateTable({request.database_name(), "life"}).ok());
    CHECK(ToHex(world.Ask(1008, capture.request).value()) == ToHex(capture.response));
  }
  for (const int16_t key : {int16_t{1007}, int16_t{1008}}) {
    for (const Capture& capture : Recorded(key, 1)) {
      INFO(capture.ToString());
      ServiceWorld world;
      CHECK(world.Ask(key, capture.request).status().code() ==
            rpc::ParseError(capture.response).code());
    }
  }
  for (const Capture& capture : Recorded(1009, 1)) {
    INFO(capture.ToString());
    ServiceWorld world;
    pb::ListPartitionInfosRequest request;
    REQUIRE(request.ParseFromString(capture.request));
    const std::string& database = request.table_path().database_name();
    REQUIRE(world.CreateDatabase(database).ok());
    REQUIRE(world.CreateTable({database, request.table_path().table_name()}).ok());
    CHECK(world.Ask(1009, capture.request).status().code() ==
          rpc::ParseError(capture.response).code());
  }
  for (const Capture& capture : Recorded(1025, 0)) {
    ServiceWorld world;
    CHECK(ToHex(world.Ask(1025, capture.request).value()) == ToHex(capture.response));
  }
}

TEST_CASE("databases for the system are hidden from official clients", "[service]") {
  ServiceWorld world;
  for (const char* name : {"fluss", "__strom", "shop"}) REQUIRE(world.CreateDatabase(name).ok());
  REQUIRE(world.CreateTable({"shop", "a"}).ok());
  REQUIRE(world.CreateTable({"shop", "b"}).ok());
  pb::ListDatabasesRequest request;
  CHECK(Sorted(world.Ask(rpc::kListDatabases, request).value().database_name()) ==
        Names{"fluss", "shop"});
  CHECK(Sorted(world.Ask(rpc::kListDatabases, request, Audience::kStromClients)
                   .value()
                   .database_name()) == Names{"__strom", "fluss", "shop"});

  request.set_include_summary(true);
  const auto summaries = world.Ask(rpc::kListDatabases, request).value();
  CHECK(summaries.database_name_size() == 0);
  REQUIRE(summaries.database_summary_size() == 2);
  CHECK(summaries.database_summary(1).database_name() == "shop");
  CHECK(summaries.database_summary(1).table_count() == 2);
  CHECK(summaries.database_summary(1).created_time() == ServiceWorld::kNow);
}

TEST_CASE("what exists not is answered, not failed", "[service]") {
  ServiceWorld world;
  REQUIRE(world.CreateDatabase("db").ok());
  REQUIRE(world.CreateTable({"db", "t"}).ok());
  const auto table = [&](TablePath path) {
    return world.Ask(rpc::kTableExists, ForTable<pb::TableExistsRequest>(path)).value().exists();
  };
  CHECK(table({"db", "t"}));
  CHECK_FALSE(table({"db", "u"}));
  CHECK_FALSE(table({"db", "../t"}));
  CHECK_FALSE(table({"", ""}));
  const auto database = [&](const std::string& name) {
    return world.Ask(rpc::kDatabaseExists, ForDatabase<pb::DatabaseExistsRequest>(name))
        .value()
        .exists();
  };
  CHECK(database("db"));
  CHECK_FALSE(database("db/tables"));
  // Written although false: the field is required.
  CHECK(
      ToHex(world.Ask(1004, rpc::Serialize(ForDatabase<pb::DatabaseExistsRequest>("x"))).value()) ==
      "0800");
}

TEST_CASE("schema ids that no schema has are not found", "[service]") {
  ServiceWorld world;
  REQUIRE(world.CreateDatabase("db").ok());
  REQUIRE(world.CreateTable({"db", "t"}).ok());
  auto request = ForTable<pb::GetTableSchemaRequest>({"db", "t"});
  for (const int32_t id : {0, -1, 2, 65537}) {
    request.set_schema_id(id);
    CHECK(world.Ask(rpc::kGetTableSchema, request).status().code() == ErrorCode::kSchemaNotExist);
  }
  request.set_schema_id(1);
  CHECK(world.Ask(rpc::kGetTableSchema, request).ok());
}

TEST_CASE("a table that does not exist has no schema, as Fluss says it", "[service]") {
  ServiceWorld world;
  REQUIRE(world.CreateDatabase("db").ok());
  const auto request = ForTable<pb::GetTableSchemaRequest>({"db", "missing"});
  const auto answer = world.Ask(rpc::kGetTableSchema, request);
  CHECK(answer.status().code() == ErrorCode::kSchemaNotExist);
  CHECK(answer.status().message() == "table db.missing does not exist");
}

TEST_CASE("partitions are listed with their keys, and filtered", "[service]") {
  ServiceWorld world;
  const TablePath path{"db", "p"};
  REQUIRE(world.CreateDatabase("db").ok());
  TableDescriptor descriptor = ServiceWorld::LogTable();
  descriptor.partition_keys = {"year", "region"};
  REQUIRE(world.CreateTable(path, descriptor, {}).ok());
  auto request = ForTable<pb::ListPartitionInfosRequest>(path);
  CHECK(world.Ask(rpc::kListPartitionInfos, request).value().partitions_info_size() == 0);

  const metadata::ZkPaths& paths = world.catalog->paths();
  REQUIRE(world.Put(*world.store, paths.Partitions(path), "") == MetaCode::kOk);
  int64_t id = 0;
  for (const char* name : {"2024$eu", "2024$us", "2025$us", "__historical__"}) {
    const metadata::PartitionRegistration partition{TableId(0), PartitionId(id++), std::nullopt};
    REQUIRE(world.Put(*world.store, paths.Partition(path, name), metadata::ToJson(partition)) ==
            MetaCode::kOk);
  }
  const auto all = world.Ask(rpc::kListPartitionInfos, request).value();
  REQUIRE(all.partitions_info_size() == 3);
  CHECK(all.partitions_info(1).partition_id() == 1);
  const auto& spec = all.partitions_info(1).partition_spec();
  REQUIRE(spec.partition_key_values_size() == 2);
  CHECK(spec.partition_key_values(0).key() == "year");
  CHECK(spec.partition_key_values(0).value() == "2024");
  CHECK(spec.partition_key_values(1).value() == "us");

  pb::PbKeyValue* filter = request.mutable_partial_partition_spec()->add_partition_key_values();
  filter->set_key("region");
  filter->set_value("us");
  CHECK(world.Ask(rpc::kListPartitionInfos, request).value().partitions_info_size() == 2);
  filter->set_key("nation");
  CHECK(world.Ask(rpc::kListPartitionInfos, request).status().code() ==
        ErrorCode::kPartitionSpecInvalid);
  request = ForTable<pb::ListPartitionInfosRequest>({"db", "gone"});
  CHECK(world.Ask(rpc::kListPartitionInfos, request).status().code() == ErrorCode::kTableNotExist);
}

TEST_CASE("what may not be described is hidden or refused", "[service]") {
  ServiceWorld world;
  REQUIRE(world.CreateDatabase("db").ok());
  REQUIRE(world.CreateDatabase("vault").ok());
  REQUIRE(world.CreateTable({"db", "open"}).ok());
  REQUIRE(world.CreateTable({"db", "secret"}).ok());
  world.authorizer.denied = {"vault", "db.secret"};
  CHECK(
      Sorted(world.Ask(rpc::kListDatabases, pb::ListDatabasesRequest()).value().database_name()) ==
      Names{"db"});
  CHECK(Sorted(world.Ask(rpc::kListTables, ForDatabase<pb::ListTablesRequest>("db"))
                   .value()
                   .table_name()) == Names{"open"});
  CHECK_FALSE(world.Ask(rpc::kDatabaseExists, ForDatabase<pb::DatabaseExistsRequest>("vault"))
                  .value()
                  .exists());
  const TablePath secret{"db", "secret"};
  CHECK_FALSE(
      world.Ask(rpc::kTableExists, ForTable<pb::TableExistsRequest>(secret)).value().exists());
  const ErrorCode refused = ErrorCode::kAuthorization;
  CHECK(world.Ask(rpc::kGetDatabaseInfo, ForDatabase<pb::GetDatabaseInfoRequest>("vault"))
            .status()
            .code() == refused);
  CHECK(world.Ask(rpc::kGetTableInfo, ForTable<pb::GetTableInfoRequest>(secret)).status().code() ==
        refused);
  CHECK(world.Ask(rpc::kGetTableSchema, ForTable<pb::GetTableSchemaRequest>(secret))
            .status()
            .code() == refused);
  CHECK(world.Ask(rpc::kListPartitionInfos, ForTable<pb::ListPartitionInfosRequest>(secret))
            .status()
            .code() == refused);
}

TEST_CASE("the versions answer names the role and what is served", "[service]") {
  pb::ApiVersionsRequest request;
  request.set_client_software_name("fluss");
  request.set_client_software_version("0.1.0");
  const auto answer = [&](rpc::Role role) {
    ServiceWorld world(role);
    return world.Ask(rpc::kApiVersions, request).value();
  };
  CHECK(answer(rpc::Role::kCoordinator).server_type() == 1);
  CHECK(answer(rpc::Role::kTablet).server_type() == 2);
  const auto both = answer(rpc::Role::kBoth);
  CHECK_FALSE(both.has_server_type());
  std::vector<int32_t> keys;
  for (const pb::PbApiVersion& version : both.api_versions()) keys.push_back(version.api_key());
  std::ranges::sort(keys);
  CHECK(keys ==
        std::vector<int32_t>{1000, 1003, 1004, 1007, 1008, 1009, 1010, 1011, 1025, 1035, 1038});
}

TEST_CASE("calls that wait when the server stops are answered with an error", "[service]") {
  ServiceWorld world;
  const auto queued = TestCaller(world.dispatcher)
                          .Send(1008, rpc::Serialize(ForDatabase<pb::ListTablesRequest>("db")));
  CHECK_FALSE(queued->has_value());
  world.service.reset();
  world.catalog.reset();
  world.store.reset();
  world.scheduler.RunReady();
  REQUIRE(queued->has_value());
  CHECK((*queued)->status().code() == ErrorCode::kNetwork);
}

TEST_CASE("calls that wait for the store when it goes are answered with an error", "[service]") {
  ServiceWorld world;
  const auto waiting = TestCaller(world.dispatcher)
                           .Send(1008, rpc::Serialize(ForDatabase<pb::ListTablesRequest>("db")));
  // The strand keeps the order: the call asks the store, then everything goes, before its answer.
  world.strand.Post([&] {
    world.service.reset();
    world.catalog.reset();
    world.store.reset();
  });
  world.scheduler.RunReady();
  REQUIRE(waiting->has_value());
  CHECK((*waiting)->status().code() == ErrorCode::kUnknownServerError);
}

}  // namespace strom::service
