#include "tests/unit/coordinator/server/coordinator_world.h"

#include "common/base/logging.h"
#include "common/rpc/methods.h"

namespace strom::coordinator {

CoordinatorWorld::CoordinatorWorld(uint64_t seed)
    : scheduler(seed), wires(scheduler, {.seed = seed}) {
  SetLogLevel(LogLevel::kOff);  // Servers are refused and lost on purpose.
  sessions_ = metadata::OpenEmbeddedMetaStore(stores_, "meta").value();
  coordinator_sessions_ = std::make_unique<testing::CutSessions>(*sessions_);
  session_ = sessions_->Connect(strand_, nullptr).value();
  client_ = wires.AddHost("client", scheduler, clock);
}

CoordinatorWorld::~CoordinatorWorld() {
  while (!coordinators_.empty()) CrashCoordinator(coordinators_.begin()->first);
}

void CoordinatorWorld::Launch(const std::string& host, CoordinatorServer::Options options) {
  const bool first = options.listeners.empty();
  STROM_CHECK(first && !coordinators_.contains(host)) << host;
  // A host of the simulation has its ports to itself, and the same after a restart.
  for (const auto& [name, audience, port] :
       {std::tuple("FLUSS", rpc::Audience::kFlussClients, uint16_t{9123}),
        std::tuple("INTERNAL", rpc::Audience::kServers, uint16_t{9124})}) {
    options.listeners.push_back({.listen = {.endpoint = {.host = "0.0.0.0", .port = port},
                                            .listener = {name, audience},
                                            .authenticator = nullptr},
                                 .advertised = std::nullopt});
  }
  Coordinator& coordinator = coordinators_[host];
  coordinator.executor = std::make_unique<sim::SimExecutor>(scheduler);
  coordinator.network = wires.AddHost(host, *coordinator.executor, clock);
  coordinator.server = std::make_unique<CoordinatorServer>(*coordinator.executor, clock, random_,
                                                           *coordinator.network,
                                                           *coordinator_sessions_, *authorizer,
                                                           std::move(options));
  coordinator.server->Start([&coordinator](Status status) {
    REQUIRE_FALSE(coordinator.started);
    coordinator.started = status.code();
  });
}

void CoordinatorWorld::Lead(CoordinatorServer::Options options) {
  Launch("coordinator", std::move(options));
  REQUIRE(RunUntil([&] { return leads(); }, Seconds(10)));
}

void CoordinatorWorld::StopCoordinator(const std::string& host) {
  bool stopped = false;
  coordinators_.at(host).server->Stop(Seconds(2), [&] { stopped = true; });
  REQUIRE(RunUntil([&] { return stopped; }, Seconds(10)));
  scheduler.RunFor(Millis(5));  // Its last answers arrive.
  channels_.erase(host);
  scheduler.RunReady();
  coordinators_.erase(host);
}

void CoordinatorWorld::CrashCoordinator(const std::string& host) {
  Coordinator& coordinator = coordinators_.at(host);
  coordinator.executor->Shutdown();
  wires.BreakConnections(host);
  channels_.erase(host);  // The client need not find that out by a call.
  coordinator.server.reset();
  coordinators_.erase(host);
}

TabletFake& CoordinatorWorld::MakeServer(int32_t id) {
  auto& server = tablets_[ServerId(id)];
  server = std::make_unique<TabletFake>(scheduler, wires, clock, *sessions_, ServerId(id));
  return *server;
}

TabletFake& CoordinatorWorld::AddServer(int32_t id) {
  TabletFake& server = MakeServer(id);
  server.Start();
  return server;
}

rpc::Channel& CoordinatorWorld::ChannelTo(const std::string& host, const std::string& listener) {
  auto& channel = channels_[host][listener];
  if (!channel || channel->broken()) channel = client_->Connect(*server(host).EndpointOf(listener));
  return *channel;
}

pb::CreateTableRequest CoordinatorWorld::TableRequest(const std::string& database,
                                                      const std::string& table, int buckets,
                                                      std::string properties) {
  pb::CreateTableRequest request;
  request.mutable_table_path()->set_database_name(database);
  request.mutable_table_path()->set_table_name(table);
  request.set_ignore_if_exists(false);
  request.set_table_json(fmt::format(
      R"({{"version":1,"schema":{{"version":1,"columns":[
          {{"name":"a","data_type":{{"type":"INTEGER"}},"id":0}}],"highest_field_id":0}},
          "partition_key":[],"bucket_key":[],"bucket_count":{},
          "properties":{{{}}},"custom_properties":{{}}}})",
      buckets, properties));
  return request;
}

pb::DropTableRequest CoordinatorWorld::DropRequest(const std::string& database,
                                                   const std::string& table, bool ignore) {
  pb::DropTableRequest request;
  request.mutable_table_path()->set_database_name(database);
  request.mutable_table_path()->set_table_name(table);
  request.set_ignore_if_not_exists(ignore);
  return request;
}

pb::CreateDatabaseRequest CoordinatorWorld::DatabaseRequest(const std::string& name, bool ignore) {
  pb::CreateDatabaseRequest request;
  request.set_database_name(name);
  request.set_ignore_if_exists(ignore);
  return request;
}

pb::DropDatabaseRequest CoordinatorWorld::DropDatabaseRequest(const std::string& name, bool cascade,
                                                              bool ignore) {
  pb::DropDatabaseRequest request;
  request.set_database_name(name);
  request.set_cascade(cascade);
  request.set_ignore_if_not_exists(ignore);
  return request;
}

Status CoordinatorWorld::CreateDatabase(const std::string& name, bool ignore) {
  return Call(rpc::kCreateDatabase, DatabaseRequest(name, ignore)).status();
}

Status CoordinatorWorld::CreateTable(const std::string& database, const std::string& table,
                                     int buckets, bool ignore) {
  pb::CreateTableRequest request = TableRequest(database, table, buckets);
  request.set_ignore_if_exists(ignore);
  return Call(rpc::kCreateTable, request).status();
}

Status CoordinatorWorld::DropTable(const std::string& database, const std::string& table,
                                   bool ignore) {
  return Call(rpc::kDropTable, DropRequest(database, table, ignore)).status();
}

Status CoordinatorWorld::DropDatabase(const std::string& name, bool cascade, bool ignore) {
  return Call(rpc::kDropDatabase, DropDatabaseRequest(name, cascade, ignore)).status();
}

TableId CoordinatorWorld::IdOf(const std::string& database, const std::string& table) {
  pb::GetTableInfoRequest request;
  request.mutable_table_path()->set_database_name(database);
  request.mutable_table_path()->set_table_name(table);
  return TableId(Call(rpc::kGetTableInfo, request).value().table_id());
}

std::vector<std::string> CoordinatorWorld::Databases() {
  const auto answer = Call(rpc::kListDatabases, pb::ListDatabasesRequest()).value();
  return {answer.database_name().begin(), answer.database_name().end()};
}

std::vector<std::string> CoordinatorWorld::Tables(const std::string& database) {
  pb::ListTablesRequest request;
  request.set_database_name(database);
  const auto answer = Call(rpc::kListTables, request).value();
  return {answer.table_name().begin(), answer.table_name().end()};
}

pb::MetadataResponse CoordinatorWorld::Metadata(const std::string& database,
                                                const std::string& table) {
  pb::MetadataRequest request;
  auto& path = *request.add_table_path();
  path.set_database_name(database);
  path.set_table_name(table);
  return Call(rpc::kMetadata, request).value();
}

metadata::MetaCode CoordinatorWorld::Change(metadata::Op op) {
  std::optional<metadata::MetaCode> code;
  session_->Multi({std::move(op)}, [&](metadata::MultiResult result) { code = result.code; });
  REQUIRE(RunUntil([&] { return code.has_value(); }, Seconds(1)));
  return *code;
}

metadata::MetaResult<metadata::Node> CoordinatorWorld::Read(const std::string& path) {
  std::optional<metadata::MetaResult<metadata::Node>> node;
  session_->Get(path, nullptr, [&](metadata::MetaResult<metadata::Node> got) { node = got; });
  REQUIRE(RunUntil([&] { return node.has_value(); }, Seconds(1)));
  return *node;
}

std::vector<std::string> CoordinatorWorld::Children(const std::string& path) {
  std::optional<metadata::MetaResult<std::vector<std::string>>> names;
  session_->Children(path, nullptr, [&](auto got) { names = std::move(got); });
  REQUIRE(RunUntil([&] { return names.has_value(); }, Seconds(1)));
  return names->value;
}

}  // namespace strom::coordinator
