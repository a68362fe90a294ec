// The `strom` command.
#include <cstdlib>
#include <iostream>

#include "cli/command.h"
#include "cli/commands.h"
#include "common/base/logging.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);  // Reading must not flush what another thread is printing.
  if (const char* name = std::getenv("STROM_LOG")) {
    const strom::Result<strom::LogLevel> level = strom::ParseLogLevel(name);
    if (level.ok()) strom::SetLogLevel(*level);
  }
  strom::cli::Console console{std::cin, std::cout, std::cerr};
  return strom::cli::RunCommandLine(strom::cli::CommandTree(), {argv + 1, argv + argc}, console);
}
