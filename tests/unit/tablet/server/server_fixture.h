#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/metadata/catalog.h"
#include "common/rpc/message.h"
#include "common/rpc/methods.h"
#include "proto/log.pb.h"
#include "tablet/server/tablet_server.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_network.h"
#include "tests/sim/world/sim_random.h"
#include "tests/sim/world/sim_scheduler.h"
#include "tests/testing/expiring_sessions.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {

// Lets everything through but what is listed.
class ListedRefusals final : public rpc::Authorizer {
 public:
  Status Check(const rpc::RequestContext&, rpc::Operation operation,
               const rpc::Resource& resource) const override {
    if (!refused.contains(operation)) return Status::Ok();
    if (only_table && resource.table_id() != only_table) return Status::Ok();
    return Error(ErrorCode::kAuthorization, "refused {} on '{}'", static_cast<int>(operation),
                 resource.name());
  }
  std::set<rpc::Operation> refused;
  std::optional<TableId> only_table;  // Refuse them for this one only.
};

// A tablet server in a simulated world, called through its dispatcher with serialised messages; the
// test plays the coordinator, of which only leases come by themselves. One thread.
class ServerFixture {
 public:
  explicit ServerFixture(uint64_t seed = 1);
  ~ServerFixture();

  TabletServer::Options DefaultOptions() const;
  // A new process. Start answers what the server's Start did.
  void Make(TabletServer::Options options);
  Status Start();
  Status Stop(MonoDuration drain = Seconds(1));
  // The process dies and takes its session with it.
  void Crash();

  // Makes the table db.<name> in the metadata store, tells the server of it and makes it lead all
  // buckets. Returns the table's id.
  TableId CreateTable(const std::string& name, LogFormat format = LogFormat::kIndexed,
                      int buckets = 2);
  // Tells the server of a stored table and makes it lead all buckets.
  void LeadTable(const TableInfo& table, int buckets, int coordinator_epoch = 1);
  // Whether leases are granted from now on, and by the coordinator of which epoch.
  void GrantLeases(bool grant) { grants_leases_ = grant; }
  void SetGrantor(int epoch) { grantor_ = epoch; }
  // Tasks that may block stand still, or go on.
  void PauseDisk(bool pause) { blocking_->SetPaused(pause); }
  // In the metadata store only.
  TableInfo StoreTable(const std::string& name, TableDescriptor descriptor, int buckets);
  TableInfo StoreTable(const std::string& name, LogFormat format = LogFormat::kIndexed,
                       int buckets = 2);
  pb::NotifyLeaderAndIsrRequest Notification(const TableInfo& table, int buckets,
                                             int coordinator_epoch = 1, int leader_epoch = 0) const;

  // What a call gives, an error in place of the answer included.
  template <class Req, class Resp>
  Result<Resp> Call(const rpc::Method<Req, Resp>& method, const Req& request,
                    rpc::Audience audience = rpc::Audience::kServers) {
    const auto pending = Send(method, request, audience);
    const bool answered = scheduler_.RunUntil([&] { return pending->has_value(); }, Seconds(100));
    STROM_CHECK(answered) << method.name << " was not answered";
    return Parsed<Resp>(**pending);
  }
  // The answer is in the optional once it is there.
  template <class Req, class Resp>
  std::shared_ptr<std::optional<Result<Bytes>>> Send(
      const rpc::Method<Req, Resp>& method, const Req& request,
      rpc::Audience audience = rpc::Audience::kServers, int16_t api_version = 0) {
    return SendBytes(method.api_key, rpc::Serialize(request), audience, api_version);
  }
  template <class Resp>
  static Result<Resp> Parsed(const Result<Bytes>& answer) {
    STROM_RETURN_IF_ERROR(answer.status());
    Resp response;
    STROM_RETURN_IF_ERROR(rpc::Parse(*answer, "test", &response));
    return response;
  }

  // Short forms of the data path.
  pb::ProduceLogResponse Produce(TableId table, std::vector<std::pair<int, Bytes>> buckets,
                                 int acks = -1);
  pb::FetchLogRequest FetchOf(TableId table, std::vector<std::pair<int, int64_t>> buckets) const;

  // Runs a call of a callback interface to its end.
  template <class T, class F>
  Result<T> OnCatalog(F start) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    strand_.Post([answer, start = std::move(start)]() mutable {
      start([answer](Result<T> result) { answer->emplace(std::move(result)); });
    });
    STROM_CHECK(scheduler_.RunUntil([&] { return answer->has_value(); }, Seconds(10)));
    return std::move(**answer);
  }

  TabletServer& server() { return *server_; }
  metadata::CatalogWriter& catalog() { return *catalog_; }
  metadata::MetaStore& store() { return *store_; }
  // The server's is the newest session, once it has one.
  testing::ExpiringSessions& sessions() { return *sessions_; }
  sim::SimScheduler& scheduler() { return scheduler_; }
  sim::SimDisk& disk() { return disk_; }
  sim::SimClock& clock() { return clock_; }
  sim::SimNetwork& wires() { return wires_; }
  metrics::Registry& metrics() { return metrics_; }
  ListedRefusals& authorizer() { return authorizer_; }

 private:
  std::shared_ptr<std::optional<Result<Bytes>>> SendBytes(int16_t api_key, Bytes body,
                                                          rpc::Audience audience,
                                                          int16_t api_version);
  void Die();
  void ServeLeases();

  sim::SimScheduler scheduler_;
  sim::SimClock clock_{scheduler_};
  sim::SimRandom random_;
  sim::SimDisk disk_{{}};
  sim::SimNetwork wires_;
  sim::MemoryStoreFactory stores_;     // Of the metadata.
  sim::MemoryStoreFactory kv_stores_;  // Of primary-key tables.
  std::unique_ptr<testing::ExpiringSessions> sessions_;
  ListedRefusals authorizer_;
  metrics::Registry metrics_;
  // The coordinator's side of the metadata.
  runtime::Strand strand_{scheduler_};
  std::unique_ptr<metadata::MetaStore> store_;
  std::unique_ptr<metadata::CatalogWriter> catalog_;
  // And of the network.
  std::unique_ptr<rpc::Network> coordinators_network_;
  rpc::Dispatcher coordinator_;
  std::unique_ptr<rpc::Listener> coordinators_listener_;
  bool grants_leases_ = true;
  int grantor_ = 1;
  int leases_granted_ = 0;
  // Of one process.
  std::unique_ptr<sim::SimExecutor> executor_;
  std::unique_ptr<sim::SimExecutor> blocking_;
  std::unique_ptr<rpc::Network> network_;
  std::unique_ptr<TabletServer> server_;
};

}  // namespace strom::tablet
