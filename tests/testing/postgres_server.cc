#include "tests/testing/postgres_server.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <pwd.h>
#include <unistd.h>

#include <fmt/core.h>

#include "common/runtime/system_clock.h"

namespace strom::testing {
namespace {

constexpr MonoDuration kStartTimeout = Seconds(60);
constexpr int kStartAttempts = 5;  // Somebody may take the free port before the server does.

// The newest server that is installed; Debian keeps it out of PATH.
std::string BinDirectory() {
  std::string newest;
  int newest_version = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version <= newest_version || !exists(entry.path() / "bin/postgres")) continue;
    newest_version = version;
    newest = (entry.path() / "bin/").string();
  }
  return newest;  // Empty: PATH.
}

// PostgreSQL refuses to run as root.
std::vector<std::string> AsServerUser(std::vector<std::string> command) {
  if (::geteuid() != 0) return command;
  // Changing the user takes back the kernel's promise to end the process with us.
  std::vector<std::string> out = {"setpriv", "--reuid=postgres", "--regid=postgres",
                                  "--clear-groups", "--pdeathsig=KILL"};
  out.insert(out.end(), command.begin(), command.end());
  return out;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// postmaster.pid tells in its eighth line how far the server is.
bool IsReady(const std::string& data) {
  std::istringstream file(ReadFile(data + "/postmaster.pid"));
  std::string line;
  for (int i = 0; i < 8; ++i) {
    if (!std::getline(file, line)) return false;
  }
  return line.starts_with("ready");
}

}  // namespace

PostgresServer::PostgresServer(Options options) : options_(options) {
  const std::string& dir = dir_.path();
  if (::geteuid() == 0) {
    const passwd* account = ::getpwnam("postgres");
    STROM_CHECK(account != nullptr) << "there is no user postgres to run PostgreSQL as";
    STROM_CHECK(::chown(dir.c_str(), account->pw_uid, account->pw_gid) == 0) << dir;
  }
  std::ofstream(dir + "/password") << password() << "\n";
  const Status made =
      RunCommand({.command = AsServerUser({BinDirectory() + "initdb", "-D", dir + "/data", "-U",
                                           user(), "-A", "scram-sha-256", "--pwfile",
                                           dir + "/password", "-E", "UTF8", "--locale=C.UTF-8",
                                           "--no-sync", "--no-instructions", "--wal-segsize=1"}),
                  .output_file = dir + "/initdb.log",
                  .directory = dir});
  STROM_CHECK(made.ok()) << made.ToString();
  Start();
}

PostgresServer::~PostgresServer() {
  if (process_ != nullptr) Crash();
}

void PostgresServer::Start() {
  STROM_CHECK(process_ == nullptr) << "PostgreSQL runs already";
  const std::string data = dir_.path() + "/data";
  const std::string log = dir_.path() + "/server.log";
  const bool first = port_ == 0;
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    if (first) port_ = static_cast<uint16_t>(FreeLoopbackPort());
    std::vector<std::string> command = {BinDirectory() + "postgres", "-D", data};
    for (const std::string& setting :
         {std::string("listen_addresses=127.0.0.1"), fmt::format("port={}", port_),
          "unix_socket_directories=" + dir_.path(),
          fmt::format("wal_level={}", options_.logical ? "logical" : "replica"),
          std::string("fsync=off"), std::string("full_page_writes=off"),
          std::string("shared_buffers=16MB"), std::string("max_connections=40"),
          std::string("autovacuum=off"), std::string("jit=off"), std::string("wal_keep_size=0")}) {
      command.insert(command.end(), {"-c", setting});
    }
    auto started = ChildProcess::Start({.command = AsServerUser(std::move(command)),
                                        .output_file = log,
                                        .directory = dir_.path()});
    STROM_CHECK(started.ok()) << started.status().ToString();
    process_ = *std::move(started);
    const MonoTime deadline = runtime::SystemNow() + kStartTimeout;
    // The pid file of a server that crashed says "ready" too, under another pid.
    const auto ours = [&] {
      return ReadFile(data + "/postmaster.pid").starts_with(fmt::format("{}\n", process_->pid()));
    };
    bool running = true;
    while (running && !(ours() && IsReady(data)) && runtime::SystemNow() < deadline) {
      running = !process_->Wait(Millis(10)).has_value();
    }
    if (running && ours() && IsReady(data)) return;
    process_.reset();
  }
  STROM_CHECK(false) << "PostgreSQL does not start:\n" << ReadFile(log);
}

void PostgresServer::Stop() {
  process_->Stop(SIGINT, Seconds(30));
  process_.reset();
}

void PostgresServer::Crash() {
  process_->Stop(SIGQUIT, Seconds(10));
  process_.reset();
}

Result<std::string> PostgresServer::Psql(const std::string& sql, const std::string& database) {
  const std::string output = dir_.path() + "/psql.out";
  std::filesystem::remove(output);
  STROM_RETURN_IF_ERROR(
      RunCommand({.command = {"psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", host(),
                              "-p", std::to_string(port_), "-U", user(), "-d", database, "-c", sql},
                  .output_file = output,
                  .environment = {{"PGPASSWORD", password()}}}));
  return ReadFile(output);
}

}  // namespace strom::testing
