#include "common/config/options.h"

#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "common/daemon/config_file.h"
#include "common/daemon/http_page.h"
#include "common/daemon/listeners.h"
#include "common/daemon/platform_options.h"
#include "tests/testing/temp_dir.h"

namespace strom::daemon {
namespace {

config::Config Given(const std::vector<std::string>& settings) {
  return config::Config::Parse("", settings).value();
}

std::vector<ServerListener> Listeners(const std::vector<std::string>& settings) {
  return ReadServerListeners(Given(settings)).value();
}

std::string ListenerProblem(const std::vector<std::string>& settings) {
  const Status status = ReadServerListeners(Given(settings)).status();
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  return std::string(status.message());
}

}  // namespace

TEST_CASE("a file and what stands on top of it make the configuration", "[daemon]") {
  const testing::TempDir dir;
  const std::string path = dir.path() + "/server.yaml";
  std::ofstream(path) << "tablet-server.id: 3\nmax.bucket.num: 9\n";
  const config::Config config = LoadConfig(path, {"tablet-server.id=4"}).value();
  CHECK(config.Get(config::kTabletServerId) == 4);
  CHECK(config.Get(config::kMaxBucketNum) == 9);
  CHECK(LoadConfig("", {}).ok());
  CHECK(LoadConfig(dir.path() + "/none.yaml", {}).status().code() == ErrorCode::kStorage);
  std::ofstream(path) << "tablet-server.ids: 3\n";
  CHECK(LoadConfig(path, {}).status().message() ==
        path + ": unknown option tablet-server.ids; did you mean tablet-server.id?");
}

TEST_CASE("numbers that no server could run with are refused", "[daemon]") {
  const auto problem = [](const std::string& setting) {
    const Status status = LoadConfig("", {setting}).status();
    CHECK(status.code() == ErrorCode::kInvalidConfig);
    return std::string(status.message());
  };
  CHECK(problem("tablet-server.id=-1") ==
        "option tablet-server.id: -1 is not from 0 to 2147483647");
  CHECK(problem("zookeeper.client.session-timeout=0 s").find("session-timeout: 0 is not from") !=
        std::string::npos);
  CHECK(problem("strom.default.durability=often").find("option strom.default.durability: ") == 0);
  CHECK(problem("strom.log.level=loud").find("option strom.log.level: ") == 0);
}

TEST_CASE("options that mean nothing are named once each", "[daemon]") {
  const config::Config config =
      Given({"metrics.reporters=jmx", "zookeeper.address=zk:1", "max.bucket.num=3"});
  CHECK(IgnoredOptionWarnings(config) ==
        std::vector<std::string>{
            "option metrics.reporters is Fluss's and means nothing here: ignored"});
  CHECK(IgnoredOptionWarnings(config, {config::kZookeeperAddress.info, config::kZookeeperRoot.info})
            .size() == 2);
}

TEST_CASE("listeners of a server have the carrier and the audience of their names", "[daemon]") {
  const auto listeners =
      Listeners({"bind.listeners=INTERNAL://127.0.0.1:1, CLIENT://0.0.0.0:2,"
                 "GRPC://127.0.0.1:0",
                 "advertised.listeners=CLIENT://db.example:9", "internal.listener.name=INTERNAL"});
  REQUIRE(listeners.size() == 3);
  CHECK(listeners[0].listen.listener.name == "CLIENT");
  CHECK(listeners[0].listen.endpoint == rpc::Endpoint{"0.0.0.0", 2, rpc::Carrier::kFramed});
  CHECK(listeners[0].listen.listener.audience == rpc::Audience::kFlussClients);
  CHECK(listeners[0].advertised == HostPort{"db.example", 9});
  CHECK(listeners[1].listen.endpoint == rpc::Endpoint{"127.0.0.1", 0, rpc::Carrier::kGrpc});
  CHECK(listeners[1].listen.listener.audience == rpc::Audience::kStromClients);
  CHECK_FALSE(listeners[1].advertised);
  CHECK(listeners[2].listen.listener.audience == rpc::Audience::kServers);
  CHECK(UnreachableWarnings(listeners).empty());
}

TEST_CASE("without a listener of their own servers use the one of the clients", "[daemon]") {
  const auto listeners = Listeners({"bind.listeners=FLUSS://0.0.0.0:9123"});
  REQUIRE(listeners.size() == 1);
  CHECK(listeners[0].listen.listener.audience == rpc::Audience::kServers);
  REQUIRE(UnreachableWarnings(listeners).size() == 1);
  CHECK(UnreachableWarnings(listeners)[0].find("0.0.0.0:9123") != std::string::npos);
}

TEST_CASE("listeners that cannot be meant are refused, and named", "[daemon]") {
  CHECK(ListenerProblem({"bind.listeners=127.0.0.1:1"}).find("bind.listeners: ") == 0);
  CHECK(ListenerProblem({"advertised.listeners=FLUSS://a:0"}).find("advertised.listeners: ") == 0);
  CHECK(ListenerProblem({"advertised.listeners=CLIENT://a:1"}) ==
        "advertised.listeners names CLIENT, which bind.listeners does not bind");
  CHECK(ListenerProblem({"internal.listener.name=INTERNAL"})
            .find("internal.listener.name is INTERNAL: ") == 0);
  CHECK(ListenerProblem({"bind.listeners=GRPC://a:1", "internal.listener.name=GRPC"})
            .find("speaking Fluss's protocol") != std::string::npos);
}

TEST_CASE("a cluster's process finds its ZooKeeper in the configuration", "[daemon]") {
  const RealPlatformOptions options =
      ClusterPlatformOptionsOf(Given({"zookeeper.address=a:1,b:2", "strom.server.max-connections=7",
                                      "zookeeper.client.session-timeout=9 s"}))
          .value();
  REQUIRE(options.zookeeper);
  CHECK(options.zookeeper->connect == "a:1,b:2");
  CHECK(options.zookeeper->session_timeout == Seconds(9));
  CHECK(options.connections_max == 7);
  CHECK_FALSE(PlatformOptionsOf(Given({"zookeeper.address=a:1"})).zookeeper);

  CHECK(ClusterPlatformOptionsOf(Given({})).status().message() ==
        "option zookeeper.address is not set: a cluster needs a ZooKeeper");
  for (const char* root : {"fluss", "/", "/a/", "/a//b", ""}) {
    INFO(root);
    const Status status =
        ClusterPlatformOptionsOf(
            Given({"zookeeper.address=a:1", std::string("zookeeper.path.root=") + root}))
            .status();
    CHECK(status.code() == ErrorCode::kInvalidConfig);
  }
}

TEST_CASE("the page serves where the configuration says, or nowhere", "[daemon]") {
  const metrics::Registry registry;
  const auto start = [&](const std::string& setting) {
    return StartHttpPage(Given({"strom.http.listen=" + setting}), registry,
                         [] { return std::vector{Health("part", false, "broken")}; });
  };
  CHECK(start("").value() == nullptr);
  const auto page = start("127.0.0.1:0").value();
  REQUIRE(page);
  CHECK(page->port() != 0);
  CHECK(start("127.0.0.1").status().message().find("option strom.http.listen: ") == 0);
  CHECK(start("127.0.0.1:" + std::to_string(page->port())).status().code() == ErrorCode::kNetwork);
  CHECK(Health("part", true, "broken").status.ok());
  CHECK(Health("part", false, "broken").status.message() == "broken");
}

}  // namespace strom::daemon
