// The job commands against a whole cluster in this process.
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/dev_server.h"
#include "client/include/strom/strom.h"
#include "common/io/posix_file_system.h"
#include "common/runtime/notification.h"
#include "tests/testing/temp_dir.h"

namespace strom::cli {
namespace {

struct Ran {
  int code;
  std::string out;
  std::string err;
};

class Cluster {
 public:
  explicit Cluster(const std::string& path)
      : directory_(DevDirectory::Open(files_, path).value()),
        server_(DevServer::Create(
                    {.data_dir = path,
                     .config = config::Config::Parse("", {"strom.worker.slots=0"}).value(),
                     .listeners = {}},
                    directory_)
                    .value()) {
    // Nothing tells when it is ready but asking.
    const runtime::Notification never;
    while (!server_->Ready().value()) (void)never.WaitFor(Millis(2));
    connection_ = client::Connection::Open({.bootstrap_servers = {Endpoint("STROM_GRPC")},
                                            .carrier = client::Carrier::kGrpc})
                      .value();
  }
  ~Cluster() {
    connection_.reset();
    REQUIRE(server_->Stop().ok());
  }

  client::Jobs& jobs() { return connection_->jobs(); }
  std::string Endpoint(const std::string& name) { return server_->Endpoints().at(name); }

  Ran Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--server", Endpoint("STROM_GRPC")});
    return RunAt(arguments);
  }
  static Ran RunAt(const std::vector<std::string>& arguments) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err};
    const int code = RunCommandLine(CommandTree(), arguments, console);
    return {code, out.str(), err.str()};
  }

 private:
  io::PosixFileSystem files_;
  DevDirectory directory_;
  std::unique_ptr<DevServer> server_;
  std::unique_ptr<client::Connection> connection_;
};

const JobDefinition kJob{.name = "dwd.meters",
                         .kind = JobKind::kLayer,
                         .group = "dwd.meters",
                         .target = "dwd.meters",
                         .sources = {"ods.a", "ods.b"},
                         .script = "INSERT INTO dwd.meters SELECT 1",
                         .settings = {{"strom.clock", "frozen"}}};

WorkerReport Report(JobPhase phase) {
  return {.worker = "w1",
          .incarnation = "1",
          .address = "h:1",
          .kinds = {JobKind::kLayer},
          .slots = 1,
          .groups = {{.fence = {"dwd.meters", 1},
                      .jobs = {{.job = "dwd.meters",
                                .phase = phase,
                                .error = "",
                                .text = "rebuilt",
                                .counters = {{"rows_in", 42}},
                                .lag_ms = 7}}}}};
}

}  // namespace

TEST_CASE("jobs are listed, shown, stopped, started and dropped", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  CHECK(cluster.Run({"job", "list", "--format", "csv"}).out ==
        "job,kind,state,worker,lag_ms,rows_in,rows_out,batches,cpu_ms,target,status,error\n");
  REQUIRE(cluster.jobs().Register(kJob).Get().ok());
  CHECK(cluster.Run({"job", "list", "--format", "csv"}).out ==
        "job,kind,state,worker,lag_ms,rows_in,rows_out,batches,cpu_ms,target,status,error\n"
        "dwd.meters,layer,waiting,,,,,,,dwd.meters,,\n");
  WorkerReport idle = Report(JobPhase::kRunning);
  idle.groups.clear();
  REQUIRE(cluster.jobs().Heartbeat(idle).Get()->assignments.size() == 1);
  REQUIRE(cluster.jobs().Heartbeat(Report(JobPhase::kRunning)).Get().ok());
  CHECK(cluster.Run({"job", "list", "--format", "json"}).out ==
        R"({"job":"dwd.meters","kind":"layer","state":"running","worker":"w1","lag_ms":7,)"
        R"("rows_in":42,"rows_out":null,"batches":null,"cpu_ms":null,)"
        R"("target":"dwd.meters","status":"rebuilt","error":null})"
        "\n");
  const Ran table = cluster.Run({"job", "list"});
  CHECK(table.out.find("dwd.meters | layer | running | w1") != std::string::npos);
  CHECK(table.out.find("(1 row)") != std::string::npos);

  const Ran shown = cluster.Run({"job", "show", "dwd.meters", "--format", "csv"});
  CHECK(shown.code == kExitOk);
  for (const char* line :
       {"job,dwd.meters\n", "kind,layer\n", "sources,\"ods.a, ods.b\"\n", "goal,run\n",
        "state,running\n", "worker,w1\n", "worker address,h:1\n", "epoch,1\n", "lag_ms,7\n",
        "counter rows_in,42\n", "setting strom.clock,frozen\n",
        "script,INSERT INTO dwd.meters SELECT 1\n"}) {
    INFO(line);
    CHECK(shown.out.find(line) != std::string::npos);
  }

  CHECK(cluster.Run({"job", "stop", "dwd.meters"}).code == kExitOk);
  REQUIRE(cluster.jobs().Heartbeat(Report(JobPhase::kStopped)).Get().ok());
  CHECK(cluster.Run({"job", "list", "--format", "csv"}).out.find("layer,stopped,w1") !=
        std::string::npos);
  const Ran started = cluster.Run({"job", "start", "dwd.meters"});
  CHECK(started.code == kExitOk);
  CHECK(started.out.empty());
  CHECK(cluster.Run({"job", "drop", "dwd.meters"}).code == kExitOk);
  CHECK(cluster.Run({"job", "list", "--format", "csv"}).out.find("dropping") != std::string::npos);
  REQUIRE(cluster.jobs().Heartbeat(Report(JobPhase::kCleanedUp)).Get().ok());
  CHECK(cluster.Run({"job", "list", "--format", "json"}).out.empty());
}

TEST_CASE("what is wrong with a job command is said, with its exit code", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  for (const char* action : {"show", "stop", "start", "drop"}) {
    const Ran ran = cluster.Run({"job", action, "nobody"});
    CHECK(ran.code == kExitFailed);
    CHECK(ran.out.empty());
    CHECK(ran.err.find("job nobody") != std::string::npos);
    CHECK(ran.err.find("does not exist") != std::string::npos);
    CHECK(Cluster::RunAt({"job", action}).code == kExitUsage);
  }
  CHECK(Cluster::RunAt({"job", "list", "--format", "xml"}).code == kExitUsage);
  // The listener for Fluss's clients.
  const Ran fluss = Cluster::RunAt(
      {"job", "list", "--transport", "framed", "--server", cluster.Endpoint("STROM_SERVER")});
  CHECK(fluss.code == kExitFailed);
  CHECK(fluss.err.find("Strom's own listeners") != std::string::npos);
}

TEST_CASE("job commands are completed", "[cli]") {
  const std::string script = BashCompletion(CommandTree());
  CHECK(script.find("job") != std::string::npos);
  CHECK(script.find("list show stop start drop") != std::string::npos);
}

}  // namespace strom::cli
