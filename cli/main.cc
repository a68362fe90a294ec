// The `strom` command.
#include <iostream>

#include "cli/command.h"
#include "cli/commands.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);  // Reading must not flush what another thread is printing.
  strom::cli::Console console{std::cin, std::cout, std::cerr};
  return strom::cli::RunCommandLine(strom::cli::CommandTree(), {argv + 1, argv + argc}, console);
}
