#include "tests/prove/judge/command.h"

#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "tests/prove/judge/numbers.h"

namespace strom::prove {
namespace {

using Verb = ProveCommand::Verb;

struct Shape {
  Verb verb;
  size_t words;  // Behind the verb.
};

}  // namespace

Result<ProveCommand> ParseCommand(const std::string& line) {
  static const std::map<std::string, Shape> kShapes = {
      {"begin", {Verb::kBegin, 0}},     {"leaders", {Verb::kLeaders, 0}},
      {"watch", {Verb::kWatch, 0}},     {"unwatch", {Verb::kUnwatch, 2}},
      {"served", {Verb::kServed, 1}},   {"full", {Verb::kFull, 1}},
      {"process", {Verb::kProcess, 1}}, {"judge", {Verb::kJudge, 0}},
      {"summary", {Verb::kSummary, 0}}};
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(std::move(word));
  const auto shape = words.empty() ? kShapes.end() : kShapes.find(words[0]);
  if (shape == kShapes.end()) return Error(ErrorCode::kInvalidConfig, "no command: '{}'", line);
  if (words.size() != shape->second.words + 1) {
    return Error(ErrorCode::kInvalidConfig, "{} takes {} words, not {}", words[0],
                 shape->second.words, words.size() - 1);
  }
  ProveCommand command{.verb = shape->second.verb};
  const auto server_of = [&](const std::string& text) -> Status {
    STROM_ASSIGN_OR_RETURN(const int64_t id, IntegerOf(words[0], text, 0, INT32_MAX));
    command.server = ServerId(static_cast<int32_t>(id));
    return Status::Ok();
  };
  switch (command.verb) {
    case Verb::kUnwatch:
      command.name = words[1];
      if (words[2] != "-") STROM_RETURN_IF_ERROR(server_of(words[2]));
      break;
    case Verb::kProcess:
      STROM_RETURN_IF_ERROR(server_of(words[1]));
      break;
    case Verb::kServed:
    case Verb::kFull: {
      STROM_ASSIGN_OR_RETURN(const int64_t seconds, IntegerOf(words[0], words[1], 1, 3600));
      command.within = Seconds(seconds);
      break;
    }
    default:
      break;
  }
  return command;
}

}  // namespace strom::prove
