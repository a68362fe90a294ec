#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/embedded/embedded_meta_store.h"
#include "common/rpc/channel.h"
#include "coordinator/server/coordinator_server.h"
#include "proto/admin.pb.h"
#include "proto/metadata.pb.h"
#include "tests/sim/world/memory_store.h"
#include "tests/testing/cut_sessions.h"
#include "tests/unit/coordinator/server/tablet_fake.h"

namespace strom::coordinator {

// A cluster around real coordinators, in one thread and virtual time: the embedded metadata store,
// scripted tablet servers, and a client.
class CoordinatorWorld {
 public:
  // Answer of a call that may be still open.
  template <class Response>
  using Pending = std::shared_ptr<std::optional<Result<Response>>>;

  explicit CoordinatorWorld(uint64_t seed = 1);
  ~CoordinatorWorld();

  // -- Coordinators, by host name.

  void Launch(const std::string& host, CoordinatorServer::Options options = {});
  // Launches "coordinator" and waits until it leads.
  void Lead(CoordinatorServer::Options options = {});
  bool leads(const std::string& host = "coordinator") const {
    return coordinators_.at(host).started == Status::Ok().code();
  }
  void StopCoordinator(const std::string& host = "coordinator");   // In peace.
  void CrashCoordinator(const std::string& host = "coordinator");  // All tasks are lost.
  CoordinatorServer& server(const std::string& host = "coordinator") {
    return *coordinators_.at(host).server;
  }

  // -- Tablet servers; they are kept when they die.

  TabletFake& AddServer(int32_t id);   // Started.
  TabletFake& MakeServer(int32_t id);  // Not started.
  TabletFake& tablet(int32_t id) { return *tablets_.at(ServerId(id)); }

  // -- A client.

  template <class Request, class Response>
  Pending<Response> Send(const rpc::Method<Request, Response>& method, const Request& request,
                         const std::string& host = "coordinator",
                         MonoDuration timeout = Seconds(100),
                         const std::string& listener = "FLUSS") {
    auto pending = std::make_shared<std::optional<Result<Response>>>();
    rpc::Call(ChannelTo(host, listener), method, request, scheduler.now() + timeout,
              absl::AnyInvocable<void(Result<Response>)>([pending](Result<Response> answer) {
                REQUIRE_FALSE(pending->has_value());
                pending->emplace(std::move(answer));
              }));
    return pending;
  }
  template <class Request, class Response>
  Result<Response> Call(const rpc::Method<Request, Response>& method, const Request& request,
                        const std::string& host = "coordinator",
                        const std::string& listener = "FLUSS") {
    const auto pending = Send(method, request, host, Seconds(100), listener);
    REQUIRE(RunUntil([&] { return pending->has_value(); }, Seconds(101)));
    return **pending;
  }

  static pb::CreateTableRequest TableRequest(const std::string& database, const std::string& table,
                                             int buckets = 1, std::string properties = "");
  static pb::DropTableRequest DropRequest(const std::string& database, const std::string& table,
                                          bool ignore = false);
  static pb::CreateDatabaseRequest DatabaseRequest(const std::string& name, bool ignore = false);
  static pb::DropDatabaseRequest DropDatabaseRequest(const std::string& name, bool cascade,
                                                     bool ignore = false);
  Status CreateDatabase(const std::string& name, bool ignore = false);
  Status CreateTable(const std::string& database, const std::string& table, int buckets = 1,
                     bool ignore = false);
  Status DropTable(const std::string& database, const std::string& table, bool ignore = false);
  Status DropDatabase(const std::string& name, bool cascade, bool ignore = false);
  TableId IdOf(const std::string& database, const std::string& table);
  std::vector<std::string> Databases();
  std::vector<std::string> Tables(const std::string& database);
  pb::MetadataResponse Metadata(const std::string& database, const std::string& table);

  // -- Time.

  bool RunUntil(absl::FunctionRef<bool()> predicate, MonoDuration limit) {
    return scheduler.RunUntil(predicate, limit);
  }
  // Long enough for everything that is under way and needs no repetition.
  void Settle() { scheduler.RunFor(Millis(50)); }

  // -- The metadata store, directly.

  metadata::MetaCode Change(metadata::Op op);
  metadata::MetaResult<metadata::Node> Read(const std::string& path);
  std::vector<std::string> Children(const std::string& path);  // None if there is no such node.

  sim::SimScheduler scheduler;
  sim::SimClock clock{scheduler};
  sim::SimNetwork wires;
  rpc::AllowAll allow_all;
  const rpc::Authorizer* authorizer = &allow_all;

 protected:
  // Through which coordinators come to the metadata store.
  testing::CutSessions& sessions() { return *coordinator_sessions_; }

 private:
  struct Coordinator {
    std::unique_ptr<sim::SimExecutor> executor;
    std::unique_ptr<rpc::Network> network;
    std::unique_ptr<CoordinatorServer> server;
    std::optional<ErrorCode> started;
  };

  rpc::Channel& ChannelTo(const std::string& host, const std::string& listener);

  sim::MemoryStoreFactory stores_;
  std::unique_ptr<metadata::MetaStoreFactory> sessions_;
  std::unique_ptr<testing::CutSessions> coordinator_sessions_;
  sim::SimRandom random_{7};
  runtime::Strand strand_{scheduler};
  std::unique_ptr<metadata::MetaStore> session_;
  std::unique_ptr<rpc::Network> client_;
  // By host and listener.
  std::map<std::string, std::map<std::string, std::shared_ptr<rpc::Channel>>> channels_;
  std::map<ServerId, std::unique_ptr<TabletFake>> tablets_;
  std::map<std::string, Coordinator> coordinators_;
};

// The bucket of a table that is not partitioned.
inline TableBucket BucketOf(TableId table, int32_t bucket) {
  return {.table = table, .partition = std::nullopt, .bucket = BucketId(bucket)};
}

}  // namespace strom::coordinator
