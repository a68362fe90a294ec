// The commands against a whole cluster in this process.
#include "cli/dev_server.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "cli/commands.h"
#include "client/include/strom/connection.h"
#include "common/io/posix_file_system.h"
#include "common/runtime/notification.h"
#include "common/text/value_json.h"
#include "tests/testing/random_rows.h"
#include "tests/testing/temp_dir.h"

namespace strom::cli {
namespace {

struct Ran {
  int code;
  std::string out;
  std::string err;
};

// A cluster over a directory, started anew by Restart.
class Cluster {
 public:
  explicit Cluster(const std::string& path) : path_(path) { Start(); }
  ~Cluster() { Stop(); }

  void Restart() {
    Stop();
    Start();
  }

  Ran Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.end(), {"--server", endpoints_["STROM_SERVER"]});
    return RunAt(std::move(arguments), input);
  }

  const std::string& Server() const { return endpoints_.at("STROM_SERVER"); }

  Ran RunOverGrpc(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--server", endpoints_["STROM_GRPC"], "--transport", "grpc"});
    return RunAt(std::move(arguments), "");
  }

 private:
  void Start() {
    DevOptions options{.data_dir = path_, .config = {}, .listeners = {}};
    directory_.emplace(DevDirectory::Open(files_, path_).value());
    server_ = DevServer::Create(options, *directory_).value();
    // Nothing tells when it is ready but asking.
    const runtime::Notification never;
    while (!server_->Ready().value()) (void)never.WaitFor(Millis(2));
    endpoints_ = server_->Endpoints();
  }

  void Stop() {
    REQUIRE(server_->Stop().ok());
    server_.reset();
    directory_.reset();
  }

  static Ran RunAt(std::vector<std::string> arguments, const std::string& input) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err};
    const int code = RunCommandLine(CommandTree(), arguments, console);
    return {code, out.str(), err.str()};
  }

  const std::string path_;
  io::PosixFileSystem files_;
  std::optional<DevDirectory> directory_;
  std::unique_ptr<DevServer> server_;
  std::map<std::string, std::string> endpoints_;
};

// Lines of `text`, sorted: rows of several buckets come in any order.
std::vector<std::string> SortedLines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string Rows(int first, int last) {
  std::string rows;
  for (int i = first; i < last; ++i) {
    rows += "{\"id\":" + std::to_string(i) + ",\"name\":\"水" + std::to_string(i) + "\"}\n";
  }
  return rows;
}

// Connections over TCP that this process has a hand in.
int OpenConnections() {
  std::set<std::string> sockets;  // "socket:[1234]"
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    sockets.insert(std::filesystem::read_symlink(entry.path(), ignored).string());
  }
  int count = 0;
  for (const char* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::ifstream table(path);
    std::string line;
    while (std::getline(table, line)) {
      std::istringstream fields(line);
      std::vector<std::string> field(std::istream_iterator<std::string>(fields), {});
      constexpr const char* kEstablished = "01";
      if (field.size() > 9 && field[3] == kEstablished) {
        count += sockets.contains("socket:[" + field[9] + "]") ? 1 : 0;
      }
    }
  }
  return count;
}

void Expect(const Ran& ran, const std::string& out) {
  CHECK(ran.err == "");
  CHECK(ran.code == kExitOk);
  CHECK(ran.out == out);
}

}  // namespace

TEST_CASE("databases are made, described and dropped", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"db", "create", "shop", "--comment", "goods", "--property", "owner=me"}), "");
  CHECK(cluster.Run({"db", "create", "shop"}).code == kExitFailed);
  Expect(cluster.Run({"db", "create", "shop", "--if-not-exists"}), "");
  Expect(cluster.Run({"db", "list", "--format", "csv"}), "database\nfluss\nshop\n");
  const Ran described = cluster.Run({"db", "describe", "shop", "--format", "json"});
  CHECK(described.out.find(R"({"database":"shop","comment":"goods","properties":"owner=me")") == 0);
  Expect(cluster.Run({"db", "drop", "shop"}), "");
  const Ran again = cluster.Run({"db", "drop", "shop"});
  CHECK(again.code == kExitFailed);
  CHECK(again.err.find("strom: ") == 0);
  CHECK(again.err.find("shop") != std::string::npos);
  Expect(cluster.Run({"db", "drop", "shop", "--if-exists"}), "");
}

TEST_CASE("rows that were appended are scanned, also after a restart", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"db", "create", "shop"}), "");
  Expect(cluster.Run({"table", "create", "shop.orders", "--columns", "id INT NOT NULL, name STRING",
                      "--buckets", "3"}),
         "");
  const Ran appended =
      cluster.Run({"table", "append", "shop.orders", "--progress", "50"}, Rows(0, 100));
  CHECK(appended.code == kExitOk);
  CHECK(appended.out.ends_with("acked 100\nappended 100 rows\n"));
  const std::vector<std::string> scan = {"table", "scan", "shop.orders", "--format", "json"};
  CHECK(SortedLines(cluster.Run(scan).out) == SortedLines(Rows(0, 100)));
  cluster.Restart();
  CHECK(SortedLines(cluster.Run(scan).out) == SortedLines(Rows(0, 100)));
  CHECK(SortedLines(cluster.RunOverGrpc(scan).out) == SortedLines(Rows(0, 100)));
  Expect(cluster.Run({"table", "append", "shop.orders"}, Rows(100, 101)), "appended 1 row\n");
  CHECK(SortedLines(cluster.Run(scan).out) == SortedLines(Rows(0, 101)));
}

TEST_CASE("head, tail, columns, positions and limits", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"table", "create", "fluss.t", "--columns", "id INT NOT NULL, name STRING"}),
         "");
  Expect(cluster.Run({"table", "append", "fluss.t", "--input", "csv"}, "id,name\n1,a\n2,\n3,c\n"),
         "appended 3 rows\n");
  Expect(cluster.Run({"table", "head", "fluss.t", "-n", "2", "--format", "csv"}),
         "id,name\n1,a\n2,\n");
  Expect(cluster.Run({"table", "tail", "fluss.t", "-n", "2", "--format", "csv"}),
         "id,name\n2,\n3,c\n");
  Expect(cluster.Run({"table", "scan", "fluss.t", "--from", "1", "--limit", "1", "--columns",
                      "name,id", "--format", "csv"}),
         "name,id\n,2\n");
  Expect(cluster.Run({"table", "scan", "fluss.t", "--from", "latest", "--format", "csv"}),
         "id,name\n");
  const Ran positions =
      cluster.Run({"table", "scan", "fluss.t", "--positions", "--format", "csv", "--limit", "1"});
  CHECK(positions.out.find("_bucket,_offset,_timestamp,_change,id,name\n0,0,20") == 0);
  CHECK(positions.out.find(",+A,1,a\n") != std::string::npos);
  CHECK(cluster.Run({"table", "scan", "fluss.t", "--columns", "nope"}).err.find("nope") !=
        std::string::npos);
}

TEST_CASE("rows of random types come back as they were written", "[cli]") {
  const uint64_t seed = GENERATE(take(5, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  testing::RandomRows random(seed, {.columns_max = 12});
  std::vector<DataType> types = random.RandomTypes();
  for (DataType& type : types) {
    // A log fills a BINARY up to its length, as Fluss's does.
    if (type.ToString().find("BINARY") != std::string::npos) type = DataType::Bytes();
  }
  std::string columns;
  std::vector<Column> named;
  for (size_t i = 0; i < types.size(); ++i) {
    named.push_back({.name = "c" + std::to_string(i), .type = types[i]});
    columns += (i == 0 ? "" : ", ") + named[i].name + " " + types[i].ToString();
  }
  INFO(columns);
  std::string json;
  for (int i = 0; i < 50; ++i) json += RowToJson(random.RandomRow(types), named) + "\n";

  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"table", "create", "fluss.t", "--columns", columns}), "");
  Expect(cluster.Run({"table", "append", "fluss.t"}, json), "appended 50 rows\n");
  Expect(cluster.Run({"table", "scan", "fluss.t", "--format", "json"}), json);
  // And what was printed as CSV is CSV that can be appended.
  const Ran csv = cluster.Run({"table", "scan", "fluss.t", "--format", "csv"});
  Expect(cluster.Run({"table", "create", "fluss.u", "--columns", columns}), "");
  Expect(cluster.Run({"table", "append", "fluss.u", "--input", "csv"}, csv.out),
         "appended 50 rows\n");
  Expect(cluster.Run({"table", "scan", "fluss.u", "--format", "json"}), json);
}

TEST_CASE("rows with a key are upserted, looked up and deleted; folding the changelog gives them",
          "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"table", "create", "fluss.k", "--columns", "id INT NOT NULL, name STRING",
                      "--primary-key", "id", "--buckets", "2"}),
         "");
  Expect(cluster.Run({"table", "append", "fluss.k", "--input", "csv"},
                     "id,name\n1,a\n2,b\n3,c\n1,a2\n"),
         "appended 4 rows\n");
  Expect(cluster.Run({"table", "delete", "fluss.k", "--key", "id=2"}), "deleted\n");
  Expect(cluster.Run({"table", "delete", "fluss.k", "--key", "id=99"}), "deleted\n");
  Expect(cluster.Run({"table", "lookup", "fluss.k", "--key", "id=1", "--format", "csv"}),
         "id,name\n1,a2\n");
  Expect(cluster.Run({"table", "lookup", "fluss.k", "--key", "id=2", "--format", "csv"}),
         "id,name\n");
  const std::string rows = cluster.Run({"table", "scan", "fluss.k", "--format", "csv"}).out;
  CHECK(SortedLines(rows) == SortedLines("id,name\n1,a2\n3,c\n"));
  Expect(cluster.Run(
             {"table", "scan", "fluss.k", "--limit", "1", "--columns", "id", "--format", "csv"}),
         "id\n" + std::string(rows.find("1,a2") < rows.find("3,c") ? "1\n" : "3\n"));

  // +I and +U put a row in, -U and -D take it out.
  std::istringstream log(
      cluster.Run({"table", "scan", "fluss.k", "--positions", "--format", "csv"}).out);
  std::multiset<std::string> folded;
  std::string line;
  std::getline(log, line);
  while (std::getline(log, line)) {
    const size_t sign = std::min(line.find(",+"), line.find(",-"));
    const std::string row = line.substr(line.find(',', sign + 1) + 1);
    if (line[sign + 1] == '+') {
      folded.insert(row);
    } else {
      REQUIRE(folded.contains(row));
      folded.erase(folded.find(row));
    }
  }
  CHECK(folded == std::multiset<std::string>{"1,a2", "3,c"});

  CHECK(
      cluster.Run({"table", "lookup", "fluss.k", "--key", "name=a"}).err.find("primary key (id)") !=
      std::string::npos);
  CHECK(cluster.Run({"table", "lookup", "fluss.k", "--key", "id=x"}).code == kExitUsage);
  CHECK(cluster.Run({"table", "lookup", "fluss.k"}).code == kExitUsage);
}

TEST_CASE("head and tail go by the time rows were taken, over all buckets", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"table", "create", "fluss.t", "--columns", "id INT NOT NULL, name STRING",
                      "--buckets", "3", "--bucket-key", "id"}),
         "");
  for (int i = 0; i < 6; ++i) {
    Expect(cluster.Run({"table", "append", "fluss.t"}, Rows(i, i + 1)), "appended 1 row\n");
  }
  const auto in_time_order = [&cluster](const char* command, const char* count) {
    // Rows that were taken within one millisecond have no order.
    return SortedLines(
        cluster.Run({"table", command, "fluss.t", "-n", count, "--format", "json"}).out);
  };
  CHECK(in_time_order("head", "6") == SortedLines(Rows(0, 6)));
  CHECK(in_time_order("tail", "100") == SortedLines(Rows(0, 6)));
  CHECK(in_time_order("head", "1").size() == 1);
  const Ran buckets = cluster.Run({"table", "scan", "fluss.t", "--positions", "--format", "csv"});
  std::set<char> seen;
  for (const std::string& line : SortedLines(buckets.out)) {
    if (line[0] != '_') seen.insert(line[0]);
  }
  CHECK(seen.size() > 1);  // The key spreads the rows.
}

TEST_CASE("rows for a table with a primary key are upserted", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"table", "create", "fluss.pk", "--columns",
                      "id INT NOT NULL, name STRING, PRIMARY KEY (id)"}),
         "");
  Expect(cluster.Run({"table", "append", "fluss.pk"}, Rows(0, 3)), "appended 3 rows\n");
  Expect(cluster.Run({"table", "append", "fluss.pk"}, "{\"id\":1,\"name\":\"new\"}\n"),
         "appended 1 row\n");
  const Ran changes = cluster.Run(
      {"table", "scan", "fluss.pk", "--positions", "--format", "csv", "--columns", "id,name"});
  CHECK(changes.out.find("+I,1,水1\n") != std::string::npos);
  CHECK(changes.out.find("-U,1,水1\n") != std::string::npos);
  CHECK(changes.out.find("+U,1,new\n") != std::string::npos);
}

TEST_CASE("what is not there is a failure that names it", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  const auto problem = [&cluster](std::vector<std::string> arguments) {
    const Ran ran = cluster.Run(std::move(arguments), "{}\n");
    CHECK(ran.code == kExitFailed);
    CHECK(ran.out.empty());
    return ran.err;
  };
  CHECK(problem({"table", "list", "nowhere"}).find("nowhere") != std::string::npos);
  CHECK(problem({"db", "describe", "nowhere"}).find("nowhere") != std::string::npos);
  for (const char* command : {"describe", "drop", "scan", "head", "tail", "append"}) {
    INFO(command);
    CHECK(problem({"table", command, "fluss.gone"}).find("fluss.gone") != std::string::npos);
  }
  CHECK(problem({"table", "create", "nowhere.t", "--columns", "id INT"}).find("nowhere") !=
        std::string::npos);
  CHECK(problem({"table", "create", "fluss.t", "--columns", "id INT", "--property",
                 "table.replication.factor=3"})
            .find("replication") != std::string::npos);
  CHECK(problem({"db", "create", "a/b"}).find("a/b") != std::string::npos);
}

TEST_CASE("a wrong row ends the append, and its line is named", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"table", "create", "fluss.t", "--columns", "id INT NOT NULL"}), "");
  const Ran ran = cluster.Run({"table", "append", "fluss.t"}, "{\"id\":1}\n{\"id\":\"x\"}\n");
  CHECK(ran.code == kExitFailed);
  CHECK(ran.err ==
        "strom: line 2: column id: \"x\" is no whole number; 1 rows from the front are written\n");
  Expect(cluster.Run({"table", "scan", "fluss.t", "--format", "csv"}), "id\n1\n");
  CHECK(cluster.Run({"table", "append", "fluss.t", "--file", "/no/such/file"})
            .err.find("/no/such/file") != std::string::npos);
}

TEST_CASE("tables are made from a descriptor and described", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path() + "/data");
  Expect(cluster.Run({"table", "create", "fluss.t", "--columns",
                      "id INT NOT NULL COMMENT 'the key', name STRING", "--comment", "made",
                      "--property", "table.log.ttl=3d", "--property", "owner=me"}),
         "");
  const Ran described = cluster.Run({"table", "describe", "fluss.t"});
  for (const char* part : {"table         fluss.t\n", "comment       made\n", "log table",
                           "owner=me", "table.log.ttl=3d", " id     | INT NOT NULL | the key\n"}) {
    INFO(part << "\n" << described.out);
    CHECK(described.out.find(part) != std::string::npos);
  }
  const std::string json = cluster.Run({"table", "describe", "fluss.t", "--format", "json"}).out;
  const std::string key = "\"descriptor\":";
  const std::string descriptor = json.substr(json.find(key) + key.size());
  const std::string path = dir.path() + "/descriptor.json";
  std::ofstream(path) << descriptor.substr(0, descriptor.rfind('}'));
  Expect(cluster.Run({"table", "create", "fluss.copy", "--descriptor", path}), "");
  Expect(cluster.Run({"table", "list", "--format", "csv"}),
         "database,table\nfluss,copy\nfluss,t\n");
  CHECK(cluster.Run({"table", "create", "fluss.u", "--descriptor", path, "--columns", "a INT"})
            .code == kExitUsage);
  CHECK(cluster.Run({"table", "create", "fluss.u", "--columns", "a INTT"})
            .err.find("strom: --columns: column 3 of the text: expected a type") == 0);
  CHECK(cluster.Run({"table", "create", "fluss.u", "--descriptor", "-"}, "{}").code == kExitUsage);
  Expect(cluster.Run({"table", "drop", "fluss.t"}), "");
  CHECK(cluster.Run({"table", "drop", "fluss.t"}).code == kExitFailed);
}

TEST_CASE("the cluster's servers and leaders are listed", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  Expect(cluster.Run({"table", "create", "fluss.t", "--columns", "id INT", "--buckets", "2"}), "");
  const Ran servers = cluster.Run({"cluster", "servers", "--format", "csv"});
  CHECK(servers.out.find("role,id,address,rack\ncoordinator,0,127.0.0.1:") == 0);
  CHECK(servers.out.find("\ntablet,0,127.0.0.1:") != std::string::npos);
  const Ran buckets = cluster.Run({"cluster", "buckets", "--format", "csv"});
  CHECK(buckets.out ==
        "database,table,id,bucket,leader,replicas\nfluss,t,0,0,0,0\nfluss,t,0,1,0,0\n");
  const Ran status = cluster.Run({"cluster", "status"});
  CHECK(status.out.find("coordinator") != std::string::npos);
  CHECK(status.out.find("(2 rows)\n\n") != std::string::npos);
}

TEST_CASE("the parts of the process talk without sockets; anybody else has one", "[cli]") {
  const testing::TempDir dir;
  Cluster cluster(dir.path());
  // A table makes the coordinator call the tablet server; the worker has said that it lives.
  Expect(cluster.Run({"table", "create", "fluss.t", "--columns", "id INT NOT NULL"}), "");
  const runtime::Notification never;
  for (int i = 0; i < 5000 && OpenConnections() > 0; ++i) {  // Ours may still be closing.
    (void)never.WaitFor(Millis(2));
  }
  CHECK(OpenConnections() == 0);
  const auto connection =
      client::Connection::Open({.bootstrap_servers = {cluster.Server()}}).value();
  CHECK(OpenConnections() >= 2);  // Both ends of it.
}

TEST_CASE("a cluster that is not there is a failure, not a hang", "[cli]") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
  CHECK(RunCommandLine(CommandTree(), {"db", "list", "--server", "127.0.0.1:1", "--timeout", "5 s"},
                       console) == kExitFailed);
  CHECK(err.str().find("127.0.0.1:1") != std::string::npos);
}

TEST_CASE("a port in use is a clear error, and nothing is left running", "[cli]") {
  const testing::TempDir dir;
  io::PosixFileSystem files;
  DevDirectory first_directory = DevDirectory::Open(files, dir.path() + "/1").value();
  const auto first = DevServer::Create({}, first_directory).value();
  const runtime::Notification never;
  while (!first->Ready().value()) (void)never.WaitFor(Millis(2));
  const std::string taken = first->Endpoints().at("FLUSS_BOOTSTRAP");

  DevDirectory second_directory = DevDirectory::Open(files, dir.path() + "/2").value();
  DevOptions options;
  options.listeners.coordinator.bind.port =
      static_cast<uint16_t>(std::stoi(taken.substr(taken.rfind(':') + 1)));
  const auto second = DevServer::Create(options, second_directory).value();
  Result<bool> ready = false;
  while (ready.ok() && !*ready) {
    (void)never.WaitFor(Millis(2));
    ready = second->Ready();
  }
  REQUIRE_FALSE(ready.ok());
  CHECK(ready.status().code() == ErrorCode::kNetwork);
  CHECK(ready.status().message().find(taken) != std::string::npos);
  CHECK(second->Stop().ok());
  CHECK(first->Stop().ok());
}

}  // namespace strom::cli
