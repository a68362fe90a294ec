#include "common/daemon/program.h"

#include <csignal>
#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "common/base/logging.h"
#include "common/config/options.h"
#include "common/daemon/exit_code.h"
#include "common/daemon/version.h"
#include "common/io/atomic_file.h"
#include "common/io/posix_file_system.h"
#include "tests/testing/temp_dir.h"

namespace strom::daemon {
namespace {

// What the service below shall do, and what happened to it.
struct Script {
  Status start;
  Status ready;
  Status stop;
  int looks_until_ready = 1;
  int started = 0;
  int stopped = 0;
};

Script* script = nullptr;  // Of the test that runs; programs have no other way to reach it.

// Ends itself as soon as it serves, as a signal would.
class ScriptedService final : public Service {
 public:
  Result<bool> Ready() override {
    STROM_RETURN_IF_ERROR(script->ready);
    if (--script->looks_until_ready > 0) return false;
    runtime::SignalWaiter::Raise(SIGTERM);
    return true;
  }
  Status Stop() override {
    ++script->stopped;
    return script->stop;
  }
};

Result<std::unique_ptr<Service>> Start(const config::Config&) {
  STROM_RETURN_IF_ERROR(script->start);
  ++script->started;
  return std::unique_ptr<Service>(std::make_unique<ScriptedService>());
}

Result<std::vector<std::string>> CheckBuckets(const config::Config& config) {
  if (config.Get(config::kMaxBucketNum) == 13) {
    return Error(ErrorCode::kInvalidConfig, "thirteen buckets bring bad luck");
  }
  return std::vector<std::string>{"it is Friday"};
}

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran Run(std::vector<std::string> arguments, Script* with = nullptr) {
  Script plain;
  script = with ? with : &plain;
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunProgram({.name = "strom-test",
                               .help = "A server that serves nothing",
                               .example = {"strom-test --config x"},
                               .start = Start,
                               .check = CheckBuckets},
                              arguments, out, err);
  REQUIRE(InitLogging({.level = LogLevel::kWarn}).ok());  // The next test's directory is another.
  script = nullptr;
  return {code, out.str(), err.str()};
}

ProgramArguments Parse(const std::vector<std::string>& arguments) {
  return ParseProgramArguments(arguments).value();
}

std::string Problem(const std::vector<std::string>& arguments) {
  const Status status = ParseProgramArguments(arguments).status();
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  return std::string(status.message());
}

std::string LogSetting(const testing::TempDir& dir) {
  return "-Dstrom.log.file=" + dir.path() + "/strom.log";
}

std::string Log(const testing::TempDir& dir) {
  io::PosixFileSystem files;
  return io::ReadWholeFile(files, dir.path() + "/strom.log", 1 << 20).value();
}

}  // namespace

TEST_CASE("arguments of a server are read in every usual form", "[daemon]") {
  CHECK(Parse({}).config_path.empty());
  CHECK(Parse({"--config", "a.yaml"}).config_path == "a.yaml");
  CHECK(Parse({"--config=a=b.yaml"}).config_path == "a=b.yaml");
  const ProgramArguments several = Parse({"-D", "a=1", "-Db=2", "--print-config", "-D", "c=x=y"});
  CHECK(several.overrides == std::vector<std::string>{"a=1", "b=2", "c=x=y"});
  CHECK(several.print_config);
  CHECK_FALSE(several.help);
  CHECK(Parse({"-h"}).help);
  CHECK(Parse({"--version"}).version);
}

TEST_CASE("arguments that are none are refused with what was meant", "[daemon]") {
  CHECK(Problem({"--confg", "x"}) == "unknown argument '--confg'; did you mean --config?");
  CHECK(Problem({"--confg=x"}) == "unknown argument '--confg=x'; did you mean --config?");
  CHECK(Problem({"serve"}).find("unknown argument 'serve'") == 0);
  CHECK(Problem({"--config"}) == "--config needs a value");
  CHECK(Problem({"--print-config", "-D"}) == "-D needs a value");
}

TEST_CASE("help, version and the options are printed without starting anything", "[daemon]") {
  Script counted;
  const Ran help = Run({"--help"}, &counted);
  CHECK(help.code == kExitOk);
  CHECK(help.out.find("Usage: strom-test [--config FILE]") != std::string::npos);
  CHECK(help.out.find("strom-test --config x") != std::string::npos);
  CHECK(Run({"--version"}, &counted).out == std::string("strom-test ") + kVersion + "\n");
  const Ran options = Run({"--print-config", "-D", "max.bucket.num=7"}, &counted);
  CHECK(options.out.find("max.bucket.num: 7\n") != std::string::npos);
  CHECK(options.out.find("zookeeper.path.root: /fluss  # default\n") != std::string::npos);
  CHECK(counted.started == 0);
}

TEST_CASE("a server runs from its start to a signal", "[daemon]") {
  const testing::TempDir dir;
  Script counted;
  counted.looks_until_ready = 3;
  const Ran ran = Run({LogSetting(dir), "-D", "max.bucket.num=7"}, &counted);
  CHECK(ran.code == kExitOk);
  CHECK(ran.err == "strom-test: it is Friday\n");
  CHECK(counted.started == 1);
  CHECK(counted.stopped == 1);
  const std::string log = Log(dir);
  size_t at = 0;
  for (const char* line : {"strom-test ", "option max.bucket.num: 7", "it is Friday",
                           "strom-test serves", "SIGTERM: stopping", "stopped"}) {
    INFO(line);
    at = log.find(line, at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("whatever fails has its exit code, and a started service is stopped", "[daemon]") {
  const testing::TempDir dir;
  SECTION("a wrong argument") { CHECK(Run({"--what"}).code == kExitUsage); }
  SECTION("an unknown option") {
    const Ran ran = Run({"-D", "max.bucket.nun=1"});
    CHECK(ran.code == kExitUsage);
    CHECK(ran.err == "strom-test: unknown option max.bucket.nun; did you mean max.bucket.num?\n");
  }
  SECTION("a configuration that the program refuses") {
    Script counted;
    const Ran ran = Run({LogSetting(dir), "-D", "max.bucket.num=13"}, &counted);
    CHECK(ran.code == kExitUsage);
    CHECK(ran.err == "strom-test: thirteen buckets bring bad luck\n");
    CHECK(counted.started == 0);
  }
  SECTION("a start that fails at once") {
    Script failing{.start = Error(ErrorCode::kNetwork, "port in use")};
    const Ran ran = Run({LogSetting(dir)}, &failing);
    CHECK(ran.code == kExitFailed);
    CHECK(ran.err.find("strom-test: port in use\n") != std::string::npos);
    CHECK(failing.stopped == 0);
  }
  SECTION("a start that fails later") {
    Script failing{.ready = Error(ErrorCode::kInvalidConfig, "a foreign directory")};
    const Ran ran = Run({LogSetting(dir)}, &failing);
    CHECK(ran.code == kExitUsage);
    CHECK(failing.stopped == 1);
    CHECK(Log(dir).find("stopping: ") != std::string::npos);
  }
  SECTION("a stop that fails") {
    Script failing{.stop = Error(ErrorCode::kStorage, "disk full")};
    const Ran ran = Run({LogSetting(dir)}, &failing);
    CHECK(ran.code == kExitFailed);
    CHECK(ran.err.find("strom-test: disk full\n") != std::string::npos);
  }
  SECTION("a log that cannot be written") {
    Script counted;
    CHECK(Run({"-Dstrom.log.file=" + dir.path()}, &counted).code == kExitFailed);
    CHECK(counted.started == 0);
  }
}

}  // namespace strom::daemon
