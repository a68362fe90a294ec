#include "tests/unit/tablet/server/server_fixture.h"

#include "common/convert/bucket.h"
#include "common/convert/path.h"
#include "common/metadata/embedded/embedded_meta_store.h"
#include "common/service/update_metadata.h"
#include "proto/cluster.pb.h"
#include "proto/metadata.pb.h"
#include "proto/strom.pb.h"
#include "proto/types.pb.h"

namespace strom::tablet {

ServerFixture::ServerFixture(uint64_t seed)
    : scheduler_(seed), random_(seed), wires_(scheduler_, {.seed = seed}) {
  sessions_ = std::make_unique<testing::ExpiringSessions>(
      metadata::OpenEmbeddedMetaStore(stores_, "/meta").value());
  store_ = sessions_->Connect(strand_, nullptr).value();
  catalog_ = std::make_unique<metadata::CatalogWriter>(*store_, "/fluss");
  const auto led =
      OnCatalog<CoordinatorEpoch>([this](auto done) { catalog_->BecomeLeader(std::move(done)); });
  STROM_CHECK(led.ok()) << led.status().ToString();
  const auto made = OnCatalog<std::monostate>(
      [this](auto done) { catalog_->CreateDatabase("db", {}, 1, std::move(done)); });
  STROM_CHECK(made.ok()) << made.status().ToString();
  ServeLeases();
  Make(DefaultOptions());
}

void ServerFixture::ServeLeases() {
  coordinators_network_ = wires_.AddHost("coordinator", scheduler_, clock_);
  coordinator_.Handle(rpc::kApiVersions,
                      rpc::Handler<pb::ApiVersionsRequest, pb::ApiVersionsResponse>(
                          [this](const rpc::RequestContext& ctx, auto, auto respond) {
                            pb::ApiVersionsResponse response;
                            rpc::FillApiVersions(coordinator_, ctx.listener().audience, &response);
                            std::move(respond).Ok(response);
                          }));
  coordinator_.Handle(
      rpc::kRenewLease,
      rpc::Handler<pb::RenewLeaseRequest, pb::RenewLeaseResponse>(
          [this](const rpc::RequestContext&, auto, auto respond) {
            if (!grants_leases_) {
              return std::move(respond).Fail(Error(ErrorCode::kOperationNotAttempted, "no leases"));
            }
            pb::RenewLeaseResponse response;
            response.set_coordinator_epoch(grantor_);
            response.set_lease_ms(1000);
            ++leases_granted_;
            std::move(respond).Ok(response);
          }));
  coordinators_listener_ = coordinators_network_
                               ->Listen({.endpoint = {.host = "coordinator", .port = 0},
                                         .listener = {"INTERNAL", rpc::Audience::kServers}},
                                        coordinator_)
                               .value();
}

ServerFixture::~ServerFixture() { Die(); }

TabletServer::Options ServerFixture::DefaultOptions() const {
  TabletServer::Options options;
  options.id = kSelf;
  options.data_dir = "/data";
  for (const auto& [name, audience] : {std::pair("INTERNAL", rpc::Audience::kServers),
                                       std::pair("FLUSS", rpc::Audience::kFlussClients)}) {
    options.listeners.push_back({.listen = {.endpoint = {.host = "tablet-3", .port = 0},
                                            .listener = {.name = name, .audience = audience},
                                            .authenticator = nullptr},
                                 .advertised = {}});
  }
  return options;
}

void ServerFixture::Make(TabletServer::Options options) {
  Die();
  executor_ = std::make_unique<sim::SimExecutor>(scheduler_);
  blocking_ = std::make_unique<sim::SimExecutor>(scheduler_);
  network_ = wires_.AddHost("tablet-3", *executor_, clock_);
  server_ = std::make_unique<TabletServer>(*executor_, *blocking_, clock_, random_, disk_,
                                           kv_stores_, *network_, *sessions_, authorizer_, metrics_,
                                           std::move(options));
}

void ServerFixture::Die() {
  if (executor_) executor_->Shutdown();
  if (blocking_) blocking_->Shutdown();
  wires_.CrashHost("tablet-3");  // Its connections do not outlive its pools.
  server_.reset();
  network_.reset();
}

void ServerFixture::Crash() {
  Die();
  disk_.CrashProcess();
  kv_stores_.Forget();
  Make(DefaultOptions());
}

Status ServerFixture::Start() {
  std::optional<Status> started;
  server_->Start([&](Status status) { started = std::move(status); });
  STROM_CHECK(scheduler_.RunUntil([&] { return started.has_value(); }, Seconds(100)));
  return *started;
}

Status ServerFixture::Stop(MonoDuration drain) {
  std::optional<Status> stopped;
  server_->Stop(drain, [&](Status status) { stopped = std::move(status); });
  STROM_CHECK(scheduler_.RunUntil([&] { return stopped.has_value(); }, Seconds(100)));
  server_.reset();
  scheduler_.RunReady();  // Nothing of it is left to run.
  return *stopped;
}

TableInfo ServerFixture::StoreTable(const std::string& name, LogFormat format, int buckets) {
  return StoreTable(name, TestTable(format).descriptor, buckets);
}

TableInfo ServerFixture::StoreTable(const std::string& name, TableDescriptor descriptor,
                                    int buckets) {
  descriptor.distribution->bucket_count = buckets;
  metadata::Assignment assignment;
  for (int i = 0; i < buckets; ++i) assignment[BucketId(i)] = {kSelf};
  return OnCatalog<TableInfo>([this, name, descriptor, assignment](auto done) {
           catalog_->CreateTable({"db", name}, descriptor, assignment, 1, std::move(done));
         })
      .value();
}

pb::NotifyLeaderAndIsrRequest ServerFixture::Notification(const TableInfo& table, int buckets,
                                                          int coordinator_epoch,
                                                          int leader_epoch) const {
  pb::NotifyLeaderAndIsrRequest request;
  request.set_coordinator_epoch(coordinator_epoch);
  for (int i = 0; i < buckets; ++i) {
    auto& entry = *request.add_notify_buckets_leader_req();
    *entry.mutable_physical_table_path() =
        convert::ToPb(PhysicalTablePath{table.path, std::nullopt});
    *entry.mutable_table_bucket() = convert::ToPb(Bucket(i, table.id.value()));
    entry.set_leader(kSelf.value());
    entry.set_leader_epoch(leader_epoch);
    entry.add_replicas(kSelf.value());
    entry.add_isr(kSelf.value());
    entry.set_bucket_epoch(leader_epoch);
  }
  return request;
}

TableId ServerFixture::CreateTable(const std::string& name, LogFormat format, int buckets) {
  const TableInfo table = StoreTable(name, format, buckets);
  LeadTable(table, buckets);
  return table.id;
}

void ServerFixture::LeadTable(const TableInfo& table, int buckets, int coordinator_epoch) {
  service::ClusterView view = *server_->views().Get();
  service::TableView table_view{.info = table, .buckets = {}};
  for (int i = 0; i < buckets; ++i) {
    table_view.buckets[BucketId(i)] = {
        .leader = kSelf, .leader_epoch = LeaderEpoch(0), .replicas = {kSelf}};
  }
  view.tables[table.path] = std::make_shared<service::TableView>(std::move(table_view));
  const bool has_rows = table.descriptor.has_primary_key();
  if (has_rows) {
    const rpc::Endpoint& coordinator = coordinators_listener_->endpoint();
    view.coordinator = ServerInfo{.id = service::kCoordinatorNode,
                                  .listeners = {{"INTERNAL", {coordinator.host, coordinator.port}}},
                                  .rack = {}};
  }
  const auto updated =
      Call(rpc::kUpdateMetadata, service::MakeUpdateMetadata(view, service::ClusterView(),
                                                             CoordinatorEpoch(coordinator_epoch)));
  STROM_CHECK(updated.ok()) << updated.status().ToString();
  const auto notified =
      Call(rpc::kNotifyLeaderAndIsr, Notification(table, buckets, coordinator_epoch));
  for (const auto& entry : notified.value().notify_buckets_leader_resp()) {
    STROM_CHECK(!entry.has_error_code()) << entry.error_code() << entry.error_message();
  }
  if (!has_rows) return;
  const int granted = leases_granted_;
  STROM_CHECK(scheduler_.RunUntil([&] { return leases_granted_ > granted; }, Seconds(2)));
  scheduler_.RunFor(Millis(10));
}

std::shared_ptr<std::optional<Result<Bytes>>> ServerFixture::SendBytes(int16_t api_key, Bytes body,
                                                                       rpc::Audience audience,
                                                                       int16_t api_version) {
  auto pending = std::make_shared<std::optional<Result<Bytes>>>();
  rpc::RequestContext ctx;
  ctx.api_key = api_key;
  ctx.api_version = api_version;
  ctx.received_at = clock_.Now();
  ctx.deadline = clock_.Now() + Seconds(90);
  ctx.request_size = body.size();
  ctx.caller =
      std::make_shared<rpc::Caller>(rpc::Caller{.principal = {},
                                                .listener = {.name = "TEST", .audience = audience},
                                                .address = "test",
                                                .carrier = rpc::Carrier::kFramed});
  server_->dispatcher().Dispatch(ctx, body, [pending](Result<Bytes> answer) {
    STROM_CHECK(!pending->has_value()) << "answered twice";
    pending->emplace(std::move(answer));
  });
  return pending;
}

pb::ProduceLogResponse ServerFixture::Produce(TableId table,
                                              std::vector<std::pair<int, Bytes>> buckets,
                                              int acks) {
  pb::ProduceLogRequest request;
  request.set_acks(acks);
  request.set_table_id(table.value());
  request.set_timeout_ms(1000);
  for (auto& [bucket, records] : buckets) {
    auto& entry = *request.add_buckets_req();
    entry.set_bucket_id(bucket);
    entry.set_records(std::move(records));
  }
  return Call(rpc::kProduceLog, request, rpc::Audience::kFlussClients).value();
}

pb::FetchLogRequest ServerFixture::FetchOf(TableId table,
                                           std::vector<std::pair<int, int64_t>> buckets) const {
  pb::FetchLogRequest request;
  request.set_follower_server_id(-1);
  request.set_max_bytes(1 << 20);
  auto& entry = *request.add_tables_req();
  entry.set_table_id(table.value());
  entry.set_projection_pushdown_enabled(false);
  for (const auto& [bucket, offset] : buckets) {
    auto& wanted = *entry.add_buckets_req();
    wanted.set_bucket_id(bucket);
    wanted.set_fetch_offset(offset);
    wanted.set_max_fetch_bytes(1 << 20);
  }
  return request;
}

}  // namespace strom::tablet
