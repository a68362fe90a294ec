#include <filesystem>
#include <ostream>
#include <sstream>

#include "cli/commands.h"
#include "cli/dev_directory.h"
#include "cli/dev_options.h"
#include "cli/dev_server.h"
#include "cli/version.h"
#include "common/base/logging.h"
#include "common/config/options.h"
#include "common/io/posix_file_system.h"
#include "common/runtime/signal_waiter.h"
#include "common/runtime/system_clock.h"

namespace strom::cli {
namespace {

// How often it looks whether it serves, while it starts.
constexpr MonoDuration kStartLook = Millis(5);

Status StartLogging(const config::Config& config, const DevDirectory& directory) {
  LoggingOptions logging;
  STROM_ASSIGN_OR_RETURN(logging.level, ParseLogLevel(config.Get(config::kLogLevel)));
  logging.file = config.Get(config::kLogFile);
  if (logging.file.empty()) logging.file = directory.log_path();
  logging.file_size_bytes = config.Get(config::kLogFileSize);
  logging.file_count = config.Get(config::kLogFileCount);
  logging.errors_to_stderr = true;
  return InitLogging(logging);
}

// What the configuration asks for and the user may not want.
std::vector<std::string> Warnings(const DevOptions& options) {
  std::vector<std::string> warnings;
  for (const std::string& key : options.config.ignored_keys()) {
    warnings.push_back("option " + key + " is Fluss's and means nothing here: ignored");
  }
  for (const DevListener& listener :
       {options.listeners.coordinator, options.listeners.coordinator_grpc}) {
    const std::string& host = listener.bind.host;
    if ((host == "0.0.0.0" || host == "::") && !listener.advertised) {
      warnings.push_back("clients are told to connect to " + listener.bind.ToString() +
                         ", which only works on this machine: set advertised.listeners");
    }
  }
  return warnings;
}

void LogConfiguration(const DevOptions& options) {
  STROM_LOG(kInfo, "strom dev {} on {}", kVersion, options.data_dir);
  std::istringstream lines(options.config.ToString());
  for (std::string line; std::getline(lines, line);) STROM_LOG(kInfo, "option {}", line);
  for (const std::string& warning : Warnings(options)) STROM_LOG(kWarn, "{}", warning);
}

void Welcome(const DevOptions& options, const DevDirectory& directory,
             std::map<std::string, std::string> endpoints, Console& console) {
  const std::string& server = endpoints["STROM_SERVER"];
  console.out << "strom dev " << kVersion << " serves " << options.data_dir << " (pid "
              << endpoints["PID"] << ")\n"
              << "  Fluss clients  " << server << "\n"
              << "  gRPC           " << endpoints["STROM_GRPC"] << "\n"
              << "  HTTP           http://" << endpoints["STROM_HTTP"] << "/health, /metrics\n"
              << "  these lines    " << directory.endpoints_path() << "\n"
              << "Try: strom db list" << (server == "127.0.0.1:9123" ? "" : " --server " + server)
              << "    Stop it with Ctrl-C.\n";
  console.out.flush();
}

// Until it serves: true; or until a signal comes: false.
Result<bool> WaitUntilReady(DevServer& server, runtime::SignalWaiter& signals) {
  while (true) {
    STROM_ASSIGN_OR_RETURN(const bool ready, server.Ready());
    if (ready) return true;
    if (signals.WaitUntil(runtime::SystemNow() + kStartLook)) return false;
  }
}

// From the first moment it serves until a signal.
Status Serve(const DevOptions& options, DevDirectory& directory, DevServer& server,
             runtime::SignalWaiter& signals, Console& console) {
  STROM_ASSIGN_OR_RETURN(const bool ready, WaitUntilReady(server, signals));
  if (!ready) return Status::Ok();
  const auto endpoints = server.Endpoints();
  STROM_RETURN_IF_ERROR(directory.WriteEndpoints(endpoints));
  for (const auto& [name, value] : endpoints) STROM_LOG(kInfo, "{}={}", name, value);
  Welcome(options, directory, endpoints, console);
  const std::optional<int> signal = signals.WaitUntil(MonoTime::Infinite());
  STROM_LOG(kInfo, "{}: stopping", runtime::SignalName(signal.value_or(0)));
  return directory.RemoveEndpoints();
}

Status RunServer(const DevOptions& options, DevDirectory& directory, runtime::SignalWaiter& signals,
                 Console& console) {
  STROM_ASSIGN_OR_RETURN(const auto server, DevServer::Create(options, directory));
  const Status served = Serve(options, directory, *server, signals, console);
  if (!served.ok()) STROM_LOG(kWarn, "stopping: {}", served.ToString());
  signals.Release();  // A second signal ends the process at once.
  const Status stopped = server->Stop();
  STROM_LOG(kInfo, "stopped");
  return served.ok() ? stopped : served;
}

Status Dev(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(DevOptions options, ReadDevOptions(arguments));
  if (arguments.Flag("--print-config")) {
    console.out << options.config.ToString();
    return Status::Ok();
  }
  for (const std::string& warning : Warnings(options)) console.err << "strom: " << warning << "\n";
  runtime::SignalWaiter signals;  // Before any thread.
  io::PosixFileSystem files;
  options.data_dir = std::filesystem::absolute(options.data_dir).lexically_normal();
  STROM_ASSIGN_OR_RETURN(DevDirectory directory, DevDirectory::Open(files, options.data_dir));
  STROM_RETURN_IF_ERROR(StartLogging(options.config, directory));
  LogConfiguration(options);
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
