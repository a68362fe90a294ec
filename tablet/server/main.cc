// strom-tablet: a tablet server as a process of its own, with the metadata in ZooKeeper and its
// logs in data.dir.
#include <iostream>

#include "common/config/options.h"
#include "common/daemon/config_file.h"
#include "common/daemon/ending.h"
#include "common/daemon/http_page.h"
#include "common/daemon/listeners.h"
#include "common/daemon/platform_options.h"
#include "common/daemon/program.h"
#include "tablet/server/tablet_config.h"

namespace strom::tablet {
namespace {

// In the order in which they are made; what comes later uses what stands before.
class TabletProcess final : public daemon::Service {
 public:
  static Result<std::unique_ptr<daemon::Service>> Start(const config::Config& config) {
    STROM_ASSIGN_OR_RETURN(const auto listeners, daemon::ReadServerListeners(config));
    STROM_ASSIGN_OR_RETURN(const auto options, daemon::ClusterPlatformOptionsOf(config));
    STROM_ASSIGN_OR_RETURN(auto platform, RealPlatform::Start(options));
    TabletServer::Options server = TabletOptionsOf(config);
    server.listeners = daemon::ListenersAs<TabletServer::ListenerOptions>(listeners);
    std::unique_ptr<TabletProcess> process(
        new TabletProcess(std::move(platform), std::move(server)));
    STROM_ASSIGN_OR_RETURN(
        process->page_, daemon::StartHttpPage(config, process->registry_, [p = process.get()] {
          return std::vector{
              daemon::Health("registration", p->Registered(), "it is not in the cluster yet"),
              daemon::Health("coordinator", p->Known(), "no coordinator has told it of itself")};
        }));
    process->server_.Start(process->started_.Callback());
    return std::unique_ptr<daemon::Service>(std::move(process));
  }

  // Once it is registered: the coordinator may come later.
  Result<bool> Ready() override {
    if (!started_.ended()) return false;
    STROM_RETURN_IF_ERROR(
        started_.status().WithContext(fmt::format("tablet server {}", options_.id)));
    return true;
  }

  Status Stop() override {
    started_.Wait();
    daemon::Ending stopped;
    server_.Stop(daemon::kDrain, stopped.Callback());
    const Status status = stopped.Wait();
    page_.reset();
    return status;
  }

 private:
  TabletProcess(std::unique_ptr<RealPlatform> platform, TabletServer::Options options)
      : platform_(std::move(platform)),
        options_(std::move(options)),
        server_(world().executor, world().blocking, world().clock, world().random, world().files,
                world().stores, world().network, world().sessions, authorizer_, registry_,
                options_) {}

  Platform& world() { return platform_->get(); }
  bool Registered() const { return started_.ended() && started_.status().ok(); }
  bool Known() const { return server_.views().Get()->tablet_servers.contains(options_.id); }

  const std::unique_ptr<RealPlatform> platform_;
  metrics::Registry registry_;
  rpc::AllowAll authorizer_;
  const TabletServer::Options options_;
  TabletServer server_;
  daemon::Ending started_;
  std::unique_ptr<http::HttpServer> page_;
};

Result<std::vector<std::string>> Check(const config::Config& config) {
  STROM_ASSIGN_OR_RETURN(const auto listeners, daemon::ReadServerListeners(config));
  STROM_RETURN_IF_ERROR(daemon::ClusterPlatformOptionsOf(config).status());
  if (config.Get(config::kDataDir).empty()) {
    return Error(ErrorCode::kInvalidConfig, "option {} is not set: a tablet server needs a place",
                 config::kDataDir.info.key);
  }
  if (!config.IsSet(config::kTabletServerId.info)) {
    return Error(ErrorCode::kInvalidConfig, "option {} is not set: each server has its own",
                 config::kTabletServerId.info.key);
  }
  std::vector<std::string> warnings = daemon::IgnoredOptionWarnings(config);
  for (std::string& warning : daemon::UnreachableWarnings(listeners)) {
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace
}  // namespace strom::tablet

int main(int argc, char** argv) {
  return strom::daemon::RunProgram(
      {.name = "strom-tablet",
       .help = "A tablet server of a Strom cluster: holds buckets and serves them",
       .example = {"strom-tablet --config deploy/tablet-server.yaml -D tablet-server.id=1",
                   "strom-tablet -D zookeeper.address=zk1:2181 -D tablet-server.id=0 "
                   "-D data.dir=/var/lib/strom"},
       .start = strom::tablet::TabletProcess::Start,
       .check = strom::tablet::Check},
      {argv + 1, argv + argc}, std::cout, std::cerr);
}
