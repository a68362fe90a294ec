#include <filesystem>
#include <ostream>

#include "cli/commands.h"
#include "cli/dev_directory.h"
#include "cli/dev_options.h"
#include "cli/dev_server.h"
#include "common/base/logging.h"
#include "common/config/options.h"
#include "common/daemon/config_file.h"
#include "common/daemon/listeners.h"
#include "common/daemon/log_start.h"
#include "common/daemon/run.h"
#include "common/daemon/version.h"
#include "common/io/posix_file_system.h"

namespace strom::cli {
namespace {

// What the configuration asks for and the user may not want.
std::vector<std::string> Warnings(const DevOptions& options) {
  std::vector<std::string> warnings = daemon::IgnoredOptionWarnings(
      options.config, {config::kZookeeperAddress.info, config::kZookeeperRoot.info,
                       config::kZookeeperSessionTimeout.info, config::kInternalListenerName.info});
  std::vector<daemon::ServerListener> listeners;
  for (const auto& [name, listener] :
       {std::pair(daemon::kFlussListener, options.listeners.coordinator),
        std::pair(daemon::kGrpcListener, options.listeners.coordinator_grpc)}) {
    listeners.push_back(
        daemon::MakeListener(name, daemon::kInternalListener, listener.bind, listener.advertised));
  }
  for (std::string& warning : daemon::UnreachableWarnings(listeners)) {
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

void Welcome(const DevOptions& options, const DevDirectory& directory,
             std::map<std::string, std::string> endpoints, Console& console) {
  const std::string& server = endpoints["STROM_SERVER"];
  console.out << "strom dev " << daemon::kVersion << " serves " << options.data_dir << " (pid "
              << endpoints["PID"] << ")\n"
              << "  Fluss clients  " << server << "\n"
              << "  gRPC           " << endpoints["STROM_GRPC"] << "\n"
              << "  HTTP           http://" << endpoints["STROM_HTTP"] << "/health, /metrics\n"
              << "  these lines    " << directory.endpoints_path() << "\n"
              << "Try: strom db list" << (server == "127.0.0.1:9123" ? "" : " --server " + server)
              << "    Stop it with Ctrl-C.\n";
  console.out.flush();
}

Status RunServer(const DevOptions& options, DevDirectory& directory, runtime::SignalWaiter& signals,
                 Console& console) {
  STROM_ASSIGN_OR_RETURN(const auto server, DevServer::Create(options, directory));
  const auto announce = [&]() -> Status {
    const auto endpoints = server->Endpoints();
    STROM_RETURN_IF_ERROR(directory.WriteEndpoints(endpoints));
    for (const auto& [name, value] : endpoints) STROM_LOG(kInfo, "{}={}", name, value);
    Welcome(options, directory, endpoints, console);
    return Status::Ok();
  };
  return daemon::RunUntilSignal(*server, signals, announce,
                                [&] { return directory.RemoveEndpoints(); });
}

Status Dev(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(DevOptions options, ReadDevOptions(arguments));
  if (arguments.Flag("--print-config")) {
    console.out << options.config.ToString();
    return Status::Ok();
  }
  const std::vector<std::string> warnings = Warnings(options);
  for (const std::string& warning : warnings) console.err << "strom: " << warning << "\n";
  runtime::SignalWaiter signals;  // Before any thread.
  io::PosixFileSystem files;
  options.data_dir = std::filesystem::absolute(options.data_dir).lexically_normal();
  STROM_ASSIGN_OR_RETURN(DevDirectory directory, DevDirectory::Open(files, options.data_dir));
  STROM_RETURN_IF_ERROR(daemon::StartLogging(options.config, directory.log_path()));
  daemon::LogStart(fmt::format("strom dev {} on {}", daemon::kVersion, options.data_dir),
                   options.config, warnings);
  const Status status = RunServer(options, directory, signals, console);
  FlushLogs();
  return status;
}

}  // namespace

Command DevCommand() {
  return {.name = "dev",
          .help = "Run a whole cluster in this process, on this machine",
          .details = "It serves until SIGTERM or Ctrl-C; a second one ends it at once.",
          .options = DevOptionSpecs(),
          .run = Dev};
}

}  // namespace strom::cli
