// The samples in deploy/ are ones that start.
#include <fstream>
#include <regex>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "common/config/options.h"
#include "common/daemon/config_file.h"
#include "common/daemon/listeners.h"
#include "common/daemon/platform_options.h"
#include "tests/testing/source_tree.h"

namespace strom::daemon {
namespace {

config::Config Sample(const std::string& name) {
  return LoadConfig(testing::SourcePath("deploy/" + name), {}).value();
}

// Every key=value that follows a -D in a sample, in groups of those between two programs' names.
std::vector<std::vector<std::string>> SettingsIn(const std::string& name) {
  std::ifstream file(testing::SourcePath("deploy/" + name));
  std::vector<std::vector<std::string>> groups;
  bool expected = false;
  for (std::string word; file >> word;) {
    if (word.starts_with('#')) std::getline(file, word);
    if (word.ends_with("strom-tablet")) groups.emplace_back();
    if (expected && word != "-") {
      groups.back().push_back(std::regex_replace(word, std::regex("%i"), "0"));
      expected = false;
    }
    if (word == "-D") expected = true;
  }
  return groups;
}

}  // namespace

TEST_CASE("the sample configurations of a cluster are accepted and agree", "[daemon]") {
  const config::Config coordinator = Sample("coordinator.yaml");
  const config::Config tablet = Sample("tablet-server.yaml");
  for (const config::Config* config : {&coordinator, &tablet}) {
    CHECK(IgnoredOptionWarnings(*config).empty());
    const auto listeners = ReadServerListeners(*config).value();
    CHECK(listeners.size() == 3);
    CHECK(UnreachableWarnings(listeners).empty());
    for (const ServerListener& listener : listeners) {
      INFO(listener.listen.listener.name);
      REQUIRE(listener.advertised);
      CHECK(listener.advertised->port == listener.listen.endpoint.port);
    }
    const auto zookeeper = ClusterPlatformOptionsOf(*config).value().zookeeper;
    CHECK(zookeeper->connect == "zookeeper:2181");
    CHECK(zookeeper->session_timeout == Seconds(30));
    CHECK(config->Get(config::kZookeeperRoot) == "/fluss");
    CHECK(config->Get(config::kInternalListenerName) == kInternalListener);
  }
  CHECK(tablet.IsSet(config::kTabletServerId.info));
  CHECK(tablet.Get(config::kDataDir) == "/var/lib/strom/tablet-0");
}

TEST_CASE("what the sample units and containers set on top is accepted too", "[daemon]") {
  const std::string path = testing::SourcePath("deploy/tablet-server.yaml");
  std::set<int64_t> ids;
  for (const auto& settings : SettingsIn("compose.yaml")) {
    const config::Config config = LoadConfig(path, settings).value();
    ids.insert(config.Get(config::kTabletServerId));
    const auto listeners = ReadServerListeners(config).value();
    REQUIRE(listeners.size() == 3);
    // The name of its container.
    CHECK(listeners[0].advertised->host ==
          "tablet-" + std::to_string(config.Get(config::kTabletServerId)));
  }
  CHECK(ids == std::set<int64_t>{0, 1, 2});

  const auto unit = SettingsIn("strom-tablet@.service");
  REQUIRE(unit.size() == 1);
  CHECK(unit[0].size() == 2);
  CHECK(LoadConfig(path, unit[0]).value().Get(config::kDataDir) == "/var/lib/strom/tablet-0");
}

}  // namespace strom::daemon
