#include "tests/unit/tablet/server/replication_fixture.h"

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "common/convert/path.h"
#include "common/metadata/embedded/embedded_meta_store.h"
#include "common/service/update_metadata.h"
#include "proto/metadata.pb.h"
#include "proto/types.pb.h"

namespace strom::tablet {

ReplicationFixture::ReplicationFixture(uint64_t seed)
    : scheduler_(seed), random_(seed), wires_(scheduler_, {.seed = seed}) {
  sessions_ = metadata::OpenEmbeddedMetaStore(meta_stores_, "/meta").value();
  store_ = sessions_->Connect(strand_, nullptr).value();
  catalog_ = std::make_unique<metadata::CatalogWriter>(*store_, "/fluss");
  STROM_CHECK(Await<Result<CoordinatorEpoch>>([this](auto done) {
                strand_.Post([this, done = std::move(done)]() mutable {
                  catalog_->BecomeLeader(std::move(done));
                });
              }).ok());
  STROM_CHECK(Await<Result<std::monostate>>([this](auto done) {
                strand_.Post([this, done = std::move(done)]() mutable {
                  catalog_->CreateDatabase("db", {}, 1, std::move(done));
                });
              }).ok());
  dispatcher_.Handle(rpc::kApiVersions,
                     [this](const rpc::RequestContext& ctx, rpc::Ref<pb::ApiVersionsRequest>,
                            rpc::Responder<pb::ApiVersionsResponse> respond) {
                       pb::ApiVersionsResponse response;
                       rpc::FillApiVersions(dispatcher_, ctx.listener().audience, &response);
                       std::move(respond).Ok(response);
                     });
  dispatcher_.Handle(rpc::kAdjustIsr,
                     [this](const rpc::RequestContext&, rpc::Ref<pb::AdjustIsrRequest> request,
                            rpc::Responder<pb::AdjustIsrResponse> respond) {
                       isr_requests_.push_back(*request);
                       if (!refuse_isr_.ok()) return std::move(respond).Fail(refuse_isr_);
                       std::move(respond).Ok(TakeOver(*request));
                     });
  dispatcher_.Handle(
      rpc::kReportFailedReplicas,
      [this](const rpc::RequestContext&, rpc::Ref<pb::ReportFailedReplicasRequest> request,
             rpc::Responder<pb::ReportFailedReplicasResponse> respond) {
        failure_reports_.push_back(*request);
        std::move(respond).Ok(pb::ReportFailedReplicasResponse());
      });
  dispatcher_.Handle(
      rpc::kControlledShutdown,
      [this](const rpc::RequestContext&, rpc::Ref<pb::ControlledShutdownRequest> request,
             rpc::Responder<pb::ControlledShutdownResponse> respond) {
        stop_requests_.push_back(*request);
        held_stops_.push_back(std::move(respond));
        if (!holds_stops_) AnswerStops();
      });
  network_ = wires_.AddHost("coordinator", executor_, clock_);
  listener_ = network_
                  ->Listen({.endpoint = {.host = "coordinator", .port = 0},
                            .listener = {.name = "INTERNAL", .audience = rpc::Audience::kServers},
                            .authenticator = nullptr},
                           dispatcher_)
                  .value();
  for (const int server : {1, 2}) {
    hosts_[server] = std::make_unique<Host>();
    Start(server);
  }
}

ReplicationFixture::~ReplicationFixture() {
  for (const auto& [server, host] : hosts_) {
    if (host->server) Crash(server);
  }
}

void ReplicationFixture::Start(int server) {
  Host& host = HostAt(server);
  TabletServer::Options options;
  options.id = ServerId(server);
  options.data_dir = "/data";
  for (const auto& [name, audience] : {std::pair("INTERNAL", rpc::Audience::kServers),
                                       std::pair("FLUSS", rpc::Audience::kFlussClients)}) {
    options.listeners.push_back({.listen = {.endpoint = {.host = HostOf(server), .port = 0},
                                            .listener = {.name = name, .audience = audience},
                                            .authenticator = nullptr},
                                 .advertised = {}});
  }
  host.pools.push_back(std::make_unique<sim::SimExecutor>(scheduler_));
  host.pools.push_back(std::make_unique<sim::SimExecutor>(scheduler_));
  sim::SimExecutor& executor = *host.pools.end()[-2];
  sim::SimExecutor& blocking = *host.pools.back();
  host.network = wires_.AddHost(HostOf(server), executor, clock_);
  host.server = std::make_unique<TabletServer>(executor, blocking, clock_, random_, host.disk,
                                               host.kv_stores, *host.network, *sessions_,
                                               allow_all_, host.metrics, std::move(options));
  const Status started = Await<Status>([&](auto done) { host.server->Start(std::move(done)); });
  STROM_CHECK(started.ok()) << started.ToString();
  TellViews();
  if (!told_.contains(server)) return;
  for (const auto& [id, bucket] : buckets_) {
    const Leadership& leadership = bucket.leadership;
    if (leadership.leader != ServerId(server)) {
      Tell(server, bucket.table, id.bucket.value());
      continue;
    }
    std::vector<int> isr;
    for (const ServerId member : leadership.isr) isr.push_back(member.value());
    Lead(bucket.table, id.bucket.value(), server, isr);  // Under a new epoch.
  }
}

Status ReplicationFixture::Stop(int server) { return EndStop(server, BeginStop(server)); }

ReplicationFixture::Stopped ReplicationFixture::BeginStop(int server) {
  auto stopped = std::make_shared<std::optional<Status>>();
  HostAt(server).server->Stop(Seconds(1),
                              [stopped](Status status) { stopped->emplace(std::move(status)); });
  return stopped;
}

Status ReplicationFixture::EndStop(int server, const Stopped& stopped) {
  Host& host = HostAt(server);
  STROM_CHECK(scheduler_.RunUntil([&] { return stopped->has_value(); }, Seconds(100)));
  host.server.reset();
  scheduler_.RunReady();  // Nothing of it is left to run.
  host.network.reset();
  TellViews();
  return **stopped;
}

void ReplicationFixture::AnswerStops() {
  for (auto& respond : std::exchange(held_stops_, {})) {
    std::move(respond).Ok(pb::ControlledShutdownResponse());
  }
}

void ReplicationFixture::Crash(int server) {
  Host& host = HostAt(server);
  host.pools.end()[-2]->Shutdown();
  host.pools.back()->Shutdown();
  wires_.CrashHost(HostOf(server));
  host.server.reset();
  host.network.reset();
  host.disk.CrashProcess();
  host.kv_stores.Forget();
}

TableInfo ReplicationFixture::StoreTable(const std::string& name, const std::string& durability,
                                         int buckets) {
  TableDescriptor descriptor = TestTable(LogFormat::kIndexed).descriptor;
  descriptor.distribution->bucket_count = buckets;
  descriptor.custom_properties["strom.durability"] = durability;
  metadata::Assignment assignment;
  for (int i = 0; i < buckets; ++i) assignment[BucketId(i)] = {ServerId(1), ServerId(2)};
  return Await<Result<TableInfo>>([&](auto done) {
           strand_.Post([this, name, descriptor, assignment, done = std::move(done)]() mutable {
             catalog_->CreateTable({"db", name}, descriptor, assignment, 1, std::move(done));
           });
         })
      .value();
}

void ReplicationFixture::Lead(const TableInfo& table, int bucket, int leader,
                              const std::vector<int>& isr) {
  const auto [it, first] =
      buckets_.try_emplace(Bucket(bucket, table.id.value()), Led{.table = table});
  Led& known = it->second;
  known.leadership.leader = ServerId(leader);
  if (!first) {
    known.leadership.leader_epoch = known.leadership.leader_epoch.Next();
    known.leadership.bucket_epoch = known.leadership.bucket_epoch.Next();
  }
  known.leadership.coordinator_epoch = CoordinatorEpoch(1);
  known.leadership.replicas = {ServerId(1), ServerId(2)};
  known.leadership.isr.clear();
  for (const int member : isr) known.leadership.isr.push_back(ServerId(member));
  for (const int server : told_) {
    if (HostAt(server).server) Tell(server, table, bucket);
  }
}

void ReplicationFixture::Tell(int server, const TableInfo& table, int bucket) {
  const Leadership& leadership = buckets_.at(Bucket(bucket, table.id.value())).leadership;
  pb::NotifyLeaderAndIsrRequest request;
  request.set_coordinator_epoch(1);
  auto& entry = *request.add_notify_buckets_leader_req();
  *entry.mutable_physical_table_path() = convert::ToPb(PhysicalTablePath{table.path, std::nullopt});
  *entry.mutable_table_bucket() = convert::ToPb(Bucket(bucket, table.id.value()));
  entry.set_leader(leadership.leader.value());
  entry.set_leader_epoch(leadership.leader_epoch.value());
  entry.set_bucket_epoch(leadership.bucket_epoch.value());
  for (const ServerId replica : leadership.replicas) entry.add_replicas(replica.value());
  for (const ServerId member : leadership.isr) entry.add_isr(member.value());
  const auto told = Call(server, rpc::kNotifyLeaderAndIsr, request).value();
  const Status status = convert::ErrorOf(told.notify_buckets_leader_resp(0));
  STROM_CHECK(status.ok()) << status.ToString();
}

void ReplicationFixture::TellViews() {
  service::ClusterView view;
  view.coordinator = ServerInfo{
      .id = service::kCoordinatorNode,
      .listeners = {{"INTERNAL", {listener_->endpoint().host, listener_->endpoint().port}}},
      .rack = {}};
  for (const auto& [id, host] : hosts_) {
    if (!host->server) continue;
    ServerInfo info{.id = ServerId(id), .listeners = {}, .rack = {}};
    for (const char* name : {"INTERNAL", "FLUSS"}) {
      const rpc::Endpoint& endpoint = *host->server->EndpointOf(name);
      info.listeners[name] = {endpoint.host, endpoint.port};
    }
    view.tablet_servers.emplace(info.id, std::move(info));
  }
  std::map<TablePath, service::TableView> tables;
  for (const auto& [id, known] : buckets_) {
    const auto table = tables.try_emplace(known.table.path,
                                          service::TableView{.info = known.table, .buckets = {}});
    table.first->second.buckets[id.bucket] = {.leader = known.leadership.leader,
                                              .leader_epoch = known.leadership.leader_epoch,
                                              .replicas = known.leadership.replicas};
  }
  for (auto& [path, table] : tables) {
    view.tables[path] = std::make_shared<const service::TableView>(std::move(table));
  }
  const auto request =
      service::MakeUpdateMetadata(view, service::ClusterView(), CoordinatorEpoch(1));
  for (const auto& [id, host] : hosts_) {
    if (host->server) STROM_CHECK(Call(id, rpc::kUpdateMetadata, request).ok());
  }
}

pb::AdjustIsrResponse ReplicationFixture::TakeOver(const pb::AdjustIsrRequest& request) {
  pb::AdjustIsrResponse response;
  for (const auto& table : request.tables_req()) {
    auto& answer = *response.add_tables_resp();
    answer.set_table_id(table.table_id());
    for (const auto& wanted : table.buckets_req()) {
      const TableBucket id = convert::BucketOf(TableId(table.table_id()), wanted);
      auto& entry = *answer.add_buckets_resp();
      convert::SetBucket(id, &entry);
      Leadership& leadership = buckets_.at(id).leadership;
      if (wanted.bucket_epoch() != leadership.bucket_epoch.value()) {
        convert::SetError(Error(ErrorCode::kInvalidUpdateVersion, "{}", id), &entry);
        continue;
      }
      leadership.bucket_epoch = leadership.bucket_epoch.Next();
      leadership.isr.clear();
      for (const int32_t member : wanted.new_isr()) {
        leadership.isr.push_back(ServerId(member));
        entry.add_isr(member);
      }
      entry.set_leader_id(leadership.leader.value());
      entry.set_leader_epoch(leadership.leader_epoch.value());
      entry.set_bucket_epoch(leadership.bucket_epoch.value());
      entry.set_coordinator_epoch(1);
    }
  }
  return response;
}

std::set<int> ReplicationFixture::IsrOf(const TableInfo& table, int bucket) const {
  std::set<int> isr;
  for (const ServerId member : buckets_.at(Bucket(bucket, table.id.value())).leadership.isr) {
    isr.insert(member.value());
  }
  return isr;
}

std::shared_ptr<const rpc::Caller> ReplicationFixture::CallerOn(rpc::Audience audience) {
  return std::make_shared<rpc::Caller>(
      rpc::Caller{.principal = {},
                  .listener = {.name = "TEST", .audience = audience},
                  .address = "test",
                  .carrier = rpc::Carrier::kFramed});
}

ReplicationFixture::Answer ReplicationFixture::SendBytes(
    int server, int16_t api_key, Bytes body, std::shared_ptr<const rpc::Caller> caller) {
  auto answer = std::make_shared<std::optional<Result<Bytes>>>();
  rpc::RequestContext ctx;
  ctx.api_key = api_key;
  ctx.received_at = now();
  ctx.deadline = now() + Seconds(90);
  ctx.request_size = body.size();
  ctx.caller = std::move(caller);
  HostAt(server).server->dispatcher().Dispatch(
      ctx, body, [answer](Result<Bytes> result) { answer->emplace(std::move(result)); });
  return answer;
}

ReplicationFixture::Answer ReplicationFixture::SendProduce(int server, const TableInfo& table,
                                                           int bucket,
                                                           const std::vector<int>& values,
                                                           int acks) {
  pb::ProduceLogRequest request;
  request.set_acks(acks);
  request.set_table_id(table.id.value());
  request.set_timeout_ms(30000);
  auto& entry = *request.add_buckets_req();
  entry.set_bucket_id(bucket);
  entry.set_records(Batch(values));
  return Send(server, rpc::kProduceLog, request, rpc::Audience::kFlussClients);
}

Status ReplicationFixture::StatusOf(const Answer& produce) {
  STROM_ASSIGN_OR_RETURN(const auto response, Parsed<pb::ProduceLogResponse>(produce));
  return convert::ErrorOf(response.buckets_resp(0));
}

Status ReplicationFixture::Produce(int server, const TableInfo& table, int bucket,
                                   const std::vector<int>& values, int acks) {
  const Answer answer = SendProduce(server, table, bucket, values, acks);
  STROM_CHECK(RunUntil([&] { return answer->has_value(); }, Seconds(100)));
  return StatusOf(answer);
}

std::vector<int> ReplicationFixture::Committed(int leader, const TableInfo& table, int bucket) {
  pb::FetchLogRequest request;
  request.set_follower_server_id(-1);
  request.set_max_bytes(1 << 20);
  auto& entry = *request.add_tables_req();
  entry.set_table_id(table.id.value());
  entry.set_projection_pushdown_enabled(false);
  auto& wanted = *entry.add_buckets_req();
  wanted.set_bucket_id(bucket);
  wanted.set_fetch_offset(0);
  wanted.set_max_fetch_bytes(1 << 20);
  const auto response = Call(leader, rpc::kFetchLog, request, rpc::Audience::kFlussClients).value();
  return Values(response.tables_resp(0).buckets_resp(0).records());
}

metadata::TabletServerRegistration ReplicationFixture::RegistrationOf(int server) {
  const auto node = Await<metadata::MetaResult<metadata::Node>>([&](auto done) {
    strand_.Post([this, server, done = std::move(done)]() mutable {
      store_->Get(catalog_->paths().TabletServer(ServerId(server)), nullptr, std::move(done));
    });
  });
  STROM_CHECK(node.ok()) << "server " << server << " is not registered";
  return metadata::TabletServerRegistrationFromJson(node.value.data).value();
}

uint64_t ReplicationFixture::FetchErrorsOf(int server) {
  return HostAt(server).metrics.GetCounter("tabletserver_replica_fetch_errors_total", "").value();
}

uint64_t ReplicationFixture::FetchesAt(int server) {
  return HostAt(server)
      .metrics.GetCounter("tabletserver_request_requests_total", "", {{"request", "FetchLog"}})
      .value();
}

}  // namespace strom::tablet
