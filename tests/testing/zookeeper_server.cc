#include "tests/testing/zookeeper_server.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>

namespace strom::testing {
namespace {

// Its manifest names the jars it needs.
constexpr const char* kJar = "/usr/share/java/zookeeper.jar";
constexpr const char* kJava = "/usr/bin/java";

}  // namespace

bool ZooKeeperServer::Installed() {
  return std::filesystem::exists(kJar) && std::filesystem::exists(kJava);
}

ZooKeeperServer::ZooKeeperServer() {
  std::ofstream config(dir_.path() + "/zoo.cfg");
  config << fmt::format(
      "tickTime={}\n"
      "dataDir={}/data\n"
      "clientPort={}\n"
      "clientPortAddress=127.0.0.1\n"
      "admin.enableServer=false\n"
      "maxClientCnxns=0\n",
      kTickMs, dir_.path(), port_);
  STROM_CHECK(config.flush().good()) << dir_.path();
}

void ZooKeeperServer::Start() {
  STROM_CHECK(!process_);
  process_ = ChildProcess::Start(
                 {.command = {kJava, "-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                              "-Dzookeeper.preAllocSize=64", "-Dzookeeper.forceSync=no",
                              "-Dzookeeper.jmx.log4j.disable=true", "-cp", kJar,
                              "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                              dir_.path() + "/zoo.cfg"},
                  .output_file = dir_.path() + "/output"})
                 .value();
}

void ZooKeeperServer::Stop() { process_.reset(); }

std::string ZooKeeperServer::address() const { return fmt::format("127.0.0.1:{}", port_); }

}  // namespace strom::testing
