#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/metadata/catalog.h"
#include "common/metadata/zk_json.h"
#include "common/rpc/message.h"
#include "common/rpc/methods.h"
#include "proto/cluster.pb.h"
#include "proto/log.pb.h"
#include "proto/strom.pb.h"
#include "tablet/server/tablet_server.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_network.h"
#include "tests/sim/world/sim_random.h"
#include "tests/sim/world/sim_scheduler.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {

// Tablet servers 1 and 2 in one simulated world, each on a host of its own, with the production
// code between them; the test plays the coordinator, which never acts by itself: it tells leaders
// and takes over what ISRs it is asked to. One thread.
class ReplicationFixture {
 public:
  using Answer = std::shared_ptr<std::optional<Result<Bytes>>>;

  explicit ReplicationFixture(uint64_t seed = 1);
  ~ReplicationFixture();

  // A new process, which is told all there is; it leads what it led under a new epoch.
  void Start(int server);
  Status Stop(int server);
  // The same in two steps; `stopped` is set between them.
  using Stopped = std::shared_ptr<std::optional<Status>>;
  Stopped BeginStop(int server);
  Status EndStop(int server, const Stopped& stopped);
  // The process dies; its files stay as written.
  void Crash(int server);
  static std::string HostOf(int server) { return "tablet-" + std::to_string(server); }

  // A log table db.<name> on both servers, in the metadata store only.
  TableInfo StoreTable(const std::string& name, const std::string& durability = "replicated",
                       int buckets = 1);
  // `leader` leads the bucket from now on, and both servers are told if they run.
  void Lead(const TableInfo& table, int bucket, int leader, const std::vector<int>& isr = {1, 2});
  // Everything but leaders, to all that run.
  void TellViews();
  // Only this server is told of what Lead said last.
  void Tell(int server, const TableInfo& table, int bucket);
  // The leaderships that Lead gives from now on are told to these servers only.
  void TellOnly(std::set<int> servers) { told_ = std::move(servers); }

  template <class Req, class Resp>
  Answer Send(int server, const rpc::Method<Req, Resp>& method, const Req& request,
              rpc::Audience audience = rpc::Audience::kServers) {
    return SendBytes(server, method.api_key, rpc::Serialize(request), CallerOn(audience));
  }
  template <class Req, class Resp>
  Result<Resp> Call(int server, const rpc::Method<Req, Resp>& method, const Req& request,
                    rpc::Audience audience = rpc::Audience::kServers) {
    const Answer answer = Send(server, method, request, audience);
    STROM_CHECK(scheduler_.RunUntil([&] { return answer->has_value(); }, Seconds(100)));
    return Parsed<Resp>(answer);
  }

  // A request on one and the same connection as others with this caller.
  template <class Req, class Resp>
  Answer SendAs(std::shared_ptr<const rpc::Caller> caller, int server,
                const rpc::Method<Req, Resp>& method, const Req& request) {
    return SendBytes(server, method.api_key, rpc::Serialize(request), std::move(caller));
  }
  static std::shared_ptr<const rpc::Caller> CallerOn(rpc::Audience audience);
  template <class Resp>
  static Result<Resp> Parsed(const Answer& answer) {
    STROM_CHECK(answer->has_value()) << "not answered";
    STROM_RETURN_IF_ERROR((*answer)->status());
    Resp response;
    STROM_RETURN_IF_ERROR(rpc::Parse(***answer, "test", &response));
    return response;
  }

  // A produce of these values in one batch.
  Answer SendProduce(int server, const TableInfo& table, int bucket, const std::vector<int>& values,
                     int acks = -1);
  // Its error; OK once it is committed. Runs until it is answered.
  Status Produce(int server, const TableInfo& table, int bucket, const std::vector<int>& values,
                 int acks = -1);
  static Status StatusOf(const Answer& produce);
  // What is committed in a bucket as its leader shows it.
  std::vector<int> Committed(int leader, const TableInfo& table, int bucket);

  // As the coordinator heard and holds them.
  const std::vector<pb::AdjustIsrRequest>& isr_requests() const { return isr_requests_; }
  std::set<int> IsrOf(const TableInfo& table, int bucket) const;
  // The reports of failed replicas that the coordinator heard. It does nothing about them.
  const std::vector<pb::ReportFailedReplicasRequest>& failure_reports() const {
    return failure_reports_;
  }
  // The node of a server that runs.
  metadata::TabletServerRegistration RegistrationOf(int server);
  // Servers that want to stop, whom the coordinator answers at once, or when the test says so.
  const std::vector<pb::ControlledShutdownRequest>& stop_requests() const { return stop_requests_; }
  void HoldStops() { holds_stops_ = true; }
  void AnswerStops();
  // AdjustIsr fails with this from now on.
  void RefuseIsr(Status why) { refuse_isr_ = std::move(why); }

  bool RunUntil(absl::FunctionRef<bool()> predicate, MonoDuration limit = Seconds(20)) {
    return scheduler_.RunUntil(predicate, limit);
  }
  MonoTime now() const { return scheduler_.now(); }
  uint64_t FetchErrorsOf(int server);
  uint64_t FetchesAt(int server);
  sim::SimScheduler& scheduler() { return scheduler_; }
  sim::SimNetwork& wires() { return wires_; }
  sim::SimDisk& disk(int server) { return HostAt(server).disk; }

 private:
  struct Host {
    sim::SimDisk disk{{}};
    sim::MemoryStoreFactory kv_stores;
    metrics::Registry metrics;
    // Of one process; older pools are kept, since connections that end name them.
    std::vector<std::unique_ptr<sim::SimExecutor>> pools;
    std::unique_ptr<rpc::Network> network;
    std::unique_ptr<TabletServer> server;
  };
  struct Led {
    TableInfo table;
    Leadership leadership;
  };

  Host& HostAt(int server) { return *hosts_.at(server); }
  Answer SendBytes(int server, int16_t api_key, Bytes body,
                   std::shared_ptr<const rpc::Caller> caller);
  pb::AdjustIsrResponse TakeOver(const pb::AdjustIsrRequest& request);

  template <class T, class F>
  T Await(F start) {
    auto answer = std::make_shared<std::optional<T>>();
    start([answer](T value) { answer->emplace(std::move(value)); });
    STROM_CHECK(scheduler_.RunUntil([&] { return answer->has_value(); }, Seconds(100)));
    return std::move(**answer);
  }

  sim::SimScheduler scheduler_;
  sim::SimClock clock_{scheduler_};
  sim::SimRandom random_;
  sim::SimNetwork wires_;
  sim::MemoryStoreFactory meta_stores_;
  std::unique_ptr<metadata::MetaStoreFactory> sessions_;
  rpc::AllowAll allow_all_;
  // The coordinator.
  sim::SimExecutor executor_{scheduler_};
  runtime::Strand strand_{executor_};
  std::unique_ptr<metadata::MetaStore> store_;
  std::unique_ptr<metadata::CatalogWriter> catalog_;
  std::unique_ptr<rpc::Network> network_;
  rpc::Dispatcher dispatcher_;
  std::unique_ptr<rpc::Listener> listener_;
  std::map<TableBucket, Led> buckets_;
  std::vector<pb::AdjustIsrRequest> isr_requests_;
  std::vector<pb::ReportFailedReplicasRequest> failure_reports_;
  std::vector<pb::ControlledShutdownRequest> stop_requests_;
  bool holds_stops_ = false;
  std::vector<rpc::Responder<pb::ControlledShutdownResponse>> held_stops_;
  Status refuse_isr_;
  std::set<int> told_{1, 2};

  std::map<int, std::unique_ptr<Host>> hosts_;
};

}  // namespace strom::tablet
