// strom-coordinator: a coordinator as a process of its own, with the metadata in ZooKeeper. It
// needs no data directory.
#include <iostream>
#include <optional>

#include "common/config/options.h"
#include "common/daemon/config_file.h"
#include "common/daemon/ending.h"
#include "common/daemon/http_page.h"
#include "common/daemon/listeners.h"
#include "common/daemon/platform_options.h"
#include "common/daemon/program.h"
#include "common/remote/directory_object_store.h"
#include "common/service/rpc_metrics.h"
#include "coordinator/server/coordinator_config.h"

namespace strom::coordinator {
namespace {

// In the order in which they are made; what comes later uses what stands before.
class CoordinatorProcess final : public daemon::Service {
 public:
  static Result<std::unique_ptr<daemon::Service>> Start(const config::Config& config) {
    STROM_ASSIGN_OR_RETURN(const auto listeners, daemon::ReadServerListeners(config));
    STROM_ASSIGN_OR_RETURN(const auto options, daemon::ClusterPlatformOptionsOf(config));
    STROM_ASSIGN_OR_RETURN(auto platform, RealPlatform::Start(options));
    CoordinatorServer::Options server = CoordinatorOptionsOf(config);
    server.listeners = daemon::ListenersAs<CoordinatorServer::ListenerOptions>(listeners);
    std::unique_ptr<remote::ObjectStore> objects;
    if (const std::string remote = config.Get(config::kRemoteDataDir); !remote.empty()) {
      STROM_ASSIGN_OR_RETURN(std::string root, remote::DirectoryOfRemoteDataDir(remote));
      objects =
          std::make_unique<remote::DirectoryObjectStore>(platform->get().files, std::move(root));
      server.objects = objects.get();
      server.blocking = &platform->get().blocking;
    }
    std::unique_ptr<CoordinatorProcess> process(
        new CoordinatorProcess(std::move(platform), std::move(objects), std::move(server)));
    STROM_ASSIGN_OR_RETURN(
        process->page_, daemon::StartHttpPage(config, process->registry_, [p = process.get()] {
          return std::vector{
              daemon::Health("coordinator", p->Leads(), "it does not lead: it waits its turn")};
        }));
    process->server_.Start(process->started_.Callback());
    return std::unique_ptr<daemon::Service>(std::move(process));
  }

  Result<bool> Ready() override {
    if (!started_.ended()) return false;
    STROM_RETURN_IF_ERROR(started_.status().WithContext("coordinator"));
    return true;
  }

  Status Stop() override {
    daemon::Ending stopped;
    server_.Stop(daemon::kDrain, [done = stopped.Callback()]() mutable { done(Status::Ok()); });
    stopped.Wait();
    page_.reset();
    return Status::Ok();
  }

 private:
  CoordinatorProcess(std::unique_ptr<RealPlatform> platform,
                     std::unique_ptr<remote::ObjectStore> objects,
                     CoordinatorServer::Options options)
      : platform_(std::move(platform)),
        objects_(std::move(objects)),
        rpc_metrics_(rpc::Role::kCoordinator, registry_, world().clock),
        server_(world().executor, world().clock, world().random, world().network, world().sessions,
                authorizer_, WithMetrics(std::move(options))) {
    const auto gauge = [this](const char* name, const char* help,
                              double (*read)(const service::ClusterView&)) {
      registry_.AddCallback(name, help, {}, [this, read] { return read(*server_.views().Get()); });
    };
    gauge("coordinator_active_tabletserver_count", "tablet servers that live",
          [](const service::ClusterView& view) {
            return static_cast<double>(view.tablet_servers.size());
          });
    gauge("coordinator_table_count", "tables",
          [](const service::ClusterView& view) { return static_cast<double>(view.tables.size()); });
    const auto count = [this](const char* name, const char* help,
                              int64_t (*read)(const ReplicaTotals&)) {
      registry_.AddCallback(name, help, {},
                            [this, read] { return static_cast<double>(read(server_.totals())); });
    };
    count("coordinator_bucket_count", "buckets",
          [](const ReplicaTotals& totals) { return totals.buckets; });
    count("coordinator_offline_bucket_count", "buckets that nobody leads",
          [](const ReplicaTotals& totals) { return totals.buckets - totals.led; });
    count("coordinator_bereft_bucket_count",
          "buckets that nobody may lead: their last complete replica was on a disk that its server "
          "came back without",
          [](const ReplicaTotals& totals) { return totals.bereft; });
    count("coordinator_shrunk_bucket_count", "buckets with replicas that are not in sync",
          [](const ReplicaTotals& totals) { return totals.shrunk; });
  }

  CoordinatorServer::Options WithMetrics(CoordinatorServer::Options options) {
    options.dispatcher.observer = &rpc_metrics_;
    return options;
  }

  Platform& world() { return platform_->get(); }
  bool Leads() const { return server_.views().Get()->coordinator.has_value(); }

  const std::unique_ptr<RealPlatform> platform_;
  const std::unique_ptr<remote::ObjectStore> objects_;  // nullptr without remote.data.dir.
  metrics::Registry registry_;
  service::RpcMetrics rpc_metrics_;
  rpc::AllowAll authorizer_;
  CoordinatorServer server_;
  daemon::Ending started_;
  std::unique_ptr<http::HttpServer> page_;
};

Result<std::vector<std::string>> Check(const config::Config& config) {
  STROM_ASSIGN_OR_RETURN(const auto listeners, daemon::ReadServerListeners(config));
  STROM_RETURN_IF_ERROR(daemon::ClusterPlatformOptionsOf(config).status());
  std::vector<std::string> warnings = daemon::IgnoredOptionWarnings(config);
  for (std::string& warning : daemon::UnreachableWarnings(listeners)) {
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace
}  // namespace strom::coordinator

int main(int argc, char** argv) {
  return strom::daemon::RunProgram(
      {.name = "strom-coordinator",
       .help = "A coordinator of a Strom cluster: decides about tables and leaders",
       .example = {"strom-coordinator --config deploy/coordinator.yaml",
                   "strom-coordinator -D zookeeper.address=zk1:2181,zk2:2181"},
       .start = strom::coordinator::CoordinatorProcess::Start,
       .check = strom::coordinator::Check},
      {argv + 1, argv + argc}, std::cout, std::cerr);
}
