#include "cli/commands.h"

#include <ostream>

#include "cli/completion.h"

namespace strom::cli {
namespace {

Status PrintCompletion(const Arguments&, Console& console) {
  console.out << BashCompletion(CommandTree());
  return Status::Ok();
}

Command CompletionCommand() {
  return {.name = "completion",
          .help = "Print a script with which the shell completes this command",
          .positionals = {{.name = "SHELL", .help = "bash", .choices = {"bash"}}},
          .run = PrintCompletion};
}

}  // namespace

const Command& CommandTree() {
  static const Command* tree = new Command{
      .name = "strom",
      .help = "Strom: real-time tables for operational data",
      .details =
          "Exit codes: 0 done, 1 the operation failed, 2 wrong usage or configuration.\n"
          "The cluster is --server, else the variable STROM_SERVER, else 127.0.0.1:9123;\n"
          "of job and sql: --server, else the variable STROM_GRPC.\n"
          "STROM_LOG=debug prints what the client does to standard error.",
      .children = {DevCommand(), ClusterCommands(), DatabaseCommands(), TableCommands(),
                   JobCommands(), SqlCommand(), CompletionCommand()},
  };
  return *tree;
}

}  // namespace strom::cli
