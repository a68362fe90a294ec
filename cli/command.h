#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/console.h"
#include "common/base/status.h"
#include "common/daemon/exit_code.h"

namespace strom::cli {

// Exit codes of every command.
using daemon::kExitFailed;
using daemon::kExitOk;
using daemon::kExitUsage;

// Says what is wrong with an argument's text.
using Check = Status (*)(const std::string& text);

// One option of a command. Without a value name it is a flag.
struct OptionSpec {
  std::string name;        // "--server", or with a short form: "-n,--rows".
  std::string value_name;  // "HOST:PORT"; for the help, and for completion: "FILE", "DIR".
  std::string help;
  std::string default_text = "";
  std::string environment = "";  // Variable that gives the value if the option is not given.
  std::vector<std::string> choices = {};
  Check check = nullptr;
  bool repeated = false;
  bool required = false;

  bool is_flag() const { return value_name.empty(); }
  // The long name: what Arguments knows it by.
  std::string key() const { return name.substr(name.rfind("--")); }
};

// An argument that is told by its place. Required unless it says otherwise.
struct PositionalSpec {
  std::string name;  // "TABLE"; what Arguments knows it by.
  std::string help;
  Check check = nullptr;
  std::vector<std::string> choices = {};
  bool optional = false;
};

// A node of the tree of actions: a group with children, or a leaf that does something. The tree is
// data; parsing, help and completion are made from it.
struct Command {
  std::string name;
  std::string help;  // One line.
  std::string details = "";
  std::vector<OptionSpec> options = {};
  std::vector<PositionalSpec> positionals = {};
  // What a leaf does. kInvalidConfig means wrong usage, any other error that it failed.
  Status (*run)(const Arguments& arguments, Console& console) = nullptr;
  std::vector<Command> children = {};
};

// Finds the command that `arguments` (without the program's name) call, checks them against its
// table, and runs it. Prints help and version if asked for, errors as "strom: <message>". Returns
// the exit code.
int RunCommandLine(const Command& root, const std::vector<std::string>& arguments,
                   Console& console);

}  // namespace strom::cli
