#include "common/daemon/program.h"

#include <malloc.h>

#include "common/base/logging.h"
#include "common/base/nearest_name.h"
#include "common/daemon/config_file.h"
#include "common/daemon/exit_code.h"
#include "common/daemon/log_start.h"
#include "common/daemon/version.h"

namespace strom::daemon {
namespace {

constexpr std::string_view kOptions[] = {"--config", "-D", "--print-config", "--help", "--version"};

Status Unknown(const std::string& argument) {
  const std::string_view nearest = NearestName(argument.substr(0, argument.find('=')), kOptions);
  return Error(ErrorCode::kInvalidConfig, "unknown argument '{}'{}{}", argument,
               nearest.empty() ? "" : "; did you mean ",
               nearest.empty() ? "" : std::string(nearest) + "?");
}

void PrintHelp(const Program& program, std::ostream& out) {
  out << program.help << "\n\nUsage: " << program.name << " [--config FILE] [-D KEY=VALUE]...\n\n"
      << "  --config FILE    A server.yaml, as Fluss has it\n"
      << "  -D KEY=VALUE     An option of the configuration, on top of the file; may be repeated\n"
      << "  --print-config   Print all options with their values, and end\n"
      << "  --help           Print this, and end\n"
      << "  --version        Print the version, and end\n\n";
  for (const std::string& line : program.example) out << "  " << line << "\n";
  out << "\nIt serves until SIGTERM or Ctrl-C; a second one ends it at once.\n"
      << "Exit codes: 0 stopped, 1 it failed, 2 wrong usage or configuration.\n";
}

Status Run(const Program& program, const config::Config& config, std::ostream& err) {
  STROM_ASSIGN_OR_RETURN(const std::vector<std::string> warnings, program.check(config));
  for (const std::string& warning : warnings) err << program.name << ": " << warning << std::endl;
  runtime::SignalWaiter signals;  // Before any thread.
  STROM_RETURN_IF_ERROR(StartLogging(config, ""));
  LogStart(fmt::format("{} {}", program.name, kVersion), config, warnings);
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<Service> service, program.start(config));
  return RunUntilSignal(
      *service, signals,
      [&program] {
        STROM_LOG(kInfo, "{} serves", program.name);
        return Status::Ok();
      },
      [] { return Status::Ok(); });
}

}  // namespace

Result<ProgramArguments> ParseProgramArguments(const std::vector<std::string>& arguments) {
  ProgramArguments parsed;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    // The value of option `name`, in the same argument or the next.
    const auto value = [&](std::string_view name, std::string_view joint) -> Result<std::string> {
      if (argument.size() > name.size()) return argument.substr(name.size() + joint.size());
      if (++i < arguments.size()) return arguments[i];
      return Error(ErrorCode::kInvalidConfig, "{} needs a value", name);
    };
    if (argument == "--config" || argument.starts_with("--config=")) {
      STROM_ASSIGN_OR_RETURN(parsed.config_path, value("--config", "="));
    } else if (argument.starts_with("-D")) {
      STROM_ASSIGN_OR_RETURN(std::string setting, value("-D", ""));
      parsed.overrides.push_back(std::move(setting));
    } else if (argument == "--print-config") {
      parsed.print_config = true;
    } else if (argument == "--help" || argument == "-h") {
      parsed.help = true;
    } else if (argument == "--version") {
      parsed.version = true;
    } else {
      return Unknown(argument);
    }
  }
  return parsed;
}

int RunProgram(const Program& program, const std::vector<std::string>& arguments, std::ostream& out,
               std::ostream& err) {
  const auto fail = [&](const Status& status) {
    err << program.name << ": " << status.message() << std::endl;
    return ExitCodeOf(status);
  };
  const Result<ProgramArguments> parsed = ParseProgramArguments(arguments);
  if (!parsed.ok()) return fail(parsed.status());
  if (parsed->help) return PrintHelp(program, out), kExitOk;
  if (parsed->version) {
    out << program.name << " " << kVersion << "\n";
    return kExitOk;
  }
  // Each arena keeps what its busiest moment took; some thirty threads on few cores need no more.
  mallopt(M_ARENA_MAX, 2);
  const Result<config::Config> config = LoadConfig(parsed->config_path, parsed->overrides);
  if (!config.ok()) return fail(config.status());
  if (parsed->print_config) {
    out << config->ToString();
    return kExitOk;
  }
  const Status status = Run(program, *config, err);
  FlushLogs();
  return status.ok() ? kExitOk : fail(status);
}

}  // namespace strom::daemon
