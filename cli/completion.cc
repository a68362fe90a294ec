#include "cli/completion.h"

#include <fmt/core.h>

namespace strom::cli {
namespace {

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// What may follow `command` on the line.
std::string WordsAfter(const Command& command) {
  std::vector<std::string> words;
  for (const Command& child : command.children) words.push_back(child.name);
  for (const PositionalSpec& positional : command.positionals) {
    words.insert(words.end(), positional.choices.begin(), positional.choices.end());
  }
  for (const OptionSpec& option : command.options) words.push_back(option.key());
  words.push_back("--help");
  return Join(words);
}

struct Script {
  std::string paths;    // Patterns that match the commands below the root, for `case`.
  std::string words;    // Branches: path -> words.
  std::string choices;  // Branches: path and option -> choices.
};

void Walk(const Command& command, const std::string& path, Script* script) {
  if (!path.empty()) script->paths += (script->paths.empty() ? "" : "|") + ("\"" + path + "\"");
  script->words += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, WordsAfter(command));
  for (const OptionSpec& option : command.options) {
    if (option.choices.empty()) continue;
    script->choices +=
        fmt::format("    \"{} {}\") words=\"{}\" ;;\n", path, option.key(), Join(option.choices));
  }
  for (const Command& child : command.children) {
    Walk(child, path.empty() ? child.name : path + " " + child.name, script);
  }
}

}  // namespace

std::string BashCompletion(const Command& root) {
  Script script;
  Walk(root, "", &script);
  return fmt::format(
      R"(# bash completion for {name}: source <({name} completion bash)
_{name}_completion() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} path="" words="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${{path:+$path }}${{COMP_WORDS[i]}}"
    case "$word" in
      {paths}) path=$word ;;
    esac
  done
  case "$path" in
{words}  esac
  case "$path $before" in
{choices}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _{name}_completion {name}
)",
      fmt::arg("name", root.name), fmt::arg("paths", script.paths), fmt::arg("words", script.words),
      fmt::arg("choices", script.choices));
}

}  // namespace strom::cli
