// The only code that sees CLI11: it takes ten seconds to compile.
#include <istream>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "common/base/nearest_name.h"
#include "common/daemon/version.h"

namespace strom::cli {
namespace {

using Texts = std::map<std::string, Arguments::Texts, std::less<>>;

// A CLI11 app and the node of our tree that it was made from.
struct Node {
  const Command* command;
  CLI::App* app;
};

// What CLI11 has read of the command that was called.
class Parser {
 public:
  explicit Parser(const Command& root) : app_(root.help, root.name) {
    app_.set_version_flag("--version", std::string("strom ") + daemon::kVersion);
    Fill(root, app_);
  }

  // Throws CLI::ParseError.
  void Parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back.
    app_.parse(std::move(arguments));
  }

  CLI::App& app() { return app_; }

  // The innermost command that was named.
  Node Called() const {
    Node called{nullptr, nullptr};
    for (const Node& node : nodes_) {  // Parents come before their children.
      if (node.app->get_parent() == nullptr || node.app->parsed()) called = node;
    }
    return called;
  }

  Arguments TakeArguments(const Node& called) { return Arguments(std::move(texts_[called.app])); }

 private:
  void Fill(const Command& command, CLI::App& app) {
    nodes_.push_back({&command, &app});
    if (!command.details.empty()) app.footer("\n" + command.details);
    for (const OptionSpec& option : command.options) AddOption(option, app);
    for (const PositionalSpec& positional : command.positionals) AddPositional(positional, app);
    for (const Command& child : command.children) {
      Fill(child, *app.add_subcommand(child.name, child.help));
    }
    if (!command.children.empty()) app.require_subcommand(1);
  }

  void AddOption(const OptionSpec& option, CLI::App& app) {
    Arguments::Texts& texts = texts_[&app][option.key()];
    if (option.is_flag()) {
      app.add_flag_callback(
          option.name, [&texts] { texts = {"true"}; }, option.help);
      return;
    }
    CLI::Option* added = Add(option.name, option.help, option.check, option.choices, texts, app);
    added->type_name(option.value_name)->required(option.required);
    if (option.repeated) {
      added->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(false);
    }
    if (!option.environment.empty()) added->envname(option.environment);
    if (!option.default_text.empty()) {
      texts = {option.default_text};
      added->default_str(option.default_text);
    }
  }

  void AddPositional(const PositionalSpec& positional, CLI::App& app) {
    Arguments::Texts& texts = texts_[&app][positional.name];
    Add(positional.name, positional.help, positional.check, positional.choices, texts, app)
        ->type_name("")
        ->required(!positional.optional);
  }

  static CLI::Option* Add(const std::string& name, const std::string& help, Check check,
                          const std::vector<std::string>& choices, Arguments::Texts& texts,
                          CLI::App& app) {
    CLI::Option* added = app.add_option(
        name,
        [&texts](const CLI::results_t& results) {
          texts = results;
          return true;
        },
        help);
    if (check != nullptr) {
      added->check([check](const std::string& text) {
        return std::string(check(text).message());  // Empty: fine.
      });
    }
    if (!choices.empty()) added->check(CLI::IsMember(choices));
    return added;
  }

  CLI::App app_;
  std::vector<Node> nodes_;
  std::map<const CLI::App*, Texts> texts_;
};

// "; did you mean list?" for the first word that `called` did not understand.
std::string Suggestion(const Node& called) {
  const std::vector<std::string> left = called.app->remaining();
  if (left.empty()) return "";
  const std::string word = left.front().substr(0, left.front().find('='));
  std::vector<std::string> names;
  if (word.starts_with("-")) {
    for (const OptionSpec& option : called.command->options) names.push_back(option.key());
  } else {
    for (const Command& child : called.command->children) names.push_back(child.name);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view nearest = NearestName(word, views);
  return nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?";
}

// "strom table list"
std::string FullName(const CLI::App* app) {
  const std::string name = app->get_name();
  return app->get_parent() == nullptr ? name : FullName(app->get_parent()) + " " + name;
}

// What CLI11 says, in our words where its own are unclear.
std::string UsageMessage(const CLI::ParseError& error, const Node& called) {
  const std::vector<std::string> left = called.app->remaining();
  if (!left.empty() && (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
                        dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)) {
    return fmt::format("'{}' is nothing that {} knows{}", left.front(), FullName(called.app),
                       Suggestion(called));
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
      !called.command->children.empty()) {
    return fmt::format("{} needs a command", FullName(called.app));
  }
  return error.what();
}

}  // namespace

int RunCommandLine(const Command& root, const std::vector<std::string>& arguments,
                   Console& console) {
  Parser parser(root);
  try {
    parser.Parse(arguments);
  } catch (const CLI::Success& success) {  // Help or version: not an error.
    std::ostringstream ignored;
    parser.app().exit(success, console.out, ignored);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    const Node called = parser.Called();
    console.err << "strom: " << UsageMessage(error, called) << "\nTry '" << FullName(called.app)
                << " --help'.\n";
    return kExitUsage;
  }
  const Node called = parser.Called();
  Status status = called.command->run(parser.TakeArguments(called), console);
  console.out.flush();
  if (status.ok() && !console.out) {
    status = Error(ErrorCode::kStorage, "the output could not be written");
  }
  if (!status.ok()) console.err << "strom: " << status.message() << "\n";
  return daemon::ExitCodeOf(status);
}

}  // namespace strom::cli
