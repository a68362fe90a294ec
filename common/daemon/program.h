#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/daemon/run.h"

namespace strom::daemon {

// A server program: what its main fills in.
struct Program {
  std::string name;                  // "strom-coordinator"
  std::string help;                  // One line.
  std::vector<std::string> example;  // Lines that show how it is called.
  // Begins to start what the configuration asks for.
  Result<std::unique_ptr<Service>> (*start)(const config::Config& config);
  // What the configuration asks for and the user may not want; or why it cannot be.
  Result<std::vector<std::string>> (*check)(const config::Config& config);
};

// What a program was called with:
//   --config FILE          a server.yaml, as Fluss has it
//   -D KEY=VALUE           an option of the configuration on top of the file; also -DKEY=VALUE
//   --print-config         print all options with their values, and end
//   --help, --version
struct ProgramArguments {
  std::string config_path;
  std::vector<std::string> overrides;
  bool print_config = false;
  bool help = false;
  bool version = false;
};

// `arguments` without the program's name. Errors: kInvalidConfig naming the argument, and the one
// that may have been meant.
Result<ProgramArguments> ParseProgramArguments(const std::vector<std::string>& arguments);

// The whole life of a server process: arguments, configuration, log, `program`'s service until
// SIGTERM or SIGINT. Errors go to `err`. Returns the exit code. Called before any thread starts.
int RunProgram(const Program& program, const std::vector<std::string>& arguments, std::ostream& out,
               std::ostream& err);

}  // namespace strom::daemon
