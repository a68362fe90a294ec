#include <cstdlib>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/completion.h"

namespace strom::cli {
namespace {

Status Echo(const Arguments& arguments, Console& console) {
  console.out << arguments.Text("NAME") << ' ' << arguments.Int("--count") << ' '
              << arguments.Flag("--loud");
  for (const std::string& tag : arguments.All("--tag")) console.out << ' ' << tag;
  console.out << '\n';
  return Status::Ok();
}

Status Refuse(const Arguments&, Console&) {
  return Error(ErrorCode::kInvalidConfig, "not like that");
}

Status Break(const Arguments&, Console& console) {
  console.out << "half";
  return Error(ErrorCode::kTableNotExist, "table a.b does not exist");
}

Command Tree() {
  return {.name = "tool",
          .help = "A tool",
          .children = {{.name = "echo",
                        .help = "Say it",
                        .details = "And say it again.",
                        .options = {{.name = "-c,--count",
                                     .value_name = "N",
                                     .help = "How often",
                                     .default_text = "1",
                                     .environment = "STROM_TEST_COUNT",
                                     .check = CheckCount},
                                    {.name = "--loud", .help = "Louder"},
                                    {.name = "--tag",
                                     .value_name = "TAG",
                                     .help = "Tags",
                                     .choices = {"red", "blue"},
                                     .repeated = true}},
                        .positionals = {{.name = "NAME", .help = "Whom"}},
                        .run = Echo},
                       {.name = "group",
                        .help = "More",
                        .children = {{.name = "refuse", .help = "No", .run = Refuse},
                                     {.name = "break", .help = "Oh", .run = Break}}}}};
}

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran Run(const std::vector<std::string>& arguments, const Command& tree = Tree()) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
  const int code = RunCommandLine(tree, arguments, console);
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("a command gets what its table says", "[cli]") {
  CHECK(Run({"echo", "you"}).out == "you 1 0\n");
  CHECK(Run({"echo", "--count", "3", "you", "--loud"}).out == "you 3 1\n");
  CHECK(Run({"echo", "-c", "3", "you"}).out == "you 3 0\n");
  CHECK(Run({"echo", "--count=4", "--tag", "red", "--tag=blue", "you"}).out ==
        "you 4 0 red blue\n");
  const Ran ran = Run({"echo", "you"});
  CHECK(ran.code == kExitOk);
  CHECK(ran.err.empty());
}

TEST_CASE("the environment stands in for an option that is not given", "[cli]") {
  REQUIRE(setenv("STROM_TEST_COUNT", "9", 1) == 0);
  CHECK(Run({"echo", "you"}).out == "you 9 0\n");
  CHECK(Run({"echo", "you", "--count", "2"}).out == "you 2 0\n");
  REQUIRE(setenv("STROM_TEST_COUNT", "no", 1) == 0);
  CHECK(Run({"echo", "you"}).code == kExitUsage);
  unsetenv("STROM_TEST_COUNT");
}

TEST_CASE("wrong usage is 2, with what is wrong and where help is", "[cli]") {
  const auto problem = [](const std::vector<std::string>& arguments) {
    const Ran ran = Run(arguments);
    CHECK(ran.code == kExitUsage);
    CHECK(ran.out.empty());
    return ran.err;
  };
  CHECK(problem({}) == "strom: tool needs a command\nTry 'tool --help'.\n");
  CHECK(problem({"group"}) == "strom: tool group needs a command\nTry 'tool group --help'.\n");
  CHECK(problem({"ecco"}) ==
        "strom: 'ecco' is nothing that tool knows; did you mean echo?\nTry 'tool --help'.\n");
  CHECK(problem({"echo", "you", "--cuont", "1"}) ==
        "strom: '--cuont' is nothing that tool echo knows; did you mean --count?\n"
        "Try 'tool echo --help'.\n");
  CHECK(problem({"echo"}).find("NAME is required") != std::string::npos);
  CHECK(problem({"echo", "a", "b"}).find("'b'") != std::string::npos);
  CHECK(problem({"echo", "you", "--count", "0"}).find("--count: 0 is less than 1") !=
        std::string::npos);
  CHECK(problem({"echo", "you", "--count"}).find("--count") != std::string::npos);
  CHECK(problem({"echo", "you", "--tag", "green"}).find("green") != std::string::npos);
}

TEST_CASE("a command that fails is 1, one that refuses its configuration 2", "[cli]") {
  const Ran broken = Run({"group", "break"});
  CHECK(broken.code == kExitFailed);
  CHECK(broken.out == "half");
  CHECK(broken.err == "strom: table a.b does not exist\n");
  const Ran refused = Run({"group", "refuse"});
  CHECK(refused.code == kExitUsage);
  CHECK(refused.err == "strom: not like that\n");
}

TEST_CASE("output that cannot be written is a failure", "[cli]") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  Console console{in, out, err};
  CHECK(RunCommandLine(Tree(), {"echo", "you"}, console) == kExitFailed);
  CHECK(err.str() == "strom: the output could not be written\n");
}

TEST_CASE("help and version are printed, and are no errors", "[cli]") {
  const Ran help = Run({"echo", "--help"});
  CHECK(help.code == kExitOk);
  CHECK(help.err.empty());
  for (const char* part : {"Say it", "--count", "How often", "NAME", "And say it again."}) {
    INFO(part);
    CHECK(help.out.find(part) != std::string::npos);
  }
  CHECK(Run({"--help"}).out.find("group") != std::string::npos);
  CHECK(Run({"--version"}).out.starts_with("strom "));
}

TEST_CASE("every leaf of the real tree does something, every node has help", "[cli]") {
  std::vector<const Command*> left = {&CommandTree()};
  size_t leaves = 0;
  while (!left.empty()) {
    const Command* command = left.back();
    left.pop_back();
    INFO(command->name);
    CHECK_FALSE(command->help.empty());
    CHECK((command->run != nullptr) == command->children.empty());
    leaves += command->run != nullptr ? 1 : 0;
    for (const OptionSpec& option : command->options) {
      INFO(option.name);
      CHECK(option.name.find("--") != std::string::npos);
      CHECK_FALSE(option.help.empty());
      if (option.check && !option.default_text.empty()) {
        CHECK(option.check(option.default_text).ok());
      }
    }
    for (const Command& child : command->children) left.push_back(&child);
  }
  CHECK(leaves >= 15);
  CHECK(Run({"table", "--help"}, CommandTree()).out.find("append") != std::string::npos);
}

TEST_CASE("the completion script knows commands, options and choices", "[cli]") {
  const std::string script = BashCompletion(Tree());
  for (const char* part :
       {"\"echo\"|\"group\"|\"group refuse\"|\"group break\") path=$word",
        "\"\") words=\"echo group --help\"", "\"group\") words=\"refuse break --help\"",
        "\"echo\") words=\"--count --loud --tag --help\"", "\"echo --tag\") words=\"red blue\"",
        "complete -o default -F _tool_completion tool"}) {
    INFO(part);
    CHECK(script.find(part) != std::string::npos);
  }
  CHECK(Run({"completion", "bash"}, CommandTree()).out == BashCompletion(CommandTree()));
}

}  // namespace strom::cli
