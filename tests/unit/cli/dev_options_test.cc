#include "cli/dev_options.h"

#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "cli/dev_directory.h"
#include "common/config/options.h"
#include "common/io/atomic_file.h"
#include "common/io/posix_file_system.h"
#include "tests/testing/source_tree.h"
#include "tests/testing/temp_dir.h"

namespace strom::cli {
namespace {

using Texts = std::map<std::string, Arguments::Texts, std::less<>>;

Arguments Given(Texts given) {
  Texts texts;
  for (const OptionSpec& option : DevOptionSpecs()) texts[option.key()] = {};
  for (auto& [name, values] : given) texts[name] = values;
  return Arguments(std::move(texts));
}

DevOptions Read(Texts given) { return ReadDevOptions(Given(std::move(given))).value(); }

std::string Problem(Texts given) {
  const Status status = ReadDevOptions(Given(std::move(given))).status();
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  return std::string(status.message());
}

std::string WriteFile(const testing::TempDir& dir, const std::string& text) {
  const std::string path = dir.path() + "/server.yaml";
  std::ofstream(path) << text;
  return path;
}

}  // namespace

TEST_CASE("ports follow the one that is given", "[cli]") {
  const DevListeners plain = Read({}).listeners;
  CHECK(plain.coordinator.bind == HostPort{"127.0.0.1", 9123});
  CHECK(plain.tablet.bind == HostPort{"127.0.0.1", 9124});
  CHECK(plain.coordinator_grpc.bind == HostPort{"127.0.0.1", 9125});
  CHECK(plain.tablet_grpc.bind == HostPort{"127.0.0.1", 9126});
  CHECK(plain.http == HostPort{"127.0.0.1", 9127});

  const DevListeners any = Read({{"--listen", {":0"}}}).listeners;
  for (const auto& bind : {any.coordinator.bind, any.tablet.bind, any.coordinator_grpc.bind,
                           any.tablet_grpc.bind, any.http}) {
    CHECK(bind == HostPort{"127.0.0.1", 0});
  }

  const DevListeners each =
      Read({{"--listen", {"0.0.0.0:1000"}}, {"--grpc", {"10.0.0.1:2000"}}, {"--http", {":3000"}}})
          .listeners;
  CHECK(each.tablet.bind == HostPort{"0.0.0.0", 1001});
  CHECK(each.tablet_grpc.bind == HostPort{"10.0.0.1", 2001});
  CHECK(each.http == HostPort{"127.0.0.1", 3000});
  CHECK(Problem({{"--listen", {":65535"}}}).find("no port") != std::string::npos);
}

TEST_CASE("a server.yaml gives listeners too, and options on the command line win", "[cli]") {
  const testing::TempDir dir;
  const std::string path = WriteFile(dir,
                                     "bind.listeners: FLUSS://0.0.0.0:5000,GRPC://0.0.0.0:6000\n"
                                     "advertised.listeners: FLUSS://db.example:5000\n"
                                     "data.dir: /srv/strom\nlog.segment.file-size: 64mb\n");
  const DevOptions read = Read({{"--config", {path}}});
  CHECK(read.data_dir == "/srv/strom");
  CHECK(read.listeners.coordinator.bind == HostPort{"0.0.0.0", 5000});
  CHECK(read.listeners.coordinator.advertised == HostPort{"db.example", 5000});
  CHECK(read.listeners.tablet.advertised == HostPort{"db.example", 5001});
  CHECK(read.listeners.coordinator_grpc.bind == HostPort{"0.0.0.0", 6000});
  CHECK_FALSE(read.listeners.coordinator_grpc.advertised);
  CHECK(read.config.Get(config::kLogSegmentFileSize) == 64 << 20);

  const DevOptions over = Read({{"--config", {path}},
                                {"--set", {"log.segment.file-size=1mb"}},
                                {"--data", {"/tmp/x"}},
                                {"--listen", {":7000"}}});
  CHECK(over.data_dir == "/tmp/x");
  CHECK(over.listeners.coordinator.bind == HostPort{"127.0.0.1", 7000});
  CHECK(over.config.Get(config::kLogSegmentFileSize) == 1 << 20);
  CHECK(Read({}).data_dir == "strom-data");
}

TEST_CASE("a configuration that cannot be meant is refused, and named", "[cli]") {
  const testing::TempDir dir;
  const std::string path = WriteFile(dir, "log.segment.filesize: 1\n");
  CHECK(Problem({{"--config", {path}}}) ==
        path + ": unknown option log.segment.filesize; did you mean log.segment.file-size?");
  CHECK(Problem({{"--set", {"tablet-server.id=-1"}}}) ==
        "option tablet-server.id: -1 is not from 0 to 2147483647");
  CHECK(Problem({{"--set", {"log.segment.file-size=0"}}}).find("log.segment.file-size: 0") !=
        std::string::npos);
  CHECK(Problem({{"--set", {"strom.log.level=loud"}}}).find("option strom.log.level: ") == 0);
  CHECK(Problem({{"--set", {"bind.listeners=CLIENT://a:1"}}}).find("not CLIENT") !=
        std::string::npos);
  CHECK(Problem({{"--set", {"bind.listeners=a:1"}}}).find("bind.listeners: ") == 0);
  CHECK(Problem({{"--listen", {":0"}}, {"--set", {"advertised.listeners=FLUSS://a:1"}}})
            .find("any free port") != std::string::npos);
  CHECK(ReadDevOptions(Given({{"--config", {dir.path() + "/none.yaml"}}})).status().code() ==
        ErrorCode::kStorage);
}

TEST_CASE("the sample configuration is one that is accepted", "[cli]") {
  const DevOptions options = Read({{"--config", {testing::SourcePath("deploy/server.yaml")}}});
  CHECK(options.config.ignored_keys().empty());
  CHECK(options.config.Get(config::kLogSegmentFileSize) == 256 << 20);
  CHECK(options.listeners.tablet.advertised == HostPort{"localhost", 9124});
  CHECK(options.listeners.tablet_grpc.bind == HostPort{"0.0.0.0", 9126});
}

TEST_CASE("every option's default is in its range", "[cli]") {
  CHECK(ReadDevOptions(Given({})).ok());
}

TEST_CASE("a data directory is one process's at a time", "[cli]") {
  const testing::TempDir dir;
  io::PosixFileSystem files;
  const std::string path = dir.path() + "/a/b";
  {
    const DevDirectory held = DevDirectory::Open(files, path).value();
    const Status second = DevDirectory::Open(files, path).status();
    CHECK(second.code() == ErrorCode::kStorage);
    CHECK(second.message().find(path + " is in use by another process") == 0);
  }
  CHECK(DevDirectory::Open(files, path).ok());
}

TEST_CASE("a directory with something else in it is left alone", "[cli]") {
  const testing::TempDir dir;
  io::PosixFileSystem files;
  std::ofstream(dir.path() + "/letter.txt") << "dear";
  const Status status = DevDirectory::Open(files, dir.path()).status();
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  CHECK(status.message().find("it holds letter.txt") != std::string::npos);
  CHECK(files.List(dir.path()).value().size() == 1);
}

TEST_CASE("endpoints appear whole, and those of a killed process go at the start", "[cli]") {
  const testing::TempDir dir;
  io::PosixFileSystem files;
  {
    DevDirectory directory = DevDirectory::Open(files, dir.path()).value();
    REQUIRE(directory.WriteEndpoints({{"B", "2"}, {"A", "x:1"}}).ok());
    CHECK(io::ReadWholeFile(files, directory.endpoints_path(), 100).value() == "A=x:1\nB=2\n");
  }
  DevDirectory directory = DevDirectory::Open(files, dir.path()).value();
  CHECK_FALSE(files.Exists(directory.endpoints_path()).value());
  CHECK(directory.RemoveEndpoints().ok());
}

}  // namespace strom::cli
