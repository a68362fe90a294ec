#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/runtime/time.h"
#include "common/types/ids.h"

namespace strom::prove {

// A line of standard input. See kProveUsage.
struct ProveCommand {
  enum class Verb {
    kBegin,
    kLeaders,
    kWatch,
    kUnwatch,
    kServed,
    kFull,
    kProcess,
    kJudge,
    kSummary
  };

  Verb verb = Verb::kBegin;
  std::string name;                // kUnwatch
  std::optional<ServerId> server;  // kUnwatch, kProcess
  MonoDuration within;             // kServed, kFull
};

// Errors: kInvalidConfig naming what is wrong with the line.
Result<ProveCommand> ParseCommand(const std::string& line);

}  // namespace strom::prove
