#pragma once

#include <string>

#include "cli/command.h"

namespace strom::cli {

// A bash script that completes the commands, options and choices of this tree; files elsewhere.
// To be read by the shell: source <(strom completion bash).
std::string BashCompletion(const Command& root);

}  // namespace strom::cli
